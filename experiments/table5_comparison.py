"""Table 5: the paper's five models, as reported and as trained here, below the eleven methods that the paper quotes.

A command runs one dataset, with that dataset's protocol, batch and epochs. The defaults are MANs-9 and NTU RGB+D;
--models takes up to five models.

--measured trains eight other methods and MANs-9 under one roof instead: the recipe best, the same folds and random
changes, the learning rate that --choose-rates has chosen for each. Without --dataset it takes those of UT-Kinect,
HDM05, NW-UCLA and UTD-MHAD that have tensors. An option that does not apply to what is asked for is refused.
"""

import click

from experiments import common, options, paper, table_parts
from experiments.compared import measured, rates, speed
from mans_keras.errors import InputError
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
    help=f"The rows of --measured and --choose-rates, of {', '.join(measured.NAMES)}. Default: all.",
    show_default=False,
)
OPTIONS = [*options.of_a_table("mans-9"), METHODS]
# What the command does in place of Table 5: option -> (function, options that it refuses, help).
INSTEAD = {
    "--measured": (
        measured.run,
        ("--models", "--recipe"),
        "Train the other methods, too, and show the measured table.",
    ),
    "--choose-rates": (
        rates.run,
        ("--models", "--recipe", "--protocol"),
        "Choose the learning rates of --methods on UT-Kinect (loso_odd, loso_even), and keep them.",
    ),
    "--measure-speed": (
        speed.run,
        tuple(option.opts[0] for option in OPTIONS if option.opts[0] != "--results"),
        "Measure training time and latency of all methods, on a quiet machine, and keep them.",
    ),
}


def chosen(context):
    """The option of `INSTEAD` that was given, or None for Table 5 itself.

    Raises `InputError` if several were given, or another option that does not apply.
    """
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
    ]
    asked = [name for name in INSTEAD if name in given]
    if len(asked) > 1:
        raise InputError(f"{' and '.join(asked)} do different things: give one of them")
    if not asked:
        if "--methods" in given:
            raise InputError("--methods needs --measured or --choose-rates")
        return None
    if refused := [name for name in given if name in INSTEAD[asked[0]][1]]:
        raise InputError(f"{asked[0]} does not use {', '.join(refused)}: leave {'them' if refused[1:] else 'it'} out")
    return asked[0]


@options.command(
    __doc__, *OPTIONS, *(click.Option([name], is_flag=True, help=text) for name, (_, _, text) in INSTEAD.items())
)
def main(args):
    if what := chosen(click.get_current_context()):
        INSTEAD[what][0](args)
    else:
        common.run_experiment(args, EXPERIMENT, "ntu_rgbd", variants, table)


if __name__ == "__main__":
    main()
