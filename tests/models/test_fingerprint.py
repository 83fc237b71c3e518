import functools
import itertools
import json

import keras
import numpy as np
import pytest
from helpers import ROOT
from keras import layers
from test_training import exploding_model

import mans_keras
from mans_keras.models import attention
from mans_keras.models.fingerprint import TOLERANCE, fingerprint, same


def backbone(image):
    return layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))


SMALL = functools.partial(mans_keras.MANs, backbone, input_shape=(8, 8, 3), units=4, alpha=4)


@pytest.mark.slow
def test_every_argument_that_changes_the_arithmetic_changes_the_fingerprint():
    changes = [{}, {"alpha": 8}, {"units": 3}, {"tarm": False}, {"gru_initializer": "glorot_uniform"}]
    changes += [{"attention": name} for name in ("song", None, "gate")]
    fingerprints = [fingerprint(functools.partial(SMALL, **change)) for change in changes]
    assert not any(same(*pair) for pair in itertools.combinations(fingerprints, 2))


@pytest.fixture(scope="module")
def plain():
    return fingerprint(SMALL)


def test_the_scale_of_the_first_weights_shows(plain):
    def larger(classes):
        model = SMALL(classes)
        model.layers[-1].kernel.assign(2 * model.layers[-1].kernel)
        return model

    assert not same(fingerprint(larger), plain)


def test_what_only_training_uses_does_not_change_it(plain):
    assert plain == fingerprint(functools.partial(SMALL, dropout=0.1, l2=0.0))


def test_it_is_the_same_after_other_random_numbers_were_drawn(plain):
    keras.utils.set_random_seed(7)
    np.random.normal(size=3)
    assert fingerprint(SMALL) == plain


def _with_attention(change, monkeypatch):
    monkeypatch.setattr(attention.ResidualAttention, "call", change)
    return fingerprint(SMALL)


def test_other_arithmetic_of_an_attention_shows_and_other_names_in_it_do_not(plain, monkeypatch):
    def renamed(self, features):
        mean_of_units = keras.ops.mean(features, axis=-1)
        return keras.ops.expand_dims(self.excite(self.squeeze(mean_of_units)), -1)

    def maximum(self, x):
        return keras.ops.expand_dims(self.excite(self.squeeze(keras.ops.max(x, axis=-1))), -1)

    assert same(_with_attention(renamed, monkeypatch), plain)
    assert not same(_with_attention(maximum, monkeypatch), plain)


def test_a_network_that_answers_nothing_finite_has_one_all_the_same():
    numbers = fingerprint(exploding_model)
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers


@pytest.mark.parametrize(
    "other, expected",
    [([0.5, 1 + TOLERANCE / 2], True), ([0.5, 1 + 2 * TOLERANCE], False), ([0.5], False), ([], False)],
)
def test_two_fingerprints_are_the_same_up_to_the_tolerance(other, expected):
    assert same([0.5, 1.0], other) == expected


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="another backend draws other weights")
def test_the_committed_model_is_of_the_network_that_the_code_has():
    record = json.loads((ROOT / "experiments/results/trained/mans9_ut_kinect.h5.json").read_text())
    assert same(record["fingerprint"], fingerprint(functools.partial(mans_keras.MANs9, **record["arguments"])))
