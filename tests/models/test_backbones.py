"""ResNet-18 and DenseNet-161: their first layers against NumPy, all against torch, operations and weights."""

import math

import keras
import numpy as np
import pytest
from keras import layers, ops

from experiments import table2_architectures as table2
from mans_keras.models.backbones import densenet161, resnet18

SIZES = [(64, 64), (63, 45)]  # T, N


def build(backbone, size=(None, None), initializer="zeros"):
    image = layers.Input((*size, 3))
    return keras.Model(image, backbone(image, kernel_initializer=initializer))


def randomise(model):
    """Draw every weight and statistic. Variances are about epsilon, so that a wrong epsilon shows."""
    rng = np.random.default_rng(7)
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            shape = layer.kernel.shape
            layer.set_weights([rng.normal(0, math.prod(shape[:3]) ** -0.5, shape)])
        elif isinstance(layer, layers.BatchNormalization):
            (channels,) = layer.gamma.shape
            variance = rng.uniform(0.5e-5, 2e-5, channels)
            gamma = rng.uniform(0.5, 1.5, channels) * 0.005
            layer.set_weights([gamma, rng.normal(size=channels), rng.normal(size=channels), variance])
    return model


def random_image(size):
    return np.random.default_rng(8).normal(size=(2, *size, 3)).astype("float32")


def assert_close(actual, expected):
    """To 1e-5 of the largest value."""
    assert actual.shape == expected.shape
    assert np.max(np.abs(actual - expected)) < 1e-5 * np.max(np.abs(expected))


@pytest.fixture(scope="module")
def random_resnet18():
    return randomise(build(resnet18))


@pytest.fixture(scope="module")
def random_densenet161():
    return randomise(build(densenet161))


def output_of(model, layer, x):
    return ops.convert_to_numpy(keras.Model(model.input, model.get_layer(layer).output)(x, training=False))


def windows(x, kernel, stride, padding, value=0):
    """(batch, height, width, channels) -> (batch, rows, columns, channels, kernel, kernel), padded on every side."""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), constant_values=value)
    return np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(1, 2))[:, ::stride, ::stride]


class InNumPy:
    """The layers of both networks in float64, from the weights of a Keras model."""

    def __init__(self, model, epsilon):
        self.weights = {layer.name: [w.astype("float64") for w in layer.get_weights()] for layer in model.layers}
        self.epsilon = epsilon

    def conv(self, x, name, kernel, stride=1):
        (weights,) = self.weights[f"{name}_conv"]
        return np.einsum("byxcij,ijco->byxo", windows(x, kernel, stride, kernel // 2), weights, optimize=True)

    def bn(self, x, name):
        gamma, beta, mean, variance = self.weights[f"{name}_bn"]
        return gamma * (x - mean) / np.sqrt(variance + self.epsilon) + beta

    def stem(self, x):
        x = np.maximum(self.bn(self.conv(x, "conv1", 7, stride=2), "conv1"), 0)
        return windows(x, 3, 2, 1, -np.inf).max(axis=(-2, -1))

    def residual_block(self, x, name, stride=1):
        shortcut = x if stride == 1 else self.bn(self.conv(x, f"{name}_0", 1, stride), f"{name}_0")
        y = np.maximum(self.bn(self.conv(x, f"{name}_1", 3, stride), f"{name}_1"), 0)
        return np.maximum(shortcut + self.bn(self.conv(y, f"{name}_2", 3), f"{name}_2"), 0)

    def bn_relu_conv(self, x, name, kernel):
        return self.conv(np.maximum(self.bn(x, name), 0), name, kernel)

    def dense_layer(self, x, name):
        new = self.bn_relu_conv(self.bn_relu_conv(x, f"{name}_1", 1), f"{name}_2", 3)
        return np.concatenate([x, new], axis=-1)

    def transition(self, x, name):
        x = self.bn_relu_conv(x, name, 1)
        rows, columns = x.shape[1] // 2, x.shape[2] // 2
        x = x[:, : 2 * rows, : 2 * columns].reshape(len(x), rows, 2, columns, 2, -1)
        return x.mean(axis=(2, 4))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_stem_of_resnet18_is_that_of_the_description(random_resnet18, size):
    x = random_image(size)
    expected = InNumPy(random_resnet18, epsilon=1e-5).stem(x)
    assert_close(output_of(random_resnet18, "pool1", x), expected)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_stem_of_densenet161_is_that_of_the_description(random_densenet161, size):
    x = random_image(size)
    expected = InNumPy(random_densenet161, epsilon=1.1e-5).stem(x)
    assert_close(output_of(random_densenet161, "pool1", x), expected)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_resnet18_to_its_first_smaller_stage_is_that_of_the_description(random_resnet18, size):
    x = random_image(size)
    described = InNumPy(random_resnet18, epsilon=1e-5)
    expected = described.stem(x)
    for name, stride in (("conv2_block1", 1), ("conv2_block2", 1), ("conv3_block1", 2)):
        expected = described.residual_block(expected, name, stride)
    assert_close(output_of(random_resnet18, "conv3_block1_out", x), expected)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_densenet161_to_its_first_transition_is_that_of_the_description(random_densenet161, size):
    x = random_image(size)
    described = InNumPy(random_densenet161, epsilon=1.1e-5)
    expected = described.stem(x)
    for block in range(1, 7):
        expected = described.dense_layer(expected, f"conv2_block{block}")
    expected = described.transition(expected, "pool2")
    assert_close(output_of(random_densenet161, "pool2_pool", x), expected)


@pytest.mark.parametrize(
    ("backbone", "multiplications"),
    [(resnet18, 1_813_561_344), pytest.param(densenet161, 7_725_699_072, marks=pytest.mark.slow)],
    ids=["18", "161"],
)
def test_multiplications_of_the_convolutions_at_224(backbone, multiplications):
    """`flops` counts a multiplication and its addition as two."""
    assert table2.flops(build(backbone, (224, 224))) == 2 * multiplications


@pytest.mark.parametrize(
    ("name", "parameters"), [("resnet18", 11_176_512), pytest.param("densenet161", 26_472_000, marks=pytest.mark.slow)]
)
def test_trained_parameters_below_the_classifier(request, name, parameters):
    model = request.getfixturevalue(f"random_{name}")
    assert sum(math.prod(weight.shape) for weight in model.trainable_weights) == parameters


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "densenet161"])
def test_features_are_those_of_torch(request, name):
    torch = pytest.importorskip("torch")
    import in_torch  # not above, since torch takes seconds even where this test is left out

    model = request.getfixturevalue(f"random_{name}")
    network = in_torch.with_weights_of(model, getattr(in_torch, name)())
    for size in SIZES:
        x = random_image(size)
        with torch.no_grad():
            expected = network(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).numpy()
        assert_close(ops.convert_to_numpy(model(x, training=False)), expected)
