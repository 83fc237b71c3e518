"""The recurrence with dropout, against NumPy; without, `test_tarm` has it."""

import keras
import numpy as np
import pytest
import reference
from keras import ops
from test_tarm import float64, gradients, named_weights, random_input, randomise  # noqa: F401 - a fixture

from mans_keras.models import recurrence

FRAMES, FEATURES, UNITS = 7, 5, 4


class Recurrence(keras.layers.Layer):
    """`hidden_states` of a GRU in training."""

    def __init__(self, gru):
        super().__init__(dtype=gru.dtype_policy)
        self.gru = gru
        self.built = True

    def call(self, x):
        return recurrence.hidden_states(self.gru, x, training=True)


def random_gru(backwards=False, dtype="float32", **options):
    gru = keras.layers.GRU(UNITS, return_sequences=True, go_backwards=backwards, dtype=dtype, **options)
    gru.build((None, FRAMES, FEATURES))
    return randomise(gru)


@pytest.mark.parametrize("backwards", [False, True])
def test_states_and_gradients_with_dropout_are_those_of_the_equations(backwards, float64, monkeypatch):  # noqa: F811
    rng = np.random.default_rng(5)
    masks = {size: 2.0 * rng.integers(0, 2, (3, 2, size)) for size in (UNITS, FEATURES)}
    monkeypatch.setattr(
        recurrence, "_dropout_mask", lambda shape, *_: ops.convert_to_tensor(masks[shape[-1]].reshape(shape), float64)
    )
    gru = random_gru(backwards, float64, dropout=0.5)
    x = random_input(2, FRAMES, FEATURES, dtype=float64)
    direction = rng.normal(size=(2, FRAMES, UNITS))
    points = {"x": x, **reference.part(named_weights(gru), "gru_cell")}

    def states(x, **weights):
        sequences = x[:, ::-1] if backwards else x
        return np.stack(
            [
                reference.gru(one, **weights, input_mask=masks[FEATURES][:, i], state_mask=masks[UNITS][:, i])
                for i, one in enumerate(sequences)
            ]
        )

    layer = Recurrence(gru)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), states(**points), rtol=1e-5, atol=1e-6)
    for (name, point), actual in zip(points.items(), gradients(layer, x, direction), strict=True):
        along, step = rng.normal(size=point.shape), 1e-6
        ahead, behind = (
            np.sum(direction * states(**{**points, name: point + sign * step * along})) for sign in (1, -1)
        )
        assert np.sum(actual * along) == pytest.approx((ahead - behind) / (2 * step), rel=1e-4), (
            name
        )  # on JAX, tanh of Keras is float32


def test_dropout_masks_are_zero_at_the_rate_and_else_keep_the_mean():
    gru = random_gru(dropout=0.25, seed=1)
    mask, next_one = (ops.convert_to_numpy(recurrence._dropout_mask((3, 200, 50), gru, "float32")) for _ in range(2))
    assert sorted(set(mask.ravel().tolist())) == pytest.approx([0, 4 / 3])
    assert np.mean(mask == 0) == pytest.approx(0.25, abs=0.01)
    for other in (np.roll(mask, 1, axis=0), np.roll(mask, 1, axis=1), next_one):
        assert np.mean(other[mask == 0] == 0) == pytest.approx(0.25, abs=0.02)  # independent


def test_the_same_seed_draws_the_same_masks():
    first, same, other = (
        ops.convert_to_numpy(recurrence._dropout_mask((3, 4, 5), random_gru(dropout=0.5, seed=seed), "float32"))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert np.any(first != other)


def test_a_gru_that_cudnn_can_run_is_left_to_keras(monkeypatch):
    gru = random_gru()
    gru.supports_jit = False  # as Keras has it with TensorFlow on a GPU
    monkeypatch.setattr(gru, "call", lambda x, training, **_: "of Keras")
    assert recurrence.hidden_states(gru, np.zeros((1, FRAMES, FEATURES)), training=True) == "of Keras"


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow traces graphs")
def test_grus_of_the_same_shapes_are_traced_once():
    x = random_input(3, FRAMES, FEATURES)
    before = recurrence._states.experimental_get_tracing_count()
    for backwards in (False, True, False):
        recurrence.hidden_states(random_gru(backwards), x)
    assert recurrence._states.experimental_get_tracing_count() == before + 1


@pytest.mark.parametrize("backwards", [False, True])
def test_the_loop_of_exports_gives_the_same_states(backwards):
    gru = keras.layers.GRU(3, return_sequences=True, go_backwards=backwards)
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    gru.build(x.shape)
    expected = keras.ops.convert_to_numpy(recurrence.hidden_states(gru, x))
    with recurrence.plain_loops():
        np.testing.assert_allclose(recurrence.hidden_states(gru, x), expected, atol=1e-6)
