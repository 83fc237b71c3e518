"""Joints in camera space -> a square tensor: pure functions of arrays."""

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons.sequence import Body, Dropped


def hip_frame(joints: np.ndarray, body: Body) -> np.ndarray:
    """Move one body so that the midpoint of its hips in its first frame is the origin.

    joints: (frames, joints, 3), all zeros where the body is absent; these stay zeros. Directions stay the camera's.
    """
    present = joints.any(axis=(1, 2))
    first = joints[present][0]
    origin = (first[body.left_hip] + first[body.right_hip]) / 2
    return np.where(present[:, None, None], joints - origin, 0)


def body_frame(joints: np.ndarray, body: Body) -> np.ndarray:
    """Turn one body to its own axes in its first frame: x to its right, y forward, z up.

    The axes are those of `released_frame`. But here each body is mirrored by its own joints: z if the left shoulder's
    first z is negative; y if the mean of both feet points backwards from the ankles; x if the right hip's mean x is
    less than the left hip's. If feet and ankles are not known, y is mirrored whenever z is, which also makes it point
    forward.

    joints: (frames, joints, 3), all zeros where the body is absent; these stay zeros. Raises `Dropped` if, in the first
    frame, the hips are one point or lie along the torso: then there is no body frame.
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
    """One body (frames, joints, 3), moved and turned to the axes of its first frame, see `released_frame`."""
    moved = hip_frame(joints, body)
    first = moved[joints.any(axis=(1, 2))][0]
    torso = first[list(body.torso)]
    along, _, directions = np.linalg.svd(torso - torso.mean(axis=0), full_matrices=False)
    # The sign that scikit-learn's PCA had when the code was released.
    up = directions[0] * np.sign(along[np.abs(along[:, 0]).argmax(), 0])
    forward = np.cross(first[body.left_hip] - first[body.right_hip], up)
    length = np.linalg.norm(forward)
    if length < 1e-6:
        raise Dropped("no body frame: in the first frame, hips and torso are on one line")
    forward /= length
    return moved @ np.stack([np.cross(forward, up), forward, up], axis=1)


def released_frame(joints: np.ndarray, body: Body) -> np.ndarray:
    """Turn bodies as the released code does, to the axes of each body's first frame.

    Origin: the midpoint of the hips. z: the first principal component of the torso's joints. y = v x z with v from the
    right to the left hip, x = y x z. Then the first body decides which coordinates of all bodies are mirrored: z if its
    left shoulder's z is negative in frame 0 (not if it is absent there); y if its left or its right foot points
    backwards from the ankle, in the mean over the frames; x if the right hip's mean x is less than the left hip's. If
    feet and ankles are not known, y is mirrored whenever z is.

    joints: (frames, bodies, joints, 3), zeros where a body is absent; these stay zeros. The released code does not
    follow bodies. It has slots: the first and the second body that a frame lists (`ntu.parsed`). Raises `Dropped`
    as `body_frame` does.
    """
    bodies = [_to_torso_axes(track, body) if track.any() else track for track in np.moveaxis(joints, 1, 0)]
    first = bodies[0]
    right_is_left = (first[:, body.right_hip, 0] - first[:, body.left_hip, 0]).mean() < 0
    upside_down = front_is_back = first[0, body.left_shoulder, 2] < 0
    if body.feet:
        toes = first[:, list(body.feet), 1] - first[:, list(body.ankles), 1]
        front_is_back = (toes.mean(axis=0) < 0).any()
    mirrored = [right_is_left, front_is_back, upside_down]
    return np.stack(bodies, axis=1) * np.where(mirrored, -1, 1)


def upright_frame(joints: np.ndarray, body: Body) -> np.ndarray:
    """Turn one body about the vertical only: x to its right, y forward, z up (the camera's y).

    x is the mean direction from the left to the right hip over all frames. The origin follows the hips horizontally;
    its height is that of the hips in the first frame. Neither the paper nor the released code has this. With the
    released axes, the noise of a single frame tilts a body and may mirror it, and the metres of a walk are large
    compared with the movements of the arms.

    joints: (frames, joints, 3), all zeros where the body is absent; these stay zeros. Raises `Dropped` if the mean of
    the hips has no direction.
    """
    present = joints.any(axis=(1, 2))
    right = (joints[present, body.right_hip] - joints[present, body.left_hip]).mean(axis=0) * (1, 0, 1)
    length = np.linalg.norm(right)
    if length < 1e-6:
        raise Dropped("no upright frame: in the mean over the frames, one hip is above the other")
    right, up = right / length, np.array([0, 1, 0])
    origin = (joints[:, [body.left_hip]] + joints[:, [body.right_hip]]) / 2
    origin[..., 1] = origin[present][0, 0, 1]
    moved = np.where(present[:, None, None], joints - origin, 0)
    return moved @ np.stack([right, np.cross(up, right), up], axis=1)


def to_coordinates(joints: np.ndarray, coordinates: str, body: Body | None) -> np.ndarray:
    """Each body of (frames, bodies, joints, 3) in these coordinates; "raw" are the camera's and need no body."""
    if coordinates == "raw":
        return joints
    if coordinates == "released":
        return released_frame(joints, body)
    move = {"hip": hip_frame, "body": body_frame, "upright": upright_frame}[coordinates]
    moved = [move(track, body) if track.any() else track for track in np.moveaxis(joints, 1, 0)]
    return np.stack(moved, axis=1)


def interpolation(length: int, scale: int) -> np.ndarray:
    """Matrix (scale, length): row i weighs the two neighbours of step i, of `scale` even steps from first to last."""
    at = np.linspace(0, length - 1, scale)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(length)), 0)


