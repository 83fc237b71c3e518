"""What a parser makes of a file."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Parsed:
    """The joints of a file and what it says about them.

    joints: (frames, bodies, joints, 3) float64, NaN where a coordinate is missing. names: of the joints, as the file
    spells them, () if it names none. left_out: what the file holds besides coordinates, such as the columns
    "timestamp" and "label". other_bodies: for each body that is left out, the number of frames that show it.
    """

    joints: np.ndarray
    names: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    other_bodies: tuple[int, ...] = ()
