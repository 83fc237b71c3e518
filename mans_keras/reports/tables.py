"""Records -> tables. A table is a pure function of records: no number in one comes from anywhere else."""

import csv
import io
import json
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.training.records import read_record

SAME_IN_A_CELL = ("model", "arguments", "protocol", "tensors", "backend")
SAME_IN_A_TABLE = ("dataset", "recipe", "epochs", "batch", "precision")


def records(results, experiment, dataset):
    """All records of an experiment on a dataset, in the order of their paths."""
    return [read_record(path) for path in sorted(Path(results, experiment, dataset).glob("*/*.json"))]


def check_same(found, names):
    """Raise `InputError` if records that stand in one place differ in one of these fields."""
    for name in names:
        values = [record[name] for record in found]
        if name == "recipe":  # each scale has a GRU dropout of its own: it is to be that of the scale's first record
            of_scale = {record["scale"]: record[name].get("gru_dropout") for record in reversed(found)}
            same = [record[name].get("gru_dropout") == of_scale[record["scale"]] for record in found]
            values = [{**value, "gru_dropout": one} for value, one in zip(values, same, strict=True)]
        if len({json.dumps(value, sort_keys=True) for value in values}) > 1:
            raise InputError(
                f"records of {found[0]['experiment']} on {found[0]['dataset']} differ in {name}: they make no table "
                "together; name another --results for some of them"
            )


def accuracies(cell, which):
    """Test accuracies in percent of the records of one cell; which: "last" or "best" epoch.

    Raises `InputError` if they were made with different settings, and so must not be averaged.
    """
    check_same(cell, SAME_IN_A_CELL)
    return np.array([100 * record[f"{which}_epoch_test_accuracy"] for record in cell])


def summary(cell, which):
    """(mean, deviation) in percent of the records of one cell, None where there is none.

    Of several seeds: the deviation of their means over the folds, None if one lacks a fold. Of one seed: that of the
    folds, but for folds of a single sequence, which are 0 or 100. Sample deviations. Raises as `accuracies` does.
    """
    if not cell:
        return None, None
    values = accuracies(cell, which)
    seeds = np.array([record["seed"] for record in cell])
    folds = len({record["fold"] for record in cell})
    if any((seeds == seed).sum() < folds for seed in seeds):
        return values.mean(), None
    spread = np.array([values[seeds == seed].mean() for seed in np.unique(seeds)])
    if len(spread) == 1 and all(len(record["predictions"]["true"]) > 1 for record in cell):
        spread = values
    return values.mean(), spread.std(ddof=1) if len(spread) > 1 else None


def mean_and_deviation(cell, which):
    """`summary` as text: "84.00", "84.00 ± 1.20", or "not run"."""
    mean, deviation = summary(cell, which)
    if mean is None:
        return "not run"
    return f"{mean:.2f}" + ("" if deviation is None else f" ± {deviation:.2f}")


def number_of_runs(cell):
    """E.g. "1", "3 seeds", "10 folds x 3 seeds"; "7 runs of ..." where some are missing; "..., 1 diverged"."""
    counts = {name: len({record[name] for record in cell}) for name in ("fold", "seed")}
    several = [f"{count} {name}s" for name, count in counts.items() if count > 1]
    told = " x ".join(several) or str(len(cell))
    if len(cell) not in (0, counts["fold"] * counts["seed"]):
        told = f"{len(cell)} runs of {told}"
    diverged = sum(record["diverged"] for record in cell)
    return f"{told}, {diverged} diverged" if diverged else told


def result_header(dataset, protocol):
    """What `results` are, as column headers."""
    return [f"{dataset} {protocol}, last epoch", "to the paper", "best epoch on test", "runs"]


def results(cell, quoted=None):
    """The columns that every table has of the records of one cell.

    quoted: the paper's accuracy in percent on this dataset, if it has one.
    """
    mean, _ = summary(cell, "last")
    difference = "-" if mean is None or quoted is None else f"{mean - quoted:+.2f}"
    return [mean_and_deviation(cell, "last"), difference, mean_and_deviation(cell, "best"), number_of_runs(cell)]


def confusion(records):
    """(classes, classes) counts, true by predicted, of all predictions of records with the same classes.

    Raises `InputError` if their data sets or classes differ.
    """
    check_same(records, ("dataset", "class_names"))
    counts = np.zeros((len(records[0]["class_names"]),) * 2, int)
    for record in records:
        np.add.at(counts, (record["predictions"]["true"], record["predictions"]["predicted"]), 1)
    return counts


CLASSES_HEADER = ["Class", "sequences", "recall", "precision", "most often taken for"]


def classes(records):
    """Rows below `CLASSES_HEADER`, a class each; recall and precision in percent. Raises as `confusion` does."""
    counts, names = confusion(records), records[0]["class_names"]
    rows = []
    for index, name in enumerate(names):
        right, there, named = counts[index, index], counts[index].sum(), counts[:, index].sum()
        others = counts[index].copy()
        others[index] = 0
        mistaken = f"{names[others.argmax()]} ({others.max()})" if others.any() else "-"
        percent = [f"{100 * right / of:.2f}" if of else "-" for of in (there, named)]
        rows.append([name, there, *percent, mistaken])
    return rows


def markdown(header, rows):
    """A Markdown table, its columns aligned for reading as text."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def write_table(folder, name, title, header, rows):
    """Write `<name>.md`, with the title above, and `<name>.csv`; return the Markdown."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    shown = f"{title}\n\n{markdown(header, rows)}"
    for suffix, content in ((".md", shown), (".csv", text.getvalue())):
        with replacing(Path(folder, f"{name}{suffix}")) as part:
            part.write_text(content)
    return shown
