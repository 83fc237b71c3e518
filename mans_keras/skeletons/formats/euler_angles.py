"""Rotation matrices from the Euler angles of motion capture files."""

import numpy as np


def matrices(order: str, degrees: np.ndarray) -> np.ndarray:
    """(..., 3, 3) of angles (..., axes), in degrees, about the axes of `order`.

    order: as SciPy has it; capitals, such as "ZXY": each turn is about the body's own axis; small letters: about a
    fixed axis.
    """
    from scipy.spatial.transform import Rotation  # not above: other formats are read without SciPy, which takes a while

    return Rotation.from_euler(order, degrees, degrees=True).as_matrix()
