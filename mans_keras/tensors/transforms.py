"""From joints in camera space to a square tensor: pure functions on arrays."""

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons.sequence import Dropped

COORDINATES = ("raw", "hip", "body", "upright", "released")
LAYOUTS = ("resize", "pad")


def hip_frame(joints, body):
    """Move one body so that the midpoint of its hips, in its first frame, is the origin.

    joints: (frames, joints, 3), all zeros where the body is absent, which stays so. Directions stay the camera's.
    """
    present = joints.any(axis=(1, 2))
    first = joints[present][0]
    origin = (first[body.left_hip] + first[body.right_hip]) / 2
    return np.where(present[:, None, None], joints - origin, 0)


def body_frame(joints, body):
    """Turn one body to its own axes, those of its first frame: x to its right, y forward, z up.

    The axes are `released_frame`'s. Unlike there, each body is mirrored by its own joints: z if the left shoulder's
    first z is negative; y if the mean of both feet points backwards from the ankles; x if the right hip's mean x is
    below the left one's. Where feet and ankles are not known, y is mirrored whenever z is, which also makes it point
    forward.

    joints: (frames, joints, 3), all zeros where the body is absent, which stays so. Raises `Dropped` if the hips of the
    first frame are one point or lie along the torso: there is no body frame then.
    """
    turned = _to_torso_axes(joints, body)
    seen = turned[joints.any(axis=(1, 2))]
    right_is_left = seen[:, body.right_hip, 0].mean() < seen[:, body.left_hip, 0].mean()
    upside_down = front_is_back = seen[0, body.left_shoulder, 2] < 0
    if body.feet:
        toes = seen[:, list(body.feet), 1] - seen[:, list(body.ankles), 1]
        front_is_back = toes.mean() < 0
    mirrored = [right_is_left, front_is_back, upside_down]
    return turned * np.where(mirrored, -1, 1)


def _to_torso_axes(joints, body):
    """One body (frames, joints, 3), moved and turned to axes of its first frame as `released_frame` says."""
    moved = hip_frame(joints, body)
    first = moved[joints.any(axis=(1, 2))][0]
    torso = first[list(body.torso)]
    left, _, right = np.linalg.svd(torso - torso.mean(axis=0), full_matrices=False)
    # The sign that scikit-learn's PCA had when the code was released.
    up = right[0] * np.sign(left[np.abs(left[:, 0]).argmax(), 0])
    forward = np.cross(first[body.left_hip] - first[body.right_hip], up)
    length = np.linalg.norm(forward)
    if length < 1e-6:
        raise Dropped("no body frame: hips and torso of the first frame lie on one line")
    forward /= length
    return moved @ np.stack([np.cross(forward, up), forward, up], axis=1)


def released_frame(joints, body):
    """Turn bodies as the released code does, to axes of each body's first frame.

    Origin: the midpoint of the hips. z: the first principal component of the torso's joints. y = v x z with v from the
    right to the left hip, x = y x z. Then the first body decides which coordinates of all bodies are mirrored: z if its
    left shoulder's is negative in frame 0 (it may be absent there: then not); y if its left or its right foot points
    backwards from the ankle, in the mean over the frames; x if the right hip's mean x is below the left one's. Where
    feet and ankles are not known, y is mirrored whenever z is.

    joints: (frames, bodies, joints, 3), zeros where a body is absent, which stays so. The released code has no bodies
    but slots: the first and the second that a frame lists (`ntu.read_joints`). Raises `Dropped` as `body_frame` does.
    """
    bodies = [_to_torso_axes(one, body) if one.any() else one for one in np.moveaxis(joints, 1, 0)]
    first = bodies[0]
    right_is_left = (first[:, body.right_hip, 0] - first[:, body.left_hip, 0]).mean() < 0
    upside_down = front_is_back = first[0, body.left_shoulder, 2] < 0
    if body.feet:
        toes = first[:, list(body.feet), 1] - first[:, list(body.ankles), 1]
        front_is_back = (toes.mean(axis=0) < 0).any()
    mirrored = [right_is_left, front_is_back, upside_down]
    return np.stack(bodies, axis=1) * np.where(mirrored, -1, 1)


