"""TARM against Eqs. 1-8 as `reference.py` has them: outputs, gradients, attention weights, configuration, errors."""

import contextlib
import re

import keras
import numpy as np
import pytest
import reference
from keras import ops

from mans_keras import TARM, GateAttention, ResidualAttention, SongAttention

# T, N, K: small ones, and those of the paper
SMALL = (20, 7, 8)
SCALES = [SMALL, pytest.param((224, 224, 128), marks=pytest.mark.slow)]
ATTENTIONS = ["residual", None, "song", "weighted", "gate"]


def randomise(layer):
    """Draw every weight, biases too."""
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(rng.normal(0, weight.shape[0] ** -0.5, weight.shape))
    return layer


def random_tarm(frames, joints, units, attention, dtype="float32"):
    tarm = TARM(units, attention=attention, dtype=dtype)
    tarm.build((None, frames, joints))
    return randomise(tarm)


def random_input(*shape, dtype="float32"):
    return np.random.default_rng(1).normal(size=shape).astype(dtype)


def named_weights(layer):
    """Float64 weights by name, without the layer's own name and the numbers that Keras adds to make names unique."""
    return {
        re.sub(r"^[^/]+/|_\d+(?=/)", "", weight.path): ops.convert_to_numpy(weight).astype("float64")
        for weight in layer.weights
    }


def tarm_of_reference(x, weights, attention):
    return np.stack([reference.tarm(sequence.astype("float64"), weights, attention) for sequence in x])


def gradients(layer, x, direction):
    """Gradients of sum(direction * layer(x)) by x and by every weight, as the backend has them."""
    if keras.backend.backend() == "jax":
        import jax

        def functional(x, weights):
            others = [variable.value for variable in layer.non_trainable_variables]
            return ops.sum(layer.stateless_call(weights, others, x)[0] * direction)

        by_input, by_weights = jax.grad(functional, (0, 1))(x, [weight.value for weight in layer.trainable_weights])
        return [np.asarray(gradient) for gradient in (by_input, *by_weights)]
    import tensorflow as tf

    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(layer(x) * direction)
    return [gradient.numpy() for gradient in tape.gradient(value, [x, *(w.value for w in layer.trainable_weights)])]


@pytest.fixture
def float64():
    """JAX has no float64 unless it is asked for it."""
    with contextlib.ExitStack() as stack:
        if keras.backend.backend() == "jax":
            import jax

            stack.enter_context(jax.enable_x64(True))
        yield "float64"


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_output_is_that_of_the_equations(scale, attention):
    tarm = random_tarm(*scale, attention)
    x = random_input(2, *scale[:2])
    expected = tarm_of_reference(x, named_weights(tarm), attention)
    np.testing.assert_allclose(ops.convert_to_numpy(tarm(x)), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("scale", [SMALL, pytest.param((50, 50, 64), marks=pytest.mark.slow)], ids=str)
def test_gradients_are_those_of_the_equations(scale, attention, float64):
    tarm = random_tarm(*scale, attention, dtype=float64)
    weights = named_weights(tarm)
    x = random_input(2, *scale[:2], dtype=float64)
    rng = np.random.default_rng(2)
    functional = rng.normal(size=x.shape)
    points = {"input": x, **weights}
    actual = dict(zip(points, gradients(tarm, x, functional), strict=True))

    def value(name, point):
        changed = {**points, name: point}
        return np.sum(functional * tarm_of_reference(changed.pop("input"), changed, attention))

    for name, point in points.items():
        direction = rng.normal(size=point.shape)
        step = 1e-6
        expected = (value(name, point + step * direction) - value(name, point - step * direction)) / (2 * step)
        assert np.sum(actual[name] * direction) == pytest.approx(expected, rel=1e-5), name


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_attention_weights_are_f_a(scale):
    tarm = random_tarm(*scale, "residual")
    x = random_input(2, *scale[:2])
    weights = named_weights(tarm)
    resized = [reference.fc(sequence, **reference.part(weights, "reduce_joints")) for sequence in x]
    copies = [reference.residual_attention(sequence, reference.part(weights, "attention")) for sequence in resized]
    actual = ops.convert_to_numpy(tarm.attention_weights(x))
    assert actual.shape == (2, scale[0], 1)
    np.testing.assert_allclose(np.broadcast_to(actual, (2, scale[0], scale[2])), copies, rtol=1e-5, atol=1e-5)


def test_attention_weights_of_song_are_its_gate():
    tarm = random_tarm(10, 6, 8, "song")
    x = random_input(2, 10, 6)
    weights = named_weights(tarm)
    resized = [reference.fc(sequence, **reference.part(weights, "reduce_joints")) for sequence in x]
    expected = [reference.song_attention(sequence, reference.part(weights, "attention")) for sequence in resized]
    np.testing.assert_allclose(ops.convert_to_numpy(tarm.attention_weights(x)), expected, rtol=1e-5, atol=1e-5)


def test_residual_attention_alone():
    layer = ResidualAttention(alpha=4)
    layer.build((None, 50, 64))
    randomise(layer)
    x = random_input(3, 50, 64)
    expected = [reference.residual_attention(sequence, named_weights(layer))[:, :1] for sequence in x]
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), expected, rtol=1e-5, atol=1e-5)


