"""VA-LSTM (P. Zhang, C. Lan, J. Xing, W. Zeng, J. Xue, N. Zheng, ICCV 2017), as their released VA-RNN in Keras has it.

Section 3: two LSTMs of 100 units look at the sequence; a connected layer on each gives, for every frame, three angles
and a shift d_t, and all joints become R_t (v + d_t), R_t = R_z R_y R_x. Three LSTM layers of 100 units follow, then the
mean of the class scores over the frames. Released: the connected layers begin at zero (no turn, no shift), recurrent
kernels are orthogonal with the gain 0.001, dropout 0.5 follows every LSTM, and joints that are absent stay zeros.

The paper subtracts d_t where the code adds it. Left out: their Adam and gradient clipping, their random rotation and
noise; the recipe has its own. The class layer comes after the mean over frames, which is the same.
"""

import keras
from keras import layers, ops

from experiments.compared.layers import flat, lstm, register

UNITS = 100
PRESENT = 1e-5  # metres; a joint closer to the origin is absent


@register
class ViewAdaptation(layers.Layer):
    """(joints (batch, T, K x 3), angles about y, x and z (batch, T, 3), shift (batch, T, 3)) -> joints, flat."""

    def call(self, inputs):
        x, angles, shift = inputs
        _, frames, columns = x.shape
        joints = ops.reshape(x, (-1, frames, columns // 3, 3))
        present = ops.any(ops.abs(joints) > PRESENT, axis=-1, keepdims=True)
        moved = (joints + shift[:, :, None]) * ops.cast(present, x.dtype)
        moved = ops.einsum("btrc,btjc->btjr", _rotation(angles), moved)
        return ops.reshape(moved, (-1, frames, columns))


def _rotation(angles):
    """R_z R_y R_x (batch, T, 3, 3)."""
    zero, one = ops.zeros_like(angles[..., 0]), ops.ones_like(angles[..., 0])
    (cy, cx, cz), (sy, sx, sz) = (
        [function(angles[..., index]) for index in range(3)] for function in (ops.cos, ops.sin)
    )

    def matrix(*rows):
        return ops.stack([ops.stack(row, axis=-1) for row in rows], axis=-2)

    about_x = matrix((one, zero, zero), (zero, cx, -sx), (zero, sx, cx))
    about_y = matrix((cy, zero, sy), (zero, one, zero), (-sy, zero, cy))
    about_z = matrix((cz, -sz, zero), (sz, cz, zero), (zero, zero, one))
    return ops.matmul(ops.matmul(about_z, about_y), about_x)


def va_lstm(sequence, regularizer=None):
    """Sequence (batch, frames, bodies, joints, 3) -> features (batch, 100)."""

    def dropped_lstm(x, name):
        orthogonal = keras.initializers.Orthogonal(gain=0.001)
        x = lstm(UNITS, regularizer, name, recurrent_initializer=orthogonal)(x)
        return layers.Dropout(0.5, name=f"{name}_dropout")(x)

    x = flat(sequence)
    rotation, shift = (
        layers.Dense(3, kernel_initializer="zeros", name=name)(dropped_lstm(x, f"{name}_lstm"))
        for name in ("rotation", "shift")
    )
    x = ViewAdaptation(name="view_adaptation")([x, rotation, shift])
    for number in (1, 2, 3):
        x = dropped_lstm(x, f"main_{number}")
    return layers.GlobalAveragePooling1D(name="over_frames")(x)
