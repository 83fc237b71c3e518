"""A `.json` file -> the joints of one or more bodies: a list of frames, in the forms that pose estimators write."""

import json
import math

import numpy as np

from mans_keras.errors import listed
from mans_keras.skeletons.bounds import MAX_METRES, check_marks, check_shape
from mans_keras.skeletons.formats import json_left_out, json_names
from mans_keras.skeletons.formats.json_bodies import described, first_of, frames_of, is_numbers, wrong
from mans_keras.skeletons.formats.json_keys import AXES, FRAMES_KEYS, POSITION_KEYS
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.formats.xyz import check_frame, check_joint
from mans_keras.skeletons.joint_names import plain
from mans_keras.skeletons.sequence import Dropped
from mans_keras.skeletons.tracks import check_one_person, followed, nearest_ids

MARKS = (b",", b"[", b":")  # that separate values
EXACT = 2**53  # below it, float has all whole numbers
MAX_LISTED = 100_000  # bodies, over all frames


def parsed(content: bytes) -> object:
    """What the bytes of a JSON file hold. All numbers are float, but whole ones that float would round are text.

    The Kinect's IDs are such numbers. Raises `Dropped` for other or too many bytes.
    """
    check_marks(content, *MARKS)
    try:
        return json.loads(content, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise Dropped(f"not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    except ValueError:
        raise Dropped("not JSON, which is text in UTF-8") from None
    except RecursionError:
        raise Dropped("its lists or objects are nested too deeply for a recording") from None


def _whole(text):
    number = float(text)
    return number if abs(number) < EXACT else text


def parse(content: bytes, joints: int | None = None, unit: float | None = None) -> Parsed:
    """The `Parsed` of the bytes of a JSON file, as `of_document`."""
    return of_document(parsed(content), joints, unit)


def of_document(document: object, joints: int | None = None, unit: float | None = None) -> Parsed:
    """Joints (frames, bodies, joints, 3) of what a JSON file holds, NaN where a coordinate or a body is missing.

    The file holds a list of frames, or an object that has it under one of `FRAMES_KEYS`; what a frame may be: see
    `data_prep/README.md` and `json_bodies.frames_of`. Joints with names are put in the order in which the file first
    names them. Bodies go by their ID (`ids`); without IDs, each continues the nearest body of the frame before, unless
    empty entries of the lists show that these have a place for each person. So it does if IDs only count the bodies of
    a frame, and people would change places by them.
    joints: their number, if known; it says what bare numbers mean. unit: the metres of the file's unit; default: metre,
    or millimetre in Azure Kinect's export. Raises `Dropped`, which names the place such as `frames[3].people[0]`, for
    another file.
    """
    frames = first_of(document, FRAMES_KEYS)[1] if isinstance(document, dict) else document
    if frames == []:
        raise Dropped("no frame: the list of frames is empty")
    if not isinstance(frames, list) or all(isinstance(frame, float) for frame in frames):
        raise Dropped(f"not a list of frames{_instead(document)}: put the list under one of {', '.join(FRAMES_KEYS)}")
    try:
        listed_bodies, gaps = frames_of(frames)
        if sum(map(len, listed_bodies)) > MAX_LISTED:
            raise Dropped(f"more than {MAX_LISTED:,} bodies in all frames together: cut the recording into actions")
        bodies = [
            [_joints_of(body, place, joints, is_scored) for place, body, is_scored, _ in frame]
            for frame in listed_bodies
        ]
    except RecursionError:
        raise Dropped("its lists or objects are nested too deeply for a recording") from None
    names, bodies = _by_names(bodies)
    counts = sorted({len(body) for frame in bodies for body in frame if body})
    if not counts:
        raise Dropped("no body in any frame")
    if len(counts) > 1:
        raise _other_number(listed_bodies, bodies, counts)
    shape = (len(bodies), max(map(len, bodies)), *counts, 3)
    check_shape(*shape)
    result = np.full(shape, np.nan)
    for row, frame in zip(result, bodies, strict=True):
        for slot, body in zip(row, frame, strict=False):
            if body:
                slot[:] = body
    if isinstance(document, dict):
        names = names or json_names.of_document(document, shape[2])
        if unit is None and "joint_names" in document and _in_millimetres(result):
            unit = 0.001  # Azure Kinect's export
    result *= unit or 1
    has_scores = any(
        is_scored and _has_scores(body, shape[2]) for frame in listed_bodies for _, body, is_scored, _ in frame
    )
    ids, has_ids = _ids(listed_bodies, result)
    left_out = gaps + (("the score of each joint",) if has_scores else ())
    left_out += json_left_out.left_out(document, frames, names, has_ids)
    return Parsed(result, names, left_out, ids=ids)


def _instead(document):
    """What a message says of an object without frames."""
    if not isinstance(document, dict):
        return ""
    return f", but an object with the keys {listed(list(map(repr, document)))}" if document else ", but an empty object"


def _other_number(frames, bodies, counts):
    """The `Dropped` of a file whose bodies have so many different numbers of joints."""
    seen = [(part[0], len(body)) for parts, frame in zip(frames, bodies, strict=True)
            for part, body in zip(parts, frame, strict=True) if body]  # fmt: skip
    place, number = next((place, number) for place, number in seen if number != seen[0][1])
    reason = f"{number} joints, where {seen[0][0]} has {seen[0][1]}"
    return wrong(place, f"{reason}: the number of joints changes within the file: {listed(list(map(str, counts)))}")


def _ids(frames, result):
    """(IDs (frames, bodies), whether they are the file's own, or else by the bodies' places in space).

    The IDs are None if lists have a slot for each body.
    """
    present = [[at for at, (_, body, *_) in enumerate(frame) if body] for frame in frames]
    own = [[frame[at][3] for at in places] for frame, places in zip(frames, present, strict=True)]
    are_repeated = len({body for ids in own for body in ids}) < sum(map(len, own))  # else they number detections
    if are_repeated and all(None not in ids and len(set(ids)) == len(ids) for ids in own):
        numbers, ids = {}, np.full(result.shape[:2], -1)
        for row, places, frame in zip(ids, present, own, strict=True):
            row[places] = [numbers.setdefault(body, len(numbers)) for body in frame]
        return (followed(result, ids) if _are_counts(own) else ids), True
    seen = np.nan_to_num(result).any(axis=(2, 3)).sum(axis=1)
    has_slots = any(len(frame) > count for frame, count in zip(frames, seen, strict=True))
    if result.shape[1] == 1:
        check_one_person(result[:, 0])
    return (None if has_slots or result.shape[1] == 1 else nearest_ids(result)), False


def _are_counts(own):
    """Whether IDs only count the bodies of each frame, from 0 or 1."""
    return any(all(frame == list(range(first, first + len(frame))) for frame in own) for first in (0, 1))


def _in_millimetres(joints):
    """Whether bodies have a person's size in millimetres, and a depth, which x, y and a score in pixels do not have."""
    extents = np.nanmax(joints, axis=2, initial=-np.inf) - np.nanmin(joints, axis=2, initial=np.inf)
    size = np.median(extents[np.isfinite(extents).all(axis=-1)], axis=0).max()
    return np.nanmax(np.abs(joints)) > MAX_METRES and 300 < size < 3000 and np.nanmax(np.abs(joints[..., 2])) > 10


def _joints_of(body, place, joints, is_scored):
    """{name: [x, y, z]} of a body whose joints have names, else [[x, y, z], ...]; NaN for null."""
    if isinstance(body, dict):
        return {name: _triple(joint, f"{place}.{name[:40]}", is_scored) for name, joint in body.items()}
    if any(isinstance(value, float) for value in body) and is_numbers(body):
        size = 3
        if is_scored and len(body) % 4 == 0 and joints in (None, len(body) // 4) and _are_scores(body[3::4]):
            size = 4
        else:
            try:
                check_frame(len(body), joints)
            except Dropped as dropped:
                raise wrong(place, dropped) from None
        body = [body[at : at + size] for at in range(0, len(body), size)]
    places = [f"{place}[{number}]" for number in range(len(body))]
    triples = [_triple(joint, place, is_scored) for joint, place in zip(body, places, strict=True)]
    _, names = json_names.of_joints(body)
    if not names:
        return triples
    named = {}
    for place, name, triple in zip(places, names, triples, strict=True):
        if named.setdefault(name, triple) is not triple:
            raise wrong(place, f"the joint {name[:40]!r} is there twice")
    return named


def _has_scores(body, joints):
    """Whether each joint of a body has a fourth value; with a flat list, there are four numbers for each."""
    values = body.values() if isinstance(body, dict) else body
    return len(body) == 4 * joints or any(isinstance(joint, list) and len(joint) == 4 for joint in values)


def _are_scores(values):
    return all(value is None or 0 <= value <= 1 for value in values)


def _triple(joint, place, is_scored):
    if isinstance(joint, dict):
        _, position = first_of(joint, POSITION_KEYS)
        joint = position or joint
    if isinstance(joint, dict):
        spelled = {plain(key): value for key, value in joint.items()}
        axes = next(axes for axes in AXES if plain(axes[0]) in spelled or axes is AXES[-1])
        joint = [spelled[plain(axis)] for axis in axes if plain(axis) in spelled] or joint
    if joint is None:
        return [math.nan] * 3
    if not isinstance(joint, list) or not is_numbers(joint):
        reason = f"{described(joint)} where a joint is expected: [x, y, z], or an object with x, y and z"
        raise wrong(place, reason)
    if is_scored and len(joint) == 4 and _are_scores(joint[3:]):
        joint = joint[:3]
    try:
        check_joint(len(joint))
    except Dropped as dropped:
        raise wrong(place, dropped) from None
    return [math.nan if value is None else value for value in joint]


def _by_names(frames):
    """(names, frames) with every body a list of joints in the order of the names, which are () if there are none."""
    bodies = [body for frame in frames for body in frame if body]
    if not any(isinstance(body, dict) for body in bodies):
        return (), frames
    if not all(isinstance(body, dict) for body in bodies):
        raise Dropped("some bodies have names for their joints and others have none")
    names = tuple(dict.fromkeys(name for body in bodies for name in body))
    check_shape(len(frames), 1, len(names), 3)
    absent = [math.nan] * 3
    return names, [[[body.get(name, absent) for name in names] if body else [] for body in frame] for frame in frames]
