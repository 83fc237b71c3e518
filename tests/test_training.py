import json
import tracemalloc

import keras
import numpy as np
import pytest
from helpers import tensor_file

from mans_keras import protocols, recipes, store, training
from mans_keras.store import Tensors


def tiny_model(classes, **_):
    """Stands in for a network where only the training around it is tested."""
    inputs = keras.Input((50, 50, 3))
    pooled = keras.layers.AveragePooling2D(10)(inputs)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(keras.layers.Flatten()(pooled)))


@pytest.fixture
def tensors(tmp_path):
    return Tensors(tensor_file(tmp_path / "ut_kinect_50.h5"))


def make_run(tensors, **changes):
    settings = {
        "experiment": "test",
        "dataset": tensors.dataset,
        "protocol": "odd_even",
        "fold": protocols.folds(tensors, "odd_even")[0],
        "model": "mans-9",
        "variant": "mans-9",
        "arguments": {},
        "recipe": "paper",
        "epochs": 3,
        "batch": 4,
        "seed": 0,
        "precision": "float32",
        "tensors": tensors.digest(),
    }
    return training.Run(**{**settings, **changes})


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(training.MODELS, "mans-9", tiny_model)


def test_the_same_seed_gives_the_same_record_of_mans_9(tensors):
    one, same = ({**training.train(make_run(tensors, epochs=2, seed=3), tensors), "seconds": 0} for _ in range(2))
    assert one == same


def test_another_seed_gives_another_record(tensors, tiny):
    one, other = (training.train(make_run(tensors, seed=seed), tensors)["history"] for seed in (3, 4))
    assert one != other


def test_a_record_holds_both_accuracies_and_the_last_predictions(tensors, tiny):
    record = training.train(make_run(tensors, epochs=4), tensors)
    curve = record["history"]["test_accuracy"]
    assert len(curve) == len(record["history"]["train_loss"]) == 4
    assert record["last_epoch_test_accuracy"] == curve[-1]
    assert record["best_epoch_test_accuracy"] == max(curve) == curve[record["best_epoch"] - 1]
    told = record["predictions"]
    assert len(told["name"]) == 12
    right = np.mean(np.array(told["true"]) == np.array(told["predicted"]))
    assert right == pytest.approx(record["last_epoch_test_accuracy"], abs=1e-6)


def test_a_record_names_its_source_and_is_json(tensors, tiny):
    record = training.train(make_run(tensors, seed=5), tensors)
    assert json.loads(json.dumps(record, allow_nan=False))["seed"] == 5
    assert record["tensors"] == tensors.digest()
    assert record["recipe"]["learning_rate"] == 0.1
    assert record["backend"] == keras.backend.backend() and record["versions"]["keras"] == keras.__version__
    assert record["parameters"] == 5 * 5 * 3 * 3 + 3
    assert record["departures"] == ["coordinates: body, where the paper recipe's source has raw"]


def test_a_run_whose_loss_is_not_finite_stops_and_says_so(tensors, monkeypatch):
    def exploding(classes, **_):
        model = tiny_model(classes)
        model.layers[-1].kernel.assign(np.full(model.layers[-1].kernel.shape, np.nan))
        return model

    monkeypatch.setitem(training.MODELS, "mans-9", exploding)
    record = training.train(make_run(tensors, epochs=5), tensors)
    assert record["diverged"]
    assert record["history"]["train_loss"] == [None]
    json.dumps(record, allow_nan=False)


def test_batches_are_full_shuffled_and_seeded():
    x = np.arange(10)
    batches = training.Batches(x, x, batch=4, seed=1)
    epochs = []
    for epoch in range(3):
        seen = np.concatenate([batches[2 * epoch + index][0] for index in range(batches.steps)])
        assert len(seen) == len(set(seen)) == 8
        epochs.append(seen.tolist())
    assert epochs[0] != epochs[1] != epochs[2]
    again = training.Batches(x, x, batch=4, seed=1)
    assert again[0][0].tolist() == epochs[0][:4]
    again.first_epoch = 2
    assert again[1][0].tolist() == epochs[2][4:]


