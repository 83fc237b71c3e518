import json
import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import time
from dataclasses import replace

import keras
import pytest
import workers
from helpers import PATH, tensor_file
from test_reports import record
from test_training import make_run, tiny_model

from mans_keras.errors import InputError
from mans_keras.models.attention import ATTENTIONS
from mans_keras.tensors.store import Tensors
from mans_keras.training import cluster, machine, recipes, records, runs
from mans_keras.training.network import fingerprint_of
from mans_keras.training.run import MODELS


@pytest.fixture
def tensors(tmp_path):
    return Tensors(tensor_file(tmp_path / "ut_kinect_50.h5"))


@pytest.fixture
def planned(tensors, monkeypatch):
    monkeypatch.setitem(MODELS, "mans-9", tiny_model)
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


@pytest.mark.slow
def test_a_record_that_can_not_be_written_by_a_worker_is_one_clear_error(tensors, planned, tmp_path):
    (tmp_path / "results").write_text("a file")
    small = [replace(run, arguments={"tarm": False}) for run in planned[:2]]
    with pytest.raises(InputError, match="results is a file"):
        runs.execute(small, tensors, tmp_path / "results", jobs=2)


OWN_ATTENTION = """
from mans_keras import GateAttention, attention

@attention("own")
class OwnAttention(GateAttention):
    pass
"""


# Trains two runs with an attention from a file, which is gone before the workers start.
WITH_EXTENSION = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from test_training import make_run, tiny_model
from mans_keras import load_extension
from mans_keras.models.attention import ATTENTIONS
from mans_keras.tensors.store import Tensors
from mans_keras.training import runs
from mans_keras.training.run import MODELS


def model(classes, attention, **_):
    assert attention in ATTENTIONS
    return tiny_model(classes)


MODELS["mans-9"] = model

if __name__ == "__main__":
    load_extension(sys.argv[3])
    Path(sys.argv[3]).unlink()
    tensors = Tensors(sys.argv[1])
    own = {{"arguments": {{"attention": "own"}}, "variant": "mans-9-own", "epochs": 1}}
    runs.execute([make_run(tensors, seed=seed, **own) for seed in range(2)], tensors, sys.argv[2], jobs=2)
"""


@pytest.mark.slow
def test_workers_know_the_attention_of_a_file_that_was_loaded(tensors, tmp_path):
    program, own = tmp_path / "program.py", tmp_path / "own.py"
    program.write_text(WITH_EXTENSION.format(path=PATH))
    own.write_text(OWN_ATTENTION)
    command = [sys.executable, str(program), str(tensors.path), str(tmp_path / "results"), str(own)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = [records.read_record(path) for path in (tmp_path / "results").rglob("mans-9-own/*.json")]
    assert [record["arguments"] for record in written] == [{"attention": "own"}] * 2


@pytest.mark.slow
def test_a_machine_of_a_cluster_runs_the_file_of_an_own_attention_first(tensors, monkeypatch):
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


# Trains runs of the tiny model in two processes; a worker imports this file, and so has the tiny model too.
PROGRAM = """
import sys
sys.path[:0] = {path!r}
from test_training import make_run, tiny_model
from mans_keras.training import runs
from mans_keras.training.run import MODELS
from mans_keras.tensors.store import Tensors

MODELS["mans-9"] = tiny_model

if __name__ == "__main__":
    tensors = Tensors(sys.argv[1])
    planned = [make_run(tensors, seed=seed, epochs=20) for seed in range(int(sys.argv[3]))]
    to_train, _ = runs.missing(planned, sys.argv[2])
    runs.execute(to_train, tensors, sys.argv[2], jobs=2)
"""


def _start(tmp_path, results, number=5):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(path=PATH))
    command = [sys.executable, str(program), str(tmp_path / "ut_kinect_50.h5"), str(results), str(number)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def _records(results):
    return {path.name: json.loads(path.read_text()) for path in results.rglob("*.json")}


def _wait_for_records(process, results, number):
    deadline = time.monotonic() + 900
    while len(_records(results)) < number and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


def _workers(process):
    listed = subprocess.run(["ps", "-o", "pid=", "-g", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split() if int(pid) != process.pid]


def _training(process):
    """The processes that train, without the one in which multiprocessing watches over shared memory."""
    listed = subprocess.run(["ps", "-ww", "-o", "pid=,args=", "-g", str(process.pid)], capture_output=True, text=True)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "spawn_main" in line]


@pytest.mark.slow
def test_two_commands_at_once_on_one_folder_end_with_the_records_of_one(tensors, tmp_path):
    for process in [_start(tmp_path, tmp_path / folder, 2) for folder in ("both", "both", "alone")]:
        output, _ = process.communicate(timeout=900)
        assert process.returncode == 0, output
    both, alone = (_records(tmp_path / folder) for folder in ("both", "alone"))
    assert len(both) == 2
    for name, made in alone.items():
        assert {**made, "seconds": 0} == {**both[name], "seconds": 0}
    assert {path.suffix for path in (tmp_path / "both").rglob("*") if path.is_file()} == {".json"}


@pytest.mark.slow
def test_killed_runs_go_on_and_end_with_the_records_of_undisturbed_ones(tensors, tmp_path):
    results, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    for victim in ("parent", "worker"):
        process, number = _start(tmp_path, results), len(_records(results)) + 1
        _wait_for_records(process, results, number)
        assert process.poll() is None, process.communicate()[0]
        os.kill(process.pid if victim == "parent" else _training(process)[0], signal.SIGKILL)
        assert process.wait(900)
        deadline = time.monotonic() + 30
        while _workers(process) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not _workers(process), "workers outlive their parent"
        before = _records(results)
        assert number <= len(before) < 5

    for folder in (results, undisturbed):
        process = _start(tmp_path, folder)
        output, _ = process.communicate(timeout=900)
        assert process.returncode == 0, output
    next(results.rglob("*-seed3.json")).unlink()
    process = _start(tmp_path, results)  # one run alone is left, and has the cores that it had before
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output
    after, expected = _records(results), _records(undisturbed)
    assert len(after) == 5 and all(after[name] == before[name] for name in before if "seed3" not in name)
    for name, made in expected.items():
        assert {**made, "seconds": 0} == {**after[name], "seconds": 0}


def test_after_a_worker_has_died_the_other_one_is_ended_and_none_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_run_alone", workers.dies_or_waits)
    with pytest.raises(InputError, match=r"a worker process died .*run the same command again"):
        list(runs._in_processes(["dies", "waits", "next"], "tensors.h5", tmp_path, 2, print, {}))
    for process in multiprocessing.active_children():
        process.join(30)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dies", "waits"]
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_a_worker_that_dies_is_one_clear_error(tensors, tmp_path):
    results = tmp_path / "results"
    process = _start(tmp_path, results)
    _wait_for_records(process, results, 1)
    for pid in _workers(process):
        os.kill(pid, signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "a worker process died" in output
