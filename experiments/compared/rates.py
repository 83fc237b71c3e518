"""Choosing the learning rate of each method: by UT-Kinect alone, on folds whose results are no results."""

import json

from experiments import common, compared
from experiments.compared import measured
from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.reports import tables
from mans_keras.tensors import protocols
from mans_keras.training import recipes
from mans_keras.training.records import read_record, record_path

EXPERIMENT = "table5_rates"
DATASET = "ut_kinect"
# The recipe's own and lower ones. They were set after a trial of 0.01, 0.05 and 0.2 on two folds of each half, in which
# HCN, SGN and ST-GCN were best with 0.01, and MANs-9 was worst with 0.2.
CHOICES = (0.002, 0.01, 0.05)


def table(records):
    """Title, header and rows: each method's accuracy by each rate that has records, and the rate that it takes."""
    tables.check_same(records, ("dataset", "epochs", "batch", "precision", "tensors", "coordinates", "layout"))
    header = ["Method", *(f"rate {rate:g}" for rate in CHOICES), "chosen"]
    chosen, rows = measured.chosen_rates(), []
    for name in measured.NAMES:
        of_rates = [
            [r for r in records if (r["model"], r["recipe"]["learning_rate"]) == (name, rate)] for rate in CHOICES
        ]
        if any(of_rates):
            accuracies = [f"{accuracy(cell):.2f} ({len(cell)})" if cell else "not run" for cell in of_rates]
            rows.append([measured.title(name), *accuracies, chosen.get(name, "-")])
    title = (
        f"The learning rates of Table 5's measured rows: accuracy on the test sequences of folds of {DATASET}'s "
        f"loso_odd and loso_even, recipe `best`, {records[0]['epochs']} epochs. In brackets: how many folds, each one "
        "person. These are no results: the rates are chosen by them."
    )
    return title, header, rows


def accuracy(records):
    """The share of all test sequences of some records that were classified right, in percent."""
    right = [
        t == p for r in records for t, p in zip(*(r["predictions"][k] for k in ("true", "predicted")), strict=True)
    ]
    return 100 * sum(right) / len(right)


def choose(accuracies):
    """The rate with the highest accuracy; of equal ones the one that is nearest to the recipe's own, then the lower.

    accuracies: {rate: accuracy}.
    """
    own = recipes.BEST.learning_rate
    return max(accuracies, key=lambda rate: (accuracies[rate], -max(rate / own, own / rate), -rate))


def run(args):
    """Train --methods by each rate on `loso_odd` and `loso_even`, and write the choices into `measured.RATES`."""
    if args.dataset not in (None, DATASET):
        raise InputError(f"rates are chosen on {DATASET} alone, not on {args.dataset}")
    if args.epochs:
        raise InputError("--choose-rates needs the recipe's own epochs: leave out --epochs")
    compared.register()
    tensors = measured.open_tensors(args, DATASET)
    planned = {
        name: {
            rate: [
                run
                for protocol in protocols.FOR_CHOOSING
                for run in measured.plan(args, EXPERIMENT, tensors, name, rate, protocol)
            ]
            for rate in CHOICES
        }
        for name in args.methods
    }
    for name, of_rates in planned.items():
        common.run_missing(args, [run for runs in of_rates.values() for run in runs], tensors)
        records = {
            rate: [read_record(record_path(args.results, run)) for run in runs] for rate, runs in of_rates.items()
        }
        accuracies = {rate: round(accuracy(of_rate), 2) for rate, of_rate in records.items()}
        runs = len(next(iter(records.values())))
        write(name, {"rate": choose(accuracies), "accuracies": accuracies, "runs": runs})
        print(f"{measured.title(name)}: rate {choose(accuracies)}, from {accuracies}, {runs} runs each")


def write(name, choice):
    """Add a method's choice to `measured.RATES`."""
    choices = json.loads(measured.RATES.read_text()) if measured.RATES.exists() else {}
    with replacing(measured.RATES) as part:
        part.write_text(json.dumps(dict(sorted({**choices, name: choice}.items())), indent=1) + "\n")
