"""Any record, or several, class by class: a table and a confusion matrix of the predictions at the last epoch.

Of several records, such as the folds of a protocol, the predictions are counted together.
"""

import argparse
import sys
from pathlib import Path

import common
import numpy as np

from mans_keras import plots, reports, runs
from mans_keras.errors import exit_code


def confusion(records):
    """(classes, classes) counts, true by predicted, of all predictions of records with the same classes."""
    reports.check_same(records, ("dataset", "class_names"))
    counts = np.zeros((len(records[0]["class_names"]),) * 2, int)
    for record in records:
        np.add.at(counts, (record["predictions"]["true"], record["predictions"]["predicted"]), 1)
    return counts


def table(records):
    """Title, header and rows, a class each. Recall and precision in percent."""
    counts, names = confusion(records), records[0]["class_names"]
    rows = []
    for index, name in enumerate(names):
        right, there, named = counts[index, index], counts[index].sum(), counts[:, index].sum()
        others = counts[index].copy()
        others[index] = 0
        mistaken = f"{names[others.argmax()]} ({others.max()})" if others.any() else "-"
        percent = [f"{100 * right / of:.2f}" if of else "-" for of in (there, named)]
        rows.append([name, there, *percent, mistaken])
    return _title(records), ["Class", "sequences", "recall", "precision", "most often taken for"], rows


def _title(records):
    first = records[0]
    name = "SYNTHETIC recordings" if first["dataset"] == common.SYNTHETIC else first["dataset"]
    variants = ", ".join(sorted({record["variant"] for record in records}))
    told = reports.number_of_runs(records)
    told = "1 run" if told == "1" else told
    return f"{variants} on {name}, {first['protocol']}, {told}: last epoch, in percent."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", metavar="RECORD.json", nargs="+", type=Path)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where table and picture go (default: beside the first record)"
    )
    args = parser.parse_args()
    records = [runs.read_record(path) for path in args.records]
    folder, name = args.out or args.records[0].parent, f"{args.records[0].stem}-classes"
    title, header, rows = table(records)
    print(reports.write_table(folder, name, title, header, rows))
    picture = plots.confusion(confusion(records), records[0]["class_names"], title.split(":")[0])
    plots.save(picture, folder / name)
    print(f"Written to {folder / name}.md, .csv and .png")


if __name__ == "__main__":
    sys.exit(exit_code(main))
