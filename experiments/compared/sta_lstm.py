"""STA-LSTM (S. Song, C. Lan, J. Xing, W. Zeng, J. Liu, AAAI 2017): attention over joints and over frames.

Spatial attention: s_t = U tanh(W_x x_t + W_h h_{t-1} + b) + b_u, alpha_t = softmax(s_t), a weight for each joint, which
multiplies its coordinates; h is the state of an LSTM over the frames. Main network: three LSTM layers of 100 units.
Temporal attention: beta_t = ReLU(w_x x_t + w_h h_{t-1} + b), h the state of another LSTM. The class scores are
o = sum over t of beta_t z_t, z_t the main network's. The loss is the cross-entropy and

    lambda_1 sum over joints k of (1 - mean over t of alpha_tk)^2 + lambda_2 / T sum over t of beta_t^2
    + lambda_3 sum |W|.

Open, or not readable for us: the width of the connected layer in the spatial attention (here 100), lambda_1 (1e-3),
lambda_2 (1e-4), and lambda_3 (1e-5, in place of the recipe's L2: with this optimiser, a much larger one empties the
weights). The source trains the parts in turns, the main network with beta = 1 first; here all are trained
together, and beta begins near 1 by its bias. The class layer comes after the mean, not the sum, over frames: with
another bias it is the same. Dropout: 0.5 on the main network's output.
"""

import keras
from keras import layers, ops

from experiments.compared.layers import Previous, flat, lstm, register

UNITS = 100
LAMBDA_1, LAMBDA_2, LAMBDA_3 = 1e-3, 1e-4, 1e-5


@register
class SpatialAttention(layers.Layer):
    """(joints x_t (batch, T, K x 3), scores s_t (batch, T, K)) -> alpha_t x_t, flat; adds the loss of lambda_1."""

    def call(self, inputs):
        x, scores = inputs
        alpha = ops.softmax(scores, axis=-1)
        self.add_loss(LAMBDA_1 * ops.mean(ops.sum(ops.square(1 - ops.mean(alpha, axis=1)), axis=-1)))
        _, frames, joints = scores.shape
        return ops.reshape(ops.reshape(x, (-1, frames, joints, 3)) * alpha[..., None], (-1, frames, 3 * joints))


@register
class TemporalAttention(layers.Layer):
    """(states (batch, T, units), beta (batch, T, 1)) -> sum over t of beta_t h_t; adds the loss of lambda_2."""

    def call(self, inputs):
        states, beta = inputs
        self.add_loss(LAMBDA_2 * ops.mean(ops.square(beta)))
        # the mean, so that features do not grow with the number of frames
        return ops.mean(states * beta, axis=1)


def sta_lstm(sequence, regularizer=None):
    """Sequence (batch, frames, bodies, joints, 3) -> features (batch, 100)."""
    _, _, bodies, joints, _ = sequence.shape
    penalty = keras.regularizers.L1(LAMBDA_3)
    x = flat(sequence)

    def from_frame_and_state(units, name, bias):
        """W_x x_t + W_h h_{t-1} + b, h the state of an LSTM of its own."""
        before = Previous(name=f"{name}_previous")(lstm(UNITS, penalty, f"{name}_lstm")(x))
        together = layers.Concatenate(name=f"{name}_inputs")([x, before])
        options = {"kernel_regularizer": penalty, "bias_initializer": bias, "name": f"{name}_connected"}
        return layers.Dense(units, **options)(together)

    hidden = layers.Activation("tanh", name="spatial_tanh")(from_frame_and_state(UNITS, "spatial", "zeros"))
    scores = layers.Dense(bodies * joints, kernel_regularizer=penalty, name="spatial_scores")(hidden)
    main = SpatialAttention(name="spatial_attention")([x, scores])
    for number in (1, 2, 3):
        main = lstm(UNITS, penalty, f"main_{number}")(main)
    main = layers.Dropout(0.5, name="dropout")(main)
    beta = layers.ReLU(name="beta")(from_frame_and_state(1, "temporal", "ones"))
    return TemporalAttention(name="temporal_attention")([main, beta])
