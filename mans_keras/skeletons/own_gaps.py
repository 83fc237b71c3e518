"""Gaps in your own recordings: placeholders, joints that are far from their body, and frames without anybody."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mans_keras.errors import counted, listed
from mans_keras.skeletons.bounds import FEWEST_WITH_SIZE, MOST, impossible_size
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.missing import MARGIN, away, completed, origins, refuse_placeholder, unseen
from mans_keras.skeletons.sequence import Dropped
from mans_keras.skeletons.tracks import GAP

# In the 2,365 recordings of UT-Kinect, NW-UCLA and UTD-MHAD, no joint is more than 0.6 m from the nearest other one,
# and none is more than 1.6 m from the median of its body, but for one frame in which half of a body is elsewhere.
ASTRAY = 1.5  # metres
FEW = 0.25  # of a body's joints: of more, nobody knows which are wrong
# In the same recordings no place away from a body is there twice. Bodies of fewer joints may have them far apart.
FEWEST_OF_A_BODY = 10
MAX_PLACES = 20  # which are looked at, of those that return
FEWEST_FRAMES = 10  # in which one frame with a body is refused


def closed(content: Parsed, names: Sequence[str] = ()) -> Parsed:
    """The same recording, `missing.completed`, without single joints that are far from their body, and interpolated.

    An absence of the only body is interpolated over at most `tracks.GAP` frames, after which a tracker would call it
    somebody else. `remarks` of the result say so, and which joints without names were taken for the origin.

    names: of the joints, () if they are not known. Raises `Dropped` as `missing.completed` does; for exact
    places away from their bodies to which joints jump, as no sensor's do; and for a body that only one of many frames
    shows.
    """
    joints = content.joints
    for body in np.moveaxis(joints, 1, 0):
        _refuse_repeated(body)
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


def _refuse_repeated(body):
    """Raise `Dropped` if joints of a body (frames, joints, 3) jump to an exact place away from it, or all are in one.

    A sensor that loses a joint may hold it where it saw it last, so that it is near in the frame before. Frames may be
    there several times, as in a video that is slowed down or played again.
    """
    distinct = np.stack(list({frame.tobytes(): frame for frame in body}.values()))
    seen = ~unseen(distinct)
    enough = seen.sum(axis=-1) >= FEWEST_OF_A_BODY
    distinct, seen = distinct[enough], seen[enough]
    outside = _outside(distinct, seen)
    places, counts = np.unique(distinct[outside], axis=0, return_counts=True)
    for place in places[np.argsort(-counts, kind="stable")[:MAX_PLACES]]:
        held = (distinct == place).all(axis=-1)
        frames = held.any(axis=1)
        others = seen & ~held
        is_away = frames.sum() > 1 and outside[held].all() and _is_left_alone(distinct, held, others, place)
        if is_away or not others[frames].any():
            refuse_placeholder(place, (body == place).all(axis=-1).sum())


def _is_left_alone(body, held, elsewhere, place):
    """Whether joints that are held at a place are never near it in other frames; elsewhere: (frames, joints)."""
    most, least = (np.where(elsewhere[..., None], body, fill) for fill in (-np.inf, np.inf))
    size = np.median((most.max(axis=1) - least.min(axis=1)).max(axis=-1))
    others = body[elsewhere & held.any(axis=0)]
    return not len(others) or np.linalg.norm(others - place, axis=-1).min() > MARGIN * size


def _outside(bodies, seen):
    """(bodies, joints): of the outermost joints of (bodies, joints, 3), those away from all that are elsewhere.

    seen: (bodies, joints), which count.
    """
    outside, every = np.zeros(seen.shape, bool), np.arange(len(bodies))
    for sign in (1, -1):
        for outermost in np.where(seen[..., None], sign * bodies, np.inf).argmin(axis=1).T:  # of x, y and z
            places = bodies[every, outermost]
            together = (bodies == places[:, None]).all(axis=-1)
            outside |= together & (away(bodies, together | ~seen, places) > 0)[:, None]
    return outside


def _strays(joints):
    """(frames, bodies, joints): few joints of a body that are more than `ASTRAY` from those around its median.

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
        if len(others) and far[at].sum() <= FEW * seen[at].sum():
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
    after = np.searchsorted(frames, wanted)
    share = ((wanted - frames[after - 1]) / (frames[after] - frames[after - 1]))[:, None, None]
    return (1 - share) * joints[after - 1] + share * joints[after]
