import io
import json
import zipfile
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest
from helpers import tensor_file
from keras import layers

from mans_keras.models.mans import MANs
from mans_keras.models.network import MemoryAttentionNetwork
from mans_keras.models.tarm import TARM, Coordinate, attention_weights
from mans_keras.skeletons.sequence import KINECT_1
from mans_keras.tensors import protocols, store
from mans_keras.tensors.store import Tensors
from mans_keras.training import network, recipes, train_run
from mans_keras.training.run import MODELS, Run


def tiny_model(classes, pool=10, **_):
    """Stands in for a network where only the training around it is tested."""
    inputs = keras.Input((50, 50, 3))
    pooled = keras.layers.AveragePooling2D(pool)(inputs)
    scores = keras.layers.Dense(classes, activation="softmax")(keras.layers.Flatten()(pooled))
    return MemoryAttentionNetwork(inputs, scores)


def one_tarm(classes, alpha, dropout, tarm=True, **_):
    """Stands in for MANs-9 where the kinds of its layers matter, not their number."""
    inputs = keras.Input((50, 50, 3))
    x = Coordinate(0)(inputs)
    if tarm:
        x = TARM(4, alpha, dropout=dropout)(x)
    x = layers.Conv2D(4, 5, strides=5)(layers.Reshape((50, 50, 1))(x))
    x = layers.GlobalAveragePooling2D()(layers.BatchNormalization()(x))
    return MemoryAttentionNetwork(inputs, layers.Dense(classes, activation="softmax")(x))


def exploding_model(classes, **_):
    """One whose loss is not finite from its first step on."""
    model = tiny_model(classes)
    model.layers[-1].kernel.assign(np.full(model.layers[-1].kernel.shape, np.nan))
    return model


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
    settings |= changes
    return Run(**{**settings, "recipe": recipes.RECIPES[settings["recipe"]]})


def train(run, tensors, **options):
    """The record of a run."""
    return train_run.train_run(run, tensors, **options)[0]


@pytest.mark.slow
def test_another_seed_gives_another_record(tensors, tiny):
    one, other = (train(make_run(tensors, seed=seed), tensors)["history"] for seed in (3, 4))
    assert one != other


def test_a_record_holds_both_accuracies_and_the_last_predictions(tensors, tiny):
    record = train(make_run(tensors, epochs=4), tensors)
    curve = record["history"]["test_accuracy"]
    assert len(curve) == len(record["history"]["train_loss"]) == 4
    assert record["last_epoch_test_accuracy"] == curve[-1]
    assert record["best_epoch_test_accuracy"] == max(curve) == curve[record["best_epoch"] - 1]
    predictions = record["predictions"]
    assert len(predictions["name"]) == 12
    right = np.mean(np.array(predictions["true"]) == np.array(predictions["predicted"]))
    assert right == pytest.approx(record["last_epoch_test_accuracy"], abs=1e-6)


def test_a_record_names_its_source_and_is_json(tensors, tiny):
    record = train(make_run(tensors, seed=5), tensors)
    assert json.loads(json.dumps(record, allow_nan=False))["seed"] == 5
    assert record["tensors"] == tensors.digest()
    assert record["recipe"]["learning_rate"] == 0.1
    assert record["backend"] == keras.backend.backend() and record["versions"]["keras"] == keras.__version__
    assert record["parameters"] == 5 * 5 * 3 * 3 + 3


