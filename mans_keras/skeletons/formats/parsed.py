"""What a parser makes of a file."""

from dataclasses import dataclass, replace

import numpy as np

from mans_keras.errors import listed

OTHER_UNIT = "the value of --unit"  # in `left_out` of a file that names its unit


@dataclass(frozen=True)
class Parsed:
    """The joints of a file and what it says about them.

    joints: (frames, bodies, joints, 3) float64, NaN where a coordinate is missing. ids: (frames, bodies) whole numbers
    that say who a body is, as `tracks.people` takes them; None if each place is one person. is_computed: the joints
    follow from angles, so that none is missing, and 0 0 0 is a place. names: of the joints, as the file
    spells them, () if it names none. left_out: what the file holds besides coordinates, such as the columns
    "timestamp" and "label". other_bodies: for each body that is left out, the numbers of the frames that show it.
    mapping: a sentence about joints that are another sensor's, see `joint_mapping`. remarks: what was read with a
    doubt, and the numbers of the frames in which it is so.
    """

    joints: np.ndarray
    names: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    other_bodies: tuple[np.ndarray, ...] = ()
    ids: np.ndarray | None = None
    is_computed: bool = False
    mapping: str = ""
    remarks: tuple[tuple[str, np.ndarray], ...] = ()

    def with_own_unit(self, unit: float | None) -> "Parsed":
        """The same, of a file that has its own unit: if another was given, it is in `left_out`."""
        return self if unit is None else replace(self, left_out=(*self.left_out, OTHER_UNIT))

    def notes(self) -> list[str]:
        """A sentence about joints that were mapped, one for each thing that is left out, and for each doubt."""
        notes = [self.mapping] if self.mapping else []
        notes += ["--unit was not used, since the file names its unit"] if OTHER_UNIT in self.left_out else []
        left_out = [part for part in self.left_out if part != OTHER_UNIT]
        notes += [f"left out: {listed(left_out)}"] if left_out else []
        if self.other_bodies:
            bodies = "1 body is" if len(self.other_bodies) == 1 else f"{len(self.other_bodies)} bodies are"
            seen = listed([str(len(frames)) for frames in self.other_bodies])
            notes.append(f"{bodies} left out, seen in {seen} of {len(self.joints)} frames")
        absent = ("nobody is seen", np.flatnonzero(~self.joints.any(axis=(1, 2, 3))))
        doubts = [(what, len(frames)) for what, frames in (*self.remarks, absent) if len(frames)]
        return notes + [f"in {number} of {len(self.joints)} frames {what}" for what, number in doubts]
