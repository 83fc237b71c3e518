"""Records -> tables. A table is a pure function of records: no number in one comes from anywhere else."""

import csv
import io
import json
import os
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.runs import read_record

SAME_IN_A_CELL = ("model", "arguments", "protocol", "tensors", "backend")
SAME_IN_A_TABLE = ("dataset", "recipe", "epochs", "batch", "precision")


def records(results, experiment, dataset):
    """All records of an experiment on a dataset, in the order of their paths."""
    return [read_record(path) for path in sorted(Path(results, experiment, dataset).glob("*/*.json"))]


def check_same(found, names):
    """Raise `InputError` if records that stand in one place differ in one of these fields."""
    for name in names:
        if len({json.dumps(record[name], sort_keys=True) for record in found}) > 1:
            raise InputError(
                f"records of {found[0]['experiment']} on {found[0]['dataset']} differ in {name}: they make no table "
                "together; name another --results for some of them"
            )


def accuracies(cell, which):
    """Test accuracies in percent of the records of one cell; which: "last" or "best" epoch.

    Raises `InputError` if they were made with different settings, and so must not be averaged.
    """
    check_same(cell, SAME_IN_A_CELL)
    return [100 * record[f"{which}_epoch_test_accuracy"] for record in cell]


def mean_and_deviation(values):
    """ "84.00", or "84.00 ± 1.20" (sample deviation) of several, or "not run" of none."""
    if not values:
        return "not run"
    mean = f"{np.mean(values):.2f}"
    return f"{mean} ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else mean


def markdown(header, rows):
    """A Markdown table, its columns aligned for reading as text."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def write_table(folder, name, title, header, rows):
    """Write `<name>.md`, with the title above, and `<name>.csv`; return the Markdown."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    shown = f"{title}\n\n{markdown(header, rows)}"
    for suffix, content in ((".md", shown), (".csv", text.getvalue())):
        part = folder / f"{name}{suffix}.part"
        part.write_text(content)
        os.replace(part, folder / f"{name}{suffix}")
    return shown