def test_departures_are_where_tensors_are_not_those_that_the_recipe_was_made_for():
    assert recipes.departures("paper", "raw", "resize") == recipes.departures("mine", "hip", "pad") == []
    assert recipes.departures("released", "body", "pad", mirroring=False) == [
        "the recipe `released` uses coordinates `released`; these tensors use `body`",
        "no sequence is mirrored: the tensors do not say which joints are left and right",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("body", [KINECT_1, None])
def test_training_sequences_are_mirrored_where_left_and_right_are_known(tmp_path, tiny, monkeypatch, body):
    seen = []
    monkeypatch.setattr(train_run, "augment", lambda x, *_, mirroring, **__: (seen.append(mirroring), x)[1])
    tensors = Tensors(tensor_file(tmp_path / "t.h5", body=body))
    record = train(make_run(tensors, recipe="best", epochs=1), tensors)
    assert record["mirroring"] == (body is not None)
    assert seen and all((one is None) == (body is None) for one in seen)


@pytest.mark.slow
def test_a_run_whose_loss_is_not_finite_stops_and_says_so(tensors, monkeypatch, without_xla):
    monkeypatch.setitem(MODELS, "mans-9", exploding_model)
    record = train(make_run(tensors, epochs=5), tensors)
    assert record["diverged"]
    assert record["history"]["train_loss"] == [None]
    json.dumps(record, allow_nan=False)


@pytest.mark.slow
def test_a_file_above_the_budget_gives_the_record_of_one_in_memory(tensors, tiny, monkeypatch):
    in_memory = train(make_run(tensors), tensors)
    monkeypatch.setattr(store, "BUDGET", 0)
    assert {**train(make_run(tensors), tensors), "seconds": 0} == {**in_memory, "seconds": 0}


def test_what_a_recipe_says_is_what_the_model_trains_with(tensors):
    recipe = replace(
        recipes.PAPER,
        l2=0.03,
        gru_initializer="zeros",
        conv_initializer="ones",
        gru_dropout={50: 0.25, 224: 0.0},
        alpha=5,
        batch_norm_momentum={"ut_kinect": 0.7},
        label_smoothing=0.2,
        learning_rate=0.3,
        momentum=0.4,
        nesterov=True,
    )
    model = network.build(replace(make_run(tensors), recipe=recipe), classes=3)
    tarm, convolution = model.get_layer("tarm_x"), next(one for one in model.layers if isinstance(one, layers.Conv2D))
    norms = [one.momentum for one in model.layers if isinstance(one, layers.BatchNormalization)]
    assert convolution.kernel_regularizer.l2 == pytest.approx(0.03)
    assert isinstance(convolution.kernel_initializer, keras.initializers.Ones)
    assert norms and set(norms) == {0.7}
    assert (tarm.alpha, tarm.dropout) == (5, 0.25)
    config = keras.saving.serialize_keras_object(tarm)["config"]
    assert "Zeros" in json.dumps(config["kernel_initializer"]) and "0.03" in json.dumps(config["kernel_regularizer"])
    assert model.loss.label_smoothing == 0.2
    optimizer = model.optimizer
    assert (float(optimizer.learning_rate), optimizer.momentum, optimizer.nesterov) == (pytest.approx(0.3), 0.4, True)


@pytest.mark.slow
def test_a_run_trains_in_its_precision(tensors, monkeypatch, without_xla):
    seen = []

    def watched(classes, **options):
        seen.append(keras.config.dtype_policy().name)
        return tiny_model(classes)

    monkeypatch.setitem(MODELS, "mans-9", watched)
    for precision in ("mixed_bfloat16", "float32"):
        train(make_run(tensors, epochs=1, precision=precision), tensors)
        assert keras.config.dtype_policy().name == "float32"
    # the first is the network's, built once for the records' fingerprint
    assert seen == ["float32", "mixed_bfloat16", "float32"]


def test_recipes_hold_the_values_of_their_sources():
    paper, released = recipes.PAPER, recipes.RELEASED
    assert (paper.learning_rate, paper.momentum, paper.nesterov, paper.plateau) == (0.1, 0.9, False, None)
    assert [paper.batch[d] for d in ("ntu_rgbd", "hdm05", "sysu_3d", "ut_kinect")] == [40, 20, 8, 8]
    assert [paper.epochs[d] for d in ("ntu_rgbd", "hdm05", "sysu_3d", "ut_kinect")] == [50, 100, 100, 100]
    assert (released.learning_rate, released.momentum, released.nesterov) == (0.01, 0.9, True)
    assert released.plateau == recipes.Plateau(factor=0.2, patience=5, cooldown=3, floor=1e-4)
    assert (released.batch["ntu_rgbd"], released.coordinates, released.layout) == (128, "released", "pad")
    for recipe in (paper, released):
        assert (recipe.l2, recipe.gru_dropout, recipe.alpha) == (1e-4, {50: 0.5, 224: 0.0}, 16)
        assert (recipe.gru_initializer, recipe.conv_initializer) == ("orthogonal", "he_normal")


@pytest.mark.parametrize("dataset", ["moves", "nw_ucla", "utd_mhad"])
def test_a_data_set_that_the_paper_does_not_have_is_trained_as_its_smallest(dataset):
    for recipe, epochs in ((recipes.PAPER, 100), (recipes.RELEASED, 50)):
        assert recipes.for_dataset(recipe.epochs, dataset) == epochs
        assert recipes.for_dataset(recipe.batch, dataset) == 8


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="another backend always compiles")
def test_a_network_that_xla_slows_down_is_trained_without_it(tensors, tiny, monkeypatch):
    compiled = []
    for without in ((), ("mans-9",)):
        monkeypatch.setattr(network, "WITHOUT_XLA", without)
        compiled.append(network.build(make_run(tensors), classes=3).jit_compile)
    assert compiled == [True, False]


def test_nothing_of_our_own_recipe_looks_at_the_test_sequences():
    assert recipes.BEST.plateau is None


