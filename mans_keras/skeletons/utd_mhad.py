"""UTD-MHAD (Chen, Jafari and Kehtarnavaz, ICIP 2015): 27 actions, 8 subjects, four times each; Kinect v1.

`aA_sS_tT_skeleton.mat` holds d_skel, 20 joints x (x y z) x frames, in metres: y up, z depth. Its joints are those of
Kinect v1, but the trunk goes from the head down; they are put in Kinect v1's own order here.
"""

import itertools
import re
from pathlib import Path

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

# Where a file has the joints of Kinect v1: hip centre, spine, shoulder centre, head; then arms and legs, left first.
ORDER = (3, 2, 1, 0, *range(4, 20))


def sources(folder):
    """The `*_skeleton.mat` files of a folder and of the folders in it, in order of action, subject and trial.

    Raises `InputError` if there are none, or two of one name.
    """
    folder = Path(folder)
    paths = sorted([*folder.glob("*_skeleton.mat"), *folder.glob("*/*_skeleton.mat")], key=_numbers)
    if not paths:
        raise InputError(f"{folder} holds no aA_sS_tT_skeleton.mat: UTD-MHAD is published at {WHERE}")
    for path, other in itertools.pairwise(paths):
        if source_name(path) == source_name(other):
            raise InputError(f"{path} and {other} have one name: leave one of them in {folder}")
    return paths


def _numbers(path):
    """The numbers in a file's name, then the name: what files are sorted by."""
    return [int(number) for number in re.findall(r"\d+", path.name)], path.name


def source_name(path):
    """The name a file goes by in a tensor file, e.g. `a27_s8_t4`."""
    return path.stem.removesuffix("_skeleton")


def parse_name(name):
    """(label from 0, subject) of a name `aA_sS_tT`; `Dropped` for another name or action."""
    match = re.fullmatch(r"a(\d{1,2})_s(\d{1,2})_t\d{1,2}", name)
    if not match:
        raise Dropped("the name is not aA_sS_tT_skeleton.mat")
    action, subject = map(int, match.groups())
    if not 1 <= action <= len(CLASS_NAMES):
        raise Dropped(f"action a{action} is none of the {len(CLASS_NAMES)} actions")
    return action - 1, subject


def read_joints(path):
    """Joints (frames, 1, 20, 3) of a file, in the order of Kinect v1. Raises `Dropped` for a malformed one."""
    return matlab.read_joints(path, "d_skel")[:, :, ORDER]


def read(path):
    """The `Sequence` of a file, joints (frames, 1, 20, 3); label and subject by its name.

    Raises `Dropped` as `read_joints` does, or for another name.
    """
    path = Path(path)
    name = source_name(path)
    label, subject = parse_name(name)
    return Sequence(name, read_joints(path), label, subject)


READER = Reader("utd_mhad", CLASS_NAMES, KINECT_1, read, source_name)