def test_batches_to_test_on_hold_every_sample_once_in_order_again_and_again():
    x = np.arange(10)
    batches = training.Batches(x, x, batch=4)
    assert batches.steps == 3
    for epoch in range(2):
        assert [batches[3 * epoch + index][1].tolist() for index in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_batch_is_never_larger_than_the_training_set():
    batches = training.Batches(np.arange(3), np.arange(3), batch=8, seed=0)
    assert sorted(batches[0][0]) == [0, 1, 2]


def test_a_file_above_the_budget_gives_the_record_of_one_in_memory(tensors, tiny, monkeypatch):
    in_memory = training.train(make_run(tensors), tensors)
    monkeypatch.setattr(store, "BUDGET", 0)
    assert {**training.train(make_run(tensors), tensors), "seconds": 0} == {**in_memory, "seconds": 0}


def test_of_a_file_above_the_budget_no_more_than_a_few_batches_are_in_memory(tmp_path, monkeypatch):
    tensors = Tensors(tensor_file(tmp_path / "t.h5", repetitions=20))
    sample = 50 * 50 * 3 * 4
    monkeypatch.setattr(store, "BUDGET", len(tensors) * sample - 1)
    tracemalloc.start()
    batches = training.Batches(tensors.samples(np.arange(240)), tensors.label, 8, seed=0)
    for index in range(batches.steps):
        batches[index]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 8 * sample < peak < 40 * sample


def test_recipes_hold_the_values_of_their_sources():
    paper, released = recipes.PAPER, recipes.RELEASED
    assert (paper.learning_rate, paper.momentum, paper.nesterov, paper.plateau) == (0.1, 0.9, False, None)
    assert [paper.batch[d] for d in ("ntu_rgbd", "hdm05", "sysu_3d", "ut_kinect")] == [40, 20, 8, 8]
    assert [paper.epochs[d] for d in ("ntu_rgbd", "hdm05", "sysu_3d", "ut_kinect")] == [50, 100, 100, 100]
    assert (released.learning_rate, released.momentum, released.nesterov) == (0.01, 0.9, True)
    assert released.plateau == recipes.Plateau(factor=0.2, patience=5, cooldown=3, floor=1e-4)
    assert (released.batch["ntu_rgbd"], released.coordinates, released.layout) == (128, "body", "pad")
    for recipe in (paper, released):
        assert (recipe.l2, recipe.gru_dropout, recipe.alpha) == (1e-4, {50: 0.5, 224: 0.0}, 16)
        assert (recipe.gru_initializer, recipe.conv_initializer) == ("orthogonal", "he_normal")


def test_a_data_set_of_ones_own_is_trained_as_the_papers_smallest():
    for recipe, epochs in ((recipes.PAPER, 100), (recipes.RELEASED, 50)):
        assert recipes.for_dataset(recipe.epochs, "moves") == epochs
        assert recipes.for_dataset(recipe.batch, "moves") == 8


@pytest.mark.parametrize("recipe", ["paper", "released"])
def test_both_recipes_train_the_attention_with_their_own_optimiser(tensors, recipe):
    model = training.build(make_run(tensors, recipe=recipe), classes=3)
    trained = {id(variable) for variable in model.trainable_variables}
    for axis in "xyz":
        assert {id(variable) for variable in model.get_layer(f"tarm_{axis}").attend.variables} <= trained
    assert model.optimizer.nesterov is (recipe == "released")
    assert float(model.optimizer.learning_rate) == pytest.approx({"paper": 0.1, "released": 0.01}[recipe])


def test_the_released_recipe_lowers_the_rate_when_the_test_loss_stalls(tensors, monkeypatch):
    rates = []

    def constant(classes, **_):
        model = tiny_model(classes)
        model.layers[-1].trainable = False
        return model

    monkeypatch.setitem(training.MODELS, "mans-9", constant)
    run = make_run(tensors, recipe="released", epochs=8)
    training.train(run, tensors, on_epoch=lambda _, logs: rates.append(float(logs.get("learning_rate", 0.01))))
    assert rates[0] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.002)


def test_alpha_above_the_number_of_frames_is_refused(tensors):
    with pytest.raises(ValueError, match="alpha=51"):
        training.build(make_run(tensors, arguments={"alpha": 51}), classes=3)
