"""UTD-MHAD (Chen, Jafari and Kehtarnavaz, ICIP 2015): 27 actions, 8 subjects, four times each; Kinect v1.

`aA_sS_tT_skeleton.mat` holds d_skel, 20 joints x (x y z) x frames, in metres: y up, z depth. Its joints are those of
Kinect v1, but the trunk goes from the head down; this reader puts them in Kinect v1's order.
"""

import itertools
import re
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons.formats import matlab
from mans_keras.skeletons.sequence import KINECT_1, Dropped, Reader, Sequence

CLASS_NAMES = (
    "swipe left",
    "swipe right",
    "wave",
    "clap",
    "throw",
    "arm cross",
    "basketball shoot",
    "draw x",
    "draw circle (clockwise)",
    "draw circle (counter clockwise)",
    "draw triangle",
    "bowling",
    "boxing",
    "baseball swing",
    "tennis swing",
    "arm curl",
    "tennis serve",
    "push",
    "knock",
    "catch",
    "pick up and throw",
    "jog",
    "walk",
    "sit to stand",
    "stand to sit",
    "lunge",
    "squat",
)
WHERE = "https://www.utdallas.edu/~kehtar/UTD-MHAD.html: unpack its skeleton data"

# The places of Kinect v1's joints in a file: hip centre, spine, shoulder centre, head; then arms and legs, left first.
ORDER = (3, 2, 1, 0, *range(4, 20))


def sources(folder: Path | str) -> list[Path]:
    """The `*_skeleton.mat` files of a folder and of the folders in it, in order of action, subject and trial.

    Raises `InputError` if there are none, or two with the same name.
    """
    folder = Path(folder)
    paths = sorted([*folder.glob("*_skeleton.mat"), *folder.glob("*/*_skeleton.mat")], key=_numbers)
    if not paths:
        raise InputError(f"{folder} holds no aA_sS_tT_skeleton.mat: UTD-MHAD is published at {WHERE}")
    for path, other in itertools.pairwise(paths):
        if source_name(path) == source_name(other):
            raise InputError(f"{path} and {other} have the same name: keep only one of them in {folder}")
    return paths


def _numbers(path):
    """What files are sorted by: the numbers in the name, then the name."""
    return [int(number) for number in re.findall(r"\d+", path.name)], path.name


def source_name(path: Path) -> str:
    """The name of a recording in a tensor file, e.g. `a27_s8_t4`."""
    return path.stem.removesuffix("_skeleton")


def parse_name(name: str) -> tuple[int, int]:
    """(label from 0, subject) of a name `aA_sS_tT`; `Dropped` for another name or action."""
    match = re.fullmatch(r"a(\d{1,2})_s(\d{1,2})_t\d{1,2}", name)
    if not match:
        raise Dropped("its name is not aA_sS_tT_skeleton.mat")
    action, subject = map(int, match.groups())
    if not 1 <= action <= len(CLASS_NAMES):
        raise Dropped(f"its action, a{action}, is not one of the {len(CLASS_NAMES)} actions")
    return action - 1, subject


def read_joints(path: Path) -> np.ndarray:
    """Joints (frames, 1, 20, 3) of a file, metres, in the order of Kinect v1. Raises `Dropped` for a malformed file."""
    return matlab.read_joints(path, "d_skel")[:, :, ORDER]


def read(path: Path | str) -> Sequence:
    """The `Sequence` of a file, joints (frames, 1, 20, 3); label and subject from its name.

    Raises `Dropped` as `read_joints` does, or for another name.
    """
    path = Path(path)
    name = source_name(path)
    label, subject = parse_name(name)
    return Sequence(name, read_joints(path), label, subject)


READER = Reader("utd_mhad", CLASS_NAMES, KINECT_1, read, source_name)
