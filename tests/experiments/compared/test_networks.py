import dataclasses

import forward_passes
import keras
import numpy as np
import pytest

from experiments import compared
from experiments.compared import bodies
from experiments.compared.deep_lstm import CoOccurrence
from experiments.compared.layers import JointSequence
from experiments.compared.operations import multiplications
from experiments.compared.st_gcn import adjacency
from mans_keras.errors import InputError
from mans_keras.skeletons.sequence import KINECT_1
from mans_keras.tensors.transforms import interpolation, mirroring, to_tensor

# Trainable and moving, for NTU RGB+D: 25 joints, 2 bodies, 60 classes. The published figures: Deep LSTM 0.6M and
# STA-LSTM 0.5M (the paper on MANs), SGN 0.69M (its paper).
PARAMETERS = {
    "hierarchical-rnn": 329_160,
    "deep-lstm": 622_560,
    "two-stream-rnn": 1_389_628,
    "sta-lstm": 498_461,
    "va-lstm": 468_666,
    "hcn": 784_892,
    "st-gcn": 3_105_382,
    "sgn": 694_164,
}


def test_every_network_has_a_number_of_parameters_here():
    assert PARAMETERS.keys() == compared.METHODS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", PARAMETERS)
def test_the_networks_have_these_parameters(name):
    assert compared.build(name, 60, joints=25, bodies=2).count_params() == PARAMETERS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_saved_network_answers_as_before(tmp_path, monkeypatch, name):
    fewer = dataclasses.replace(compared.METHODS[name], frames=16)  # each step of a recurrence takes its time
    monkeypatch.setitem(compared.METHODS, name, fewer)
    model = compared.build(name, 3, joints=15, l2=1e-4)
    x = np.random.default_rng(0).normal(size=(2, 50, 50, 3)).astype("float32")
    scores = model(x)
    for file in ("m.keras", "m.h5"):
        model.save(tmp_path / file)
        loaded = keras.models.load_model(tmp_path / file)
        np.testing.assert_array_equal(loaded(x), scores)
        assert len(loaded.losses) == len(model.losses)


def with_random_weights(name, frames, joints):
    """(model of sequences (batch, frames, 2, joints, 3) -> features, its weights by layer)."""
    inputs = keras.Input((frames, 2, joints, 3))
    model = keras.Model(inputs, compared.features_of(name)(inputs))
    random, weights = np.random.default_rng(1), {}
    for layer in model.layers:
        drawn = []
        for weight in layer.weights:
            value = np.asarray(weight) + 0.1 * random.normal(size=weight.shape)
            value = random.uniform(0.5, 2, weight.shape) if "moving_variance" in weight.path else value
            drawn.append(value.astype("float32"))
        layer.set_weights(drawn)
        weights[layer.name] = [value.astype(float) for value in drawn]
    return model, weights


def agree(name, frames, joints, *graph):
    model, weights = with_random_weights(name, frames, joints)
    x = np.random.default_rng(2).normal(size=(2, frames, 2, joints, 3)).astype("float32")
    x[1, :, 1] = 0  # one body
    given = np.asarray(model(x, training=False), float)
    expected = np.array([getattr(forward_passes, compared.METHODS[name].module)(one, weights, *graph) for one in x])
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(given, expected, atol=1e-5 * np.abs(expected).max())


def test_va_lstm_computes_what_its_description_says():
    agree("va-lstm", 5, 4)


def test_hcn_computes_what_its_description_says():
    agree("hcn", 16, 5)


def test_sgn_computes_what_its_description_says():
    agree("sgn", 6, 4)


@pytest.mark.slow
def test_st_gcn_computes_what_its_description_says():
    agree("st-gcn", 12, 15, *bodies.graph(15))


@pytest.mark.parametrize("joints", bodies.PARTS)
def test_each_joint_is_in_one_part_and_once_in_the_chain(joints):
    together = [joint for part in bodies.parts(joints) for joint in part]
    assert sorted(together) == sorted(bodies.chain(joints)) == list(range(joints))


