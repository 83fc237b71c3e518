"""A file of your own recordings -> its joints: its suffix says which format it is."""

from pathlib import Path

import numpy as np

from mans_keras.skeletons.bounds import in_metres, read_bytes
from mans_keras.skeletons.formats import arrays, csv_file, json_file
from mans_keras.skeletons.sequence import Dropped, Recording

MAX_BODIES = 2

# Each is (bytes, number of joints or None) -> `Recording`, NaN where a coordinate is missing.
PARSERS = {".npy": arrays.parse_npy, ".npz": arrays.parse_npz, ".csv": csv_file.parse, ".json": json_file.parse}


def load(path: Path, joints: int | None = None) -> Recording:
    """The `Recording` of a file: joints (frames, bodies, joints, 3) float64, NaN where a coordinate is missing.

    Bodies that are NaN or zeros in every frame are left out: they are slots of the sensor that nobody filled.
    joints: their number if it is known; it says what a row of bare numbers means. Raises `Dropped` for a file that is
    not what its suffix says, is too large, has more than two bodies, other than x y z for a joint, or a coordinate
    beyond 100.
    """
    recording = PARSERS[path.suffix.lower()](read_bytes(path), joints)
    filled = _filled(in_metres(recording.joints))
    if filled.shape[1] > MAX_BODIES:
        raise Dropped(f"{filled.shape[1]} bodies: at most {MAX_BODIES} are possible")
    return recording._replace(joints=filled)


def _filled(joints):
    seen = np.nan_to_num(joints).any(axis=(0, 2, 3))
    return joints[:, seen] if seen.any() else joints[:, :1]
