"""Files of the known data sets' formats, under any name: `.skeleton`, `.amc` next to its `.asf`, and `.mat`."""

import functools
from pathlib import Path

import numpy as np

from mans_keras.skeletons import hdm05, ntu, sysu_3d, utd_mhad
from mans_keras.skeletons.bounds import check_shape, read_bytes
from mans_keras.skeletons.formats import acclaim, matlab
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import KINECT_1_NAMES, Dropped


def read_matlab(path: Path) -> Parsed:
    """The `Parsed` of SYSU-3D's array SW or UTD-MHAD's d_skel, which differ in the order of joints."""
    for dataset in (sysu_3d, utd_mhad):
        try:
            return Parsed(dataset.read_joints(path), KINECT_1_NAMES)
        except matlab.NoArray:
            continue
    raise Dropped("the file holds neither an array SW (SYSU-3D) nor d_skel (UTD-MHAD)")


def read_acclaim(path: Path) -> Parsed:
    """The `Parsed` of an `.amc` file and the `.asf` file in its folder, metres: the ends of all bones, and the root.

    With several `.asf` files, the one whose name the `.amc` begins with. HDM05's joints are in the order of
    `hdm05.JOINTS`, others in that of the hierarchy. Raises `Dropped` if one of the two files is missing or malformed.
    """
    skeletons = sorted(asf for asf in path.parent.iterdir() if asf.suffix.lower() == ".asf")
    skeletons = [asf for asf in skeletons if path.stem.startswith(f"{asf.stem}_")] or skeletons
    if len(skeletons) != 1:
        raise Dropped(
            f"{len(skeletons)} .asf files in its folder: the one of its actor is expected, named as the .amc begins"
        )
    skeleton = _skeleton(skeletons[0])
    motion = acclaim.parse_motion(read_bytes(path), skeleton)
    names = hdm05.JOINTS if set(skeleton.bones) == set(hdm05.JOINTS) else tuple(skeleton.bones)
    check_shape(len(motion["root"]), 1, len(names), 3)
    ends = acclaim.positions(skeleton, motion)
    ends = [np.broadcast_to(ends[name], (len(motion["root"]), 3)) for name in names]
    return Parsed(np.stack(ends, axis=1)[:, None], tuple(names))


@functools.lru_cache(maxsize=16)
def _skeleton(path):
    return acclaim.read_skeleton(path)


# Each is path -> `Parsed`.
READERS = {".skeleton": ntu.parsed, ".amc": read_acclaim, ".mat": read_matlab}
