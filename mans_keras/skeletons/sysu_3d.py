"""SYSU 3D Human-Object Interaction (Hu et al., CVPR 2015): 12 actions, 40 subjects, once each; Kinect v1.

`3DvideoNorm/<subject>/video<1..12>/sklWorld.mat` holds SW, 20 joints x (x y z) x frames, in metres.
"""

import re
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons import matlab
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

# No recording of SYSU-3D comes near these; a file that does is refused before it takes memory.
MAX_BYTES = 16 * 2**20
MAX_FRAMES = 10_000
MAX_METRES = 100


def sources(folder):
    """The sklWorld.mat files below a folder, in order of subject and video.

    Raises `InputError` if there is none, or if one is there twice, which would put a sequence in training and test.
    """
    paths = sorted(Path(folder).rglob("sklWorld.mat"), key=lambda path: [_number(p.name) for p in path.parents[1::-1]])
    if not paths:
        raise InputError(f"{folder} holds no sklWorld.mat: SYSU-3D is published at {WHERE}")
    first = {}
    for path in paths:
        other = first.setdefault(source_name(path), path)
        if other != path:
            raise InputError(f"{path} and {other} are the same video of the same subject: one of them must go")
    return paths


def _number(name):
    """The number at the end of a folder's name, -1 if there is none."""
    match = re.search(r"\d{1,9}$", name)
    return int(match[0]) if match else -1


def source_name(path):
    """The name a file goes by in a tensor file: that of its two folders, e.g. `7_video12`."""
    return f"{path.parents[1].name}_{path.parent.name}"


def read(path):
    """The `Sequence` of a file, joints (frames, 1, 20, 3); `Dropped` for a malformed one, or one in other folders."""
    subject, video = (_number(folder.name) for folder in path.parents[1::-1])
    if not (1 <= subject <= SUBJECTS and 1 <= video <= len(CLASS_NAMES)):
        raise Dropped(f"the folders are not <1..{SUBJECTS}>/video<1..{len(CLASS_NAMES)}>")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Dropped(f"the file is larger than {MAX_BYTES >> 20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise Dropped(f"the file can't be read ({error.strerror})") from None
    sw = matlab.read_array(data, "SW")
    if sw.shape[:2] != (KINECT_1.joints, 3) or sw.ndim > 3:
        raise Dropped(f"SW is {' x '.join(map(str, sw.shape))}, not {KINECT_1.joints} x 3 x frames")
    # MATLAB has no third axis for a single frame
    joints = np.moveaxis(np.atleast_3d(sw), -1, 0)
    if not 0 < len(joints) <= MAX_FRAMES:
        raise Dropped(f"{len(joints)} frames: 1 to {MAX_FRAMES} were expected")
    if not (np.abs(joints) < MAX_METRES).all():
        raise Dropped(f"a coordinate is not finite or beyond {MAX_METRES} m")
    if not joints.any():
        raise Dropped("no body in any frame")
    return Sequence(source_name(path), joints[:, None], video - 1, subject)


READER = Reader("sysu_3d", CLASS_NAMES, KINECT_1, read, source_name)
