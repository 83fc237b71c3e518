"""Run records: where they lie, and how they are read and written.

A record is `<results>/<experiment>/<dataset>/<variant>/<fold>-seed<seed>.json`; it is complete or absent. A run with
other epochs, another batch, precision or recipe than its table has by default is filed apart, below
`<results>/<trial>/`: see `run.Run.trial`.
"""

import json
from pathlib import Path

from mans_keras.errors import InputError
from mans_keras.files import replacing


def record_path(results, run):
    """Where the record of a run lies."""
    return Path(results, run.trial, run.experiment, run.dataset, run.variant, f"{run.fold.name}-seed{run.seed}.json")


def read_record(path):
    """A record; `InputError` if it can't be read."""
    try:
        record = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not a readable record ({error})") from None
    if not isinstance(record, dict) or "last_epoch_test_accuracy" not in record:
        raise InputError(f"{path} is not a record")
    return record


def write_record(path, record):
    """Write a record, complete or not at all."""
    with replacing(path) as part:
        part.write_text(json.dumps(record, indent=1) + "\n")
