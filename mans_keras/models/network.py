"""The `keras.Model` that all Memory Attention Networks are: it trains on from its file, and knows its preparation."""

import contextlib
import json
from types import NoneType

import keras

from mans_keras.models.recurrence import plain_loops
from mans_keras.tensor_kinds import COORDINATES, LAYOUTS

# What a preparation must hold, and what it may lack, as in older files.
PREPARATION = {
    "class_names": (list, tuple),
    "scale": int,
    "layout": str,
    "coordinates": str,
    "bodies": int,
    "joints": int,
    "body": (dict, NoneType),
}
OPTIONAL = {"dataset": (str, NoneType), "frames": (int, float, NoneType)}
# The largest values; a model file with larger ones would make `Recognizer` take any amount of memory.
LARGEST = {"scale": 1024, "bodies": 16, "joints": 10_000, "frames": 1_000_000}


@keras.saving.register_keras_serializable("mans_keras")
class MemoryAttentionNetwork(keras.Model):
    """A functional `keras.Model` that trains on from its `.h5` file where it stopped.

    Keras 3.15 restores an optimiser from `.h5` without telling it the model's variables, so that the next step fails;
    and saving as `.h5` makes a later `.keras` file forget the optimiser. Both are mended here.
    """

    _preparation = "null"  # as JSON: Keras would replace a dictionary by its own

    @property
    def preparation(self) -> dict | None:
        """How the tensors were made that the model is trained on, as `Tensors.preparation()` gives it; None if unknown.

        It is saved in the model's file, and `Recognizer` and the `mans` command need it. `train` sets it. After a
        `fit` of your own, set it: `model.preparation = tensors.preparation()`. Raises `ValueError` if it lacks a part,
        or does not fit the model.
        """
        return json.loads(self._preparation)

    @preparation.setter
    def preparation(self, preparation: dict | None):
        if preparation is not None:
            _check_preparation(preparation, self.input_shape, self.output_shape)
        self._preparation = json.dumps(preparation)

    def get_config(self):
        config = super().get_config()
        return config if self.preparation is None else {**config, "preparation": self.preparation}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        preparation = config.pop("preparation", None)
        model = super().from_config(config, custom_objects)
        model.preparation = preparation
        return model

    def export(self, filepath, format="tf_saved_model", **options):
        """As `keras.Model.export`. ONNX and LiteRT files get a plain loop for the GRUs, which their runtimes run."""
        with plain_loops() if format in ("onnx", "litert") else contextlib.nullcontext():
            return super().export(filepath, format=format, **options)

    def compile(self, *args, **options):
        super().compile(*args, **options)
        self.optimizer.build(self.trainable_variables)

    def get_compile_config(self):
        config = super().get_compile_config()
        return config and {**config, "optimizer": keras.saving.serialize_keras_object(self.optimizer)}

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))


# `.h5` files name a model's class without its package.
keras.saving.get_custom_objects()["MemoryAttentionNetwork"] = MemoryAttentionNetwork


def _check_preparation(preparation, input_shape, output_shape):
    if not isinstance(preparation, dict):
        raise ValueError(
            f"the preparation must be a dictionary, as Tensors.preparation() gives it, not {preparation!r}"
        )
    for name, kind in {**PREPARATION, **OPTIONAL}.items():
        if name not in preparation and name in PREPARATION:
            raise ValueError(f"the preparation lacks {name!r}")
        value = preparation.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError(f"the preparation's {name} can't be {value!r}")
    scale, classes = preparation["scale"], preparation["class_names"]
    if input_shape[1:3] != (scale, scale):
        raise ValueError(f"the preparation's scale is {scale}, and the model takes {input_shape[1]} x {input_shape[2]}")
    if len(classes) != output_shape[-1] or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"the preparation's class_names must be {output_shape[-1]} names, not {classes!r}")
    for name, known in (("layout", LAYOUTS), ("coordinates", COORDINATES)):
        if preparation[name] not in known:
            raise ValueError(f"the preparation's {name} is {preparation[name]!r}, not one of {', '.join(known)}")
    if preparation["bodies"] < 1 or preparation["joints"] < 1:
        raise ValueError("the preparation must have at least one body and one joint")
    for name, largest in LARGEST.items():
        value = preparation.get(name)
        if value is not None and not 1 <= value <= largest:
            raise ValueError(f"the preparation's {name} is {value}, not from 1 to {largest}")
    names = preparation.get("joint_names") or []
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"the preparation's joint_names can't be {str(names)[:50]}")
    if names and (len(names) != preparation["joints"] or len(set(names)) < len(names)):
        raise ValueError(f"the preparation's joint_names must be {preparation['joints']} different names, or none")
    if preparation["body"] is not None:
        _check_body(preparation["body"], preparation["joints"])


def _check_body(body, joints):
    """Raise `ValueError` unless a `skeletons.sequence.Body`, as a dictionary, has all parts, of these joints."""

    def is_joint(value):
        return type(value) is int and 0 <= value < joints

    def are_joints(value, lengths):
        return isinstance(value, (list, tuple)) and len(value) in lengths and all(map(is_joint, value))

    fits = {
        "joints": lambda value: value == joints,
        **dict.fromkeys(("left_hip", "right_hip", "left_shoulder"), is_joint),
        "torso": lambda value: are_joints(value, range(1, joints + 1)),
        **dict.fromkeys(("ankles", "feet"), lambda value: value is None or are_joints(value, (2,))),
        "mirrored": lambda value: are_joints(value, (0, joints)) and len(set(value)) == len(value),
    }
    if unknown := sorted(map(str, body.keys() - fits.keys())):
        raise ValueError(f"the preparation's body has no {unknown[0]!r}")
    for name, fit in fits.items():
        if name != "mirrored" and name not in body:
            raise ValueError(f"the preparation's body lacks {name!r}")
        if not fit(body.get(name, ())):
            raise ValueError(f"the preparation's body can't have {name} {str(body[name])[:50]}")
