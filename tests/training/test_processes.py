"""Runs in processes: with an attention from a file, killed, at once on one folder; and what worker processes share."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import keras
import pytest
import workers
from helpers import PATH, tensor_file
from test_training import make_run, tiny_model

from mans_keras import load_extension
from mans_keras.errors import InputError
from mans_keras.models.attention import ATTENTIONS
from mans_keras.models.extensions import EXTENSIONS
from mans_keras.tensors.store import Tensors
from mans_keras.training import runs
from mans_keras.training.run import MODELS

# An attention from a file. The file also makes the tiny model that of the runs, here and in workers.
OWN = """
import sys
sys.path[:0] = {path!r}
from mans_keras import GateAttention, attention
from mans_keras.models.attention import ATTENTIONS
from mans_keras.training.run import MODELS
from test_training import tiny_model

@attention("own")
class OwnAttention(GateAttention):
    pass

def model(classes, attention, **_):
    assert attention in ATTENTIONS
    return tiny_model(classes)

MODELS["mans-9"] = model
"""

# Trains the first runs of `plan` in a process that a test can kill; a worker imports this file, too.
PROGRAM = """
import sys
sys.path[:0] = {path!r}

if __name__ == "__main__":
    from mans_keras import load_extension
    from mans_keras.tensors.store import Tensors
    from mans_keras.training import runs
    from test_processes import plan

    own, tensors, results, number, jobs = sys.argv[1:]
    load_extension(own)
    tensors = Tensors(tensors)
    to_train, _ = runs.missing(plan(tensors, int(number)), results)
    runs.execute(to_train, tensors, results, jobs=int(jobs))
"""


def plan(tensors, number=2):
    """So many runs that differ in their seeds."""
    own = {"arguments": {"attention": "own"}, "variant": "mans-9-own", "epochs": 40}
    return [make_run(tensors, seed=seed, **own) for seed in range(number)]


@pytest.fixture(scope="module")
def tensors(tmp_path_factory):
    return Tensors(tensor_file(tmp_path_factory.mktemp("tensors") / "ut_kinect_50.h5"))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The attention of the runs, whose file is deleted before a worker starts."""
    file = tmp_path_factory.mktemp("own") / "own.py"
    file.write_text(OWN.format(path=PATH))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS, "mans-9", None)
        load_extension(file)
        file.unlink()
        yield
    EXTENSIONS.pop(str(file))
    ATTENTIONS.pop("own")
    keras.saving.get_custom_objects().pop("mans_keras>OwnAttention")


@pytest.fixture(scope="module")
def undisturbed(tensors, own, tmp_path_factory):
    """The records of two runs that two workers trained."""
    results = tmp_path_factory.mktemp("undisturbed")
    runs.execute(plan(tensors), tensors, results, jobs=2)
    return records_in(results)


def start(tmp_path, tensors, results, number, jobs):
    """Start the program; its output is text."""
    (tmp_path / "program.py").write_text(PROGRAM.format(path=PATH))
    (tmp_path / "own.py").write_text(OWN.format(path=PATH))
    arguments = [tmp_path / "program.py", tmp_path / "own.py", tensors.path, results, number, jobs]
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def records_in(results):
    """The records in a folder by their file names, without their times."""
    return {path.name: json.loads(path.read_text()) | {"seconds": 0} for path in results.rglob("*.json")}


def checkpoints(results):
    return [(path, path.stat().st_mtime_ns) for path in results.rglob("*.npz")]


def processes_of(process):
    """The processes that a program has started and that still run."""
    listed = subprocess.run(["ps", "-o", "pid=", "-g", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split() if int(pid) != process.pid]


def wait_until(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.slow
def test_workers_know_the_attention_of_a_file_that_was_loaded(undisturbed):
    assert [record["arguments"] for record in undisturbed.values()] == [{"attention": "own"}] * 2
    assert {record["parameters"] for record in undisturbed.values()} == {tiny_model(3).count_params()}


@pytest.mark.slow
def test_killed_runs_go_on_and_end_with_the_records_of_undisturbed_ones(tensors, own, undisturbed, tmp_path):
    results = tmp_path / "results"
    process = start(tmp_path, tensors, results, number=1, jobs=2)
    wait_until(lambda: checkpoints(results) or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not processes_of(process), 30)
    assert not processes_of(process), "a worker outlives its parent"
    saved = checkpoints(results)
    assert saved and not records_in(results)

    def kill_worker():
        wait_until(lambda: checkpoints(results) != saved)
        multiprocessing.active_children()[0].kill()

    killer = threading.Thread(target=kill_worker)
    killer.start()
    with pytest.raises(InputError, match=r"a worker process died .*run the same command again"):
        runs.execute(plan(tensors, 1), tensors, results, jobs=2)
    killer.join()
    assert checkpoints(results) != saved and not records_in(results)

    runs.execute(plan(tensors, 1), tensors, results, jobs=2)
    ((name, record),) = records_in(results).items()
    assert record == undisturbed[name]
    assert not checkpoints(results)


@pytest.mark.slow
def test_two_commands_at_once_on_one_folder_end_with_the_records_of_one(tensors, own, tmp_path):
    both, alone = tmp_path / "both", tmp_path / "alone"
    processes = [start(tmp_path, tensors, both, number=2, jobs=1) for _ in range(2)]
    runs.execute(plan(tensors), tensors, alone, jobs=1)
    for process in processes:
        output, _ = process.communicate(timeout=900)
        assert process.returncode == 0, output
    assert len(records_in(both)) == 2 and records_in(both) == records_in(alone)
    assert {path.suffix for path in both.rglob("*") if path.is_file()} == {".json"}


@pytest.mark.slow
def test_a_record_that_can_not_be_written_by_a_worker_is_one_clear_error(tensors, own, tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(InputError, match="results is a file"):
        runs.execute(plan(tensors, 1), tensors, tmp_path / "results", jobs=2)


def test_after_a_worker_has_died_the_other_one_is_ended_and_none_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_run_alone", workers.dies_or_waits)
    with pytest.raises(InputError, match=r"a worker process died .*run the same command again"):
        list(runs._in_processes(["dies", "waits", "next"], "tensors.h5", tmp_path, 2, print, {}))
    for process in multiprocessing.active_children():
        process.join(30)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dies", "waits"]
    assert not multiprocessing.active_children()


def test_a_run_has_the_same_number_of_cores_however_many_runs_are_left(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_run_alone", workers.notes_its_cores)
    monkeypatch.setattr(runs, "record_path", Path)
    monkeypatch.setattr(runs, "read_record", Path.read_text)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(5)), raising=False)
    for names in (["a"], ["a", "b", "c"]):
        cores = dict(runs._in_processes(names, "tensors.h5", tmp_path, 2, print, {}))
        assert cores == dict.fromkeys(names, "2")
