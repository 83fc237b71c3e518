"""The entries of a list in a `.json` file -> the bodies of each frame, as lists or objects of joints."""

import itertools
import json
import math

from mans_keras.errors import listed
from mans_keras.skeletons.formats.columns import FRAMES, TIMES
from mans_keras.skeletons.formats.json_keys import AXES, ID_KEYS, IMAGE_KEYS, KEYS, POSITION_KEYS, SCORED_KEYS
from mans_keras.skeletons.joint_names import MAX_NAMES, plain
from mans_keras.skeletons.sequence import Dropped

LONGEST_PATH = 100  # letters of a place in the file that a message shows
FEWEST = 8  # entries by which a key without a known name says something


def frames_of(entries: list) -> list[list[tuple]]:
    """The bodies of each frame, [(place in the file, body, whether its joints have scores, its ID or None)].

    An entry is a frame. If all entries have an ID and the number or the time of a frame, and some share it, an entry is
    one person in a frame, and the frames are in the order of their numbers. A body is a list of joints or of numbers,
    empty where it is absent, or an object of joints by name. Raises `Dropped` for frames out of order, a frame that is
    there twice, or entries that hold no joints.
    """
    _check_not_one_frame(entries)
    frames = [_bodies(entry, f"frames[{number}]") for number, entry in enumerate(entries)]
    key, moments = _moments(entries)
    people = [_id(entry) if isinstance(entry, dict) else None for entry in entries]
    are_people = None not in people and len(set(people)) < len(entries) and max(map(len, frames)) == 1
    if key is None:
        if are_people and len(set(people)) > 1:
            raise Dropped("its entries have different IDs and no number of a frame: give each the key frame")
        _check_counts(entries)
        return frames
    pairs = set(zip(moments, people, strict=True))
    if are_people and len(set(moments)) < len(pairs) == len(entries):
        together = {moment: [] for moment in sorted(moments)}
        for moment, body, frame in zip(moments, people, frames, strict=True):
            together[moment] += [(*part[:3], body) for part in frame]
        return list(together.values())
    _check_order(key, moments)
    return frames


def _moments(entries):
    """(key, values) of the number of each frame, or else of its time; (None, []) if it is absent or always the same."""
    if not all(isinstance(entry, dict) for entry in entries):
        return None, []
    for words in (FRAMES, TIMES):
        for key in (key for key in entries[0] if plain(key) in words):
            values = [_number(entry.get(key)) for entry in entries]
            if not any(map(math.isnan, values)) and (
                len(set(values)) > 1 or len({_id(entry) for entry in entries}) > 1
            ):
                return key, values
    return None, []


def _check_counts(entries):
    """Raise `Dropped` if a key without a known name counts the entries, but not in their order."""
    if len(entries) < FEWEST or not all(isinstance(entry, dict) for entry in entries):
        return
    for key in entries[0]:
        values = [_number(entry.get(key)) for entry in entries]
        is_count = sorted(values) == [min(values) + place for place in range(len(values))]
        if is_count and values != sorted(values):
            raise Dropped(f"{key[:40]!r} counts the entries, but not in their order: put the frames in their order")


def _number(value):
    """The number that a value is or spells; NaN for anything else."""
    try:
        return float(value) if isinstance(value, (float, str)) else math.nan
    except ValueError:
        return math.nan


def _check_order(key, moments):
    """Raise `Dropped` unless the numbers of frames grow, and unless their times do not go back."""
    for place, (before, moment) in enumerate(itertools.pairwise(moments), 1):
        if moment < before:
            reason = f"{key[:40]} {moment:g} comes after {before:g}: put the frames in their order"
            raise wrong(f"frames[{place}]", reason)
        if moment == before and plain(key) in FRAMES:
            reason = f"{key[:40]} {moment:g} is there twice: put all bodies of a frame in one list, or give each entry "
            raise wrong(f"frames[{place}]", f"{reason}the ID of its body, such as track_id")


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


def _bodies(frame, place, is_scored=False):
    """[(place in the file, body, whether its joints have scores, its ID or None)] of a frame.

    A body is a list of joints or of numbers, empty where it is absent, or an object of joints by name.
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
        return _bodies(value, place, plain(key) in map(plain, SCORED_KEYS))
    if frame is not None and not isinstance(frame, list):
        raise wrong(place, f"{described(frame)} where a list of joints is expected")
    first = next((part for part in frame or () if part not in (None, [])), None)
    if first is None:
        return []
    several = not _is_joint(first) if isinstance(first, dict) else isinstance(first, list) and not is_numbers(first)
    if not several:
        return [(place, frame, is_scored, None)]
    bodies = []
    for number, part in enumerate(frame):
        inside = _bodies(part, f"{place}[{number}]", is_scored) or [(place, [], is_scored, None)]
        if len(inside) == 1 and isinstance(part, dict):
            inside = [(*inside[0][:3], _id(part))]
        bodies += inside
    return bodies


def _id(body):
    """The ID of a body's object, a text or a number from 0; None if it has none. OpenPose's is a list with -1."""
    spelled = {plain(key): value for key, value in body.items()}
    for value in (spelled.get(plain(key)) for key in ID_KEYS):
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        if (isinstance(value, str) and value) or (isinstance(value, float) and value >= 0):
            return value
    return None


def described(value: object) -> str:
    """What a message shows of a value."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return json.dumps(value[:40] if isinstance(value, str) else value)


def is_numbers(values: list) -> bool:
    """Whether all of these are numbers or null."""
    return all(value is None or isinstance(value, float) for value in values)


def _is_joint(values):
    """Whether an object is a joint: it has x, or a position."""
    words = set(map(plain, values))
    return not words.isdisjoint({plain(key) for key in (*POSITION_KEYS, *(axes[0] for axes in AXES))})
