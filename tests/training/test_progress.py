"""What a person sees while a model trains."""

import io

import pytest
from rich.console import Console

from mans_keras.training import progress
from mans_keras.training.progress import EpochProgress, describe, duration

LOGS = {"loss": 1.25, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": 0.4}


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until its time is set."""
    times = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: times[0])
    return times


def lines_of(epochs, clock, seconds):
    """The lines off a terminal of a run whose epochs take these times."""
    console = Console(file=io.StringIO(), width=200, force_terminal=False)
    with EpochProgress(epochs, console) as shown:
        for epoch, taken in enumerate(seconds, start=1):
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
    lines = lines_of(10, clock, [0, 0, 0, 90, 60])
    assert all("left" not in line for line in lines[:4])
    assert lines[4].endswith("5 min left")


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
