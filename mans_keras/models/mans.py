"""Memory Attention Networks: three TARMs, one a coordinate -> a 3-channel image -> STCM -> softmax (Fig. 1)."""

import functools
import json
from numbers import Integral

import keras
from keras import layers

from mans_keras.models.attention import as_config
from mans_keras.models.backbones import application, densenet161, resnet18
from mans_keras.models.stcm import stacked_blocks
from mans_keras.models.tarm import TARM, Coordinate, CoordinateImage

OWN_BACKBONES = {
    "blocks-9": functools.partial(stacked_blocks, depth=9),
    "blocks-33": functools.partial(stacked_blocks, depth=33),
    "blocks-61": functools.partial(stacked_blocks, depth=61),
    "ResNet18": resnet18,
    "DenseNet161": densenet161,
}


@keras.saving.register_keras_serializable("mans_keras")
class MemoryAttentionNetwork(keras.Model):
    """A functional `keras.Model` that trains on from its `.h5` file where it stopped.

    Keras 3.15 restores an optimiser from `.h5` without telling it the model's variables, so that the next step fails;
    and saving as `.h5` makes a later `.keras` file forget the optimiser. Both are mended here.

    preparation: how the tensors were made that it was trained on, for `recognition`; it is saved in the model's file.
    """

    preparation = None

    def get_config(self):
        config = super().get_config()
        return config if self.preparation is None else {**config, "preparation": json.loads(self.preparation)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        preparation = config.pop("preparation", None)
        model = super().from_config(config, custom_objects)
        model.preparation = preparation and json.dumps(preparation)
        return model

    def compile(self, *args, **options):
        super().compile(*args, **options)
        self.optimizer.build(self.trainable_variables)

    def get_compile_config(self):
        config = super().get_compile_config()
        return config and {**config, "optimizer": keras.saving.serialize_keras_object(self.optimizer)}

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))


# `.h5` files name a model's class without its package.
keras.saving.get_custom_objects()["MemoryAttentionNetwork"] = MemoryAttentionNetwork


def _check(classes, input_shape, units, dropout, l2, recurrent_l2):
    sized = len(input_shape) == 3 and all(isinstance(size, Integral) and size > 0 for size in input_shape)
    if not sized or input_shape[-1] != 3:
        raise ValueError(f"input_shape={input_shape} is not (frames, joints, 3), e.g. (50, 50, 3)")
    for name, value, least in (("classes", classes, 2), ("units", units, 1)):
        if not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name}={value!r} must be an integer of at least {least}")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout={dropout} must be at least 0 and below 1")
    for name, value in (("l2", l2), ("recurrent_l2", recurrent_l2)):
        if value < 0:
            raise ValueError(f"{name}={value} must not be negative")


