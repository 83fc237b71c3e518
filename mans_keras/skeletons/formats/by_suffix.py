"""A file of your own recordings -> its joints: its suffix says which format it is."""

from pathlib import Path

import numpy as np

from mans_keras.skeletons.bounds import in_metres, read_bytes
from mans_keras.skeletons.formats import arrays, csv_file, json_file

# Each is (bytes, number of joints or None) -> joints (frames, bodies, joints, 3), NaN where a coordinate is missing.
PARSERS = {".npy": arrays.parse_npy, ".npz": arrays.parse_npz, ".csv": csv_file.parse, ".json": json_file.parse}


def load(path: Path, joints: int | None = None) -> np.ndarray:
    """Joints (frames, bodies, joints, 3) float64 of a file, NaN where a coordinate is missing.

    joints: their number if it is known; it says what a row of bare numbers means. Raises `Dropped` for a file that is
    not what its suffix says, is too large, has other than x y z for a joint, or a coordinate beyond 100.
    """
    return in_metres(PARSERS[path.suffix.lower()](read_bytes(path), joints))
