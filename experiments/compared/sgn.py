"""SGN (P. Zhang, C. Lan, W. Zeng, J. Xing, J. Xue, N. Zheng, CVPR 2020): joints and frames that know what they are.

Figure 2, 20 frames, as in the released code. Positions and velocities are normalised and embedded by two connected
layers of 64 units with ReLU each, and summed (Eq. 1, 2); the embedded number of the joint is appended. Joint level: a
graph softmax(theta phi^T) over the joints of a frame (Eq. 3, 256 units), and three residual graph convolutions (Eq. 4)
of 128, 256 and 256 channels. Frame level: the embedded number of the frame is added, the maximum over joints is taken;
convolutions over frames of length 3 with 256 channels and of length 1 with 512, dropout 0.2 between; the maximum over
frames. The kernels that multiply the graph begin at zero.

The source picks one random frame from each of 20 segments; here the 20 frames are interpolated, and the recipe's random
crops stand for the picking. Two bodies: the mean of their features; the source makes two sequences of them.
"""

import keras
from keras import layers, ops

from experiments.compared.layers import EachBody, OverBodies, register

EPSILON = 1e-5


def fan_out():
    """He's initialiser for the outputs of a layer, as in the released code."""
    return keras.initializers.VarianceScaling(2, mode="fan_out", distribution="untruncated_normal")


@register
class Velocity(layers.Layer):
    """Joints (batch, frames, joints, 3) -> the difference to the frame before; zeros in the first frame."""

    def call(self, x):
        return ops.pad(x[:, 1:] - x[:, :-1], [[0, 0], [1, 0], [0, 0], [0, 0]])


@register
class NumberEmbedding(layers.Layer):
    """The embedded number of each joint or frame of x (batch, frames, joints, C): (batch, frames, joints, units).

    axis: 1 for frames, 2 for joints. Two connected layers with ReLU, 64 and `units` wide, on the number's one-hot code.
    """

    def __init__(self, axis, units, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.units = axis, units
        self.first = layers.Dense(64, "relu", kernel_initializer=fan_out(), name="first")
        self.second = layers.Dense(units, "relu", kernel_initializer=fan_out(), name="second")

    def build(self, input_shape):
        length = input_shape[self.axis]
        self.first.build((length, length))
        self.second.build((length, 64))
        self.built = True

    def call(self, x):
        length = x.shape[self.axis]
        embedded = self.second(self.first(ops.eye(length, dtype=x.dtype)))
        shape = [1, 1, 1, self.units]
        shape[self.axis] = length
        return ops.broadcast_to(ops.reshape(embedded, shape), (*ops.shape(x)[:3], self.units))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:3], self.units)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "units": self.units}


@register
class Graph(layers.Layer):
    """(theta, phi), each (batch, frames, joints, units) -> softmax(theta phi^T) (batch, frames, joints, joints)."""

    def call(self, inputs):
        theta, phi = inputs
        return ops.softmax(ops.matmul(theta, ops.transpose(phi, (0, 1, 3, 2))), axis=-1)

    def multiplications(self, shapes):
        batch, frames, joints, units = shapes[0]
        return batch * frames * joints * joints * units


@register
class Neighbours(layers.Layer):
    """(graph G (batch, frames, joints, joints), x (batch, frames, joints, C)) -> G x."""

    def call(self, inputs):
        return ops.matmul(*inputs)

    def multiplications(self, shapes):
        batch, frames, joints, channels = shapes[1]
        return batch * frames * joints * joints * channels


def sgn(sequence, regularizer=None):
    """Sequence (batch, 20, bodies, joints, 3) -> features (batch, 512)."""
    _, frames, bodies, joints, channels = sequence.shape
    options = {"kernel_initializer": fan_out(), "kernel_regularizer": regularizer}

    def normalized(x, name):
        return layers.BatchNormalization(epsilon=EPSILON, name=name)(x)

    def embedded(x, name):
        x = normalized(layers.Reshape((frames, joints * channels), name=f"{name}_flat")(x), f"{name}_bn")
        x = layers.Reshape((frames, joints, channels), name=f"{name}_of_joints")(x)
        for number in (1, 2):
            x = layers.Dense(64, "relu", name=f"{name}_embed{number}", **options)(x)
        return x

    x = EachBody(name="each_body")(sequence)
    dynamics = layers.Add(name="dynamics")(
        [embedded(x, "position"), embedded(Velocity(name="velocity")(x), "velocity")]
    )
    x = layers.Concatenate(name="with_joint")([dynamics, NumberEmbedding(2, 64, name="joint")(dynamics)])
    theta, phi = (layers.Dense(256, name=name, **options)(x) for name in ("theta", "phi"))
    graph = Graph(name="graph")([theta, phi])
    for number, filters in enumerate((128, 256, 256), start=1):
        name = f"gcn{number}"
        near = Neighbours(name=f"{name}_neighbours")([graph, x])
        near = layers.Dense(
            filters, use_bias=False, kernel_initializer="zeros", kernel_regularizer=regularizer, name=f"{name}_near"
        )(near)
        own = layers.Dense(filters, name=f"{name}_own", **options)(x)
        x = layers.ReLU(name=f"{name}_relu")(normalized(layers.Add(name=f"{name}_add")([near, own]), f"{name}_bn"))
    x = layers.Add(name="with_frame")([x, NumberEmbedding(1, 256, name="frame")(x)])
    x = layers.MaxPooling2D((1, joints), name="over_joints")(x)
    x = layers.Reshape((frames, 256), name="frames")(x)
    x = layers.ReLU(name="cnn1_relu")(
        normalized(layers.Conv1D(256, 3, padding="same", name="cnn1", **options)(x), "cnn1_bn")
    )
    x = layers.SpatialDropout1D(0.2, name="dropout")(x)
    x = layers.ReLU(name="cnn2_relu")(normalized(layers.Conv1D(512, 1, name="cnn2", **options)(x), "cnn2_bn"))
    x = layers.GlobalMaxPooling1D(name="over_frames")(x)
    return OverBodies(bodies, "mean", name="over_bodies")(x)
