import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import mutations
import numpy as np
import pytest
from helpers import PATH, tensor_file
from limits import limited
from test_training import make_run, tiny_model, train

from mans_keras.tensors.store import Tensors
from mans_keras.training.checkpoint import Checkpoint
from mans_keras.training.run import MODELS


class Interrupted(Exception):
    """Stands in for a kill between two epochs."""


def train_in_pieces(run, tensors, checkpoint, stops):
    """Train, interrupted after each epoch in `stops`, then to the end; returns the record."""
    for stop in stops:

        def interrupt(epoch, _, stop=stop):
            if epoch == stop:
                raise Interrupted

        with pytest.raises(Interrupted):
            train(run, tensors, on_epoch=interrupt, checkpoint=checkpoint)
    return train(run, tensors, checkpoint=checkpoint)


@pytest.fixture
def tensors(tmp_path):
    return Tensors(tensor_file(tmp_path / "ut_kinect_50.h5"))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_record_of_mans_9_though_one_run_was_interrupted(tensors, tmp_path):
    run = make_run(tensors, recipe="released", epochs=2)
    pieces = train_in_pieces(run, tensors, tmp_path / "run.checkpoint.npz", stops=[1])
    whole = train(run, tensors)
    assert {**pieces, "seconds": 0} == {**whole, "seconds": 0}


@pytest.mark.slow
def test_a_lowered_learning_rate_and_its_patience_survive_an_interruption(tensors, tmp_path, monkeypatch):
    def constant(classes, **_):
        model = tiny_model(classes)
        model.layers[-1].trainable = False
        return model

    monkeypatch.setitem(MODELS, "mans-9", constant)
    run = make_run(tensors, recipe="released", epochs=20)
    rates = {}
    for name, stops in (("whole", []), ("pieces", [4, 7, 12])):
        checkpoint = tmp_path / name
        for stop in [*stops, None]:

            def note(epoch, logs, name=name, stop=stop):
                rates[name, epoch] = logs["learning_rate"]
                if epoch == stop:
                    raise Interrupted

            try:
                train(run, tensors, on_epoch=note, checkpoint=checkpoint)
            except Interrupted:
                continue
    assert rates["whole", 20] < rates["whole", 1]
    assert [rates["pieces", e] for e in range(1, 21)] == [rates["whole", e] for e in range(1, 21)]


@pytest.mark.slow
def test_averaged_weights_and_changed_sequences_survive_an_interruption(tensors, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "mans-9", tiny_model)
    run = make_run(tensors, recipe="best", epochs=5)
    pieces = train_in_pieces(run, tensors, tmp_path / "run.checkpoint.npz", stops=[1, 4])
    assert {**pieces, "seconds": 0} == {**train(run, tensors), "seconds": 0}


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_checkpoint_of_another_run_or_a_broken_one_is_not_used(tensors, tmp_path, monkeypatch, capsys, content):
    monkeypatch.setitem(MODELS, "mans-9", tiny_model)
    run, checkpoint = make_run(tensors, epochs=4), tmp_path / "run.checkpoint.npz"
    if content is None:
        train(replace(run, seed=7), tensors, checkpoint=checkpoint)
    else:
        checkpoint.write_bytes(content)
    record = train(run, tensors, checkpoint=checkpoint)
    assert record["history"] == train(run, tensors)["history"]
    reason = " (it has another seed)" if content is None else ""
    assert f"run.checkpoint.npz can't be used{reason}" in capsys.readouterr().err


@pytest.mark.slow
def test_the_seconds_of_all_pieces_are_counted(tensors, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "mans-9", tiny_model)
    run, checkpoint = make_run(tensors, epochs=4), tmp_path / "run.checkpoint.npz"

    def slow(epoch, _):
        time.sleep(0.5)
        if epoch == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        train(run, tensors, on_epoch=slow, checkpoint=checkpoint)
    assert train(run, tensors, checkpoint=checkpoint)["seconds"] > 1.0


def test_a_run_that_diverged_before_the_interruption_does_not_go_on(tensors, tmp_path, monkeypatch):
    def exploding(classes, **_):
        model = tiny_model(classes)
        model.layers[-1].kernel.assign(np.full(model.layers[-1].kernel.shape, np.nan))
        return model

    monkeypatch.setitem(MODELS, "mans-9", exploding)
    record = train_in_pieces(make_run(tensors, epochs=5), tensors, tmp_path / "c.npz", stops=[1])
    assert record["diverged"] and record["history"]["train_loss"] == [None]


