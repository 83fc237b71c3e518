"""Joints and bodies that a sensor did not track: found, and completed."""

import numpy as np

from mans_keras.errors import listed
from mans_keras.skeletons.sequence import Dropped

ORIGINS = 4  # in the Carnegie Mellon skeleton the hips, both hip joints and the lower back are one point


class Missing(Dropped):
    """A recording some of whose joints are hardly ever tracked."""


def completed(joints: np.ndarray, names: tuple[str, ...] = ()) -> np.ndarray:
    """Joints (frames, bodies, joints, 3) without gaps: interpolated over time, or zeros where a body is absent.

    A joint is missing from a frame if a coordinate is NaN, or if it is exactly 0 0 0, as Kinect's exports write it; a
    body without any joint is absent. A joint at 0 0 0 in all frames that show its body is not missing: it is the origin
    of coordinates that are relative to it. So are up to `ORIGINS` joints in the same place; if there are more, such as
    a hand's, all of them are missing.

    names: the joints' names for the message, if known. Raises `Missing` if joints are missing in more than half of the
    frames that show their body.
    """
    missing = np.isnan(joints).any(axis=-1) | ~joints.any(axis=-1)
    absent = missing.all(axis=-1)
    missing &= ~absent[..., None] & ~_origins(joints, absent)
    complete = np.where(absent[..., None, None], 0, joints)
    lost = (2 * missing.sum(axis=0) > (~absent).sum(axis=0)[:, None]).any(axis=0)
    if lost.any():
        counted = "" if names else ", counted from 0"
        names = names or [str(number) for number in range(len(lost))]
        lost = listed([names[number] for number in np.flatnonzero(lost)])
        raise Missing(f"joints that are missing (NaN or 0 0 0) in more than half of the frames{counted}: {lost}")
    for body, joint in np.argwhere(missing.any(axis=0)):
        shown = np.flatnonzero(~absent[:, body])
        seen = np.flatnonzero(~missing[:, body, joint] & ~absent[:, body])
        for axis in range(3):
            track = complete[:, body, joint, axis]
            track[shown] = np.interp(shown, seen, track[seen])
    return complete


def _origins(joints, absent):
    """(bodies, joints): whether a joint is at 0 0 0 in all frames that show its body, and few others are."""
    origins = (~joints.any(axis=-1) | absent[..., None]).all(axis=0)
    return origins & (origins.sum(axis=-1, keepdims=True) <= ORIGINS)
