"""Run records: where they are, and how they are read and written.

A record is `<results>/<experiment>/<dataset>/<variant>/<fold>-seed<seed>.json`; it is complete or absent. The record of
a run with other epochs, another batch, precision or recipe than the default of its table is below `<results>/<trial>/`:
see `run.Run.trial`.
"""

import json
import math
import reprlib
from pathlib import Path

from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.skeletons.bounds import read_bytes
from mans_keras.skeletons.sequence import Dropped

MAX_CLASSES = 4096
MAX_DEPTH = 8
MAX_SETTING = 1024
ATTENTION = ("mean", "over_frames", "lowest", "highest")  # how F_A varies, see `train_run`


def _whole(lowest, highest):
    return f"a whole number from {lowest} to {highest}", lambda value: _is_whole(value, lowest, highest)


def _is_whole(value, lowest, highest):
    return type(value) is int and lowest <= value <= highest


def _is_epoch(value):
    return _is_whole(value, 1, 10**6)


def _is_share(value):
    return type(value) in (int, float) and 0 <= value <= 1


def _list_of(fits, lengths=range(1, 2**63)):
    return lambda value: isinstance(value, list) and len(value) in lengths and all(map(fits, value))


def _is_text(value):
    return isinstance(value, str)


def _is_attention(value):
    is_complete = isinstance(value, dict) and value.keys() == set(ATTENTION)
    return is_complete and all(type(number) in (int, float) for number in value.values())


def _is_setting(value):
    """Whether arguments of a network are small enough to build it."""
    if isinstance(value, (dict, list)):
        return all(map(_is_setting, value.values() if isinstance(value, dict) else value))
    return isinstance(value, (str, bool, type(None))) or abs(value) <= MAX_SETTING


TEXT = "text", _is_text
GROUP = "a group of values", lambda value: isinstance(value, dict)
LABELS = "a list of class numbers", _list_of(lambda value: _is_whole(value, 0, MAX_CLASSES - 1), range(2**63))
LOSSES = "a list of numbers, null if not finite", _list_of(lambda value: value is None or type(value) in (int, float))
ACCURACY = "a number from 0 to 1, or null if nothing was tested", lambda value: value is None or _is_share(value)
SHARES = "a list of numbers from 0 to 1", _list_of(lambda value: value is None or _is_share(value))
SETTINGS = f"a group of settings, no number beyond {MAX_SETTING}", lambda value: GROUP[1](value) and _is_setting(value)

# What each field of a record must be: in words, and as a test. A group stands before its parts.
FIELDS = dict.fromkeys(
    ("experiment", "dataset", "protocol", "fold", "model", "variant", "precision", "tensors", "layout", "coordinates"),
    TEXT,
) | {
    "backend": TEXT,
    "arguments": SETTINGS,
    "recipe": SETTINGS,
    "recipe.name": TEXT,
    "epochs": _whole(1, 10**6),
    "batch": _whole(1, 10**6),
    "seed": _whole(0, 2**32 - 1),
    "scale": _whole(1, 10**4),
    "parameters": _whole(0, 10**12),
    "history": GROUP,
    "history.train_loss": LOSSES,
    "history.train_accuracy": SHARES,
    "history.test_loss": LOSSES,
    "history.test_accuracy": SHARES,
    "diverged": ("true or false", lambda value: isinstance(value, bool)),
    "last_epoch_test_accuracy": ACCURACY,
    "best_epoch_test_accuracy": ACCURACY,
    "best_epoch": ("a whole number, or null if nothing was tested", lambda value: value is None or _is_epoch(value)),
    "class_names": (f"a list of 1 to {MAX_CLASSES} names", _list_of(_is_text, range(1, MAX_CLASSES + 1))),
    "predictions": GROUP,
    "predictions.name": ("a list of names", _list_of(_is_text, range(2**63))),
    "predictions.true": LABELS,
    "predictions.predicted": LABELS,
}
# The parts that records of older versions lack.
OPTIONAL = {
    "recipe.plateau": ("a group of values or null", lambda value: isinstance(value, (dict, type(None)))),
    "recipe.alpha": _whole(1, MAX_SETTING),
    "recipe.gru_initializer": TEXT,
    "recipe.conv_initializer": TEXT,
    "departures": ("a list of sentences", _list_of(_is_text, range(2**63))),
    "untested": TEXT,
    "attention": (f"a group of {', '.join(ATTENTION)}, all numbers", _is_attention),
    "sequences": GROUP,
}


