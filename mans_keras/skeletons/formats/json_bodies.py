"""The entries of a list in a `.json` file -> the bodies of each frame, as lists or objects of joints."""

import json

from mans_keras.errors import listed
from mans_keras.skeletons.formats import json_names, ordering
from mans_keras.skeletons.formats.json_keys import AXES, ID_KEYS, IMAGE_KEYS, KEYS, POSITION_KEYS, SCORED_KEYS
from mans_keras.skeletons.joint_names import MAX_NAMES, plain
from mans_keras.skeletons.sequence import Dropped

LONGEST_PATH = 100  # letters of a place in the file that a message shows
KINDS = (float, str, type(None))  # of a frame's number or time
FEWEST = 8  # entries by which a key without a known name says something


def frames_of(entries: list) -> tuple[list[list[tuple]], tuple[str, ...]]:
    """The bodies of each frame, [(place in the file, body, whether its joints have scores, its ID or None)], and gaps.

    An entry is a frame. If all entries have an ID and the number or the time of a frame, an entry is one person in a
    frame; several may share one, and the frames are then in the order of their numbers. A body is a list of joints or
    of numbers, empty where it is absent, or an object of joints by name. Gaps: what `Parsed.left_out` says of frames
    that are not there. Raises `Dropped` for frames out of order or there twice, and for entries that hold no joints.
    """
    _check_not_one_frame(entries)
    frames = [_bodies(entry, f"frames[{number}]") for number, entry in enumerate(entries)]
    people = [_id(entry) if isinstance(entry, dict) else None for entry in entries]
    are_people = None not in people and len(set(people)) < len(entries) and max(map(len, frames)) == 1
    is_one = not are_people or len(set(people)) == 1
    known = _orders(entries, is_one)
    if not known:
        if not is_one:
            raise Dropped("its entries have different IDs and no number of a frame: give each the key frame")
        _check_counts(entries)
        return frames, ()
    if not is_one:
        pairs = zip(frames, people, strict=True)
        frames = [[(*part[:3], person if part[3] is None else part[3]) for part in frame] for frame, person in pairs]
        if None not in known[0].moments and (groups := ordering.together(known[0], people)):
            return [[part for entry in group for part in frames[entry]] for group in groups], ordering.gaps(known)
    twice = "put all bodies of a frame in one list, or give each entry the ID of its body, such as track_id"
    ordering.check(known, lambda entry: f"frames[{entry}]", "put the frames in their order", twice)
    return frames, ordering.gaps(known)


def _orders(entries, is_one):
    """The `ordering.orders` of the objects of frames; keys whose value never changes say nothing if it is one body."""
    if not all(isinstance(entry, dict) for entry in entries):
        return []
    columns = ((key, [entry.get(key) for entry in entries]) for key in entries[0] if ordering.kind(key))
    columns = ((key, values) for key, values in columns if all(isinstance(value, KINDS) for value in values))
    return ordering.orders((key, values) for key, values in columns if not is_one or len(set(values)) > 1)


def _check_counts(entries):
    """Raise `Dropped` if a key without a known name counts the entries, but not in their order."""
    if len(entries) < FEWEST or not all(isinstance(entry, dict) for entry in entries):
        return
    for key in entries[0]:
        values = [entry.get(key) for entry in entries]
        if all(isinstance(value, (float, str)) for value in values):
            ordering.check_count(repr(key[:40]), values, "entries", "put the frames in their order")


def wrong(place: str, reason: object) -> Dropped:
    """The `Dropped` of a place in the file such as `frames[3].people[0]`."""
    return Dropped(f"{place[:LONGEST_PATH]}{'...' if len(place) > LONGEST_PATH else ''}: {reason}")


def _check_not_one_frame(frames):
    """Raise `Dropped` for EasyMocap's file of a single frame, a list of people, which looks like a list of frames."""
    are_people = frames and all(isinstance(frame, dict) and {"id", "keypoints3d"} <= set(frame) for frame in frames)
    if are_people and len({str(frame["id"]) for frame in frames}) == len(frames):
        raise Dropped(
            "a list of people with different ids: this is one frame of EasyMocap. Put the lists of all files of a "
            "sequence in one list, in their order"
        )


