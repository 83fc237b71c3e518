import queue
from dataclasses import replace

import keras
import pytest
from test_reports import record
from test_training import make_run, tiny_model

from mans_keras.errors import InputError
from mans_keras.models.attention import ATTENTIONS
from mans_keras.training import cluster, machine, recipes, records, runs
from mans_keras.training.network import fingerprint_of
from mans_keras.training.run import MODELS


@pytest.fixture
def planned(tensors, tiny):
    return [make_run(tensors, seed=seed) for seed in range(3)]


def record_without_training(run, results):
    """Write a record of these settings and of this network."""
    path = records.record_path(results, run)
    rest = {"backend": keras.backend.backend(), "fingerprint": fingerprint_of(run)}
    records.write_record(path, {**record(), **run.settings(), **rest})


def test_records_are_where_the_contract_says(tensors, planned, tmp_path):
    plain = replace(recipes.RELEASED, epochs={"ut_kinect": 3}, batch={"ut_kinect": 4})
    runs.execute([replace(planned[0], recipe=plain)], tensors, tmp_path / "results", jobs=1)
    path = tmp_path / "results/test/ut_kinect/mans-9/odd_even-seed0.json"
    assert records.read_record(path)["epochs"] == 3


@pytest.mark.parametrize(
    "change, folder",
    [
        ({"epochs": 2}, "epochs-2"),
        ({"batch": 4}, "batch-4"),
        ({"precision": "mixed_bfloat16"}, "mixed_bfloat16"),
        ({"recipe": recipes.BEST, "epochs": 2}, "best-epochs-2"),
        ({"recipe": replace(recipes.RELEASED, learning_rate=0.02)}, "learning_rate-0.02"),
    ],
)
def test_a_trial_with_other_settings_is_filed_apart(planned, tmp_path, change, folder):
    plain = replace(planned[0], recipe=recipes.RELEASED, epochs=50, batch=8)
    path = records.record_path(tmp_path, replace(plain, **change))
    assert path == tmp_path / folder / records.record_path(".", plain)


@pytest.mark.parametrize(
    "variant, recipe, epochs",
    [("best-body", recipes.BEST, 100), ("rate-0.1", replace(recipes.RELEASED, learning_rate=0.1), 50)],
)
def test_a_variant_that_is_named_after_its_recipe_or_a_value_of_it_is_no_trial(planned, variant, recipe, epochs):
    assert replace(planned[0], recipe=recipe, variant=variant, epochs=epochs, batch=8).trial == ""


@pytest.mark.slow
def test_after_a_trial_the_plain_command_trains_as_if_it_had_not_been(tensors, planned, tmp_path):
    trial, plain = planned[0], replace(planned[0], recipe=recipes.RELEASED, epochs=50, batch=8)
    runs.execute([trial], tensors, tmp_path, jobs=1)
    assert runs.missing([plain], tmp_path) == ([plain], [])
    assert runs.missing([trial], tmp_path) == ([], [])


def test_recorded_runs_are_not_run_again(planned, tmp_path):
    record_without_training(planned[1], tmp_path)
    assert runs.missing(planned, tmp_path) == ([planned[0], planned[2]], [])


@pytest.mark.parametrize("change", [{"arguments": {"tarm": False}}, {"tensors": "other"}])
def test_a_record_of_other_settings_is_neither_used_nor_overwritten_unless_asked_for(planned, tmp_path, change):
    record_without_training(planned[0], tmp_path)
    changed = replace(planned[0], **change)
    with pytest.raises(InputError, match=f"other settings .*{next(iter(change))}.*--retrain"):
        runs.missing([changed], tmp_path)
    assert runs.missing([changed], tmp_path, retrain=True) == ([changed], [])


def test_a_record_of_another_network_is_named_and_trained_anew_only_if_asked_for(planned, tmp_path, monkeypatch):
    for run in planned[:2]:
        record_without_training(run, tmp_path)
    paths = [records.record_path(tmp_path, run) for run in planned[:2]]
    monkeypatch.setitem(MODELS, "mans-9", lambda classes, **_: tiny_model(classes, pool=5))
    assert runs.missing(planned[:2], tmp_path) == ([], paths)
    assert runs.missing(planned[:2], tmp_path, retrain=True) == (planned[:2], [])