def record_path(results, run):
    """The path of a run's record."""
    return Path(results, run.trial, run.experiment, run.dataset, run.variant, f"{run.fold.name}-seed{run.seed}.json")


def read_record(path: str | Path) -> dict:
    """A record, read and checked.

    Raises `InputError`, which names file and field, for a file that can't be read, is no regular file or is larger than
    16 MiB, and for a record that `check` refuses.
    """
    try:
        record = json.loads(read_bytes(path))
    except (Dropped, ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a readable record ({error})") from None
    if not isinstance(record, dict) or "last_epoch_test_accuracy" not in record:
        raise InputError(f"{path} is not a record")
    try:
        check(record)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return record


def check(record: dict) -> None:
    """Raise `InputError`, which names the field, unless a record has all `FIELDS` and its values agree."""
    for name, value in record.items():
        if not _is_plain([name, value]):
            raise InputError(
                f"the record is damaged: {ascii(name)[:50]} holds broken text, a number that is not finite or too "
                f"large, or more than {MAX_DEPTH} levels"
            )
    for field, (expected, fits) in {**FIELDS, **OPTIONAL}.items():
        group, _, name = field.rpartition(".")
        values = record[group] if group else record
        if name not in values:
            if field in OPTIONAL:
                continue
            raise InputError(f"the record is not complete: {field} is missing")
        if not fits(values[name]):
            raise InputError(f"the record is damaged: {field} must be {expected}, not {reprlib.repr(values[name])}")
    classes, predictions = len(record["class_names"]), record["predictions"]
    if not all(label < classes for which in ("true", "predicted") for label in predictions[which]):
        raise InputError(
            f"the record is damaged: a number in predictions is not one of its {classes} classes, class_names"
        )
    for field in ("predictions", "history"):
        parts = [name.partition(".")[2] for name in FIELDS if name.startswith(f"{field}.")]
        if len({len(record[field][part]) for part in parts}) > 1:
            raise InputError(f"the record is damaged: the lists of {field} differ in length")
    of_a_test = [record[name] for name in ("last_epoch_test_accuracy", "best_epoch_test_accuracy", "best_epoch")]
    of_a_test.append(predictions["name"] or None)
    if {value is None for value in of_a_test} != {"untested" in record}:
        raise InputError("the record is damaged: it must have predictions and test accuracies, or say untested")
    if max(record["best_epoch"] or 1, len(record["history"]["test_accuracy"])) > record["epochs"]:
        raise InputError(f"the record is damaged: history or best_epoch go beyond epochs, {record['epochs']}")


def _is_plain(value, depth=0):
    """Whether all texts in a value of JSON can be written as UTF-8, and all numbers are finite and of 64 bits."""
    if isinstance(value, (dict, list)):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return depth <= MAX_DEPTH and all(_is_plain(part, depth + 1) for part in parts)
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
    return math.isfinite(value) if isinstance(value, float) else value is None or abs(value) < 2**63


def check_settings(settings: dict) -> None:
    """Raise `InputError` if a run has settings that `check` would refuse in its record, such as units=2048."""
    for name, value in settings.items():
        if name in FIELDS and not (_is_plain([name, value]) and FIELDS[name][1](value)):
            raise InputError(
                f"{name} must be {FIELDS[name][0]}, not {reprlib.repr(value)}: a record can't hold it, so the run is "
                "not trained"
            )


def write_record(path: str | Path, record: dict) -> None:
    """Write a record, complete or not at all."""
    with replacing(path) as part:
        part.write_text(json.dumps(record, indent=1) + "\n")
