"""What a person sees while a model trains: a bar on a terminal, lines elsewhere."""

import statistics
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn


class EpochProgress:
    """The progress of one run: on a terminal a bar, elsewhere a line an epoch; on stderr, if no console is given.

    Use it as a context manager, and call it after each epoch with its number, from 1, and its logs.
    """

    def __init__(self, epochs: int, console: Console | None = None):
        self.epochs = epochs
        self.console = console or Console(stderr=True)
        self.seconds = []
        self.epoch, self.before = 0, time.monotonic()
        columns = (BarColumn(), TextColumn("{task.description}", markup=False))
        self.bar = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.task = self.bar.add_task(f"epoch 1 of {epochs}", total=epochs)

    def __enter__(self):
        self.bar.start()
        return self

    def __exit__(self, *_):
        self.bar.stop()

    def __call__(self, epoch: int, logs: dict) -> None:
        now = time.monotonic()
        if epoch == self.epoch + 1:  # otherwise the epochs between are those of a checkpoint
            self.seconds.append(now - self.before)
        self.epoch, self.before = epoch, now
        text = f"epoch {epoch} of {self.epochs}: {describe(logs)}"
        epochs = self.seconds[1:]  # the first also compiles the network
        if epochs and epoch < self.epochs:
            text += f", {duration(statistics.median(epochs) * (self.epochs - epoch))} left"
        self.bar.update(self.task, completed=epoch, description=text)
        if not self.console.is_terminal:
            self.console.print(text, highlight=False, soft_wrap=True, markup=False)


def describe(logs: dict) -> str:
    """The logs of an epoch: "loss 1.234, accuracy 45.0 %, test accuracy 40.0 %"; without the test if there is none."""
    text = f"loss {logs['loss']:.3f}, accuracy {logs['accuracy']:.1%}"
    return text + (f", test accuracy {logs['val_accuracy']:.1%}" if "val_accuracy" in logs else "")


def duration(seconds: float) -> str:
    """A time for people: "40 s", "12 min", "3 h 05 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"
