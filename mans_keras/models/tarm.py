"""Temporal Attention Recalibration Module: Eqs. 1-5 of the paper. Its attention, Eqs. 6-8, is in `attention.py`.

Shapes are written (batch, T, N): T frames, N joints of one coordinate, K units. The equations' symbols map to names as
F_M `memory`, F_A `attention`, FC -> K `reduce_joints`, FC -> N `restore_joints`.
"""

import keras
from keras import layers, ops

from mans_keras.models.attention import as_config, build_attention
from mans_keras.models.recurrence import hidden_states


@keras.saving.register_keras_serializable("mans_keras")
class TARM(layers.Layer):
    """Recalibrate one coordinate of a skeleton sequence in time: X~ = X + FC(F_M * F_A), Eqs. 1-8.

    Args:
        units: K, the neurons of the GRU in each direction.
        alpha: the ratio of Eq. 8.
        attention: a name in `attention.ATTENTIONS`: "residual", the paper's F_A; "song", setting C of Table 4;
            "frozen", "weighted" and "gate", not in the paper. None, setting B: memory without F_A. Or a Keras layer
            (batch, T, K) -> (batch, T, 1), whose class is registered with Keras: this TARM gets a copy, made from the
            layer's configuration.
        dropout: rate on the GRU's inputs and on its recurrent state.
        kernel_regularizer: on the GRU's input kernels.
        kernel_initializer: of the GRU's input kernels (the recurrent ones are orthogonal, as in Keras).
        recurrent_regularizer: on the GRU's recurrent kernels.

    Input and output (batch, T, N). Raises `ValueError` for an unknown attention and, when it is built, for an attention
    that does not give (batch, T, 1), or an `alpha` that does not fit T frames.
    """

    def __init__(
        self,
        units: int = 64,
        alpha: int = 16,
        attention: str | layers.Layer | None = "residual",
        dropout: float = 0.0,
        kernel_regularizer: keras.Regularizer | str | None = None,
        kernel_initializer: keras.Initializer | str = "orthogonal",
        recurrent_regularizer: keras.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.alpha = alpha
        self.attention = as_config(attention)
        self.dropout = dropout
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        policy = self.dtype_policy
        frames, joints = input_shape[1:]
        self.reduce_joints = layers.Dense(self.units, dtype=policy, name="reduce_joints")
        # Not `Bidirectional`, which sometimes fails when a `.keras` file is loaded (Keras 3.15).
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
                use_cudnn=False if self.dropout else "auto",  # with dropout, "auto" only excludes XLA
                dtype=policy,
                name="backward_gru" if backwards else "forward_gru",
            )
            for backwards in (False, True)
        )
        self.restore_joints = layers.Dense(joints, dtype=policy, name="restore_joints")
        reduced_shape = (None, frames, self.units)
        self.attend = build_attention(self.attention, reduced_shape, self.alpha, policy)
        self.reduce_joints.build(input_shape)
        self.forward_gru.build(reduced_shape)
        self.backward_gru.build(reduced_shape)
        self.restore_joints.build(reduced_shape)
        self.built = True

    def call(self, inputs, training=None):
        x = self.reduce_joints(inputs)  # X <- FC(X), (batch, T, K)
        recalibrated = self.memory(x, training)
        if self.attend is not None:
            recalibrated = recalibrated * self.attend(x)  # Eq. 2
        return inputs + self.restore_joints(recalibrated)  # Eq. 1

    def memory(self, x, training=None):
        """F_M of the reduced X, (batch, T, K): the sum of the hidden states of both directions. Eqs. 4-5."""
        backward = hidden_states(self.backward_gru, x, training)  # from the last frame to the first
        return hidden_states(self.forward_gru, x, training) + ops.flip(backward, axis=1)

    def attention_weights(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
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
            "attention": as_config(self.attention),
            "dropout": self.dropout,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": keras.regularizers.serialize(self.recurrent_regularizer),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }

    @classmethod
    def from_config(cls, config):
        # Older files have no `recurrent_regularizer`: there, one regulariser was for both kinds of kernels.
        return super().from_config({"recurrent_regularizer": config.get("kernel_regularizer"), **config})


def attention_weights(network: keras.Model, x: keras.KerasTensor) -> keras.KerasTensor:
    """F_A of a network's TARMs for an input x (batch, T, N, 3), as (batch, T, 3); (batch, T, 0) without attention."""
    tarms = [layer for layer in network.layers if isinstance(layer, TARM) and layer.attention is not None]
    weights = [tarm.attention_weights(x[..., axis]) for axis, tarm in enumerate(tarms)]
    return ops.concatenate([x[:, :, 0, :0], *weights], axis=-1)


@keras.saving.register_keras_serializable("mans_keras")
class Coordinate(layers.Layer):
    """One coordinate of the input: X, Y or Z (`index` 0, 1, 2). Input (batch, T, N, 3), output (batch, T, N)."""

    def __init__(self, index: int, **kwargs):
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
    """Join X~, Y~ and Z~ to the image O~ for the STCM. Input three of (batch, T, N), output (batch, T, N, 3)."""

    def call(self, coordinates):
        return ops.stack(coordinates, axis=-1)

    def compute_output_shape(self, input_shapes):
        return (*input_shapes[0], len(input_shapes))
