import gc
import tracemalloc
import weakref

import keras
import numpy as np
import pytest
from helpers import tensor_file

from mans_keras.skeletons import hdm05
from mans_keras.skeletons.sequence import KINECT_1, KINECT_2
from mans_keras.tensors import store
from mans_keras.tensors.store import Tensors
from mans_keras.tensors.transforms import mirroring, to_tensor
from mans_keras.training.augmentation import augment
from mans_keras.training.batches import Batches
from mans_keras.training.recipes import Augmentation


def test_batches_are_full_shuffled_and_seeded():
    x = np.arange(10)
    batches = Batches(x, x, batch=4, seed=1)
    epochs = []
    for epoch in range(3):
        seen = np.concatenate([batches[2 * epoch + index][0] for index in range(batches.steps)])
        assert len(seen) == len(set(seen)) == 8
        epochs.append(seen.tolist())
    assert epochs[0] != epochs[1] != epochs[2]
    again = Batches(x, x, batch=4, seed=1)
    assert again[0][0].tolist() == epochs[0][:4]
    again.first_epoch = 2
    assert again[1][0].tolist() == epochs[2][4:]


def test_batches_to_test_on_hold_every_sample_once_in_order_again_and_again():
    x = np.arange(10)
    batches = Batches(x, x, batch=4)
    assert batches.steps == 3
    for epoch in range(2):
        assert [batches[3 * epoch + index][1].tolist() for index in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_batch_is_never_larger_than_the_training_set():
    batches = Batches(np.arange(3), np.arange(3), batch=8, seed=0)
    assert sorted(batches[0][0]) == [0, 1, 2]


def test_of_a_file_above_the_budget_no_more_than_a_few_batches_are_in_memory(tmp_path, monkeypatch):
    tensors = Tensors(tensor_file(tmp_path / "t.h5", repetitions=20))
    sample = 50 * 50 * 3 * 4
    monkeypatch.setattr(store, "BUDGET", len(tensors) * sample - 1)
    tracemalloc.start()
    batches = Batches(tensors.samples(np.arange(240)), tensors.label, 8, seed=0)
    for index in range(batches.steps):
        batches[index]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 8 * sample < peak < 40 * sample


def test_changed_batches_are_drawn_anew_each_epoch_and_are_the_same_for_the_same_seed():
    x = np.zeros((8, 1))

    def batches():
        return Batches(x, x, batch=4, seed=1, change=lambda x, random: x + random.random(x.shape))

    one, same = batches(), batches()
    seen = [one[number][0].tolist() for number in range(4)]
    assert len({str(batch) for batch in seen}) == 4
    same.first_epoch = 1
    assert [same[number][0].tolist() for number in range(2)] == seen[2:]


NOTHING = {"rotation": 0, "mirror": False, "scale": 0, "crop": 1}


def changed(x, coordinates="hip", mirroring=None, **settings):
    return augment(x, np.random.default_rng(0), Augmentation(**{**NOTHING, **settings}), coordinates, mirroring)


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(size=(6, 10, 10, 3)).astype("float32")


def test_without_a_change_a_sequence_stays_as_it_is(x):
    np.testing.assert_allclose(changed(x), x, atol=1e-6)


@pytest.mark.parametrize(("coordinates", "vertical"), [("raw", 1), ("hip", 1), ("body", 2), ("upright", 2)])
def test_a_turned_body_keeps_heights_and_distances(x, coordinates, vertical):
    turned = changed(x, coordinates, rotation=90)
    np.testing.assert_allclose(turned[..., vertical], x[..., vertical], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-5)
    assert (np.abs(turned - x).max(axis=(1, 2, 3)) > 0.1).all()
    assert turned.dtype == x.dtype


def test_a_body_turns_as_one_and_each_its_own_way(x):
    moved = changed(np.ones_like(x), rotation=90)
    assert np.ptp(moved, axis=(1, 2)).max() < 1e-6
    assert len(np.unique(moved[:, 0, 0, 0])) == len(x)


@pytest.mark.parametrize("layout", ["resize", "pad"])
def test_some_bodies_are_mirrored_as_in_a_mirror_and_the_others_are_not(layout):
    bodies = np.random.default_rng(1).normal(size=(40, 50, 2, 20, 3))
    reflected = (bodies * (-1, 1, 1))[:, :, :, KINECT_1.mirrored]
    x, other = (np.stack([to_tensor(one, 50, layout, "raw", None) for one in some]) for some in (bodies, reflected))
    seen = changed(x, mirror=True, mirroring=mirroring(KINECT_1.mirrored, 2, 50, layout))
    same = [np.allclose(one, before, atol=1e-4) for one, before in zip(seen, x, strict=True)]
    turned = [np.allclose(one, after, atol=1e-4) for one, after in zip(seen, other, strict=True)]
    assert 10 < sum(same) < 30 and sum(same) + sum(turned) == 40


@pytest.mark.parametrize("body", [KINECT_1, KINECT_2, hdm05.BODY])
def test_exchanging_left_and_right_twice_is_no_change_and_exchanges_hips_and_feet(body):
    order = np.array(body.mirrored)
    assert order[order].tolist() == list(range(body.joints))
    assert order[body.left_hip] == body.right_hip
    assert tuple(order[list(body.feet)]) == body.feet[::-1]


def test_where_left_and_right_are_not_known_nothing_is_mirrored(x):
    np.testing.assert_allclose(changed(x, mirror=True), x, atol=1e-6)


def test_a_scaled_body_is_as_much_larger_everywhere(x):
    share = changed(x, scale=0.2) / x
    assert np.ptp(share, axis=(1, 2, 3)).max() < 1e-4
    assert 0.8 <= share.min() < 0.95 < 1.05 < share.max() <= 1.2


def test_a_crop_is_one_piece_of_the_sequence_stretched_evenly():
    time = np.tile(np.linspace(0, 1, 10, dtype="float32")[:, None, None], (50, 1, 10, 3))
    cropped = changed(time, crop=0.6)[:, :, 0, 0]
    steps = np.diff(cropped, axis=1)
    np.testing.assert_allclose(steps, steps[:, :1] * np.ones(9), atol=1e-5)
    lengths = cropped[:, -1] - cropped[:, 0]
    assert 0.6 <= lengths.min() < 0.7 and 0.9 < lengths.max() <= 1
    assert cropped.min() < 0.1 and cropped.max() > 0.9


def test_what_a_run_has_fed_is_freed_after_it():
    batches = Batches(np.zeros((10, 3)), np.zeros((10, 2)), batch=4, seed=0)
    model = keras.Sequential([keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(batches.feed(), steps_per_epoch=batches.steps, epochs=2, shuffle=False, verbose=0)
    left = weakref.ref(batches)
    del batches, model
    keras.backend.clear_session()
    gc.collect()
    assert left() is None


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="other backends read the batches themselves")
def test_tensorflow_is_fed_the_same_batches_from_the_first_on():
    batches = Batches(np.arange(10.0), np.arange(10), batch=4, seed=1)
    for number, (x, labels) in zip(range(5), batches.feed(), strict=False):
        np.testing.assert_array_equal(x, batches[number][0])
        np.testing.assert_array_equal(labels, batches[number][1])
