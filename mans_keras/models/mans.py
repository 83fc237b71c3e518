"""Memory Attention Networks: a TARM for each coordinate -> an image of 3 channels -> STCM -> softmax (Fig. 1)."""

import functools
import re
from collections.abc import Callable
from numbers import Integral

import keras
from keras import layers

from mans_keras.models.attention import as_config
from mans_keras.models.backbones import application, densenet161, resnet18
from mans_keras.models.network import MemoryAttentionNetwork
from mans_keras.models.stcm import stacked_blocks
from mans_keras.models.tarm import TARM, Coordinate, CoordinateImage

BACKBONES = {
    "blocks-9": functools.partial(stacked_blocks, depth=9),
    "blocks-33": functools.partial(stacked_blocks, depth=33),
    "blocks-61": functools.partial(stacked_blocks, depth=61),
    "ResNet18": resnet18,
    "DenseNet161": densenet161,
}


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
    backbone: str | Callable[[keras.KerasTensor], keras.KerasTensor] | keras.Model,
    classes: int,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    tarm: bool = True,
    attention: str | layers.Layer | None = "residual",
    units: int = 128,
    alpha: int = 16,
    dropout: float = 0.0,
    l2: float = 1e-4,
    recurrent_l2: float | None = None,
    gru_initializer: str | keras.Initializer = "orthogonal",
    conv_initializer: str | keras.Initializer = "he_normal",
    name: str | None = None,
) -> MemoryAttentionNetwork:
    """Build a Memory Attention Network: `keras.Model`, (batch, T, N, 3) -> class probabilities (batch, classes).

    Args:
        backbone: the STCM: "blocks-9", "blocks-33", "blocks-61", "ResNet18", "DenseNet161", or the name of any model
            of `keras.applications`, e.g. "MobileNetV2". Or a function or a `keras.Model` of your own, from an image
            (batch, T, N, 3), a Keras tensor, to its features (batch, channels), after the pooling. A model is used
            itself, with the weights that it has. Operations that are no layers, e.g. `keras.ops` in a function, or
            those in MobileNetV3Small, are saved in `.keras` files, not in `.h5`.
        classes: number of actions.
        input_shape: (T frames, N joints, 3).
        tarm: False leaves the STCM alone on the original image: setting A of Table 4.
        attention: "residual", the paper's; None, no F_A: setting B; "song", the gate of STA-LSTM: setting C.
            Not in the paper: "frozen", a random F_A that is never trained, as in the released code; "weighted", F_A
            with a learned weight for each unit in place of the mean of Eq. 6; "gate", a sigmoid of each frame; a name
            that you registered (see `attention.py`); or a Keras layer (batch, T, K) -> (batch, T, 1), of which each
            TARM gets a copy (see `tarm.TARM`).
        units: K, GRU neurons in each direction; the paper has 64 at scale 50 and 128 at scale 224.
        alpha: the ratio of Eq. 8.
        dropout: of the GRUs, on inputs and recurrent state.
        l2: weight of the L2 penalty on the kernels of GRUs and convolutions; none on those of a `keras.applications`
            model or of a backbone of your own.
        recurrent_l2: the same for the GRUs' recurrent kernels; None means `l2`. The released code has 0.
        gru_initializer, conv_initializer: of the GRUs' input kernels and the convolutions; the paper states neither,
            the defaults are the released code's. A `keras.applications` model and a backbone of your own keep theirs.

    Raises: `ValueError` for an argument that makes no sense; the message says what is expected.
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
    if callable(backbone):
        features = _own_features(backbone, image)
    elif backbone in BACKBONES:
        features = BACKBONES[backbone](image, kernel_initializer=conv_initializer, kernel_regularizer=regularizer)
    else:
        features = application(image, backbone)
    # float32 also under mixed precision: probabilities in bfloat16 have two digits
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="softmax")(features)
    return MemoryAttentionNetwork(inputs, outputs, name=name or _name(backbone))


def _own_features(backbone, image):
    features = backbone(image)
    if not isinstance(features, keras.KerasTensor) or len(features.shape) != 2 or features.shape[-1] is None:
        given = getattr(features, "shape", features)
        raise ValueError(
            f"the backbone gives {given} for an image {image.shape}: it must give features (batch, channels), e.g. by "
            "a GlobalAveragePooling2D at its end"
        )
    return features


def _name(backbone):
    """The name of a model with this backbone, e.g. "mans_resnet18"."""
    own = getattr(backbone, "__name__", None) or getattr(backbone, "name", "own")
    words = re.findall(r"[a-z0-9]+", (backbone if isinstance(backbone, str) else own).lower())
    return "_".join(["mans", *words])


def MANs9(
    classes: int,
    input_shape: tuple[int, int, int] = (50, 50, 3),
    *,
    units: int = 64,
    dropout: float = 0.5,
    name: str | None = "mans_9",
    **options,
) -> MemoryAttentionNetwork:
    """MANs-9 of Table 2, 0.8M parameters. Arguments: see `MANs`; GRU dropout 0.5 is the released code's."""
    return MANs("blocks-9", classes, input_shape, units=units, dropout=dropout, name=name, **options)


def MANs33(
    classes: int,
    input_shape: tuple[int, int, int] = (50, 50, 3),
    *,
    units: int = 64,
    dropout: float = 0.5,
    name: str | None = "mans_33",
    **options,
) -> MemoryAttentionNetwork:
    """MANs-33 of Table 2, 3.1M parameters. Arguments: see `MANs`; GRU dropout as in MANs-9."""
    return MANs("blocks-33", classes, input_shape, units=units, dropout=dropout, name=name, **options)


def MANs61(
    classes: int,
    input_shape: tuple[int, int, int] = (50, 50, 3),
    *,
    units: int = 64,
    dropout: float = 0.5,
    name: str | None = "mans_61",
    **options,
) -> MemoryAttentionNetwork:
    """MANs-61 of Table 2, 5.7M parameters. Arguments: see `MANs`; GRU dropout as in MANs-9."""
    return MANs("blocks-61", classes, input_shape, units=units, dropout=dropout, name=name, **options)


def MANsResNet18(
    classes: int,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    name: str | None = "mans_resnet18",
    **options,
) -> MemoryAttentionNetwork:
    """MANs (ResNet-18) of Table 5, 12.0M parameters. Arguments: see `MANs`."""
    return MANs("ResNet18", classes, input_shape, name=name, **options)


def MANsDenseNet161(
    classes: int,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    name: str | None = "mans_densenet161",
    **options,
) -> MemoryAttentionNetwork:
    """MANs (DenseNet-161) of Table 5, 27.6M parameters. Arguments: see `MANs`; no GRU dropout in the released code."""
    return MANs("DenseNet161", classes, input_shape, name=name, **options)
