"""The names of joints in a `.json` file: next to each joint, or in a list for all joints of a body or of the file."""

from collections.abc import Iterator

from mans_keras.skeletons.formats.json_keys import FRAMES_KEYS, LABEL_KEYS, NAME_KEYS, NW_UCLA
from mans_keras.skeletons.joint_names import is_list_of_names, plain
from mans_keras.skeletons.sequence import KINECT_1_NAMES


def lists(values: dict, depth: int = 1) -> Iterator[tuple[str, list[str]]]:
    """(key, names) of each list of joints' names in an object, and in the objects in it, such as `metadata`.

    MMPose writes them as {"0": name, ...}.
    """
    for key, value in values.items():
        is_numbered = isinstance(value, dict) and list(value) == [str(number) for number in range(len(value))]
        names = list(value.values()) if is_numbered else value
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            if is_list_of_names(key):
                yield key, names
        elif isinstance(value, dict) and depth:
            yield from lists(value, depth - 1)


def of_document(document: dict, number: int) -> tuple[str, ...]:
    """The names of so many joints that a file has next to its frames; () if there are none, or another number."""
    for _, names in lists(document):
        if len(names) == len(set(names)) == number:
            return tuple(names)
    is_nw_ucla = NW_UCLA in document and document.keys().isdisjoint(FRAMES_KEYS[:2])
    return KINECT_1_NAMES if is_nw_ucla and number == len(KINECT_1_NAMES) else ()


def with_names(body: list, names: list[str]) -> list | dict:
    """{name: joint} of a list of joints, or of their numbers in one list; the same list if the names do not fit it."""
    size = len(body) // len(names)
    is_flat = any(isinstance(joint, float) for joint in body)
    fits = len(set(names)) == len(names) and len(body) == size * len(names)
    if not fits or size not in ((3, 4) if is_flat else (1,)) or of_joints(body)[1]:
        return body
    return {
        name: body[size * place : size * (place + 1)] if is_flat else body[place] for place, name in enumerate(names)
    }


def of_joints(body: list) -> tuple[str, list[str]]:
    """(key, names) of a body's joints, where different whole numbers are names, too; ("", []) if they have none."""
    if not body or not all(isinstance(joint, dict) for joint in body):
        return "", []
    joints = [{plain(key): value for key, value in joint.items()} for joint in body]
    keys = [key for key in (*NAME_KEYS, *LABEL_KEYS) if plain(key) in joints[0]]
    values = {key: [joint.get(plain(key)) for joint in joints] for key in keys}
    texts = {key: names for key, names in values.items() if all(isinstance(name, str) for name in names)}
    for key, names in texts.items():
        if len(set(names)) == len(names):
            return key, names
    for key in filter(values.__contains__, NAME_KEYS):
        is_whole = all(isinstance(name, float) and name.is_integer() for name in values[key])
        if is_whole and len(set(values[key])) == len(body):
            return key, [str(int(name)) for name in values[key]]
    return next(((key, texts[key]) for key in NAME_KEYS if key in texts), ("", []))
