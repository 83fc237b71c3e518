"""Stand-ins for the worker process that trains a run; they import neither Keras nor this package."""

import os
import time
from pathlib import Path


def dies_or_waits(run, path, results, *_):
    """Note that `run` has begun. The run "dies" ends at once, as if it were killed; the others wait to be ended."""
    Path(results, run).touch()
    if run == "dies":
        while not Path(results, "waits").exists():
            time.sleep(0.01)
        os._exit(9)
    time.sleep(300)


def notes_its_cores(run, path, results, cores, *_):
    """Write how many cores the run has."""
    Path(results, run).write_text(str(len(cores)))
