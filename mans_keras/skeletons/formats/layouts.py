"""Arrays whose axes are in one of the orders that people have -> frames, bodies, joints, x y z."""

import numpy as np

from mans_keras.skeletons.bounds import check_shape
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.formats.xyz import check_first_columns, check_frame, check_joint
from mans_keras.skeletons.sequence import Dropped

SLOTS = 6  # bodies that Kinect v2 has room for; a longer axis is none of bodies
HOLISTIC = 1662  # numbers that the tutorials of MediaPipe Holistic save for each frame
EXPECTED = "(frames, joints, 3) or (frames, bodies, joints, 3) is expected, as array.transpose or reshape make it"


def order(shape: tuple[int, ...], joints: int | None = None) -> str:
    """What the axes of an array are: t frames, m bodies, v joints, c coordinates; "tn" is a row of numbers a frame.

    joints: their number, if it is known. Raises `Dropped`, with what to do, for a shape that is none of these or could
    be two.
    """
    if len(shape) == 2:
        if shape[1] == HOLISTIC and joints is None:
            raise Dropped(
                f"the array has shape {shape}: {HOLISTIC:,} numbers a frame are MediaPipe Holistic's. Save each row "
                "as a .npy file, in a folder for each recording, and give --frame-files"
            )
        if not joints or shape[1] != 4 * joints:
            check_frame(shape[1], joints)
        return "tn"
    if len(shape) not in (3, 4):
        raise Dropped(f"the array has shape {shape}: {EXPECTED}")
    check_shape(*shape)
    if shape[0] == 3 and (shape[-1] not in (2, 3, 4) or (len(shape) == 4 and shape[-1] == 2)):
        axes = _axes_first(shape, joints)
    elif shape[-1] in (2, 3, 4):
        axes = "tvc" if len(shape) == 3 else _bodies(shape)
    else:
        raise Dropped(f"the array has shape {shape}: {EXPECTED}")
    if "m" in axes and shape[axes.index("m")] > SLOTS:
        raise Dropped(f"the array has shape {shape}, {shape[axes.index('m')]} bodies: at most {SLOTS} are possible")
    if shape[axes.index("v")] == 1 and joints != 1:
        raise Dropped(
            f"the array has shape {shape}, with one joint a frame: if each row holds one joint, put all joints of a "
            "frame together, as array.reshape(frames, joints, 3). A single frame is array[None]. If there is only one "
            "joint, own_data.py has --joints 1"
        )
    return axes


def _bodies(shape):
    if shape[0] <= SLOTS < shape[1]:
        return "mtvc"
    return "tvmc" if shape[2] <= 2 and shape[1] > SLOTS else "tmvc"


def _axes_first(shape, joints):
    """As ST-GCN has them, (3, frames, joints, bodies) or without bodies; frames and joints may be exchanged."""
    axes = {2: "ctv", 1: "cvt"} if shape.count(joints) == 1 else {}
    axes = axes.get(shape.index(joints)) if axes else None
    if axes is None or (len(shape) == 4 and shape[3] > SLOTS):
        raise Dropped(
            f"the array has shape {shape}: are these x y z, frames, joints? If so, give their number by --joints, or "
            f"save array.transpose(1, 2, 0) of it; {EXPECTED}"
        )
    return axes + "m" * (len(shape) - 3)


def parsed(array: np.ndarray, axes: str, joints: int | None = None) -> Parsed:
    """The `Parsed` of an array (float) with these axes. A fourth value of each joint is left out if it is a score.

    joints: as in `order`. Raises `Dropped` unless each joint then has three values.
    """
    if axes == "tn":
        check_first_columns(array)
        width = 4 if joints and array.shape[1] == 4 * joints else 3
        array, axes = array.reshape(len(array), -1, width), "tvc"
    array = array.transpose([axes.index(axis) for axis in "tmvc" if axis in axes])
    array = array if array.ndim == 4 else array[:, None]
    if array.shape[-1] == 4 and _is_score(array):
        return Parsed(array[..., :3], left_out=("the fourth value of each joint",))
    check_joint(array.shape[-1])
    return Parsed(array)


def _is_score(array):
    """Whether the fourth value is a confidence from 0 to 1, or Kinect's tracking state 0, 1, 2; no quaternion's."""
    fourth = array[..., 3]
    fourth = fourth[~np.isnan(fourth)]
    is_state = np.isin(fourth, (0, 1, 2)).all()
    lengths = np.linalg.norm(np.nan_to_num(array), axis=-1)
    is_quaternion = (np.abs(lengths[lengths > 0] - 1) < 1e-3).all()
    return bool((is_state or ((fourth >= 0) & (fourth <= 1)).all()) and not is_quaternion)
