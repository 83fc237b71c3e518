"""Joints in space -> joints in the plane of a picture: upright, and seen from the front."""

import numpy as np

from mans_keras.skeletons.sequence import Body

TURN = 20.0  # degrees past the front view of one body, so that limbs that come towards the viewer show
# What to write in place of x, y, z, by the axis that points up, so that y does; these turn bodies, and mirror none.
TURNED = {"-y": "x, -y, -z", "+z": "x, z, -y", "-z": "x, -z, y", "+x": "-y, x, z", "-x": "y, -x, z"}
APART = 0.3  # metres between two bodies that can be seen side by side


def flattened(joints: np.ndarray, body: Body | None = None) -> np.ndarray:
    """Joints (frames, bodies, joints, 3) as a distant viewer sees them: (frames, bodies, joints, 2), metres.

    The two coordinates point to the viewer's right and up; NaN where a body is absent (all zeros). See `axes`.
    """
    present = joints.any(axis=(2, 3))
    return np.where(present[..., None, None], joints @ axes(joints, body)[:, :2], np.nan)


def axes(joints: np.ndarray, body: Body | None = None) -> np.ndarray:
    """The viewer's axes (3, 3), one in each column: to the right, up, towards the viewer; `joints @ axes` turns joints.

    joints: (frames, bodies, joints, 3), a body that is absent from a frame is all zeros there. The direction of view is
    the same for all frames: one body is seen from its front; two bodies are seen from the sensor's side, next to each
    other.

    The recording's axes must be right-handed. `body` says which way is up and where the front is; if y is nearly up, up
    is y. Without `body`, y is up and the viewer looks along z, as Kinect does.
    """
    present = joints.any(axis=(2, 3))
    up = _up(joints[present], body)
    right = _right(joints, present, body, up)
    return np.stack([right, up, np.cross(right, up)], axis=1)


def vertical(joints: np.ndarray, body: Body | None) -> str:
    """The axis that points up: "+y" unless the trunks of joints (frames, bodies, joints, 3) clearly show another."""
    up = _up(joints[joints.any(axis=(2, 3))], body)
    return "-+"[int(up.sum() > 0)] + "xyz"[np.abs(up).argmax()]


def _up(bodies, body):
    """The axis (3,) along which the shoulders are above the hips, on average; y unless it is clearly another."""
    y = np.array([0.0, 1.0, 0.0])
    if body is None:
        return y
    trunk = (bodies[:, body.left_shoulder] - bodies[:, body.left_hip]).mean(axis=0)
    axis = np.abs(trunk).argmax()
    if trunk[1] > np.linalg.norm(trunk) / 2 or not trunk[axis]:
        return y
    return np.eye(3)[axis] * np.sign(trunk[axis])


def _right(joints, present, body, up):
    """The direction (3,), level and of length 1, that points to the viewer's right."""
    level = np.eye(3) - np.outer(up, up)
    looks_along = (0, 1, 0) if up[2] else (0, 0, 1)
    sensors = np.cross(looks_along, up)
    together = present.all(axis=1)
    if joints.shape[1] == 2 and together.any():
        between = level @ (joints[together, 1] - joints[together, 0]).mean(axis=(0, 1))
        distance = np.linalg.norm(between)
        if distance > APART:
            return between / distance * (1 if between @ sensors >= 0 else -1)
    if body is None:
        return sensors
    # the left side of somebody who faces the viewer is on the viewer's right
    bodies = joints[present]
    lateral = level @ (bodies[:, body.left_hip] - bodies[:, body.right_hip]).mean(axis=0)
    width = np.linalg.norm(lateral)
    if not width:
        return sensors
    lateral /= width
    turn = np.radians(TURN)
    return np.cos(turn) * lateral + np.sin(turn) * np.cross(up, lateral)
