"""Joints and bodies that a sensor did not track: found, and completed."""

import re
from collections.abc import Sequence

import numpy as np

from mans_keras.errors import listed
from mans_keras.skeletons.joint_names import has_trunk, plain
from mans_keras.skeletons.sequence import Dropped

ORIGINS = 4  # in the Carnegie Mellon skeleton the hips, both hip joints and the lower back are one point
MARGIN = 0.25  # an origin is so near to the box around the other joints, as a share of the box's longest side
# Joints that are never the origin of a whole body's coordinates, by a part of their names.
LIMBS = re.compile("elbow|forearm|wrist|hand|finger|thumb|index|pinky|knee|ankle|foot|heel|toe|head|nose|eye|ear|mouth")
JUMP = 0.1  # a joint is never so near to a placeholder, as a share of its body's size, but exactly at it


def completed(joints: np.ndarray, names: Sequence[str] = ()) -> np.ndarray:
    """Joints (frames, bodies, joints, 3) without gaps: interpolated over time, or zeros where a body is absent.

    A joint is missing from a frame if a coordinate is NaN, or if it is exactly 0 0 0, as Kinect's exports write it; a
    body without any joint is absent. A joint at 0 0 0 in all frames that show its body is not missing if, in most of
    them, 0 0 0 is where the body is: it is the origin of coordinates that are relative to it. So are up to `ORIGINS`
    joints in the same place; if there are more, such as a hand's, all of them are missing. If names are known, so are
    joints of `LIMBS` of a body with a trunk.

    names: the joints' names, if known. Raises `Dropped` if joints are missing in more than half of the
    frames that show their body, and for a placeholder such as -1 -1 -1.
    """
    _refuse_placeholder(joints)
    missing = unseen(joints)
    absent = missing.all(axis=-1)
    missing &= ~absent[..., None] & ~origins(joints, names)
    complete = np.where(absent[..., None, None], 0, joints)
    lost = (2 * missing.sum(axis=0) > (~absent).sum(axis=0)[:, None]).any(axis=0)
    if lost.any():
        counted = "" if names else ", counted from 0"
        names = names or [str(number) for number in range(len(lost))]
        lost = listed([names[number] for number in np.flatnonzero(lost)])
        raise Dropped(
            f"joints that are missing (NaN or 0 0 0) in more than half of the frames{counted}: {lost}. If all "
            "recordings lack them, prepare these without them: own_data.py --leave-out, by name"
        )
    for body, joint in np.argwhere(missing.any(axis=0)):
        present = np.flatnonzero(~absent[:, body])
        tracked = np.flatnonzero(~missing[:, body, joint] & ~absent[:, body])
        for axis in range(3):
            values = complete[:, body, joint, axis]
            values[present] = np.interp(present, tracked, values[tracked])
    return complete


def unseen(joints: np.ndarray) -> np.ndarray:
    """(frames, bodies, joints): whether a joint of (frames, bodies, joints, 3) is NaN, or at 0 0 0."""
    return np.isnan(joints).any(axis=-1) | ~joints.any(axis=-1)


def origins(joints: np.ndarray, names: Sequence[str] = ()) -> np.ndarray:
    """(bodies, joints): whether a joint is at 0 0 0 in all frames that show its body, as an origin may be.

    joints, names: as in `completed`.
    """
    missing = unseen(joints)
    absent = missing.all(axis=-1)
    found = (~joints.any(axis=-1) | absent[..., None]).all(axis=0) & ~absent.all(axis=0)[:, None]
    if found.any() and has_trunk(names):
        found &= [not LIMBS.search(plain(name)) for name in names]
    found &= found.sum(axis=-1, keepdims=True) <= ORIGINS
    for body in np.flatnonzero(found.any(axis=-1)):
        present = ~absent[:, body]
        found[body] &= np.median(_away(joints[present, body], missing[present, body], np.zeros(3))) <= 0
    return found


def _refuse_placeholder(joints):
    """Raise `Dropped` if joints are at v v v or v v 0 again and again, and otherwise never there nor at their body."""
    x, y, z = np.moveaxis(joints, -1, 0)
    repeats = (x == y) & ((z == x) | (z == 0)) & (x != 0)
    places, counts = np.unique(joints[repeats], axis=0, return_counts=True)
    if not len(places) or counts.max() == 1:
        return
    place = places[counts.argmax()]
    held = (joints == place).all(axis=-1)
    bodies = held.any(axis=-1)
    without = held | unseen(joints)
    if without.all():
        return
    if (_away(joints[bodies], without[bodies], place) > 0).all():
        _refuse(place, counts.max())
    if _is_left_alone(joints, held, without, place):
        _refuse(place, counts.max(), "where it otherwise never is")


def _refuse(place, times, why="away from its body"):
    """Raise `Dropped`: so many times a joint is at this place (3,)."""
    raise Dropped(
        f"{times:,} times a joint is at exactly {place[0]:g} {place[1]:g} {place[2]:g} m, {why}, like a placeholder "
        "for one that is not seen: write NaN or 0 0 0 in its place"
    )


def _is_left_alone(joints, held, without, place):
    """Whether each joint that is held at a place has been elsewhere, too, and never near that place.

    The place may be inside a body whose coordinates are relative. held, without: (frames, bodies, joints), the joints
    in that place, and all that are there or not seen.
    """
    extents = np.ptp(joints[~without], axis=0).max()
    for body, joint in np.argwhere(held.any(axis=0)):
        elsewhere = joints[~without[:, body, joint], body, joint]
        distances = np.linalg.norm(elsewhere - place, axis=-1)
        if not len(distances) or distances.min() < JUMP * extents:
            return False
    return True


def _away(bodies, unseen, place):
    """How much farther than `MARGIN` a place (3,) is from the box around each body's joints.

    bodies: (bodies, joints, 3). unseen: (bodies, joints), joints that do not count. Infinite if all are unseen.
    """
    least = np.where(unseen[..., None], np.inf, bodies).min(axis=1)
    most = np.where(unseen[..., None], -np.inf, bodies).max(axis=1)
    distance = np.maximum(np.maximum(least - place, place - most), 0).max(axis=-1)
    return distance - MARGIN * (most - least).max(axis=-1)