@pytest.mark.parametrize("joints", bodies.PARTS)
def test_the_graph_has_all_bones_in_one_of_three_sets(joints):
    sets, (bones, _) = adjacency(joints), bodies.graph(joints)
    np.testing.assert_allclose(sets.sum(axis=(0, 1)), 1)
    assert ((sets > 0).sum(axis=0) <= 1).all()
    assert (sets > 0).sum() == joints + 2 * len(bones)


def test_an_unknown_body_is_an_error_that_names_the_known_ones():
    with pytest.raises(InputError, match=r"17 joints are not known: .* \[15, 20, 25, 31\]"):
        compared.build("st-gcn", 3, joints=17)


def test_networks_get_the_joints_of_the_recording_and_mirrored_ones_of_a_mirrored_tensor():
    recording = np.random.default_rng(0).normal(size=(70, 2, 20, 3))
    tensor = to_tensor(recording, 50, "resize", "raw", None)
    exchanged = mirroring(KINECT_1.mirrored, 2, 50, "resize") @ tensor
    joints = np.asarray(JointSequence(32, 2, 20)(np.stack([tensor, exchanged]).astype("float32")))
    expected = np.tensordot(interpolation(50, 32) @ interpolation(70, 50), recording, 1)
    np.testing.assert_allclose(joints, [expected, expected[:, :, list(KINECT_1.mirrored)]], atol=1e-5)


def test_co_occurrence_adds_the_norm_of_each_group_of_each_gate_for_each_input():
    kernel = np.random.default_rng(0).normal(size=(3, 4 * 6)).astype("float32")
    expected = 0.5 * np.abs(kernel).sum()
    for gate in range(4):
        for group in range(2):
            units = kernel[:, gate * 6 + group * 3 : gate * 6 + group * 3 + 3]
            expected += 2 * np.sqrt((units**2).sum(axis=1)).sum()
    np.testing.assert_allclose(CoOccurrence(groups=2, lambda_1=0.5, lambda_2=2)(kernel), expected, rtol=1e-6)


def test_sta_lstms_loss_wants_every_joint_seen_and_small_weights_of_frames():
    from experiments.compared.sta_lstm import SpatialAttention, TemporalAttention

    spatial, temporal = SpatialAttention(), TemporalAttention()
    spatial([np.ones((2, 5, 12), "float32"), np.zeros((2, 5, 4), "float32")])
    np.testing.assert_allclose(spatial.losses, [1e-3 * 4 * 0.75**2], rtol=1e-6)
    temporal([np.ones((2, 5, 7), "float32"), np.full((2, 5, 1), 3, "float32")])
    np.testing.assert_allclose(temporal.losses, [1e-4 * 9], rtol=1e-6)


def test_multiplications_are_counted_for_both_bodies():
    # Two bodies of 15 joints: 90 numbers a frame. Five LSTMs of 100 units, two connected layers, and the softmax layer.
    first, later = 4 * 100 * (90 + 100), 4 * 100 * (100 + 100)
    assert multiplications(compared.build("va-lstm", 7, 15, 2)) == 50 * (3 * first + 2 * later + 2 * 300) + 700


@pytest.mark.parametrize(("recurrence", "gates"), [("SimpleRNN", 1), ("GRU", 3), ("LSTM", 4)])
def test_multiplications_of_a_recurrence_are_those_of_all_its_gates(recurrence, gates):
    frames = keras.Input((4, 3))
    layer = getattr(keras.layers, recurrence)(5)
    assert multiplications(keras.Model(frames, layer(frames))) == 4 * gates * 5 * (3 + 5)
    both = keras.layers.Bidirectional(layer)
    assert multiplications(keras.Model(frames, both(frames))) == 2 * 4 * gates * 5 * (3 + 5)


@pytest.mark.slow
def test_multiplications_of_a_network_for_each_body_double_with_the_bodies():
    one, two = (multiplications(compared.build("sgn", 7, 15, number)) for number in (1, 2))
    assert two - 512 * 7 == 2 * (one - 512 * 7)