def MANs(
    backbone,
    classes,
    input_shape=(224, 224, 3),
    *,
    tarm=True,
    attention="residual",
    units=128,
    alpha=16,
    dropout=0.0,
    l2=1e-4,
    recurrent_l2=None,
    gru_initializer="orthogonal",
    conv_initializer="he_normal",
    name=None,
):
    """Build a Memory Attention Network: `keras.Model`, (batch, T, N, 3) -> class probabilities (batch, classes).

    Args:
        backbone: the STCM: "blocks-9", "blocks-33", "blocks-61", "ResNet18", "DenseNet161", or the name of any model
            of `keras.applications`, e.g. "MobileNetV2". Some of these, e.g. MobileNetV3Small, hold operations that are
            no layers: save them as `.keras`, not as `.h5`.
        classes: number of actions.
        input_shape: (T frames, N joints, 3).
        tarm: False leaves the STCM alone on the original image: setting A of Table 4.
        attention: "residual", the paper's; None, no F_A: setting B; "song", the gate of STA-LSTM: setting C.
            Not in the paper: "frozen", F_A random and never trained, as in the released code; "gate"; a name that you
            registered (see `attention.py`); or a Keras layer (batch, T, K) -> (batch, T, 1), see `tarm.TARM`.
        units: K, GRU neurons in each direction; the paper has 64 at scale 50 and 128 at scale 224.
        alpha: the ratio of Eq. 8.
        dropout: of the GRUs, on inputs and recurrent state.
        l2: weight of the L2 penalty on the kernels of GRUs and convolutions; a `keras.applications` model has none.
        recurrent_l2: the same for the GRUs' recurrent kernels, None for `l2`; the released code has 0 there.
        gru_initializer, conv_initializer: of the GRUs' input kernels and the convolutions; the paper states neither,
            the defaults are the released code's. A `keras.applications` model keeps its own.

    Raises: `ValueError`, which says what would be right.
    """
    recurrent_l2 = l2 if recurrent_l2 is None else recurrent_l2
    _check(classes, input_shape, units, dropout, l2, recurrent_l2)
    attention = as_config(attention)
    # Keras takes no integers of NumPy.
    classes, units, alpha = (int(value) if isinstance(value, Integral) else value for value in (classes, units, alpha))
    regularizer, recurrent_regularizer = (keras.regularizers.L2(w) if w else None for w in (l2, recurrent_l2))

    inputs = layers.Input(input_shape, name="joints")
    image = inputs
    if tarm:
        branches = []
        for index, axis in enumerate("xyz"):
            coordinate = Coordinate(index, name=axis)(inputs)
            branches.append(
                TARM(
                    units,
                    alpha,
                    attention,
                    dropout,
                    kernel_regularizer=regularizer,
                    recurrent_regularizer=recurrent_regularizer,
                    kernel_initializer=gru_initializer,
                    name=f"tarm_{axis}",
                )(coordinate)
            )
        image = CoordinateImage(name="image")(branches)
    if backbone in OWN_BACKBONES:
        features = OWN_BACKBONES[backbone](image, kernel_initializer=conv_initializer, kernel_regularizer=regularizer)
    else:
        features = application(image, backbone)
    # float32 also under mixed precision: probabilities in bfloat16 have two digits
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="softmax")(features)
    return MemoryAttentionNetwork(inputs, outputs, name=name or f"mans_{backbone}".lower().replace("-", "_"))


def MANs9(classes, input_shape=(50, 50, 3), *, units=64, dropout=0.5, name="mans_9", **options):
    """MANs-9 of Table 2, 0.8M parameters. Arguments: see `MANs`; GRU dropout 0.5 is the released code's."""
    return MANs("blocks-9", classes, input_shape, units=units, dropout=dropout, name=name, **options)


def MANs33(classes, input_shape=(50, 50, 3), *, units=64, dropout=0.5, name="mans_33", **options):
    """MANs-33 of Table 2, 3.1M parameters. Arguments: see `MANs`; GRU dropout as in MANs-9."""
    return MANs("blocks-33", classes, input_shape, units=units, dropout=dropout, name=name, **options)


def MANs61(classes, input_shape=(50, 50, 3), *, units=64, dropout=0.5, name="mans_61", **options):
    """MANs-61 of Table 2, 5.7M parameters. Arguments: see `MANs`; GRU dropout as in MANs-9."""
    return MANs("blocks-61", classes, input_shape, units=units, dropout=dropout, name=name, **options)


def MANsResNet18(classes, input_shape=(224, 224, 3), *, name="mans_resnet18", **options):
    """MANs (ResNet-18) of Table 5, 12.0M parameters. Arguments: see `MANs`."""
    return MANs("ResNet18", classes, input_shape, name=name, **options)


def MANsDenseNet161(classes, input_shape=(224, 224, 3), *, name="mans_densenet161", **options):
    """MANs (DenseNet-161) of Table 5, 27.6M parameters. Arguments: see `MANs`; no GRU dropout in the released code."""
    return MANs("DenseNet161", classes, input_shape, name=name, **options)
