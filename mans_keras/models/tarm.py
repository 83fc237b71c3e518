"""Temporal Attention Recalibration Module: Eqs. 1-8 of the paper, the two ablations of its Table 4, and two of ours.

Shapes are written (batch, T, N): T frames, N joints of one coordinate, K units. The equations' symbols map to names as
F_M `memory`, F_A `attention`, FC -> K `reduce_joints`, FC -> N `restore_joints`, W_1 `squeeze`, W_2 `excite`.
"""

from numbers import Integral

import keras
from keras import layers, ops

from mans_keras.models.recurrence import hidden_states

ATTENTIONS = ("residual", "song", None, "frozen", "gate")
ONE_OF = "it must be " + ", ".join(map(repr, ATTENTIONS))


def check_alpha(alpha, frames):
    """Raise `ValueError` unless T/alpha of Eq. 8 leaves at least one unit."""
    if not isinstance(alpha, Integral) or not 1 <= alpha <= frames:
        raise ValueError(f"alpha={alpha} does not fit Eq. 8: with {frames} frames it must be an integer, 1 to {frames}")


@keras.saving.register_keras_serializable("mans_keras")
class TemporalAttention(layers.Layer):
    """F_A of Eqs. 6-8: one weight per frame, from a bottleneck over all frames.

    Eq. 7 copies X_p into K equal columns, so Eq. 8 gives K equal columns: one is computed, and broadcast by Eq. 2.

    Args:
        alpha: the ratio of Eq. 8; the bottleneck has T // alpha units.

    Input (batch, T, K), output (batch, T, 1) in 0..1. T must be known and at least `alpha`.
    """

    def __init__(self, alpha=16, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def build(self, input_shape):
        frames = input_shape[1]
        check_alpha(self.alpha, frames)
        self.squeeze = layers.Dense(frames // self.alpha, activation="relu", dtype=self.dtype_policy, name="squeeze")
        self.excite = layers.Dense(frames, activation="sigmoid", dtype=self.dtype_policy, name="excite")
        self.squeeze.build((None, frames))
        self.excite.build((None, frames // self.alpha))
        self.built = True

    def call(self, x):
        pooled = ops.mean(x, axis=-1)  # Eq. 6, (batch, T)
        attention = self.excite(self.squeeze(pooled))  # Eq. 8
        return ops.expand_dims(attention, -1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], 1)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


@keras.saving.register_keras_serializable("mans_keras")
class SongAttention(layers.Layer):
    """The temporal attention of STA-LSTM (Song et al., AAAI 2017), the paper's setting C.

    beta_t = ReLU(W_x x_t + W_h h_{t-1} + b), where h is the hidden state of an LSTM over the same input and h_0 = 0.

    Args:
        units: size of the LSTM's hidden state.

    Input (batch, T, K), output (batch, T, 1), not negative.
    """

    def __init__(self, units=64, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.LSTM(units, return_sequences=True, dtype=self.dtype_policy, name="hidden")
        self.from_input = layers.Dense(1, dtype=self.dtype_policy, name="from_input")
        self.from_hidden = layers.Dense(1, use_bias=False, dtype=self.dtype_policy, name="from_hidden")

    def build(self, input_shape):
        self.hidden.build(input_shape)
        self.from_input.build(input_shape)
        self.from_hidden.build((*input_shape[:2], self.units))
        self.built = True

    def call(self, x):
        hidden = self.hidden(x)[:, :-1]
        previous = ops.pad(hidden, [[0, 0], [1, 0], [0, 0]])  # h_{t-1}, with h_0 = 0
        return ops.relu(self.from_input(x) + self.from_hidden(previous))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], 1)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("mans_keras")
class FrameGate(layers.Layer):
    """One weight per frame from that frame alone, sigmoid(w x_t + b): not in the paper, F_A without its bottleneck.

    Input (batch, T, K), output (batch, T, 1) in 0..1.
    """

    def build(self, input_shape):
        self.gate = layers.Dense(1, activation="sigmoid", dtype=self.dtype_policy, name="gate")
        self.gate.build(input_shape)
        self.built = True

    def call(self, x):
        return self.gate(x)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], 1)