def resize(image: np.ndarray, scale: int) -> np.ndarray:
    """Interpolate (frames, columns, 3) linearly over frames and columns to (scale, scale, 3); the ends stay."""
    frames, columns = image.shape[:2]
    over_frames = interpolation(frames, scale) @ image.reshape(frames, -1)
    return interpolation(columns, scale) @ over_frames.reshape(scale, columns, 3)


def pad(image: np.ndarray, scale: int) -> np.ndarray:
    """The released code's layout of (frames, columns, 3), without interpolation: (scale, scale, 3).

    Of more than `scale` frames, some are picked at even steps; fewer get zeros before and after. Columns get zeros on
    both sides. Raises `InputError` for more than `scale` columns.
    """
    frames, columns = image.shape[:2]
    if columns > scale:
        raise InputError(
            f"layout 'pad' has room for {scale} columns, not for {columns} (bodies x joints): use 'resize'"
        )
    if frames > scale:
        image = image[np.linspace(0, frames - 1, scale).astype(int)]
    missing = np.array([scale - len(image), scale - columns])
    before = missing // 2
    return np.pad(image, [*zip(before, missing - before, strict=True), (0, 0)])


def mirroring(order: tuple[int, ...], bodies: int, scale: int, layout: str) -> np.ndarray:
    """Matrix (scale, scale): columns of a tensor -> the columns after left and right joints are exchanged.

    order: a `Body`'s `mirrored`. Exact while bodies x joints is at most `scale`.
    """
    columns = bodies * len(order)
    whole = np.concatenate([np.array(order) + body * len(order) for body in range(bodies)])
    before = (scale - columns) // 2
    place = interpolation(columns, scale) if layout == "resize" else np.eye(scale, columns, -before)
    return place[:, whole] @ np.linalg.pinv(place)


def joints_of_columns(columns: int, scale: int) -> np.ndarray:
    """Matrix (columns, scale): the columns of a tensor with layout `resize` -> the joints that they were made of.

    columns: bodies x joints. A network of joints, not of images, needs no tensors of its own: it takes the joints, body
    after body, from these, exact to float rounding. Raises `InputError` if a tensor has fewer columns than there are
    joints, since then some are lost.
    """
    if columns > scale:
        raise InputError(f"{columns} joints (bodies x joints) can't be taken from a tensor with {scale} columns")
    return np.linalg.pinv(interpolation(columns, scale))


def to_frames(values: np.ndarray, frames: int, layout: str) -> np.ndarray:
    """Values (scale, ...) at a tensor's rows -> values (frames, ...) at the frames of the tensor's recording.

    resize: interpolated linearly between rows, as the rows were between frames. pad: rows of zeros are left out;
    values at frames that were not picked are interpolated between those that were.
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


def to_tensor(joints: np.ndarray, scale: int, layout: str, coordinates: str, body: Body | None) -> np.ndarray:
    """Joints (frames, bodies, joints, 3) -> a sample (scale, scale, 3) float32; the columns are body after body."""
    moved = to_coordinates(joints, coordinates, body)
    image = moved.reshape(len(moved), -1, 3)
    return {"resize": resize, "pad": pad}[layout](image, scale).astype(np.float32)
