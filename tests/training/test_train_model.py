"""Training in one call."""

import json
from dataclasses import replace

import keras
import pytest
from helpers import tensor_file
from keras import layers
from test_training import exploding_model, make_run
from test_training import train as record_of

import mans_keras
from mans_keras.errors import InputError
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons.sequence import KINECT_1
from mans_keras.tensors import protocols
from mans_keras.training import train
from mans_keras.training.network import network
from mans_keras.training.records import read_record, write_record
from mans_keras.training.run import MODELS
from mans_keras.training.train_model import notes, plan_run


@pytest.fixture(scope="module")
def tensor_path(tmp_path_factory):
    return tensor_file(tmp_path_factory.mktemp("tensors") / "ut_kinect_50.h5", body=KINECT_1)


def test_the_package_has_it_too():
    assert mans_keras.train is train


def test_the_record_is_that_of_the_same_run_by_a_script(tensors, tiny):
    record, _ = train(tensors, "mans-9", protocol="odd_even", recipe="best", epochs=2, seed=3)
    run = make_run(tensors, recipe="best", epochs=2, batch=8, seed=3)
    assert {**record, "experiment": "test", "seconds": 0} == {**record_of(run, tensors), "seconds": 0}


def test_the_model_is_the_trained_one_and_is_saved_with_its_preparation(tensors, tiny, tmp_path):
    record, model = train(tensors, protocol="odd_even", epochs=2, model_path=tmp_path / "m.h5")
    test = protocols.folds(tensors, "odd_even")[0].test
    predicted = model.predict(tensors.read(test), verbose=0).argmax(axis=1)
    assert predicted.tolist() == record["predictions"]["predicted"]
    recognizer = Recognizer(tmp_path / "m.h5")
    assert recognizer.preparation == model.preparation
    assert recognizer.class_names == tuple(tensors.class_names)


def test_without_further_arguments_it_is_the_first_fold_by_the_recipe_best(tensors):
    run = plan_run(tensors, "mans-9")
    assert (run.protocol, run.fold.name, run.recipe.name) == ("loocv", "loocv-00", "best")
    assert (run.epochs, run.batch, run.seed, run.arguments, run.variant) == (100, 8, 0, {}, "mans-9")


def test_all_sequences_train_and_the_record_says_that_nothing_tested_the_model(tensors, tiny, tmp_path):
    record, _ = train(tensors, protocol="all", epochs=2, model_path=tmp_path / "m.h5")
    assert record["sequences"] == {"train": len(tensors), "test": 0}
    assert record["untested"].startswith("all sequences trained this model: nothing tested it")
    assert record["last_epoch_test_accuracy"] is record["best_epoch_test_accuracy"] is record["best_epoch"] is None
    assert record["predictions"] == {"name": [], "true": [], "predicted": []}
    assert record["history"]["test_accuracy"] == [None, None]
    write_record(tmp_path / "r.json", record)
    assert read_record(tmp_path / "r.json") == record
    assert (tmp_path / "m.h5").exists()


def test_a_recipe_that_looks_at_the_test_sequences_can_not_train_on_all(tensors):
    with pytest.raises(InputError, match="released lowers its rate by the test loss"):
        plan_run(tensors, "mans-9", "all", recipe="released")


def test_a_split_named_all_is_not_mistaken_for_all_sequences(tensors):
    tensors.splits = {"all": tensors.label}
    with pytest.raises(InputError, match="has a split named 'all'"):
        plan_run(tensors, "mans-9", "all")


def test_another_alpha_is_an_argument_as_in_table_3(tensors):
    run = plan_run(tensors, "mans-9", alpha=8)
    assert (run.arguments, run.variant) == ({"alpha": 8}, "mans-9-alpha8")
    assert plan_run(tensors, "mans-9", alpha=16).arguments == {}
    assert plan_run(tensors, "mans-9", alpha=8, attention="weighted").variant == "mans-9-weighted-alpha8"


@pytest.mark.parametrize(
    ("attention", "alpha", "message"),
    [("gate", 8, "gate has no alpha"), (None, 8, "without attention has none"), ("residual", 51, "from 1 to 50")],
)
def test_an_alpha_that_changes_nothing_or_can_not_be_is_refused(tensors, attention, alpha, message):
    with pytest.raises(InputError, match=message):
        plan_run(tensors, "mans-9", attention=attention, alpha=alpha)


