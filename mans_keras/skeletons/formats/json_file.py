"""A `.json` file -> the joints of one or two bodies: a list of frames, in the forms that pose estimators write."""

import json
import math

import numpy as np

from mans_keras.errors import listed
from mans_keras.skeletons.bounds import check_marks, check_shape
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.formats.xyz import check_frame, check_joint
from mans_keras.skeletons.sequence import Dropped

# A frame's or a body's dict: the first of these keys that it has leads on. Where an estimator writes 3-D joints next to
# their places in the image, the 3-D ones come first.
KEYS = (
    "people",
    "bodies",
    "pose_world_landmarks",
    "poseWorldLandmarks",
    "world_landmarks",
    "worldLandmarks",
    "keypoints3D",
    "keypoints_3d",
    "pose_keypoints_3d",
    "joints",
    "keypoints",
    "landmarks",
)
# Places in an image: a z among them, if there is one, is not a depth in metres.
IMAGE_KEYS = ("pose_landmarks", "poseLandmarks", "pose_keypoints_2d", "keypoints_2d")
LONGEST_PATH = 100  # letters of a place in the file that a message shows


def parsed(content: bytes) -> object:
    """What the bytes of a JSON file hold, all numbers float. Raises `Dropped` for other or too many bytes."""
    check_marks(content, b",", b"[")
    try:
        return json.loads(content, parse_int=float)
    except json.JSONDecodeError as error:
        raise Dropped(f"not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    except ValueError:
        raise Dropped("not JSON, which is text in UTF-8") from None
    except RecursionError:
        raise Dropped("its lists or objects are nested too deeply for a recording") from None


def parse(content: bytes, joints: int | None = None) -> Parsed:
    """The `Parsed` in the bytes of a JSON file, NaN where a coordinate or a body is missing.

    The file holds a list of frames, or an object that has it under "frames"; what a frame may be: see
    `data_prep/README.md`. joints: their number, if known; it says what bare numbers mean. Raises `Dropped`, which names
    the place such as `frames[3].people[0]`, for another file.
    """
    frames = parsed(content)
    if isinstance(frames, dict) and "frames" in frames:
        frames = frames["frames"]
    if not isinstance(frames, list) or all(isinstance(frame, float) for frame in frames):
        raise Dropped('not a list of frames, and no such list under "frames"')
    try:
        bodies = [
            [_triples(body, place, joints) for place, body in _bodies(frame, f"frames[{number}]")]
            for number, frame in enumerate(frames)
        ]
    except RecursionError:
        raise Dropped("its lists or objects are nested too deeply for a recording") from None
    counts = sorted({len(body) for frame in bodies for body in frame if body})
    if not counts:
        raise Dropped("no body in any frame")
    if len(counts) > 1:
        raise Dropped(f"the number of joints changes within the file: {listed(list(map(str, counts)))}")
    shape = (len(frames), max(map(len, bodies)), *counts, 3)
    check_shape(*shape)
    result = np.full(shape, np.nan)
    for row, frame in zip(result, bodies, strict=True):
        for slot, body in zip(row, frame, strict=False):
            if body:
                slot[:] = body
    return Parsed(result)


def _wrong(place, reason):
    return Dropped(f"{place[:LONGEST_PATH]}{'...' if len(place) > LONGEST_PATH else ''}: {reason}")


def _bodies(frame, place):
    """[(place in the file, body)] of a frame, each body a list of joints or of numbers, empty where one is absent."""
    if isinstance(frame, dict):
        # OpenPose writes an empty list of 3-D joints next to those in the image
        key = next((key for key in KEYS if frame.get(key)), next((key for key in KEYS if key in frame), None))
        in_image = next((name for name in IMAGE_KEYS if (name in frame if key is None else frame.get(name))), None)
        if "category_id" in frame or (in_image and not frame.get(key)):
            reason = "joints in the image, without a z in metres: 3-D joints are expected"
            raise _wrong(f"{place}.{in_image or 'keypoints'}", reason)
        if key is None:
            keys = listed([repr(name[:40]) for name in frame]) or "none"
            raise _wrong(place, f"an object with the keys {keys}: one of these is expected: {', '.join(KEYS)}")
        return _bodies(frame[key], f"{place}.{key}")
    if frame is not None and not isinstance(frame, list):
        raise _wrong(place, f"{_described(frame)} where a list of joints is expected")
    first = next((part for part in frame or () if part not in (None, [])), None)
    if first is None:
        return []
    several = "x" not in first if isinstance(first, dict) else isinstance(first, list) and not _is_numbers(first)
    if not several:
        return [(place, frame)]
    bodies = []
    for number, part in enumerate(frame):
        bodies += _bodies(part, f"{place}[{number}]") or [(place, [])]
    return bodies


def _described(value):
    """What a message shows of a value."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return json.dumps(value[:40] if isinstance(value, str) else value)


def _is_numbers(values):
    return all(value is None or isinstance(value, float) for value in values)


def _triples(body, place, joints):
    """[x, y, z] a joint, NaN for null."""
    if any(isinstance(value, float) for value in body) and _is_numbers(body):
        try:
            check_frame(len(body), joints)
        except Dropped as dropped:
            raise _wrong(place, dropped) from None
        body = [body[at : at + 3] for at in range(0, len(body), 3)]
    return [_triple(joint, place, number) for number, joint in enumerate(body)]


def _triple(joint, place, number):
    if isinstance(joint, dict):
        joint = [joint[axis] for axis in "xyz" if axis in joint]
    if joint is None:
        return [math.nan] * 3
    if not isinstance(joint, list) or not _is_numbers(joint):
        reason = f"{_described(joint)} where a joint is expected: [x, y, z], or an object with x, y and z"
        raise _wrong(f"{place}[{number}]", reason)
    try:
        check_joint(len(joint))
    except Dropped as dropped:
        raise _wrong(f"{place}[{number}]", dropped) from None
    return [math.nan if value is None else value for value in joint]
