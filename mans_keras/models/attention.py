"""The attentions of a TARM: each is one class, and has one name in the registry `ATTENTIONS`.

An attention is a Keras layer that gives each frame a weight: (batch, T, K) -> (batch, T, 1), for T frames and K units.
The TARM multiplies its memory by these weights (Eq. 2). A new attention is a class below `@attention(name)`, in a file
of its own: mans_keras/README.md shows a whole one, under "An attention of your own".

If `__init__` has an argument `units`, it gets K; if it has an argument `alpha`, it gets the ratio of Eq. 8. A class
with such arguments returns them in `get_config`, as in `SongAttention`. `name` and `dtype` come in `kwargs`.
"""

import inspect
import json
import re
from collections.abc import Callable
from numbers import Integral

import keras
from keras import layers, ops

ATTENTIONS: dict[str, type[layers.Layer]] = {}
NAMES_WITHOUT_ATTENTION = ("stcm", "no-attention")  # names of records of Table 4, settings A and B


def attention(name: str) -> Callable[[type[layers.Layer]], type[layers.Layer]]:
    """Class decorator that gives an attention its name, in `attention=`, in Table 4, in records and in saved models.

    It also registers the class with Keras, as "mans_keras><class name>". The same class may be defined again, e.g. in a
    notebook. Raises `ValueError` if another class has the name or the class name, or if no folder of records can have
    the name.
    """
    if not re.fullmatch(r"[\w.-]*\w", name):
        raise ValueError(f"attention {name!r}: use letters, digits, -, . and _, since records are filed under the name")
    if name in NAMES_WITHOUT_ATTENTION:
        raise ValueError(f"attention {name!r}: a row of Table 4 without attention has this name")

    def add(layer):
        for taken in (ATTENTIONS.get(name), keras.saving.get_registered_object(f"mans_keras>{layer.__name__}")):
            if taken and (taken.__module__, taken.__qualname__) != (layer.__module__, layer.__qualname__):
                raise ValueError(
                    f"{layer.__name__}, attention {name!r}: {taken.__module__}.{taken.__name__} has this name"
                )
        ATTENTIONS[name] = keras.saving.register_keras_serializable("mans_keras")(layer)
        return layer

    return add


