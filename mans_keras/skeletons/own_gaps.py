"""Gaps in your own recordings: placeholders, joints that are far from their body, and frames without anybody."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mans_keras.errors import counted, listed
from mans_keras.skeletons.bounds import FEWEST_WITH_SIZE, MOST, impossible_size
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.missing import completed, origins, unseen
from mans_keras.skeletons.sequence import Dropped
from mans_keras.skeletons.tracks import GAP

# In the 2,365 recordings of UT-Kinect, NW-UCLA and UTD-MHAD, no joint is more than 0.6 m from the nearest other one,
# and none is more than 1.6 m from the median of its body, but for one frame in which half of a body is elsewhere.
ASTRAY = 1.5  # metres
FEW = 0.25  # of a body's joints: of more, nobody knows which are wrong
FEWEST_OF_A_BODY = 10  # joints that are not all in one place
FEWEST_FRAMES = 10  # in which one frame with a body is refused


def closed(content: Parsed, names: Sequence[str] = ()) -> Parsed:
    """The same recording, `missing.completed`, without single joints that are far from their body, and interpolated.

    An absence of the only body is interpolated over at most `tracks.GAP` frames, after which a tracker would call it
    somebody else. `remarks` of the result say so, and which joints without names were taken for the origin.

    names: of the joints, () if they are not known. Raises `Dropped` as `missing.completed` does, for a body whose
    joints are all in one place, and for one that only one of many frames shows.
    """
    joints = content.joints
    _refuse_points(joints)
    remarks = list(content.remarks)
    strays = _strays(joints)
    if strays.any():
        joints = np.where(strays[..., None], np.nan, joints)
        frames = np.flatnonzero(strays.any(axis=(1, 2)))
        remarks.append((f"a joint is more than {ASTRAY} m away from its body: interpolated", frames))
    present = ~unseen(joints).all(axis=-1)
    shown = present.any(axis=1)
    if shown.sum() == 1 and len(joints) >= FEWEST_FRAMES:
        raise Dropped(f"a body is in only 1 of {len(joints)} frames, which shows no movement")
    remarks += [] if names else _taken_for_origins(joints, shown)
    joints = completed(joints, names)
    gaps = _short_gaps(shown) if present.any(axis=0).sum() == 1 else np.zeros(0, int)
    if len(gaps):
        body = int(present.any(axis=0).argmax())
        joints[gaps, body] = _interpolated(joints[shown, body], np.flatnonzero(shown), gaps)
        remarks.append(("nobody is seen: interpolated", gaps))
    return replace(content, joints=joints, remarks=tuple(remarks))


def _refuse_points(joints):
    """Raise `Dropped` if all joints of a body of (frames, bodies, joints, 3) are in one place, which none has."""
    seen = ~unseen(joints)
    first = np.take_along_axis(joints, seen.argmax(axis=-1)[..., None, None], axis=2)
    is_point = ((joints == first).all(axis=-1) | ~seen).all(axis=-1) & (seen.sum(axis=-1) >= FEWEST_OF_A_BODY)
    if is_point.any():
        frame, body = np.argwhere(is_point)[0]
        x, y, z = first[frame, body, 0]
        raise Dropped(
            f"frame {frame}, counted from 0: all joints are at {x:g} {y:g} {z:g} m, like a placeholder for a body that "
            "is not seen: write NaN or 0 0 0 in its place"
        )


def _strays(joints):
    """(frames, bodies, joints): joints of a body, few or in one place, more than `ASTRAY` from those at its median.

    None if the bodies are larger than people, since their unit is then another, or if a joint is mostly far away.
    """
    strays = np.zeros(joints.shape[:-1], bool)
    size = impossible_size(joints, has_trunk=False)
    if size is not None and size > MOST:
        return strays
    seen = ~unseen(joints)
    enough = seen.sum(axis=-1) >= FEWEST_WITH_SIZE
    medians = np.full((*enough.shape, 1, 3), np.nan)
    medians[enough] = np.nanmedian(np.where(seen[..., None], joints, np.nan)[enough], axis=1, keepdims=True)
    far = seen & (np.linalg.norm(joints - medians, axis=-1) > ASTRAY)
    for frame, body in np.argwhere(far.any(axis=-1)):
        at = frame, body
        others = joints[at][seen[at] & ~far[at]]
        is_one_place = far[at].sum() > 1 and (joints[at][far[at]] == joints[at][far[at]][0]).all()
        if len(others) and (is_one_place or far[at].sum() <= FEW * seen[at].sum()):
            distances = np.linalg.norm(joints[at][far[at]][:, None] - others, axis=-1).min(axis=1)
            strays[at][far[at]] = distances > ASTRAY
    return strays & (2 * strays.sum(axis=0) <= seen.sum(axis=0))


def _taken_for_origins(joints, shown):
    """A remark about joints without names that are at 0 0 0 in all frames, and not taken for missing ones."""
    numbers = np.flatnonzero(origins(joints).any(axis=0))
    if not len(numbers):
        return []
    which = f"{counted(len(numbers), 'joint')} ({listed(list(map(str, numbers)))}, counted from 0)"
    verb = "is" if len(numbers) == 1 else "are"
    return [(f"{which} {verb} at 0 0 0 and taken for the origin of the coordinates", np.flatnonzero(shown))]


def _short_gaps(shown):
    """The numbers of the frames without a body in gaps of at most `GAP` frames between two with one."""
    frames = np.flatnonzero(shown)
    gaps = [np.arange(a + 1, b) for a, b in itertools.pairwise(frames) if 1 < b - a <= GAP + 1]
    return np.concatenate([np.zeros(0, int), *gaps])


def _interpolated(joints, frames, wanted):
    """Joints (n, joints, 3) that were seen in these frames (n,) as they are in the wanted frames."""
    columns = [np.interp(wanted, frames, values) for values in joints.reshape(len(frames), -1).T]
    return np.stack(columns, axis=1).reshape(-1, *joints.shape[1:])
