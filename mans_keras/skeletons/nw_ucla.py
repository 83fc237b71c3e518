"""Northwestern-UCLA Multiview Action 3D (Wang et al., CVPR 2014): 10 actions, 10 subjects, three views; Kinect v1.

The skeletons are read as CTR-GCN (Chen et al., ICCV 2021) distributes them: each sequence is `aAA_sSS_eEE_vVV.json`, an
object whose `skeletons` are frames x 20 joints x (x y z), in metres: y up, z depth. Joints are in the order of Kinect
v1. Kinect assumes that people face it: if somebody turns away, left and right are exchanged.
"""

import itertools
import re
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons.bounds import one_body, read_bytes
from mans_keras.skeletons.formats import json_file
from mans_keras.skeletons.missing import completed
from mans_keras.skeletons.sequence import KINECT_1, Dropped, Reader, Sequence

# {number of an action in a file's name: the action}.
ACTIONS = {
    1: "pick up with one hand",
    2: "pick up with two hands",
    3: "drop trash",
    4: "walk around",
    5: "sit down",
    6: "stand up",
    8: "donning",
    9: "doffing",
    11: "throw",
    12: "carry",
}
CLASS_NAMES = tuple(ACTIONS.values())
NAME = re.compile(r"a(\d\d)_s(\d\d)_e\d\d_v(\d\d)")
WHERE = "https://github.com/Uason-Chen/CTR-GCN, whose README links it (Wang et al., CVPR 2014): unpack all_sqe.zip"


def sources(folder: Path | str) -> list[Path]:
    """The `.json` files of a folder and of the folders in it, sorted by name.

    Raises `InputError` if there are none, or two with the same name.
    """
    folder = Path(folder)
    paths = sorted([*folder.glob("*.json"), *folder.glob("*/*.json")], key=source_name)
    if not paths:
        raise InputError(f"{folder} holds no aAA_sSS_eEE_vVV.json: NW-UCLA's skeletons are published at {WHERE}")
    for path, other in itertools.pairwise(paths):
        if source_name(path) == source_name(other):
            raise InputError(f"{path} and {other} have the same name: keep only one of them in {folder}")
    return paths


def source_name(path: Path) -> str:
    """The name of a recording in a tensor file, e.g. `a01_s01_e00_v01`."""
    return path.stem


def parse_name(name: str) -> tuple[int, int, int]:
    """(label from 0, subject, view) of a name `aAA_sSS_eEE_vVV`; `Dropped` for another name or action."""
    match = NAME.fullmatch(name)
    if not match:
        raise Dropped("its name is not aAA_sSS_eEE_vVV")
    action, subject, view = map(int, match.groups())
    if action not in ACTIONS:
        raise Dropped(f"its action, a{action:02}, is not one of the {len(ACTIONS)} actions")
    return list(ACTIONS).index(action), subject, view


def read_joints(path: Path) -> np.ndarray:
    """Joints (frames, 1, 20, 3) of a file, metres, completed by `missing.completed`.

    Two of the 1,484 files have joints at 0 0 0 in one frame; other joints of that frame are half-way to the origin, and
    stay there. Raises `Dropped` for a malformed file.
    """
    parsed = json_file.parsed(read_bytes(path))
    if not isinstance(parsed, dict) or not isinstance(parsed.get("skeletons"), list):
        raise Dropped("the file is not an object that has a list under skeletons")
    try:
        # as objects: NumPy would give every number as much memory as the longest text among them
        joints = np.array(parsed["skeletons"], dtype=object)
    except ValueError:
        raise Dropped(
            f"skeletons is not frames x {KINECT_1.joints} x 3 numbers: its lists have different lengths"
        ) from None
    if joints.shape[1:] != (KINECT_1.joints, 3):
        raise Dropped(f"skeletons is not frames x {KINECT_1.joints} x 3 numbers")
    if not all(type(value) is float for value in joints.flat):
        raise Dropped("skeletons holds a coordinate that is not a number")
    return completed(one_body(joints.astype(float)))


def read(path: Path | str) -> Sequence:
    """The `Sequence` of a file, joints (frames, 1, 20, 3); label, subject and view (its camera) from its name.

    Raises `Dropped` as `read_joints` does, or for another name.
    """
    path = Path(path)
    name = source_name(path)
    label, subject, view = parse_name(name)
    return Sequence(name, read_joints(path), label, subject, view)


READER = Reader("nw_ucla", CLASS_NAMES, KINECT_1, read, source_name)
