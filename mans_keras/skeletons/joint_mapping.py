"""A body of another sensor -> the joints that a model knows: by name, or computed if the sensor has no such joint."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError, utf8
from mans_keras.skeletons import joint_names, recording
from mans_keras.skeletons.formats.frame_files import POSE as MEDIAPIPE
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import KINECT_2_NAMES, Body, Dropped
from mans_keras.skeletons.view import vertical

# The joints of sensors whose files often have no names, in their order, by their number.
_ARM = ("CLAVICLE", "SHOULDER", "ELBOW", "WRIST", "HAND", "HANDTIP", "THUMB")
_LEG = ("HIP", "KNEE", "ANKLE", "FOOT")
AZURE = (
    *("PELVIS", "SPINE_NAVEL", "SPINE_CHEST", "NECK"),
    *(f"{part}_{side}" for parts in (_ARM, _LEG) for side in ("LEFT", "RIGHT") for part in parts),
    *("HEAD", "NOSE", "EYE_LEFT", "EAR_LEFT", "EYE_RIGHT", "EAR_RIGHT"),
)
Y_DOWN = {"MediaPipe": MEDIAPIPE, "Azure Kinect": AZURE}  # sensors whose y axis points down, and z away from them
BY_NUMBER = {33: ("MediaPipe", MEDIAPIPE), 32: ("Azure Kinect", AZURE), 25: ("Kinect v2", KINECT_2_NAMES)}

# Where Kinect v1 sees three joints of the trunk, on the line from the middle of the hips (0) to that of the shoulders
# (1): the medians over all frames of UT-Kinect. Other sensors' joints of similar names lie elsewhere.
TRUNK = {"hipcenter": 0.20, "spine": 0.37, "shouldercenter": 1.26}
# In place of a joint: the middle of the first of these whose joints the body has. Keys as in `joint_names`.
MIDDLES = {
    "head": (("lear", "rear"), ("nose",)),
    **{f"{side}hand": ((f"{side}index", f"{side}pinky"), (f"{side}wrist",)) for side in "lr"},
    **{f"{side}foot": ((f"{side}heel", f"{side}footindex"), (f"{side}bigtoe",), (f"{side}toe",)) for side in "lr"},
}
# (nearer to the trunk, farther): bones that no body has much longer on one side than on the other.
BONES = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
LENGTHS = (0.1, 0.8)  # metres, of each of them
UNEQUAL = 1.5


def read(path: Path | str, joints: int, slots: bool, names: tuple[str, ...], unit=None, everybody=False) -> Parsed:
    """As `recording.read`, and a body of another sensor is mapped to the joints `names`, if that is possible.

    Kinect v2 has joints under other names where Kinect v1 has its trunk's, but they lie elsewhere, see `TRUNK`.
    """
    try:
        content = recording.read(path, joints, slots, names, unit, everybody)
        if not content.mapping:
            return fitted(content, joints, names, path)
    except InputError as error:
        if not isinstance(error.__context__, joint_names.OtherJoints):
            raise
        content = recording.read(path, None, slots, (), unit, everybody)
        if result := mapped(content, names):
            return result
        raise
    result = mapped(recording.read(path, None, slots, (), unit, everybody), names)
    return replace(result, left_out=content.left_out) if result else content


def fitted(content: Parsed, joints: int, names: tuple[str, ...], source: str | Path = "array") -> Parsed:
    """The same recording if it has this number of joints, or else mapped; `InputError` if that is not possible."""
    number = content.joints.shape[2]
    if number == joints:
        return content
    try:
        result = mapped(content, names)
    except Dropped as dropped:
        expected = f"{number} joints, where the model expects {joints}"
        raise InputError(f"{utf8(str(source))}: {expected}: {dropped}") from None
    if result is None:
        hint = ""
        if names and not content.names and number > joints:
            hint = ": if joints were left out in the preparation, save the recording with the names of its joints"
        raise InputError(f"{utf8(str(source))}: {number} joints, where the model expects {joints}{hint}")
    return result


def mapped(content: Parsed, wanted: tuple[str, ...]) -> Parsed | None:
    """The same recording with the joints `wanted`, in their order; None if one of them can't be had.

    content: of a body of another sensor, whose joints have names, or are those of a sensor in `BY_NUMBER`; a note of
    the result says that they were mapped. A body upside down is turned if its sensor's y axis points down, and the
    note says so, too. Raises `Dropped` if joints without names can't be those of that sensor.
    """
    names, sensor = content.names, ""
    number = content.joints.shape[2]
    if not names and number in BY_NUMBER:
        sensor, names = BY_NUMBER[number]
        _check_bones(content.joints, names, sensor)
    places = {key: place for place, key in enumerate(joint_names.keys(names))}
    sources = [_sources(name, key, places) for name, key in zip(wanted, joint_names.keys(wanted), strict=True)]
    if not wanted or None in sources:
        return None
    weights = np.zeros((len(wanted), number))
    for row, source in zip(weights, sources, strict=True):
        for key, weight in source.items():
            row[places[key]] += weight
    joints = np.einsum("wj,fbjc->fbwc", weights, content.joints)
    computed = [name for name, source in zip(wanted, sources, strict=True) if len(source) > 1]
    note = f"the body was mapped to the model's {len(wanted)} joints: {len(wanted) - len(computed)} by name"
    if computed:
        note += f", {len(computed)} computed ({', '.join(computed)})"
    if sensor:
        note += f"; its {number} joints have no names and were taken for those of {sensor}"
    down = next((name for name, of_it in Y_DOWN.items() if set(joint_names.keys(of_it)) == places.keys()), None)
    if down and vertical(content.joints, _body(number, places)) == "-y":
        joints = joints * (1, -1, -1)
        note += f"; y points down, as {down} has it, so the body was turned by 180 degrees about x"
    return replace(content, joints=joints, names=tuple(wanted), mapping=note)


def _body(joints, places):
    """A `Body` of so many joints that knows the trunk."""
    return Body(joints, places["lhip"], places["rhip"], places["lshoulder"], torso=(), ankles=None, feet=None)


def _sources(name, key, places):
    """{key of a joint that the body has: its weight} for a wanted joint; None if it can't be had."""
    share = TRUNK.get(joint_names.plain(name).replace("centre", "center"))
    if share is not None:
        both = {"lshoulder": share / 2, "rshoulder": share / 2, "lhip": (1 - share) / 2, "rhip": (1 - share) / 2}
        return both if both.keys() <= places.keys() else None
    for keys in ((key,), *MIDDLES.get(key, ())):
        if set(keys) <= places.keys():
            return dict.fromkeys(keys, 1 / len(keys))
    return None


def _check_bones(joints, names, sensor):
    """Raise `Dropped` unless arms and legs of joints with these names are such as a body has."""
    places = {key: place for place, key in enumerate(joint_names.keys(names))}
    bodies = joints[joints.any(axis=(2, 3))]
    for bone in BONES:
        ends = [[bodies[:, places[f"{side}{part}"]] for part in bone] for side in "lr"]
        lengths = [np.median(np.linalg.norm(near - far, axis=-1)) for near, far in ends]
        if not LENGTHS[0] < min(lengths) <= max(lengths) < min(LENGTHS[1], UNEQUAL * min(lengths)):
            raise Dropped(
                f"without names, they can't be those of {sensor} in metres; save them with names, as .json or .csv"
            )