def test_what_does_not_suit_the_recipe_is_noted_before_training(tensors):
    text = "; ".join(notes(plan_run(tensors, "mans-9", "loso"), tensors))
    assert "the recipe `best` uses coordinates `upright`; these tensors use `body`" in text
    assert "prepare the tensors with --coordinates upright" in text
    assert "class" not in text and "far behind" not in text
    tensors.label[tensors.label == 1] = 0
    run = plan_run(tensors, "mans-9", "loso", values=["batch=100"])
    text = "; ".join(notes(run, tensors))
    assert "the fold loso-s01 has no sequence to train of 1 of 3 classes: sitDown" in text
    assert "18 training sequences are fewer than a batch of 100" in text


def test_so_few_steps_that_the_averages_lag_behind_are_noted(tensors):
    def lags(epochs, *values):
        run = plan_run(tensors, "mans-9", "loso", epochs=epochs, values=values)
        return "far below" in "; ".join(notes(run, tensors))

    assert lags(4) and not lags(100)
    assert not lags(10, "weight_average=none", "batch_norm_momentum=0.9")


@pytest.mark.parametrize("fold", [1, "loso-s02"])
def test_a_fold_has_a_number_and_a_name(tensors, fold):
    assert plan_run(tensors, "mans-9", "loso", fold).fold.name == "loso-s02"


@pytest.mark.parametrize(
    ("attention", "variant"), [("gate", "mans-9-gate"), (None, "mans-9-no-attention"), ("layer", "mans-9-Dense")]
)
def test_another_attention_is_an_argument_of_the_network_and_names_the_record(tensors, attention, variant):
    run = plan_run(tensors, "mans-9", attention=layers.Dense(1) if attention == "layer" else attention)
    assert run.variant == variant
    json.dumps(run.arguments)
    if attention == "layer":
        assert run.arguments["attention"]["class_name"] == "Dense"
    else:
        assert run.arguments == {"attention": attention}


def test_a_layer_as_the_attention_is_in_the_network_of_the_run(tensors):
    run = plan_run(tensors, "mans-9", attention=layers.Dense(1, activation="sigmoid"))
    arguments = json.loads(json.dumps(run.settings()["arguments"]))
    tarm = network(replace(run, arguments=arguments), classes=3).get_layer("tarm_x")
    assert isinstance(tarm.attend, layers.Dense) and tarm.attend.activation is keras.activations.sigmoid


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "mans-10"}, "no model 'mans-10': there are mans-9"),
        ({"model": "mans-resnet18"}, "needs tensors of scale 224; .* has scale 50"),
        ({"recipe": "cake"}, "no recipe 'cake': there are paper"),
        ({"protocol": "cross_view"}, "no protocol 'cross_view'"),
        ({"protocol": "loso", "fold": 4}, "no fold 4 of loso: it has 0-3, named loso-s01 to loso-s04"),
        ({"protocol": "odd_even", "fold": 3}, "no fold 3 of odd_even: odd_even has one fold, 0"),
        ({"protocol": "loso", "fold": "s01"}, "no fold 's01' of loso"),
        ({"epochs": 0}, "epochs=0 must be at least 1"),
        ({"model_path": "m.pt"}, r"m\.pt must end with \.h5 or \.keras"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_an_input_error(tensors, arguments, message):
    with pytest.raises(InputError, match=message):
        train(tensors, **arguments)


def test_an_unknown_attention_is_refused(tensors):
    with pytest.raises(ValueError, match="'spatial' is not known"):
        train(tensors, attention="spatial")


@pytest.mark.slow
def test_a_loss_that_is_not_finite_is_a_warning_and_no_file(tensors, tmp_path, monkeypatch, without_xla):
    monkeypatch.setitem(MODELS, "mans-9", exploding_model)
    with pytest.warns(UserWarning, match=r"not finite after 1 of 3 epochs.* m\.h5 is not saved|m.h5 is not saved"):
        record, _ = train(tensors, protocol="odd_even", epochs=3, model_path=tmp_path / "m.h5")
    assert record["diverged"] and not (tmp_path / "m.h5").exists()


@pytest.mark.slow
def test_progress_and_departures_from_the_recipe_are_shown(tensors, tiny, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as in a notebook
    train(tensors, protocol="odd_even", epochs=2)
    output = capsys.readouterr().out
    assert "note: the recipe `best` uses coordinates `upright`; these tensors use `body`" in output
    assert [line.split(": loss")[0] for line in output.splitlines()[-2:]] == ["epoch 1 of 2", "epoch 2 of 2"]