@keras.saving.register_keras_serializable("mans_keras")
class TARM(layers.Layer):
    """Recalibrate one coordinate of a skeleton sequence in time: X~ = X + FC(F_M * F_A), Eqs. 1-8.

    Args:
        units: K, the neurons of the GRU in each direction.
        alpha: the ratio of Eq. 8.
        attention: "residual", the paper's F_A; "song", setting C of Table 4; None, setting B: memory without F_A. Not
            in the paper: "frozen", F_A as it was drawn, never trained, as in the released code; "gate", `FrameGate`.
        dropout: rate on the GRU's inputs and on its recurrent state.
        kernel_regularizer: on the GRU's input kernels.
        kernel_initializer: of the GRU's input kernels (the recurrent ones are orthogonal, as in Keras).
        recurrent_regularizer: on the GRU's recurrent kernels.

    Input and output (batch, T, N). Raises `ValueError` for another attention, or an `alpha` that T frames can't hold.
    """

    def __init__(
        self,
        units=64,
        alpha=16,
        attention="residual",
        dropout=0.0,
        kernel_regularizer=None,
        kernel_initializer="orthogonal",
        recurrent_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if attention not in ATTENTIONS:
            raise ValueError(f"attention={attention!r} is not known: {ONE_OF}")
        self.units = units
        self.alpha = alpha
        self.attention = attention
        self.dropout = dropout
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        policy = self.dtype_policy
        frames, joints = input_shape[1:]
        self.reduce_joints = layers.Dense(self.units, dtype=policy, name="reduce_joints")
        # Not `Bidirectional`: made while a `.keras` file is read, it fails now and then (Keras 3.15).
        self.forward_gru, self.backward_gru = (
            layers.GRU(
                self.units,
                return_sequences=True,
                go_backwards=backwards,
                kernel_initializer=self.kernel_initializer.clone(),
                kernel_regularizer=self.kernel_regularizer,
                recurrent_regularizer=self.recurrent_regularizer,
                dropout=self.dropout,
                recurrent_dropout=self.dropout,
                use_cudnn=False if self.dropout else "auto",  # which else would exclude XLA without being used
                dtype=policy,
                name="backward_gru" if backwards else "forward_gru",
            )
            for backwards in (False, True)
        )
        self.restore_joints = layers.Dense(joints, dtype=policy, name="restore_joints")
        if self.attention in ("residual", "frozen"):
            self.attend = TemporalAttention(self.alpha, dtype=policy, name="attention")
        elif self.attention == "song":
            self.attend = SongAttention(self.units, dtype=policy, name="attention")
        elif self.attention == "gate":
            self.attend = FrameGate(dtype=policy, name="attention")
        reduced_shape = (None, frames, self.units)
        self.reduce_joints.build(input_shape)
        self.forward_gru.build(reduced_shape)
        self.backward_gru.build(reduced_shape)
        self.restore_joints.build(reduced_shape)
        if self.attention is not None:
            self.attend.build(reduced_shape)
            self.attend.trainable = self.attention != "frozen"
        self.built = True

    def call(self, inputs, training=None):
        x = self.reduce_joints(inputs)  # X <- FC(X), (batch, T, K)
        recalibrated = self.memory(x, training)
        if self.attention is not None:
            recalibrated = recalibrated * self.attend(x)  # Eq. 2, with F_A of Eqs. 6-8
        return inputs + self.restore_joints(recalibrated)  # Eq. 1

    def memory(self, x, training=None):
        """F_M of X resized, (batch, T, K): the hidden states of both directions, added. Eqs. 4-5."""
        backward = hidden_states(self.backward_gru, x, training)  # its first state is that of the last frame
        return hidden_states(self.forward_gru, x, training) + ops.flip(backward, axis=1)

    def attention_weights(self, inputs):
        """F_A of an input (batch, T, N), as (batch, T, 1); `ValueError` if this TARM has no attention."""
        if self.attention is None:
            raise ValueError(f"{self.name} was built with attention=None: it has no attention weights")
        return self.attend(self.reduce_joints(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "alpha": self.alpha,
            "attention": self.attention,
            "dropout": self.dropout,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": keras.regularizers.serialize(self.recurrent_regularizer),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }

    @classmethod
    def from_config(cls, config):
        # Files saved before this argument was there had one regulariser for both kinds of kernels.
        return super().from_config({"recurrent_regularizer": config.get("kernel_regularizer"), **config})


@keras.saving.register_keras_serializable("mans_keras")
class Coordinate(layers.Layer):
    """One coordinate of the input: X, Y or Z (`index` 0, 1, 2). Input (batch, T, N, 3), output (batch, T, N)."""

    def __init__(self, index, **kwargs):
        super().__init__(**kwargs)
        self.index = index

    def call(self, inputs):
        return inputs[..., self.index]

    def compute_output_shape(self, input_shape):
        return input_shape[:-1]

    def get_config(self):
        return {**super().get_config(), "index": self.index}


@keras.saving.register_keras_serializable("mans_keras")
class CoordinateImage(layers.Layer):
    """Join X~, Y~, Z~ to the image O~ that the STCM sees. Input three of (batch, T, N), output (batch, T, N, 3)."""

    def call(self, coordinates):
        return ops.stack(coordinates, axis=-1)

    def compute_output_shape(self, input_shapes):
        return (*input_shapes[0], len(input_shapes))
