"""Layers that several of the compared networks use. All are registered, so that saved models load."""

import keras
from keras import layers, ops

from mans_keras.tensors.transforms import interpolation, joints_of_columns

register = keras.saving.register_keras_serializable("compared")


def constant(array, like):
    """A NumPy array as a tensor of the type of another tensor."""
    return ops.convert_to_tensor(array, dtype=like.dtype)


@register
class JointSequence(layers.Layer):
    """A tensor with layout `resize` (batch, T, N, 3) -> its joints (batch, frames, bodies, joints, 3).

    The joints are those that the tensor was made of; its T frames are interpolated linearly to `frames`. It has no
    weights.
    """

    def __init__(self, frames, bodies, joints, **kwargs):
        super().__init__(**kwargs)
        self.frames, self.bodies, self.joints = frames, bodies, joints

    def build(self, input_shape):
        _, length, columns, _ = input_shape
        self.of_columns = joints_of_columns(self.bodies * self.joints, columns)
        self.of_frames = interpolation(length, self.frames)
        self.built = True

    def call(self, image):
        x = ops.einsum("jn,btnc->btjc", constant(self.of_columns, image), image)
        if self.frames != image.shape[1]:
            x = ops.einsum("ft,btjc->bfjc", constant(self.of_frames, image), x)
        return ops.reshape(x, (-1, self.frames, self.bodies, self.joints, image.shape[-1]))

    def get_config(self):
        own = {"frames": self.frames, "bodies": self.bodies, "joints": self.joints}
        return {**super().get_config(), **own}


@register
class EachBody(layers.Layer):
    """(batch, frames, bodies, joints, 3) -> (batch x bodies, frames, joints, 3): every body is a sample of its own."""

    def call(self, x):
        _, frames, _, joints, channels = x.shape
        return ops.reshape(ops.transpose(x, (0, 2, 1, 3, 4)), (-1, frames, joints, channels))


@register
class OverBodies(layers.Layer):
    """(batch x bodies, channels) -> (batch, channels): the "max" or the "mean" of the bodies of a sample."""

    def __init__(self, bodies, pooling, **kwargs):
        super().__init__(**kwargs)
        self.bodies, self.pooling = bodies, pooling

    def call(self, x):
        pool = {"max": ops.max, "mean": ops.mean}[self.pooling]
        return pool(ops.reshape(x, (-1, self.bodies, x.shape[-1])), axis=1)

    def get_config(self):
        return {**super().get_config(), "bodies": self.bodies, "pooling": self.pooling}


@register
class Joints(layers.Layer):
    """Some joints of every body and frame, in this order, flat: (batch, frames, bodies, J, 3) -> (batch, frames, K)."""

    def __init__(self, chosen, **kwargs):
        super().__init__(**kwargs)
        self.chosen = tuple(chosen)

    def call(self, x):
        _, frames, bodies, _, channels = x.shape
        chosen = ops.take(x, list(self.chosen), axis=3)
        return ops.reshape(chosen, (-1, frames, bodies * len(self.chosen) * channels))

    def get_config(self):
        return {**super().get_config(), "chosen": self.chosen}


@register
class Previous(layers.Layer):
    """Hidden states (batch, frames, units) -> those of the frame before; zeros for the first frame."""

    def call(self, h):
        return ops.pad(h[:, :-1], [[0, 0], [1, 0], [0, 0]])


def flat(sequence):
    """(batch, frames, bodies, joints, 3) -> (batch, frames, bodies x joints x 3)."""
    _, frames, bodies, joints, channels = sequence.shape
    return layers.Reshape((frames, bodies * joints * channels), name="flat")(sequence)


def lstm(units, regularizer, name, **options):
    """An LSTM that returns all its states; the penalty is on both kernels."""
    penalty = {"kernel_regularizer": regularizer, "recurrent_regularizer": regularizer}
    return layers.LSTM(units, return_sequences=True, name=name, **{**penalty, **options})