@pytest.mark.parametrize("damage", [None, "0.5", ["a"], {}, 3, []])
def test_a_record_with_a_damaged_fingerprint_is_of_another_network(planned, tmp_path, damage):
    record_without_training(planned[0], tmp_path)
    path = records.record_path(tmp_path, planned[0])
    records.write_record(path, {**records.read_record(path), "fingerprint": damage})
    assert runs.missing(planned[:1], tmp_path) == ([], [path])
    assert runs.missing(planned[:1], tmp_path, retrain=True) == (planned[:1], [])


def test_to_train_anew_takes_over_the_record_that_another_experiment_trained_anew(planned, tmp_path):
    record_without_training(planned[0], tmp_path)
    run = replace(planned[0], experiment="table5")
    fresh = records.read_record(records.record_path(tmp_path, planned[0]))
    path = records.record_path(tmp_path, run)
    records.write_record(path, {**fresh, "experiment": "table5", "fingerprint": [0.0]})
    assert runs.missing([run], tmp_path, retrain=True) == ([], [])
    assert records.read_record(path)["fingerprint"] == fresh["fingerprint"]


def test_another_experiments_record_of_another_network_is_not_taken_over(planned, tmp_path, monkeypatch):
    record_without_training(planned[0], tmp_path)
    monkeypatch.setitem(MODELS, "mans-9", lambda classes, **_: tiny_model(classes, pool=5))
    run = replace(planned[0], experiment="table5")
    assert runs.missing([run], tmp_path) == ([run], [])


def test_the_record_of_another_experiment_with_the_same_settings_is_taken_over(planned, tmp_path):
    record_without_training(planned[0], tmp_path)
    same, other = (
        replace(planned[0], experiment="table5"),
        replace(planned[0], experiment="table6", recipe=recipes.RELEASED),
    )
    assert runs.missing([same, other], tmp_path) == ([other], [])
    path = records.record_path(tmp_path, same)
    assert records.read_record(path)["experiment"] == "table5"


def test_the_record_of_an_experiment_that_names_the_settings_otherwise_is_taken_over(planned, tmp_path):
    run = planned[0]
    elsewhere = replace(run, experiment="effects", variant=run.recipe.name)
    record_without_training(elsewhere, tmp_path)
    assert elsewhere.trial != run.trial
    assert runs.missing([run], tmp_path) == ([], [])
    assert records.read_record(records.record_path(tmp_path, run))["variant"] == run.variant


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_file_that_is_no_record_is_named(planned, tmp_path, text):
    path = records.record_path(tmp_path, planned[0])
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(InputError, match=r"odd_even-seed0\.json is not a .*--retrain"):
        runs.missing(planned, tmp_path)
    assert runs.missing(planned, tmp_path, retrain=True) == (planned, [])


def test_a_damaged_record_of_another_experiment_is_not_taken_over(planned, tmp_path):
    path = records.record_path(tmp_path, replace(planned[0], experiment="table5"))
    path.parent.mkdir(parents=True)
    path.write_text("[" * 100_000)
    assert runs.missing(planned, tmp_path) == (planned, [])


OWN_ATTENTION = """
from mans_keras import GateAttention, attention

@attention("own")
class OwnAttention(GateAttention):
    pass
"""


@pytest.mark.slow
def test_a_machine_of_a_cluster_runs_the_file_of_an_own_attention_first(tensors, monkeypatch, without_xla):
    known = []

    def model(classes, **_):
        known.append("own" in ATTENTIONS)
        return tiny_model(classes)

    monkeypatch.setitem(MODELS, "mans-9", model)
    monkeypatch.setattr(machine, "gpu", lambda: "a GPU")
    run, messages = make_run(tensors, epochs=1), queue.SimpleQueue()
    record = cluster._train(run, tensors.in_memory(), messages, keras.backend.backend(), 1, {"own.py": OWN_ATTENTION})
    del ATTENTIONS["own"]
    assert known and all(known)
    assert record["device"] == "a GPU" and messages.get()[1] == 1