def test_song_attention_alone():
    layer = SongAttention(units=7)
    layer.build((None, 20, 8))
    randomise(layer)
    x = random_input(3, 20, 8)
    expected = [reference.song_attention(sequence, named_weights(layer)) for sequence in x]
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("frames, alpha, units", [(50, 16, 3), (224, 16, 14), (50, 32, 1), (50, 50, 1)])
def test_bottleneck_has_frames_over_alpha_units(frames, alpha, units):
    layer = ResidualAttention(alpha)
    layer.build((None, frames, 4))
    assert [tuple(weight.shape) for weight in layer.weights] == [(frames, units), (units,), (units, frames), (frames,)]


@pytest.mark.parametrize("attention", ["residual", "song", "weighted", "gate"])
def test_attention_is_trained(attention):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((16, 6)), TARM(8, alpha=2, attention=attention)])
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=keras.backend.backend() == "tensorflow")
    trained = {weight.path: ops.convert_to_numpy(weight) for weight in model.trainable_variables}
    before = {path: weight for path, weight in trained.items() if "/attention/" in path}
    assert len(before) == {"residual": 4, "song": 6, "weighted": 5, "gate": 2}[attention]
    model.train_on_batch(random_input(8, 16, 6), np.zeros((8, 16, 6)))
    for weight in model.trainable_variables:
        if weight.path in before:
            assert np.any(ops.convert_to_numpy(weight) != before[weight.path]), weight.path


def test_frozen_attention_is_that_of_the_equations_and_is_not_trained():
    tarm = random_tarm(16, 6, 8, "frozen")
    x, weights = random_input(2, 16, 6), named_weights(tarm)
    expected = tarm_of_reference(x, weights, "frozen")
    np.testing.assert_allclose(ops.convert_to_numpy(tarm(x)), expected, rtol=1e-5, atol=1e-5)
    assert sum("/attention/" in weight.path for weight in tarm.weights) == 4
    assert not any("/attention/" in weight.path for weight in tarm.trainable_weights)


def test_dropout_acts_in_training_only():
    tarm = TARM(8, alpha=4, dropout=0.5)
    x = random_input(2, 8, 6)
    tested = [ops.convert_to_numpy(tarm(x, training=False)) for _ in range(2)]
    trained = [ops.convert_to_numpy(tarm(x, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*tested)
    assert np.any(trained[0] != trained[1])
    assert np.any(trained[0] != tested[0])


@pytest.mark.parametrize("argument, ending", [("kernel", "/kernel"), ("recurrent", "/recurrent_kernel")])
def test_regulariser_is_on_the_kernels_of_the_gru_that_it_is_named_after(argument, ending):
    tarm = TARM(8, alpha=4, **{f"{argument}_regularizer": keras.regularizers.L2(0.5)})
    tarm.build((None, 8, 6))
    weights = named_weights(tarm)
    kernels = [weight for name, weight in weights.items() if "_gru/" in name and name.endswith(ending)]
    assert len(kernels) == 2
    assert float(sum(tarm.losses)) == pytest.approx(0.5 * sum(np.sum(kernel**2) for kernel in kernels), rel=1e-5)


def test_files_from_before_the_recurrent_regulariser_have_the_other_for_both():
    config = TARM(8, 4, kernel_regularizer=keras.regularizers.L2(0.5)).get_config()
    del config["recurrent_regularizer"]
    assert float(TARM.from_config(config).recurrent_regularizer.l2) == 0.5


@pytest.mark.parametrize(
    "layer",
    [
        TARM(8, 4, "song", 0.25, keras.regularizers.L2(0.5), "he_normal", name="tarm_x"),
        TARM(8, 4, None, dtype="mixed_bfloat16"),
        ResidualAttention(alpha=3, name="gate"),
        SongAttention(units=5),
        GateAttention(),
        TARM(8, attention=GateAttention()),
    ],
    ids=lambda layer: layer.name,
)
def test_configuration_makes_the_same_layer(layer):
    config = layer.get_config()
    copy = type(layer).from_config(config)
    assert copy.get_config() == config
    shapes = []
    for same in (layer, copy):
        same.build((None, 8, 6))
        shapes.append([(tuple(weight.shape), weight.dtype) for weight in same.weights])
    assert shapes[0] == shapes[1]


def test_configuration_holds_every_argument():
    tarm = TARM(8, 4, "song", 0.25, keras.regularizers.L2(0.5), "he_normal", keras.regularizers.L2(2), name="tarm_x")
    copy = TARM.from_config(tarm.get_config())
    assert (copy.units, copy.alpha, copy.attention, copy.dropout, copy.name) == (8, 4, "song", 0.25, "tarm_x")
    assert (float(copy.kernel_regularizer.l2), float(copy.recurrent_regularizer.l2)) == (0.5, 2)
    assert isinstance(copy.kernel_initializer, keras.initializers.HeNormal)


def test_unknown_attention_is_refused():
    with pytest.raises(ValueError, match="'spatial' is not known: it must be 'residual', 'song'"):
        TARM(attention="spatial")


@pytest.mark.parametrize("alpha", [0, 11])
def test_alpha_that_leaves_no_unit_is_refused(alpha):
    with pytest.raises(ValueError, match=f"alpha={alpha} .* 10 frames .* 1 to 10"):
        TARM(8, alpha=alpha).build((None, 10, 6))


def test_attention_weights_without_attention_are_refused():
    with pytest.raises(ValueError, match="attention=None: it has no attention weights"):
        random_tarm(10, 6, 8, None).attention_weights(random_input(1, 10, 6))