def first_of(values: dict, keys: tuple[str, ...]) -> tuple[str | None, object]:
    """(key as the object spells it, value) for the first of `keys` that it has, empty values last; or (None, None).

    Raises `Dropped` for an object with far too many keys.
    """
    if len(values) > MAX_NAMES:
        raise Dropped(f"an object with {len(values):,} keys: at most {MAX_NAMES:,} joints are possible")
    spelled = {plain(key): key for key in reversed(values)}
    present = [spelled[plain(key)] for key in keys if plain(key) in spelled]
    key = next((key for key in present if values[key]), present[0] if present else None)
    return key, values.get(key)


def _bodies(frame, place, is_scored=False, names=()):
    """[(place in the file, body, whether its joints have scores, its ID or None)] of a frame.

    A body is a list of joints or of numbers, empty where it is absent, or an object of joints by name. names: of the
    joints, in an object around it.
    """
    if isinstance(frame, dict):
        # OpenPose writes an empty list of 3-D joints next to those in the image
        key, value = first_of(frame, KEYS)
        image_key, in_image = first_of(frame, IMAGE_KEYS)
        if "category_id" in frame or (not value and (in_image or (image_key and key is None))):
            reason = "joints in the image, without a z in metres: 3-D joints are expected"
            raise wrong(f"{place}.{image_key or 'keypoints'}", reason)
        if key is None:
            keys = listed([repr(name[:40]) for name in frame]) or "none"
            raise wrong(place, f"an object with the keys {keys}: one of these is expected: {', '.join(KEYS)}")
        place = f"{place}.{key}"
        if isinstance(value, dict) and first_of(value, KEYS)[0] is None:
            return [(place, value, False, None)] if value else []
        names = next((names for other, names in json_names.lists(frame, 0) if other != key), names)
        return _bodies(value, place, plain(key) in map(plain, SCORED_KEYS), names)
    if frame is not None and not isinstance(frame, list):
        raise wrong(place, f"{described(frame)} where a list of joints is expected")
    first = next((part for part in frame or () if part not in (None, [])), None)
    if first is None:
        return []
    several = not is_joint(first) if isinstance(first, dict) else isinstance(first, list) and not is_numbers(first)
    if not several:
        return [(place, json_names.with_names(frame, names) if names else frame, is_scored, None)]
    bodies = []
    for number, part in enumerate(frame):
        inside = _bodies(part, f"{place}[{number}]", is_scored, names) or [(place, [], is_scored, None)]
        if len(inside) == 1 and isinstance(part, dict):
            inside = [(*inside[0][:3], _id(part))]
        bodies += inside
    return bodies


def id_key(body: dict) -> str | None:
    """The key of the ID of a body's object, a text or a number from 0; None if it has none. OpenPose's is a list."""
    spelled = {plain(key): key for key in reversed(body)}
    return next(
        (spelled[plain(key)] for key in ID_KEYS if _of_list(body.get(spelled.get(plain(key)))) is not None), None
    )


def _id(body):
    """The ID of a body's object; None if it has none. OpenPose writes -1 in its list."""
    return _of_list(body.get(id_key(body)))


def _of_list(value):
    """An ID, or the one in a list of one; None if it is none."""
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    is_id = (isinstance(value, str) and value) or (isinstance(value, float) and value >= 0)
    return value if is_id else None


def described(value: object) -> str:
    """What a message shows of a value."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return json.dumps(value[:40] if isinstance(value, str) else value)


def is_numbers(values: list) -> bool:
    """Whether all of these are numbers or null."""
    return all(value is None or isinstance(value, float) for value in values)


def is_joint(values: dict) -> bool:
    """Whether an object is a joint: it has x, or a position."""
    words = set(map(plain, values))
    return not words.isdisjoint({plain(key) for key in (*POSITION_KEYS, *(axes[0] for axes in AXES))})
