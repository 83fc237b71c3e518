"""The columns of a table, by the names in its header: which are x, y and z of a joint, and which are none."""

import re
from collections.abc import Container
from dataclasses import dataclass

from mans_keras.errors import listed
from mans_keras.skeletons.joint_names import plain
from mans_keras.skeletons.sequence import Dropped

# Names as `joint_names.plain` returns them.
FRAMES = ("frame", "frames", "frameid", "frameindex", "frameno", "framenumber", "framenum", "framecount")
TIMES = ("time", "timestamp", "timestampms", "timestampus", "timestampusec", "times", "timems", "timeseconds")
JOINTS = ("joint", "jointname", "jointid", "jointindex", "jointtype", "landmark", "landmarkid", "landmarkindex")
JOINTS += ("landmarkname", "keypoint", "keypointid", "keypointname", "marker")
BODIES = (
    "body",
    "bodyid",
    "person",
    "personid",
    "trackingid",
    "trackid",
    "userid",
    "skeletonid",
    "playerid",
    "subject",
)
# The last word before an axis: x y z of these are places in space, those of the others are no joint.
PLACES = ("position", "pos", "camera", "world", "location", "loc")
OTHERS = ("orientation", "rotation", "rot", "quaternion", "quat", "euler", "angle", "velocity", "vel", "acceleration")
OTHERS += ("accel", "acc", "gyro", "color", "colour", "depth", "pixel", "px", "image", "screen", "normalized", "normal")
OTHERS += ("q", "v")
LONGEST_NAME = 200  # of a column, for what is compared
SEPARATORS = " _.:-"


@dataclass(frozen=True)
class Columns:
    """The columns of a table, counted from 0.

    joints: {name: (its x, y, z)} in the order of the header; for a table with a row for each joint, {"": (x, y, z)}.
    frame, time, joint, body: the columns that say which one a row belongs to, None if there is none. others: the rest.
    """

    joints: dict[str, tuple[int, int, int]]
    frame: int | None
    time: int | None
    joint: int | None
    body: int | None
    others: tuple[int, ...]


def kind(name: str, joints: Container[str]) -> str:
    """What a column's name says besides a joint or a number: `_visibility` of `hip_visibility`, `v` of `v12`."""
    name = name[:LONGEST_NAME]
    for separator in re.finditer(r"[ _.:-]", name):
        if name[: separator.start()] in joints:
            return name[separator.start() :]
    return re.sub(r"\d+", "", name)


def understand(header: list[str]) -> Columns:
    """The `Columns` of a header: `hip_x`, `hip.X`, `hip x`, `hipX`, `hip_position_x`, or `x1`, ... for each joint.

    Raises `Dropped` if a joint lacks an axis, has one twice or a fourth one, or if no joint has x, y and z.
    """
    axes = {}
    for column, name in enumerate(header):
        joint, axis, is_separate = _split(name)
        if axis:
            axes.setdefault(joint, []).append((axis, column, is_separate))
    joints = {}
    for joint, columns in axes.items():
        letters = "".join(sorted(axis for axis, *_ in columns))
        names = listed([repr(header[column][:40]) for _, column, _ in columns])
        if _is_other(joint, columns, axes):
            continue
        if letters == "xyz":
            joints[_without_place(joint)] = tuple(column for _, column, _ in sorted(columns))
        elif "w" in letters and len(letters) > 1:
            raise Dropped(f"the header has {names}: are they a rotation? x, y and z of each joint are expected")
        elif len(letters) > 1 or (letters != "w" and columns[0][2]):
            wanted = "x, y and z of each joint, each once, are expected"
            of_joint = f" for the joint {joint[:40]!r}" if joint else ""
            raise Dropped(f"the header has only {names}{of_joint}: {wanted}")
    if not joints or ("" in joints and len(joints) > 1):
        raise Dropped(
            f"the header names no joint: its columns are {listed([repr(name[:40]) for name in header])}, where names "
            "such as hip_x, hip_y and hip_z are expected for every joint"
        )
    words = [plain(name) for name in header]
    used = {column for columns in joints.values() for column in columns}

    def find(names):
        return next((at for at, name in enumerate(words) if name in names and at not in used), None)

    others = tuple(column for column in range(len(header)) if column not in used)
    return Columns(joints, find(FRAMES), find(TIMES), find(JOINTS), find(BODIES), others)


def _split(name):
    """(joint, axis, whether something separates them) of a column's name; axis is "" if there is none."""
    name = name.strip()
    if match := re.fullmatch(r"([xyzw])[ _.:-]?([0-9]+)", name, re.IGNORECASE):
        return match[2], match[1].lower(), True
    axis, joint = name[-1:].lower(), name[:-1].rstrip(SEPARATORS)
    if axis not in tuple("xyzw"):
        return name, "", False
    is_capital = name[-1:].isupper() and joint[-1:].islower()
    return joint, axis, len(joint) < len(name) - 1 or is_capital or not joint


def _last_word(joint):
    return re.split(r"[ _.:-]+|(?<=[a-z])(?=[A-Z])", joint)[-1].lower()


def _is_other(joint, columns, axes):
    """Whether these columns are no place of a joint, but a rotation, a place in the image or the like."""
    last = _last_word(joint)
    if last in OTHERS:
        return True
    # hip_rx is a rotation unless there is a hip_lx; hand_r_x is a right hand
    return (
        last == "r"
        and not columns[0][2]
        and len(joint) > 1
        and joint[:-1] + ("l" if joint[-1] == "r" else "L") not in axes
    )


def _without_place(joint):
    """`hip` of `hip_position`."""
    last = _last_word(joint)
    return joint[: -len(last)].rstrip(SEPARATORS) if last in PLACES and len(joint) > len(last) else joint