def upright_frame(joints, body):
    """Turn one body about the vertical alone: x to its right, y forward, z up, the camera's y.

    x is the mean of the line from the left to the right hip over all frames; the origin stays below or above the hips,
    at the height that they have in the first frame. Neither the paper's nor the released code's: there, the noise of a
    single frame tilts a body, and may mirror it, and the metres of a walk outweigh what the arms do in it.

    joints: (frames, joints, 3), all zeros where the body is absent, which stays so. Raises `Dropped` if no side is the
    right one in the mean.
    """
    present = joints.any(axis=(1, 2))
    right = (joints[present, body.right_hip] - joints[present, body.left_hip]).mean(axis=0) * (1, 0, 1)
    length = np.linalg.norm(right)
    if length < 1e-6:
        raise Dropped("no upright frame: in the mean over the frames, the hips are one above the other")
    right, up = right / length, np.array([0, 1, 0])
    origin = (joints[:, [body.left_hip]] + joints[:, [body.right_hip]]) / 2
    origin[..., 1] = origin[present][0, 0, 1]
    moved = np.where(present[:, None, None], joints - origin, 0)
    return moved @ np.stack([right, np.cross(up, right), up], axis=1)


def to_coordinates(joints, coordinates, body):
    """Each body of (frames, bodies, joints, 3) in one of `COORDINATES`; "raw" are the camera's."""
    if coordinates == "raw":
        return joints
    if coordinates == "released":
        return released_frame(joints, body)
    move = {"hip": hip_frame, "body": body_frame, "upright": upright_frame}[coordinates]
    moved = [move(one, body) if one.any() else one for one in np.moveaxis(joints, 1, 0)]
    return np.stack(moved, axis=1)


def _interpolation(length, scale):
    """Matrix (scale, length): each row weighs the two neighbours of one of `scale` even steps from first to last."""
    at = np.linspace(0, length - 1, scale)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(length)), 0)


def resize(image, scale):
    """Interpolate (frames, columns, 3) linearly over frames and columns to (scale, scale, 3); ends stay ends."""
    frames, columns = image.shape[:2]
    over_frames = _interpolation(frames, scale) @ image.reshape(frames, -1)
    return _interpolation(columns, scale) @ over_frames.reshape(scale, columns, 3)


def pad(image, scale):
    """The released code's layout of (frames, columns, 3): nothing is interpolated.

    More than `scale` frames are picked at evenly spaced indices, fewer get zeros at both ends; columns get zeros at
    both sides. Raises `InputError` for more than `scale` columns.
    """
    frames, columns = image.shape[:2]
    if columns > scale:
        raise InputError(f"layout 'pad' holds {scale} columns, not {columns} (bodies x joints): use 'resize'")
    if frames > scale:
        image = image[np.linspace(0, frames - 1, scale).astype(int)]
    missing = np.array([scale - len(image), scale - columns])
    before = missing // 2
    return np.pad(image, [*zip(before, missing - before, strict=True), (0, 0)])


def mirroring(order, bodies, scale, layout):
    """Matrix (scale, scale): columns of a tensor -> those of the same bodies whose left and right joints are exchanged.

    order: a `Body`'s `mirrored`. Exact while bodies x joints is at most `scale`.
    """
    columns = bodies * len(order)
    whole = np.concatenate([np.array(order) + body * len(order) for body in range(bodies)])
    before = (scale - columns) // 2
    place = _interpolation(columns, scale) if layout == "resize" else np.eye(scale, columns, -before)
    return place[:, whole] @ np.linalg.pinv(place)


def to_frames(values, frames, layout):
    """What was found at a tensor's rows, (scale, ...), at the `frames` frames of the recording that it was made from.

    resize: interpolated linearly between rows, as the rows were between frames. pad: rows of zeros are left out, and
    frames that were not picked lie between those that were.
    """
    scale = len(values)
    if layout == "resize":
        rows = np.linspace(0, scale - 1, frames)
    elif frames <= scale:
        rows = (scale - frames) // 2 + np.arange(frames)
    else:
        rows = np.interp(np.arange(frames), np.linspace(0, frames - 1, scale).astype(int), np.arange(scale))
    below = np.minimum(rows.astype(int), scale - 1)
    above = np.minimum(below + 1, scale - 1)
    share = (rows - below).reshape(-1, *[1] * (values.ndim - 1))
    return values[below] * (1 - share) + values[above] * share


def to_tensor(joints, scale, layout, coordinates, body):
    """(frames, bodies, joints, 3) to a sample (scale, scale, 3) float32 of a tensor file; bodies stand side by side."""
    moved = to_coordinates(joints, coordinates, body)
    image = moved.reshape(len(moved), -1, 3)
    return {"resize": resize, "pad": pad}[layout](image, scale).astype(np.float32)
