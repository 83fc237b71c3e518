"""Whether tensors are what a saved model was trained on: prepared alike, of the same joints and of known classes."""

from mans_keras.errors import InputError
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons import joint_names
from mans_keras.tensors.store import Tensors


def check(recognizer: Recognizer, tensors: Tensors, what: str) -> None:
    """Raise `InputError` unless the model can be evaluated on these tensors; `what` begins the message.

    Joints are compared by name where both sides know the names. The tensors may have fewer classes than the model.
    """
    for name in ("scale", "layout", "coordinates", "bodies", "joints"):
        expected, given = getattr(recognizer, name), getattr(tensors, name)
        if expected != given:
            hint = ": prepare it with --bodies 1" if (name, expected) == ("bodies", 1) else ""
            raise InputError(f"{what}: it has {name} {given}, the model expects {expected}{hint}")
    known, names = recognizer.joint_names, tensors.joint_names
    if known and names and not joint_names.same(known, names):
        raise InputError(
            f"{what}: its joints are {', '.join(names)}, the model expects {', '.join(known)}. Prepare it with "
            "--joints in the model's order, which orders files that name their joints; reorder other files first"
        )
    others = [name for name in tensors.class_names if name not in recognizer.class_names]
    if others:
        raise InputError(
            f"{what}: the model does not know its classes {', '.join(others)}; it knows "
            f"{', '.join(recognizer.class_names)}"
        )
