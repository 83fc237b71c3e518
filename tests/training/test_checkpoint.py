import json
from dataclasses import replace

import mutations
import numpy as np
import pytest
from limits import limited
from test_training import exploding_model, make_run, one_tarm, tiny_model, train

from mans_keras.training import train_run
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


@pytest.mark.slow
def test_the_same_seed_gives_the_same_record_though_one_run_was_interrupted(tensors, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "mans-9", one_tarm)
    run = make_run(tensors, recipe="released", epochs=2)
    pieces = train_in_pieces(run, tensors, tmp_path / "run.checkpoint.npz", stops=[1])
    assert {**pieces, "seconds": 0} == {**train(run, tensors), "seconds": 0}


@pytest.mark.slow
def test_a_lowered_learning_rate_and_its_patience_survive_an_interruption(tensors, tmp_path, monkeypatch, without_xla):
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
def test_averaged_weights_and_changed_sequences_survive_an_interruption(tensors, tmp_path, tiny):
    run = make_run(tensors, recipe="best", epochs=5)
    pieces = train_in_pieces(run, tensors, tmp_path / "run.checkpoint.npz", stops=[1, 4])
    assert {**pieces, "seconds": 0} == {**train(run, tensors), "seconds": 0}


@pytest.mark.slow
def test_a_checkpoint_of_another_run_is_not_used(tensors, tmp_path, tiny, capsys):
    run, checkpoint = make_run(tensors, epochs=2), tmp_path / "run.checkpoint.npz"
    train(replace(run, seed=7), tensors, checkpoint=checkpoint)
    record = train(run, tensors, checkpoint=checkpoint)
    assert record["history"] == train(run, tensors)["history"]
    assert "run.checkpoint.npz can't be used (it is of another run, by its seed)" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_resumes_on_another_device_and_its_record_names_both(tensors, tmp_path, tiny, monkeypatch):
    devices = iter(["a CPU, 1 core", "a CPU, 2 cores", "a CPU, 1 core"])
    monkeypatch.setattr(train_run, "device", lambda _: next(devices))
    run = make_run(tensors, epochs=3)
    pieces = train_in_pieces(run, tensors, tmp_path / "run.checkpoint.npz", stops=[1, 2])
    assert pieces["device"] == "a CPU, 1 core; a CPU, 2 cores"
    monkeypatch.setattr(train_run, "device", lambda _: "a CPU")
    assert pieces["history"] == train(run, tensors)["history"]


@pytest.mark.slow
def test_the_seconds_of_all_pieces_are_in_the_record(tensors, tmp_path, tiny):
    run, checkpoint = make_run(tensors, epochs=1), tmp_path / "run.checkpoint.npz"
    train(run, tensors, checkpoint=checkpoint)
    rewritten(checkpoint, state={"seconds": 1000.0})
    assert train(run, tensors, checkpoint=checkpoint)["seconds"] >= 1000


def test_a_run_that_diverged_before_the_interruption_does_not_go_on(tensors, tmp_path, monkeypatch, without_xla):
    monkeypatch.setitem(MODELS, "mans-9", exploding_model)
    record = train_in_pieces(make_run(tensors, epochs=5), tensors, tmp_path / "c.npz", stops=[1])
    assert record["diverged"] and record["history"]["train_loss"] == [None]


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


def test_the_seconds_of_all_pieces_are_counted(compiled, tmp_path):
    first = Checkpoint(tmp_path / "c.npz", {"seed": 0}, compiled)
    first.started -= 100
    first.on_epoch_end(0, LOGS)
    assert 100 <= Checkpoint(tmp_path / "c.npz", {"seed": 0}, compiled).seconds < 200


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
        {"state": {"key": {}}},
        {"state": {"key": "{}"}},
        {"state": {"devices": [3]}},
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
