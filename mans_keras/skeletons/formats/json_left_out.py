"""What a `.json` file holds besides the coordinates that are read, for a message."""

from mans_keras.errors import listed
from mans_keras.skeletons import units
from mans_keras.skeletons.formats import json_names
from mans_keras.skeletons.formats.json_bodies import first_of, id_key, is_joint, is_numbers
from mans_keras.skeletons.formats.json_keys import AXES, KEYS, POSITION_KEYS
from mans_keras.skeletons.joint_names import plain


def left_out(document: object, frames: list, names: tuple[str, ...], has_ids: bool) -> tuple[str, ...]:
    """For each list of names that was not used a text, and one for all other keys of the file's objects.

    frames: the list of frames in the document. names: those of the joints that were read. has_ids: whether IDs said who
    the bodies are. Of a body's joints, only the first is looked at.
    """
    keys, name_key, waiting = {}, None, [frames]
    if document is not frames:
        keys |= {key: value for key, value in document.items() if value is not frames}
    for value in waiting:  # which grows
        if isinstance(value, list):
            parts = [part for part in value if isinstance(part, (list, dict)) and part]
            if parts and isinstance(parts[0], dict) and is_joint(parts[0]):
                name_key = json_names.of_joints(value)[0] if name_key is None else name_key
                keys |= _of_joint(parts[0], name_key)
            elif parts and not (isinstance(parts[0], list) and is_numbers(parts[0])):
                waiting += parts
        elif is_joint(value):
            keys |= _of_joint(value, "")
        else:
            key, inside = first_of(value, KEYS)
            if key is None:  # joints by name
                waiting += [joint for joint in value.values() if isinstance(joint, dict)][:1]
                continue
            waiting += [inside] if isinstance(inside, (list, dict)) else []
            keys |= {other: part for other, part in value.items() if other != key}
            if has_ids:
                keys.pop(id_key(value), None)
    return _described({key: value for key, value in keys.items() if key not in units.KEYS}, names)


def _of_joint(joint, name_key):
    """The keys of a joint's object that hold neither its place nor its name."""
    words = set(map(plain, joint))
    axes = next((axes for axes in AXES if plain(axes[0]) in words), ())
    used = set(map(plain, (name_key, *axes, *POSITION_KEYS)))
    return {key: value for key, value in joint.items() if plain(key) not in used}


def _described(keys, names):
    unused, others = {}, []
    for key, value in keys.items():
        found = list(json_names.lists({key: value}))
        unused |= {
            f"the names under {name[:40]!r}": 0 for name, listed_names in found if set(listed_names) != set(names)
        }
        if not found or (isinstance(value, dict) and len(value) > len(found)):
            others.append(key[:40])
    return (*unused, *([listed(others)] if others else []))
