"""Spatio-Temporal Convolution Module of MANs-n: the stacked BN-ReLU-Conv blocks of Table 2 and Eq. 9."""

import keras
from keras import layers


def _bn_relu(x, name):
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _residual_block(x, filters, stride, conv, name, preactivate=True):
    """A pre-activation residual block of two 3x3 convolutions, with a 1x1 projection where the shape changes."""
    y = _bn_relu(x, f"{name}_1") if preactivate else x
    y = layers.Conv2D(filters, 3, strides=stride, padding="same", name=f"{name}_1_conv", **conv)(y)
    y = _bn_relu(y, f"{name}_2")
    y = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv", **conv)(y)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_projection", **conv)(x)
    return layers.Add(name=f"{name}_add")([x, y])


def stacked_blocks(image: keras.KerasTensor, depth: int, **conv) -> keras.KerasTensor:
    """F_C of Eq. 9 for MANs-`depth`, averaged over the map: Table 2.

    What Table 2 leaves open (projections, where BN-ReLU stands, biases) is as in the released code.

    Args:
        image: (batch, T, N, 3).
        depth: 9, 33 or 61 in the paper: 1 + 4 times the blocks of each stage.
        conv: arguments of every convolution (initialiser, regulariser).

    Returns: (batch, 128).
    """
    x = layers.Conv2D(64, 5, strides=2, padding="same", name="stem_conv", **conv)(image)
    x = _bn_relu(x, "stem")
    for stage, filters in ((1, 64), (2, 128)):
        for block in range(1, (depth - 1) // 4 + 1):
            first = block == 1
            x = _residual_block(
                x,
                filters,
                stride=2 if first and stage == 2 else 1,
                conv=conv,
                name=f"stage{stage}_block{block}",
                preactivate=not (first and stage == 1),
            )
    x = _bn_relu(x, "last")
    return layers.GlobalAveragePooling2D(name="average_pool")(x)
