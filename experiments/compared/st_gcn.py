"""ST-GCN (S. Yan, Y. Xiong, D. Lin, AAAI 2018): convolutions along the bones of a body, and along time.

Section 3: batch normalisation of the coordinates; units of a graph convolution and a 9x1 convolution over frames, with
a residual connection; the mean over frames, joints and bodies. The graph convolution divides a joint's neighbours into
three sets by their distance from the body's centre: as far as the joint (which includes itself), nearer, farther.
Each set has its own kernel, and every bone a learned weight. As in the released code: ten units of 64, 64, 64, 64, 128,
128, 128, 256, 256 and 256 channels (the paper has nine), stride 2 at the fifth and the eighth, the first without
residual and dropout; each column of the adjacency matrix sums to 1; dropout 0.5.

The graph has the bones of `skeletons.bones` for 20, 25 and 31 joints, the centre is between the shoulders. The source
takes 300 frames; here it is given the 50 that all networks are given.
"""

import numpy as np
from keras import layers, ops

from experiments.compared.bodies import graph
from experiments.compared.layers import EachBody, OverBodies, constant, register

CHANNELS = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)
STRIDED = (4, 7)
EPSILON = 1e-5


def adjacency(joints: int) -> np.ndarray:
    """(3, joints, joints), from neighbour v to joint w: neighbours as far from the centre as w, farther, nearer."""
    bones, center = graph(joints)
    linked = np.eye(joints, dtype=bool)
    for first, second in bones:
        linked[first, second] = linked[second, first] = True
    distance, reached, step = np.full(joints, -1), np.arange(joints) == center, 0
    while (distance < 0).any():
        distance[reached & (distance < 0)] = step
        reached, step = linked[reached].any(axis=0), step + 1
    normalized = linked / linked.sum(axis=0)
    difference = np.sign(distance[:, None] - distance)
    return np.stack([np.where(difference == sign, normalized, 0) for sign in (0, 1, -1)])


@register
class GraphConvolution(layers.Layer):
    """(batch, frames, joints, channels) -> (batch, frames, joints, filters), the sum over the three sets."""

    def __init__(self, filters, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.connected = layers.Dense(
            3 * filters, kernel_initializer="he_normal", kernel_regularizer=kernel_regularizer, name="connected"
        )

    def build(self, input_shape):
        joints = input_shape[2]
        self.adjacency = adjacency(joints)
        self.connected.build(input_shape)
        self.edges = self.add_weight(shape=(3, joints, joints), initializer="ones", name="edges")
        self.built = True

    def call(self, x):
        _, frames, joints, _ = x.shape
        of_sets = ops.reshape(self.connected(x), (-1, frames, joints * 3, self.filters))
        weights = constant(self.adjacency, of_sets) * ops.cast(self.edges, of_sets.dtype)
        # one matrix product over neighbours and sets, which lie so in memory: v0 k0, v0 k1, v0 k2, v1 k0, ...
        return ops.matmul(ops.reshape(ops.transpose(weights, (2, 1, 0)), (joints, joints * 3)), of_sets)

    def multiplications(self, shape):
        """Of one sample of this shape (batch, frames, joints, channels), batch included."""
        batch, frames, joints, channels = shape
        return batch * frames * joints * 3 * self.filters * (channels + joints)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        regularizer = self.connected.get_config()["kernel_regularizer"]
        return {**super().get_config(), "filters": self.filters, "kernel_regularizer": regularizer}


def st_gcn(sequence, regularizer=None):
    """Sequence (batch, frames, bodies, joints, 3) -> features (batch, 256)."""

    def normalized(x, name):
        return layers.BatchNormalization(epsilon=EPSILON, name=name)(x)

    def convolution(x, filters, length, stride, name):
        # symmetric, as in the released code: "same" is not at stride 2
        x = layers.ZeroPadding2D((length // 2, 0), name=f"{name}_pad")(x) if length > 1 else x
        options = {"kernel_initializer": "he_normal", "kernel_regularizer": regularizer, "name": name}
        return layers.Conv2D(filters, (length, 1), strides=(stride, 1), **options)(x)

    _, frames, bodies, joints, channels = sequence.shape
    x = EachBody(name="each_body")(sequence)
    x = layers.Reshape((frames, joints * channels), name="flat")(x)
    x = layers.Reshape((frames, joints, channels), name="joints_and_axes")(normalized(x, "coordinates"))
    for number, filters in enumerate(CHANNELS):
        name, stride, shortcut = f"unit{number + 1}", 2 if number in STRIDED else 1, x
        x = GraphConvolution(filters, regularizer, name=f"{name}_graph")(x)
        x = layers.ReLU(name=f"{name}_graph_relu")(normalized(x, f"{name}_graph_bn"))
        x = normalized(convolution(x, filters, 9, stride, f"{name}_time"), f"{name}_time_bn")
        if number:
            x = layers.Dropout(0.5, name=f"{name}_dropout")(x)
            if shortcut.shape != x.shape:
                shortcut = normalized(
                    convolution(shortcut, filters, 1, stride, f"{name}_residual"), f"{name}_residual_bn"
                )
            x = layers.Add(name=f"{name}_add")([x, shortcut])
        x = layers.ReLU(name=f"{name}_relu")(x)
    x = layers.GlobalAveragePooling2D(name="average_pool")(x)
    return OverBodies(bodies, "mean", name="over_bodies")(x)
