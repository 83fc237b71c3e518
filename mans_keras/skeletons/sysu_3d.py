"""SYSU 3D Human-Object Interaction (Hu et al., CVPR 2015): 12 actions, 40 subjects, once each; Kinect v1.

`3DvideoNorm/<subject>/video<1..12>/sklWorld.mat` holds SW, 20 joints x (x y z) x frames, in metres.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons.formats import matlab
from mans_keras.skeletons.sequence import KINECT_1, Dropped, Reader, Sequence

CLASS_NAMES = (
    "drinking",
    "pouring",
    "calling phone",
    "playing phone",
    "wearing backpacks",
    "packing backpacks",
    "sitting chair",
    "moving chair",
    "taking out wallet",
    "taking from wallet",
    "mopping",
    "sweeping",
)
SUBJECTS = 40
WHERE = (
    "https://www.isee-ai.cn/~hujianfang/ProjectJOULE.html (SYSU 3D HOI, Hu et al. 2015): unpack its skeletons, "
    "3DvideoNorm/<subject>/video<1..12>/sklWorld.mat, below that folder"
)


@dataclass(frozen=True)
class Source:
    """A file sklWorld.mat and the number of its subject, from 1."""

    path: Path
    subject: int


def subjects(folders: Iterable[str]) -> dict[str, int]:
    """{name of a subject's folder: number from 1}.

    If the names differ only in a number at their end, it is that number. Otherwise the names may be those of people,
    and it is their place in sorted order: published code for this data set sorts them, too. Raises `InputError` if a
    number is above 40.
    """
    parts = {name: re.fullmatch(r"(.*?)0*([1-9]\d?)", name) for name in sorted(set(folders))}
    numbered = all(parts.values()) and len({match[1] for match in parts.values()}) == 1
    numbers = {name: int(parts[name][2]) if numbered else place for place, name in enumerate(parts, start=1)}
    if max(numbers.values()) > SUBJECTS:
        raise InputError(f"SYSU-3D has {SUBJECTS} subjects, but a folder has the number {max(numbers.values())}")
    if len(set(numbers.values())) < len(numbers):
        raise InputError("two folders have the number of the same subject: keep only one of them")
    return numbers


def sources(folder: Path | str) -> list[Source]:
    """A `Source` for each sklWorld.mat below a folder, in order of subject and video.

    Raises `InputError` if there are none, or if a video is there twice: the same sequence would train and test.
    """
    paths = list(Path(folder).rglob("*/*/sklWorld.mat"))
    if not paths:
        raise InputError(f"{folder} holds no <subject>/video<1..12>/sklWorld.mat: SYSU-3D is published at {WHERE}")
    numbers = subjects(path.parents[1].name for path in paths)
    videos = [Source(path, numbers[path.parents[1].name]) for path in paths]
    videos.sort(key=lambda source: (source.subject, _video(source.path), str(source.path)))
    first = {}
    for source in videos:
        other = first.setdefault(source_name(source), source)
        if other is not source:
            raise InputError(f"{other.path} and {source.path} are the same video: keep only one of them")
    return videos


def _video(path):
    """The number of a file's video folder, -1 if that is not `video<number>`."""
    match = re.fullmatch(r"video0*(\d{1,9})", path.parent.name)
    return int(match[1]) if match else -1


def source_name(source: Source) -> str:
    """The name of a recording in a tensor file: the names of its two folders, e.g. `7_video12`."""
    return f"{source.path.parents[1].name}_{source.path.parent.name}"


def read_joints(path: Path) -> np.ndarray:
    """Joints (frames, 1, 20, 3) of a file, metres. Raises `Dropped` for a malformed file."""
    return matlab.read_joints(path, "SW")


def read(source: Source) -> Sequence:
    """The `Sequence` of a file, joints (frames, 1, 20, 3).

    Raises `Dropped` for a malformed file, or a video without a class.
    """
    video = _video(source.path)
    if not 1 <= video <= len(CLASS_NAMES):
        raise Dropped(f"its folder is not video<1..{len(CLASS_NAMES)}>")
    return Sequence(source_name(source), read_joints(source.path), video - 1, source.subject)


READER = Reader("sysu_3d", CLASS_NAMES, KINECT_1, read, source_name)
