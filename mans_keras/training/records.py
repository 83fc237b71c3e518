"""Run records: where they are, and how they are read and written.

A record is `<results>/<experiment>/<dataset>/<variant>/<fold>-seed<seed>.json`; it is complete or absent. The record of
a run with other epochs, another batch, precision or recipe than the default of its table is below `<results>/<trial>/`:
see `run.Run.trial`.
"""

import json
from pathlib import Path

from mans_keras.errors import InputError
from mans_keras.files import replacing


def record_path(results, run):
    """The path of a run's record."""
    return Path(results, run.trial, run.experiment, run.dataset, run.variant, f"{run.fold.name}-seed{run.seed}.json")


def read_record(path: str | Path) -> dict:
    """A record; `InputError` if it can't be read."""
    try:
        record = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not a readable record ({error})") from None
    if not isinstance(record, dict) or "last_epoch_test_accuracy" not in record:
        raise InputError(f"{path} is not a record")
    return record


def write_record(path: str | Path, record: dict) -> None:
    """Write a record, complete or not at all."""
    with replacing(path) as part:
        part.write_text(json.dumps(record, indent=1) + "\n")
