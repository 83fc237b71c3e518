"""The preparation of a recording as a Keras layer, so that an exported model takes joints."""

from types import SimpleNamespace

import keras
import numpy as np
from keras import ops

from mans_keras.errors import InputError
from mans_keras.tensors.transforms import interpolation

COORDINATES = ("raw", "hip", "upright")  # the others need a singular value decomposition, which ONNX lacks


def with_preparation(model: keras.Model, name: str) -> keras.Model:
    """A model from joints to probabilities (1, classes): a `Preparation`, then the given model.

    The joints are (frames, joints, 3), or (frames, bodies, joints, 3) for a model of two bodies, metres; `name` is the
    input's. Raises `InputError` if the model has no preparation, or one that a graph can't express.
    """
    preparation = getattr(model, "preparation", None)
    if not preparation:
        raise InputError(f"{model.name} does not say how its recordings were prepared, so --raw is not possible")
    if preparation["coordinates"] not in COORDINATES:
        raise InputError(
            f"--raw knows {', '.join(COORDINATES)} coordinates, and not {preparation['coordinates']}: leave out --raw, "
            "and prepare recordings by the Python file that is then written next to the export"
        )
    bodies = () if preparation["bodies"] == 1 else (preparation["bodies"],)
    joints = keras.Input((*bodies, preparation["joints"], 3), name=name)
    return keras.Model(joints, model(Preparation(preparation, dtype="float64")(joints)))


class Preparation(keras.layers.Layer):
    """`transforms.to_tensor` in float64: joints (frames, [bodies,] joints, 3) -> (1, scale, scale, 3) float32.

    The first axis, the frames, is where Keras has the batch. A recording without a body becomes NaN, and so do its
    scores; a graph can't raise.
    """

    def __init__(self, preparation, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.scale, self.layout = preparation["scale"], preparation["layout"]
        self.coordinates, self.bodies, self.joints = (preparation[k] for k in ("coordinates", "bodies", "joints"))
        self.body = preparation["body"] and SimpleNamespace(**preparation["body"])

    def call(self, joints):
        joints = ops.cast(ops.reshape(joints, (-1, self.bodies, self.joints, 3)), "float64")
        present = ops.any(ops.not_equal(joints, 0), axis=(2, 3))
        if self.coordinates != "raw":
            moved = [self._moved(joints[:, body], present[:, body]) for body in range(self.bodies)]
            joints = ops.stack(moved, axis=1)
        joints = ops.where(ops.any(present), joints, np.float64(np.nan))
        image = self._over_frames(ops.reshape(joints, (-1, self.bodies * self.joints * 3)))
        image = ops.reshape(image, (self.scale, self.bodies * self.joints, 3))
        return ops.cast(ops.matmul(self._columns(), image), "float32")[None]

    def compute_output_spec(self, joints):
        return keras.KerasTensor((1, self.scale, self.scale, 3), "float32")

    def _moved(self, joints, present):
        """One body (frames, joints, 3) in `hip` or `upright` coordinates, zeros where it is absent."""
        body = self.body
        origin = (joints[:, body.left_hip] + joints[:, body.right_hip]) / 2
        first = ops.take(origin, ops.argmax(ops.cast(present, "int32")), axis=0)
        if self.coordinates == "hip":
            moved = joints - first
        else:
            right = (joints[:, body.right_hip] - joints[:, body.left_hip]) * np.array([1.0, 0, 1])
            right = ops.sum(right, axis=0)  # absent frames are zeros; the length does not matter
            right = right / ops.sqrt(ops.sum(right * right))
            at_height = ops.concatenate(
                [origin[:, :1], ops.broadcast_to(first[1:2], ops.shape(origin[:, :1])), origin[:, 2:]], axis=1
            )
            moved = joints - at_height[:, None]
            x, y, z = (moved[..., axis] for axis in range(3))
            moved = ops.stack([x * right[0] + z * right[2], x * right[2] - z * right[0], y], axis=-1)
        return ops.where(present[:, None, None], moved, np.float64(0))

    def _over_frames(self, rows):
        """(frames, ...) -> (scale, ...): interpolated, or picked and padded with zeros."""
        frames = ops.shape(rows)[0]
        last = ops.cast(frames - 1, "float64")
        steps = np.arange(self.scale, dtype=float)
        at = ops.where(steps == self.scale - 1, last, steps * (last / max(self.scale - 1, 1)))
        if self.layout == "resize":
            places = ops.cast(ops.arange(frames), "float64")
            weights = ops.maximum(1 - ops.abs(at[:, None] - places), np.float64(0))
            return ops.matmul(weights, rows)
        before = ops.maximum(self.scale - frames, 0) // 2
        place = ops.where(frames > self.scale, ops.cast(at, "int32"), np.arange(self.scale, dtype="int32") - before)
        inside = ops.logical_and(place >= 0, place < frames)
        return ops.where(inside[:, None], ops.take(rows, ops.clip(place, 0, frames - 1), axis=0), np.float64(0))

    def _columns(self):
        """Matrix (scale, bodies x joints) that places the columns as the layout does."""
        columns = self.bodies * self.joints
        if self.layout == "resize":
            return interpolation(columns, self.scale)
        return np.eye(self.scale, columns, -((self.scale - columns) // 2))
