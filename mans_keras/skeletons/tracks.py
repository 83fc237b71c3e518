"""Tracks of bodies, each with an ID or a slot of the sensor -> people."""

from typing import NamedTuple

import numpy as np

# A tracker that loses a person gives the same person a new ID. A track continues one that ended at most GAP frames
# earlier (a second) and at most DISTANCE metres away, between the means of the joints. The centres of two people are
# hardly ever so near, and somebody else needs more time to take a place that has become free.
GAP = 30
DISTANCE = 0.5


class Track(NamedTuple):
    """One body: the numbers of the frames that show it, (n,) ascending, and its joints in them, (n, joints, 3)."""

    frames: np.ndarray
    joints: np.ndarray


def joined(tracks: list[Track]) -> list[Track]:
    """The same tracks in the same order, but those that do not overlap and go on in place are one, see `GAP`.

    Each track continues the nearest one that it can continue.
    """
    if len(tracks) < 2:
        return tracks
    starts, ends = (np.array([track.frames[at] for track in tracks]) for at in (0, -1))
    firsts, lasts = (np.array([_centre(track.joints[at]) for track in tracks]) for at in (0, -1))
    by_end = np.argsort(ends, kind="stable")
    ends = ends[by_end]
    is_free = np.ones(len(tracks), bool)
    person, parts = {}, {}
    for number in np.argsort(starts, kind="stable"):
        start = starts[number]
        earlier = by_end[slice(*np.searchsorted(ends, (start - GAP, start)))]
        earlier = earlier[is_free[earlier]]
        distances = np.linalg.norm(lasts[earlier] - firsts[number], axis=-1)
        person[number] = number
        if len(earlier) and distances.min() <= DISTANCE:
            lost = earlier[distances.argmin()]
            is_free[lost] = False
            person[number] = person[lost]
        parts.setdefault(person[number], []).append(tracks[number])
    return [Track(*map(np.concatenate, zip(*parts[number], strict=True))) for number in sorted(parts)]


def _centre(joints):
    """The mean (3,) of the joints of one frame that are tracked."""
    tracked = ~np.isnan(joints).any(axis=-1) & joints.any(axis=-1)
    return joints[tracked].mean(axis=0)


def most_moving(joints: np.ndarray, bodies: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """(joints, frames of each other body): the bodies of (frames, bodies, joints, 3) that move most, at most `bodies`.

    Movement is the summed variance of the coordinates. Those who are there for less than half of the time of the body
    that is there longest come last: they only pass by. The bodies that stay keep their order.
    """
    seen = joints.any(axis=(2, 3)).sum(axis=0)
    movement = np.array([_movement(body) for body in np.moveaxis(joints, 1, 0)])
    order = np.lexsort((-movement, 2 * seen < seen.max()))
    others = seen[np.sort(order[bodies:])]
    return joints[:, np.sort(order[:bodies])], tuple(others[others > 0].tolist())


def _movement(body):
    """Summed variance of one body's coordinates over the frames (frames, joints, 3) in which it is present."""
    present = body[body.any(axis=(1, 2))]
    return present.var(axis=0).sum() if len(present) else 0.0
