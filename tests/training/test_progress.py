"""What a person sees while a model trains."""

import functools
import io
import logging

import pytest
from helpers import tensor_file
from rich.console import Console
from rich.progress import Progress
from test_training import make_run

from mans_keras import quiet
from mans_keras.tensors.store import Tensors
from mans_keras.training import progress, runs
from mans_keras.training.progress import EpochProgress, describe, duration

LOGS = {"loss": 1.25, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": 0.4}


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until its time is set."""
    times = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: times[0])
    return times


def lines_of(epochs, clock, seconds, resumed=0):
    """The lines off a terminal of a run whose epochs take these times, after those of a checkpoint."""
    console = Console(file=io.StringIO(), width=200, force_terminal=False)
    with EpochProgress(epochs, console) as shown:
        if resumed:
            shown(resumed, LOGS)
        for epoch, taken in enumerate(seconds, start=resumed + 1):
            clock[0] += taken
            shown(epoch, LOGS)
    return console.file.getvalue().splitlines()


def test_off_a_terminal_each_epoch_is_a_line_with_the_time_left(clock):
    assert lines_of(4, clock, [30, 10, 10, 10]) == [
        "epoch 1 of 4: loss 1.250, accuracy 50.0%, test accuracy 40.0%",
        "epoch 2 of 4: loss 1.250, accuracy 50.0%, test accuracy 40.0%, 20 s left",
        "epoch 3 of 4: loss 1.250, accuracy 50.0%, test accuracy 40.0%, 10 s left",
        "epoch 4 of 4: loss 1.250, accuracy 50.0%, test accuracy 40.0%",
    ]


def test_epochs_of_a_checkpoint_do_not_count_for_the_time_left(clock):
    lines = lines_of(10, clock, [90, 60], resumed=3)
    assert [line.split(":")[0] for line in lines] == ["epoch 3 of 10", "epoch 4 of 10", "epoch 5 of 10"]
    assert all("left" not in line for line in lines[:2]) and lines[2].endswith("5 min left")


@pytest.fixture
def lines_of_runs(clock, tmp_path, monkeypatch, capsys):
    """The lines of runs of these changes, of which each reports these epochs, a minute each."""

    def execute(changes, epochs):
        def reporting(run, tensors, results, report, **_):
            for epoch in epochs:
                clock[0] += 60
                report((run, epoch, LOGS))
            return {"last_epoch_test_accuracy": 0.5, "best_epoch_test_accuracy": 0.5, "diverged": False, "seconds": 60}

        monkeypatch.setattr(runs, "Progress", functools.partial(Progress, get_time=lambda: clock[0]))
        monkeypatch.setattr(runs, "_run", reporting)
        tensors = Tensors(tensor_file(tmp_path / "ut_kinect_50.h5"))
        runs.execute([make_run(tensors, **each) for each in changes], tensors, tmp_path, jobs=1)
        return capsys.readouterr().err.splitlines()

    return execute


def test_epochs_of_a_checkpoint_do_not_count_for_the_time_left_for_all_runs(lines_of_runs):
    lines = lines_of_runs([{"epochs": 50}], epochs=range(30, 36))
    assert "epoch 35 of 50: loss 1.250, accuracy 50.0%, test accuracy 40.0%, 15 min left" in "\n".join(lines)


def test_on_a_terminal_there_is_a_bar():
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    with EpochProgress(2, console) as shown:
        shown(1, LOGS)
        shown(2, LOGS)
    output = console.file.getvalue()
    assert "epoch 2 of 2: loss 1.250" in output and "━" in output


def test_a_run_without_a_test_names_none():
    assert describe({"loss": 1.25, "accuracy": 0.5}) == "loss 1.250, accuracy 50.0%"


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (720, "12 min"), (11100, "3 h 05 min")])
def test_a_time_has_its_usual_unit(seconds, text):
    assert duration(seconds) == text


def test_runs_of_one_name_with_other_recipes_are_counted_apart(lines_of_runs):
    changes = [{"recipe": recipe, "epochs": 10} for recipe in ("paper", "released", "best")]
    lines = lines_of_runs(changes, epochs=range(1, 11))
    assert [line.split(", ")[-1] for line in lines if "epoch 5 of 10" in line] == [
        f"{minutes} min left for all runs" for minutes in (25, 15, 5)
    ]


def test_tensorflows_warning_about_tracing_again_is_hidden_and_no_other(caplog):
    with quiet.stderr():
        pass
    log = logging.getLogger("tensorflow")
    log.warning("%d out of the last 9 calls to f triggered tf.function retracing.", 5)
    log.warning("another one")
    assert "retracing" not in caplog.text and "another one" in caplog.text
