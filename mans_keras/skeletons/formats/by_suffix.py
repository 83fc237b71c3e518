"""A file of your own recordings -> its joints: its suffix says which format it is."""

import dataclasses
from pathlib import Path

import numpy as np

from mans_keras.skeletons.bounds import in_metres, read_bytes
from mans_keras.skeletons.formats import arrays, csv_file, json_file
from mans_keras.skeletons.formats.parsed import Parsed

# Each is (bytes, number of joints or None) -> `Parsed`.
PARSERS = {".npy": arrays.parse_npy, ".npz": arrays.parse_npz, ".csv": csv_file.parse, ".json": json_file.parse}


def parsed(path: Path, joints: int | None = None) -> Parsed:
    """What a file holds, in metres.

    joints: their number if it is known; it says what a row of bare numbers means. Raises `Dropped` for a file that is
    not what its suffix says, is too large, has other than x y z for a joint, or a coordinate beyond 100.
    """
    content = PARSERS[path.suffix.lower()](read_bytes(path), joints)
    return dataclasses.replace(content, joints=in_metres(content.joints))


def load(path: Path, joints: int | None = None) -> np.ndarray:
    """Joints (frames, bodies, joints, 3) of a file, as `parsed` has them."""
    return parsed(path, joints).joints