# Trains one run of the tiny model by way of `runs.execute`.
PROGRAM = """
import sys
sys.path[:0] = {path!r}
from test_training import make_run, tiny_model
from mans_keras.training import runs
from mans_keras.training.run import MODELS
from mans_keras.tensors.store import Tensors

MODELS["mans-9"] = tiny_model
tensors = Tensors(sys.argv[1])
planned = [make_run(tensors, epochs=200)]
to_train, _ = runs.missing(planned, sys.argv[2])
runs.execute(to_train, tensors, sys.argv[2], jobs=1)
"""


@pytest.mark.slow
def test_a_run_killed_three_times_ends_with_the_record_of_an_uninterrupted_one(tensors, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(path=PATH))

    def start(results):
        command = [sys.executable, str(program), str(tensors.path), str(results)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def saved(results):
        return [(path, path.stat().st_mtime_ns) for path in results.rglob("*.npz")]

    killed = tmp_path / "killed"
    for _ in range(3):
        before, process = saved(killed), start(killed)
        while saved(killed) == before and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None, process.communicate()[1]
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert saved(killed) != before and not list(killed.rglob("*.json"))
    records = []
    for results in (killed, tmp_path / "undisturbed"):
        process = start(results)
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        records.append(json.loads(next(results.rglob("*.json")).read_text()))
    assert {**records[0], "seconds": 0} == {**records[1], "seconds": 0}
    assert not list(killed.rglob("*.npz"))


LOGS = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}


@pytest.fixture
def compiled():
    model = tiny_model(3)
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def saved(compiled, tmp_path):
    """The path of a checkpoint after one epoch."""
    Checkpoint(tmp_path / "c.npz", {"seed": 0}, compiled).on_epoch_end(0, LOGS)
    return tmp_path / "c.npz"


def rewritten(path, **changes):
    """The checkpoint with other arrays; a dictionary changes the values of its state."""
    with np.load(path) as saved:
        arrays = dict(saved)
    state = json.loads(str(arrays["state"])) | changes.pop("state", {})
    np.savez(path, **arrays | {"state": json.dumps(state)} | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": {"epochs": 3}},
        {"state": {"epochs": [{"loss": "1"}]}},
        {"state": {"epochs": [{"loss": 1.0}]}},
        {"state": {"epochs": [LOGS, None]}},
        {"state": {"seconds": None}},
        {"state": {"plateau": {"wait": 1.0}}},
        {"state": {"plateau": None}},
        {"state": {"key": "{}"}},
        {"arr_0": np.zeros(3)},
        {"arr_0": np.array("text")},
    ],
    ids=str,
)
def test_a_checkpoint_whose_state_is_damaged_is_reported_and_changes_nothing(compiled, saved, capsys, changes):
    rewritten(saved, **changes)
    for variable in compiled.variables:
        variable.assign(variable + 1)
    before = compiled.get_weights()
    state = Checkpoint(saved, {"seed": 0}, compiled)
    assert state.epochs == [] and "c.npz can't be used" in capsys.readouterr().err
    for value, expected in zip(compiled.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.slow
def test_a_checkpoint_with_a_flipped_byte_is_used_whole_or_reported(compiled, saved, capsys):
    content, random = bytearray(saved.read_bytes()), np.random.default_rng(0)
    expected = compiled.get_weights()
    # The headers are at the start of each part and at the end of the file; a flip elsewhere breaks a checksum.
    headers = [place for start in _all(content, b"PK") for place in range(start, min(start + 32, len(content)))]
    reported = 0
    number = 300 * mutations.FACTOR
    for place in random.choice(headers, number):
        flip = int(random.integers(1, 256))
        content[place] ^= flip
        saved.write_bytes(content)
        content[place] ^= flip
        with limited():
            state = Checkpoint(saved, {"seed": 0}, compiled)
        reported += "can't be used" in capsys.readouterr().err
        assert state.epochs in ([], [LOGS])
        for value, kept in zip(compiled.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(value, kept)
    assert 0.3 < reported / number < 1


@pytest.mark.slow
def test_a_checkpoint_of_broken_bytes_is_used_whole_or_reported(compiled, saved, capsys):
    expected, reported = compiled.get_weights(), 0
    for mutant in mutations.mutants(saved.read_bytes(), 200):
        saved.write_bytes(mutant)
        state = Checkpoint(saved, {"seed": 0}, compiled)
        reported += "can't be used" in capsys.readouterr().err
        assert state.epochs in ([], [LOGS])
        for value, kept in zip(compiled.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(value, kept)
    assert reported > 100


def _all(content, mark):
    place = content.find(mark)
    while place >= 0:
        yield place
        place = content.find(mark, place + 1)
