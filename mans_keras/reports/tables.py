"""Records -> tables. A table is a pure function of records: all its numbers come from them."""

import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError, printable
from mans_keras.files import replacing
from mans_keras.training.records import read_record

SAME_IN_A_CELL = ("model", "arguments", "protocol", "tensors", "backend")
SAME_IN_A_TABLE = ("dataset", "recipe", "epochs", "batch", "precision")


def records(results: str | Path, experiment: str, dataset: str) -> list[dict]:
    """All records of an experiment on a dataset, sorted by their paths.

    Leaves out a damaged record, and one without a test; a line on stderr names its file and what is wrong.
    """
    intact = []
    for path in sorted(Path(results, experiment, dataset).glob("*/*.json")):
        try:
            record = read_record(path)
            if "untested" in record:
                raise InputError(f"{path}: {record['untested']}")
            intact.append(record)
        except InputError as error:
            print(f"left out of the table: {printable(error)}", file=sys.stderr)
    return intact


def check_same(records: list[dict], names: Sequence[str]) -> None:
    """Raise `InputError` if the records differ in one of these fields."""
    for name in names:
        values = [record[name] for record in records]
        if name == "recipe":  # the GRU dropout depends on the scale: it must be that of the scale's first record
            of_scale = {record["scale"]: record[name].get("gru_dropout") for record in reversed(records)}
            same = [record[name].get("gru_dropout") == of_scale[record["scale"]] for record in records]
            values = [{**value, "gru_dropout": is_same} for value, is_same in zip(values, same, strict=True)]
        if len({json.dumps(value, sort_keys=True) for value in values}) > 1:
            raise InputError(
                f"records of {records[0]['experiment']} on {records[0]['dataset']} differ in {name} and can't be in "
                "one table: use another --results folder for some of them"
            )


def accuracies(cell: list[dict], which: str) -> np.ndarray:
    """Test accuracies in percent of the records of a cell; which: "last" or "best" epoch.

    Raises `InputError` if the records have different settings, and so must not be averaged.
    """
    check_same(cell, SAME_IN_A_CELL)
    return np.array([100 * record[f"{which}_epoch_test_accuracy"] for record in cell])


def summarize(cell: list[dict], which: str) -> tuple[float | None, float | None]:
    """(mean, sample deviation) in percent of the records of a cell; None where there is none.

    With several seeds: the deviation of their means over the folds, None if a seed lacks a fold. With one seed: the
    deviation over the folds, None if a fold has a single sequence, whose accuracy is 0 or 100. Raises as `accuracies`.
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


def mean_and_deviation(cell: list[dict], which: str) -> str:
    """`summarize` as text: "84.00", "84.00 ± 1.20", or "not run"."""
    mean, deviation = summarize(cell, which)
    if mean is None:
        return "not run"
    return f"{mean:.2f}" + ("" if deviation is None else f" ± {deviation:.2f}")


def number_of_runs(cell: list[dict]) -> str:
    """E.g. "1", "3 seeds", "10 folds x 3 seeds"; "7 runs of ..." if some are missing; "..., 1 diverged"."""
    counts = {name: len({record[name] for record in cell}) for name in ("fold", "seed")}
    several = [f"{count} {name}s" for name, count in counts.items() if count > 1]
    text = " x ".join(several) or str(len(cell))
    if len(cell) not in (0, counts["fold"] * counts["seed"]):
        text = f"{len(cell)} runs of {text}"
    diverged = sum(record["diverged"] for record in cell)
    return f"{text}, {diverged} diverged" if diverged else text


def result_header(dataset: str, protocol: str) -> list[str]:
    """The column headers of `results`."""
    return [f"{dataset} {protocol}, last epoch", "to the paper", "best epoch on test", "runs"]


def results(cell: list[dict], quoted: float | None = None) -> list[str]:
    """The columns of a cell's records in every table, below `result_header`.

    quoted: the paper's accuracy in percent on this dataset, if it states one.
    """
    mean, _ = summarize(cell, "last")
    difference = "-" if mean is None or quoted is None else f"{mean - quoted:+.2f}"
    return [mean_and_deviation(cell, "last"), difference, mean_and_deviation(cell, "best"), number_of_runs(cell)]


def confusion(records: list[dict]) -> np.ndarray:
    """(classes, classes) counts, true by predicted, of all predictions of records with the same classes.

    Raises `InputError` if their data sets or classes differ.
    """
    check_same(records, ("dataset", "class_names"))
    counts = np.zeros((len(records[0]["class_names"]),) * 2, int)
    for record in records:
        np.add.at(counts, (record["predictions"]["true"], record["predictions"]["predicted"]), 1)
    return counts


CLASSES_HEADER = ["Class", "sequences", "recall", "precision", "most often taken for"]


def classes(records: list[dict]) -> list[list]:
    """Rows below `CLASSES_HEADER`, one per class; recall and precision in percent. Raises as `confusion` does."""
    counts, names = confusion(records), records[0]["class_names"]
    rows = []
    for index, name in enumerate(names):
        right, true, predicted = counts[index, index], counts[index].sum(), counts[:, index].sum()
        others = counts[index].copy()
        others[index] = 0
        mistaken = f"{names[others.argmax()]} ({others.max()})" if others.any() else "-"
        percent = [f"{100 * right / of:.2f}" if of else "-" for of in (true, predicted)]
        rows.append([name, true, *percent, mistaken])
    return rows


def markdown(header: Sequence, rows: Sequence[Sequence]) -> str:
    """A Markdown table, with aligned columns. A line break or | in a cell, as in the name of a class, is escaped."""
    cells = [[printable(cell).replace("|", r"\|") for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def write_table(folder: str | Path, name: str, title: str, header: Sequence, rows: Sequence[Sequence]) -> str:
    """Write `<name>.md`, with the title above the table, and `<name>.csv`; return the Markdown."""
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([header, *rows])
    text = f"{title}\n\n{markdown(header, rows)}"
    for suffix, content in ((".md", text), (".csv", table.getvalue())):
        with replacing(Path(folder, f"{name}{suffix}")) as part:
            part.write_text(content)
    return text
