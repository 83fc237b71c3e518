"""Table 5: the paper's five models, as reported and as trained here, below the eleven methods that the paper quotes.

A command runs one dataset, with that dataset's protocol, batch and epochs. The defaults are MANs-9 and NTU RGB+D;
--models takes up to five models.

--measured trains eight other methods and MANs-9 under one roof instead: the recipe best, the same folds and random
changes, the learning rate that --choose-rates has chosen for each. Without --dataset it takes those of UT-Kinect,
HDM05, NW-UCLA and UTD-MHAD that have tensors. --models and --recipe do not apply.
"""

import click

from experiments import common, options, paper, table_parts
from experiments.compared import measured, rates, speed
from mans_keras.reports import tables

EXPERIMENT = "table5_comparison"


def variants(models):
    """(variant, model, arguments) of the rows."""
    return [(model, model, {}) for model in models]


def _millions(cells):
    counts = {record["parameters"] for cell in cells for record in cell}
    return f"{min(counts) / 1e6:.2f}M" if len(counts) == 1 else "not run"


def table(records, models=()):
    """Title, header and rows of Table 5 on one dataset, from its records; all five models have a row.

    The number of parameters depends on the number of classes, and so on the dataset.
    """
    tables.check_same(records, tables.SAME_IN_A_TABLE)
    dataset = records[0]["dataset"]
    protocols = table_parts.protocols_of(records)
    columns = [column for column in paper.COLUMNS5 if column[0] == dataset] or [
        column for column in paper.COLUMNS5 if column[0] == "ntu_rgbd"
    ]
    places = [paper.COLUMNS5.index(column) for column in columns]
    header = ["Method", "#param, paper", "#param", *(f"paper, {' '.join(column)}" for column in columns)]
    for protocol in protocols:
        header += tables.result_header(dataset, protocol)
    rows, below = [], []
    for name, (parameters, accuracies) in paper.PUBLISHED.items():
        quoted = ["-" if accuracies[place] is None else accuracies[place] for place in places]
        rows.append([f"{name}, quoted", parameters or "-", "-", *quoted, *["-"] * 4 * len(protocols)])
    for model, (name, parameters, accuracies) in paper.TABLE5.items():
        cells = [table_parts.cell(records, model, protocol) for protocol in protocols]
        row = [name, parameters, _millions(cells), *(accuracies[place] for place in places)]
        for protocol, cell in zip(protocols, cells, strict=True):
            quoted = table_parts.of_table5(model, dataset, protocol)
            row += tables.results(cell, quoted and quoted[0])
            below += table_parts.below_the_paper(f"{name}, {protocol}", cell, quoted)
        rows.append(row)
    notes = ["Rows marked as quoted are as the paper quotes them: nobody ran them here."]
    notes += [] if columns[0][0] == dataset else [table_parts.OTHER_RECORDINGS]
    return table_parts.title("Table 5", records, below, notes), header, rows


METHODS = click.Option(
    ["--methods"],
    type=click.Choice(measured.NAMES),
    multiple=True,
    default=measured.NAMES,
    metavar="M...",
    help=f"The rows to train with --measured, of {', '.join(measured.NAMES)}. Default: all.",
    show_default=False,
)
WHAT = {
    "measured": (measured.run, "Train the other methods, too, and show the measured table."),
    "choose-rates": (
        rates.run,
        "Choose the learning rates of --methods on UT-Kinect (loso_odd, loso_even), and keep them.",
    ),
    "measure-speed": (
        speed.run,
        "Measure training time and latency of all methods, on a quiet machine, and keep them.",
    ),
}


@options.command(
    __doc__,
    *options.of_a_table("mans-9"),
    METHODS,
    *(click.Option([f"--{name}", "what"], flag_value=name, help=text) for name, (_, text) in WHAT.items()),
)
def main(args):
    if args.what:
        WHAT[args.what][0](args)
    else:
        common.run_experiment(args, EXPERIMENT, "ntu_rgbd", variants, table)


if __name__ == "__main__":
    main()
