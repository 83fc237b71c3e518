"""What every reader yields, and what is known of the bodies in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# The data sets that have a reader here; any other name is a data set of the user's own.
DATASETS = ("ntu_rgbd", "ntu_rgbd_120", "hdm05", "sysu_3d", "ut_kinect", "nw_ucla", "utd_mhad", "synthetic")


class Dropped(Exception):
    """A source that is not a usable sequence; the message is the reason, which the tensor file keeps."""


@dataclass(frozen=True)
class Sequence:
    """One recorded action.

    joints: (frames, bodies, joints, 3) float, metres; a body that is absent from a frame is all zeros there.
    label: class from 0. subject, camera: their numbers in the data set, -1 if it has none. left_out: what the source
    holds besides coordinates. other_bodies: for each body that is left out, the number of frames that show it. doubts:
    what some of its frames leave a doubt about, such as a joint far from its body.
    """

    name: str
    joints: np.ndarray
    label: int
    subject: int = -1
    camera: int = -1
    left_out: tuple[str, ...] = ()
    other_bodies: tuple[int, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Body:
    """The joints, by number from 0, that orient a body in `tensors.transforms`.

    left_shoulder: it may be any joint well above the hips; ankles, feet: left and right, both None if not known.
    mirrored: the order of the joints after left and right are exchanged, () if not known.
    """

    joints: int
    left_hip: int
    right_hip: int
    left_shoulder: int
    torso: tuple[int, ...]
    ankles: tuple[int, int] | None
    feet: tuple[int, int] | None
    mirrored: tuple[int, ...] = ()


@dataclass(frozen=True)
class Reader:
    """A data set, as `prepare.write_tensors` takes it.

    read: source -> `Sequence`; raises `Dropped` for a source that is not a usable sequence, and `InputError` if the
    whole data set is wrong. name: source -> its name in the tensor file. Both must pickle, since other processes run
    them. body: None if it is not known which joints are hips and torso; then only raw coordinates are possible.
    joint_names: in their order; () if they are not known, or if `joint_names.of_dataset` has them.
    """

    dataset: str
    class_names: tuple[str, ...]
    body: Body | None
    read: Callable[[Any], Sequence]
    name: Callable[[Any], str]
    joint_names: tuple[str, ...] = ()


# Kinect 1 has its shoulder centre at 2, Kinect 2 (NTU RGB+D) at 20; both number the limbs in the same way.
_MIRRORED = (0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15)
KINECT_1 = Body(20, 12, 16, 4, (0, 1, 2, 4, 8, 12, 16), ankles=(14, 18), feet=(15, 19), mirrored=_MIRRORED)
KINECT_2 = Body(
    25, 12, 16, 4, (0, 1, 4, 8, 12, 16, 20), ankles=(14, 18), feet=(15, 19), mirrored=(*_MIRRORED, 20, 23, 24, 21, 22)
)
_LIMBS = (
    *("ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft", "ShoulderRight", "ElbowRight", "WristRight", "HandRight"),
    *("HipLeft", "KneeLeft", "AnkleLeft", "FootLeft", "HipRight", "KneeRight", "AnkleRight", "FootRight"),
)
KINECT_1_NAMES = ("HipCenter", "Spine", "ShoulderCenter", "Head", *_LIMBS)
_ENDS = ("SpineShoulder", "HandTipLeft", "ThumbLeft", "HandTipRight", "ThumbRight")
KINECT_2_NAMES = ("SpineBase", "SpineMid", "Neck", "Head", *_LIMBS, *_ENDS)
# HDM05: the root, and the ends of the 30 bones, in the order of the ASF files.
HDM05_NAMES = (
    "root",
    *("lhipjoint", "lfemur", "ltibia", "lfoot", "ltoes"),
    *("rhipjoint", "rfemur", "rtibia", "rfoot", "rtoes"),
    *("lowerback", "upperback", "thorax", "lowerneck", "upperneck", "head"),
    *("lclavicle", "lhumerus", "lradius", "lwrist", "lhand", "lfingers", "lthumb"),
    *("rclavicle", "rhumerus", "rradius", "rwrist", "rhand", "rfingers", "rthumb"),
)
