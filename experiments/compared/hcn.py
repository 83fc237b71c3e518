"""HCN (C. Li, Q. Zhong, D. Xie, S. Pu, IJCAI 2018): joints become channels, so that convolutions see them all at once.

Figure 3 and Table 1's network, 32 frames. Two branches, joints and their motion: conv1 1x1, 64; conv2 3x1, 32; frames x
features with the joints as channels; conv3 3x3, 32 and conv4 3x3, 64, each with 2x2 max pooling. Together: conv5 3x3,
128 and conv6 3x3, 256 with the same pooling; the maximum over bodies; fc7 256. ReLU after conv1, conv5, conv6 and fc7;
dropout 0.5 after conv4, conv5, conv6 and fc7.

Left open by the paper, and as in the public implementation (huguyuehuhu/HCN-pytorch): the motion of T - 1 steps is
interpolated to T; dropout leaves out whole channels. That code has 64 frames and 512 units in fc7; here they are the
paper's. The first weights are He's where a ReLU follows, and Glorot's at the convolutions without one: with He's at all
of them the first steps diverged here, with Glorot's at all of them little reached the end.
"""

import numpy as np
from keras import layers, ops

from experiments.compared.layers import EachBody, OverBodies, constant, register


def motion_matrix(frames: int) -> np.ndarray:
    """(frames, frames): joints over frames -> their differences from frame to frame, interpolated to as many frames."""
    at = np.clip((np.arange(frames) + 0.5) * (frames - 1) / frames - 0.5, 0, frames - 2)
    between = np.maximum(1 - np.abs(at[:, None] - np.arange(frames - 1)), 0)
    return between @ np.diff(np.eye(frames), axis=0)


@register
class Motion(layers.Layer):
    """Joints (batch, frames, joints, 3) -> their motion, of the same shape."""

    def call(self, x):
        return ops.einsum("ft,btjc->bfjc", constant(motion_matrix(x.shape[1]), x), x)


def hcn(sequence, regularizer=None):
    """Sequence (batch, 32, bodies, joints, 3) -> features (batch, 256)."""
    linear = {"padding": "same", "kernel_regularizer": regularizer}
    relu = {**linear, "activation": "relu", "kernel_initializer": "he_normal"}

    def pooled(x, filters, name, options, dropout=0.5):
        x = layers.Conv2D(filters, 3, name=name, **options)(x)
        if dropout:
            x = layers.SpatialDropout2D(dropout, name=f"{name}_dropout")(x)
        return layers.MaxPooling2D(2, name=f"{name}_pool")(x)

    def branch(x, name):
        x = layers.Conv2D(64, 1, name=f"conv1_{name}", **relu)(x)
        x = layers.Conv2D(32, (3, 1), name=f"conv2_{name}", **linear)(x)
        x = layers.Permute((1, 3, 2), name=f"joints_as_channels_{name}")(x)
        x = pooled(x, 32, f"conv3_{name}", linear, dropout=0)
        return pooled(x, 64, f"conv4_{name}", linear)

    joints = EachBody(name="each_body")(sequence)
    branches = [branch(joints, "joints"), branch(Motion(name="motion")(joints), "motion")]
    x = layers.Concatenate(name="branches")(branches)
    x = pooled(x, 128, "conv5", relu)
    x = pooled(x, 256, "conv6", relu)
    x = OverBodies(sequence.shape[2], "max", name="over_bodies")(layers.Flatten(name="flat")(x))
    x = layers.Dense(256, "relu", kernel_initializer="he_normal", kernel_regularizer=regularizer, name="fc7")(x)
    return layers.Dropout(0.5, name="fc7_dropout")(x)