@pytest.fixture
def best(tensors, monkeypatch, without_xla):
    """Train by BEST, a step an epoch; returns the model, its record, and its kernel and rate after each epoch."""
    built, noted = [], []

    def model(*arguments, **options):
        built.append(tiny_model(*arguments, **options))
        return built[-1]

    def note(*_):
        kernel = keras.ops.convert_to_numpy(built[-1].layers[-1].kernel)
        noted.append((kernel, float(built[-1].optimizer.learning_rate)))

    monkeypatch.setitem(MODELS, "mans-9", model)
    record = train(make_run(tensors, recipe="best", epochs=4, batch=100), tensors, on_epoch=note)
    return built[-1], record, *zip(*noted, strict=True)


@pytest.mark.slow
def test_our_own_recipe_tests_the_mean_of_the_weights(best):
    model, record, kernels, _ = best
    mean = kernels[0]
    for after_step in kernels[1:]:
        mean = 0.99 * mean + 0.01 * after_step
    kernel = keras.ops.convert_to_numpy(model.layers[-1].kernel)
    np.testing.assert_allclose(kernel, mean, atol=1e-6)
    assert np.abs(mean - kernels[-1]).max() > 1e-4
    predictions = record["predictions"]
    right = np.mean(np.array(predictions["true"]) == np.array(predictions["predicted"]))
    assert right == pytest.approx(record["last_epoch_test_accuracy"], abs=1e-6)


def test_the_rate_of_our_own_recipe_falls_to_zero_along_half_a_cosine(best):
    assert best[3] == pytest.approx([0.05 * (1 + np.cos(np.pi * step / 4)) / 2 for step in range(1, 5)], abs=1e-8)


@pytest.mark.parametrize("recipe", ["paper", "released"])
def test_both_recipes_train_the_attention_with_their_own_optimiser(tensors, recipe):
    model = network.build(make_run(tensors, recipe=recipe), classes=3)
    trained = {id(variable) for variable in model.trainable_variables}
    for axis in "xyz":
        assert {id(variable) for variable in model.get_layer(f"tarm_{axis}").attend.variables} <= trained
    assert model.optimizer.nesterov is (recipe == "released")
    assert float(model.optimizer.learning_rate) == pytest.approx({"paper": 0.1, "released": 0.01}[recipe])


@pytest.mark.slow
def test_the_released_recipe_lowers_the_rate_when_the_test_loss_stalls(tensors, monkeypatch, without_xla):
    rates = []

    def constant(classes, **_):
        model = tiny_model(classes)
        model.layers[-1].trainable = False
        return model

    monkeypatch.setitem(MODELS, "mans-9", constant)
    run = make_run(tensors, recipe="released", epochs=8)
    train(run, tensors, on_epoch=lambda _, logs: rates.append(float(logs.get("learning_rate", 0.01))))
    assert rates[0] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.002)


def test_alpha_above_the_number_of_frames_is_refused(tensors):
    with pytest.raises(ValueError, match="alpha=51"):
        network.build(make_run(tensors, arguments={"alpha": 51}), classes=3)


def small_model(classes, attention="residual", **_):
    """One with TARMs that trains in seconds."""
    return MANs(keras.layers.GlobalAveragePooling2D(), classes, (50, 50, 3), units=16, attention=attention)


@pytest.mark.slow
def test_the_record_holds_how_the_attention_varies_on_the_test_sequences(tensors, monkeypatch, without_xla):
    monkeypatch.setitem(MODELS, "mans-9", small_model)
    run = make_run(tensors, epochs=1)
    record, model = train_run.train_run(run, tensors)
    weights = keras.ops.convert_to_numpy(attention_weights(model, tensors.read(run.fold.test)))
    assert record["attention"] == {
        "mean": pytest.approx(weights.mean(), abs=1e-4),
        "over_frames": pytest.approx(weights.std(axis=1).mean(), abs=1e-4),
        "lowest": pytest.approx(weights.min(), abs=1e-4),
        "highest": pytest.approx(weights.max(), abs=1e-4),
    }
    assert 0 < record["attention"]["over_frames"] < record["attention"]["highest"]


def test_the_record_of_a_network_without_attention_holds_none(tensors, tiny):
    assert "attention" not in train(make_run(tensors, epochs=1), tensors)


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_a_saved_model_is_without_its_optimizer_which_goes_on(tmp_path, suffix):
    model = tiny_model(3)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "categorical_crossentropy")
    x, y = np.ones((2, 50, 50, 3)), np.eye(3)[:2]
    model.fit(x, y, verbose=0)
    train_run.save(model, tmp_path / f"m{suffix}")
    loaded = keras.models.load_model(tmp_path / f"m{suffix}")
    assert not loaded.compiled
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert model.compiled and model.fit(x, y, verbose=0)
    if suffix == ".keras":
        with zipfile.ZipFile(tmp_path / "m.keras") as file:
            weights = h5py.File(io.BytesIO(file.read("model.weights.h5")))
        assert "optimizer" not in weights or not len(weights["optimizer"])