@attention("residual")
class ResidualAttention(layers.Layer):
    """The paper's F_A, Eqs. 6-8: one weight per frame, from a bottleneck over all frames.

    Eq. 7 copies X_p into K equal columns, so Eq. 8 gives K equal columns. Only one column is computed, and Eq. 2
    broadcasts it.

    Args:
        alpha: the ratio of Eq. 8; the bottleneck has T // alpha units.

    Input (batch, T, K), output (batch, T, 1) in 0..1. Building it raises `ValueError` unless `alpha` is an integer from
    1 to T.
    """

    def __init__(self, alpha: int = 16, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def build(self, input_shape):
        frames = input_shape[1]
        if not isinstance(self.alpha, Integral) or not 1 <= self.alpha <= frames:
            raise ValueError(
                f"alpha={self.alpha} does not fit Eq. 8: with {frames} frames it must be an integer, 1 to {frames}"
            )
        self.squeeze = layers.Dense(frames // self.alpha, activation="relu", dtype=self.dtype_policy, name="squeeze")
        self.excite = layers.Dense(frames, activation="sigmoid", dtype=self.dtype_policy, name="excite")
        self.squeeze.build((None, frames))
        self.excite.build((None, frames // self.alpha))
        self.built = True

    def call(self, x):
        weights = self.excite(self.squeeze(self.pool(x)))  # Eq. 8
        return ops.expand_dims(weights, -1)

    def pool(self, x):
        """X_p, (batch, T): the mean over the units. Eq. 6."""
        return ops.mean(x, axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], 1)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


@attention("song")
class SongAttention(layers.Layer):
    """The temporal attention of STA-LSTM (Song et al., AAAI 2017), the paper's setting C.

    beta_t = ReLU(W_x x_t + W_h h_{t-1} + b), where h is the hidden state of an LSTM over the same input and h_0 = 0.

    Args:
        units: size of the LSTM's hidden state.

    Input (batch, T, K), output (batch, T, 1), not negative.
    """

    def __init__(self, units: int = 64, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        policy = self.dtype_policy
        self.hidden = layers.LSTM(self.units, return_sequences=True, dtype=policy, name="hidden")
        self.from_input = layers.Dense(1, dtype=policy, name="from_input")
        self.from_hidden = layers.Dense(1, use_bias=False, dtype=policy, name="from_hidden")
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


@attention("frozen")
class FrozenAttention(ResidualAttention):
    """The paper's F_A with random weights that are never trained, as in the released code. Not in the paper."""

    def build(self, input_shape):
        super().build(input_shape)
        self.trainable = False


@attention("weighted")
class WeightedAttention(ResidualAttention):
    """The paper's F_A with a learned weight for each unit instead of Eq. 6's mean over the units. Not in the paper."""

    def build(self, input_shape):
        super().build(input_shape)
        self.weigh_units = layers.Dense(1, use_bias=False, dtype=self.dtype_policy, name="weigh_units")
        self.weigh_units.build(input_shape)

    def pool(self, x):
        return ops.squeeze(self.weigh_units(x), -1)


@attention("gate")
class GateAttention(layers.Layer):
    """One weight per frame from that frame alone, sigmoid(w x_t + b): F_A without its bottleneck. Not in the paper.

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


# Files saved before these classes were renamed hold their old names.
keras.saving.get_custom_objects().update(
    {"mans_keras>TemporalAttention": ResidualAttention, "mans_keras>FrameGate": GateAttention}
)


def as_config(attention: str | dict | layers.Layer | None) -> str | dict | None:
    """What a TARM stores of its argument `attention`: a name, None, or the configuration of a layer, ready for JSON.

    attention: one of these, or a layer. Raises `ValueError` for an unknown name, and for a layer whose class is not
    registered with Keras, since no saved model with it could be loaded.
    """
    if isinstance(attention, dict):
        return json.loads(json.dumps(attention))  # without Keras' own kind of dictionary, which refers to its layer
    if attention is None or (isinstance(attention, str) and attention in ATTENTIONS):
        return attention
    if not isinstance(attention, layers.Layer):
        names = ", ".join(map(repr, (*ATTENTIONS, None)))
        raise ValueError(
            f"attention={attention!r} is not known: it must be {names}, or a layer. A file with an attention of your "
            "own must be loaded first, by the option --extension of `mans`, or by mans_keras.load_extension(file)"
        )
    kind = type(attention)
    if not kind.__module__.startswith("keras.") and keras.saving.get_registered_name(kind) == kind.__name__:
        raise ValueError(
            f"attention: put @keras.saving.register_keras_serializable() above class {kind.__name__}, so that a saved "
            "model can be loaded"
        )
    config = keras.saving.serialize_keras_object(attention)
    config.pop("build_config", None)  # of the layer that was given: a copy is built for the TARM's shapes
    return {**config, "config": {**config["config"], "name": "attention"}}


def class_of(attention: str | dict | None) -> type[layers.Layer] | None:
    """The class behind what `as_config` returned; None for None, and for a layer of Keras itself."""
    if isinstance(attention, dict):
        return keras.saving.get_registered_object(attention["registered_name"])
    return ATTENTIONS.get(attention)


def build_attention(attention: str | dict | None, shape: tuple, alpha: int, dtype) -> layers.Layer | None:
    """A new, built layer for what `as_config` returned; None for None.

    Args:
        shape: of its input, (None, T, K).
        alpha, dtype: of the TARM; a layer of your own keeps its dtype.

    Raises `ValueError` if Keras does not know the layer's class, or if the layer does not give (batch, T, 1).
    """
    if attention is None:
        return None
    if isinstance(attention, dict):
        layer = _from_config(attention)
    else:
        kind = ATTENTIONS[attention]
        wanted = inspect.signature(kind).parameters
        options = {name: value for name, value in (("units", shape[-1]), ("alpha", alpha)) if name in wanted}
        layer = kind(**options, dtype=dtype, name="attention")
    weights = layer(keras.KerasTensor(shape, dtype.compute_dtype))  # the call builds it
    given, expected = getattr(weights, "shape", type(weights)), (*shape[:2], 1)
    if given != expected:
        raise ValueError(f"the attention {type(layer).__name__} gives {given} for {shape}: it must give {expected}")
    return layer


def _from_config(config):
    try:
        return keras.saving.deserialize_keras_object(config)
    except TypeError:
        name = config.get("registered_name") or config.get("class_name")
        raise ValueError(
            f"the attention is a layer of the class {name}, which Keras does not know here: first run the code that "
            "registers this class"
        ) from None
