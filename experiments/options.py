"""The command line of the scripts: how a command is made, and the options that several scripts share."""

from pathlib import Path
from types import SimpleNamespace

import click

from experiments import paper
from mans_keras.errors import exit_code
from mans_keras.tensors import protocols
from mans_keras.training import recipes

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
COUNT = click.IntRange(1)


class Command(click.Command):
    """A click command that ends with one line on stderr if the input is bad, with the codes of `errors.exit_code`.

    Several values may follow one option: `--models mans-9 mans-33` means the same as `--models mans-9 --models
    mans-33`. This holds for every option that is made with `multiple=True`.
    """

    def parse_args(self, context, args):
        options = {name for option in self.params if getattr(option, "multiple", False) for name in option.opts}
        return super().parse_args(context, repeat_options(args, options))

    def invoke(self, context):
        context.exit(exit_code(lambda: self.callback(SimpleNamespace(**context.params))))


def command(description, *parameters):
    """Decorate the function `main(args)` of a script, which makes it a click command.

    description: the text of --help; parameters: of click. `args` has the value of each parameter under its name.
    """
    settings = {"help_option_names": ["-h", "--help"], "show_default": True}
    return lambda main: Command(None, settings, main, list(parameters), help=description)


def repeat_options(args, options):
    """The arguments with `--models A B` written as `--models A --models B`, for these options."""
    repeated, option = [], None
    for arg in args:
        if arg.startswith("-"):
            option = arg if arg in options else None
        elif option and repeated[-1] != option:
            repeated.append(option)
        repeated.append(arg)
    return repeated


def results(default="results"):
    """The option of the scripts that write one folder."""
    return click.Option(["--results"], type=FOLDER, metavar="DIR", default=default, help="Where the results go.")


def models(*default):
    """The option that chooses among the paper's five models."""
    return click.Option(
        ["--models"],
        type=click.Choice(list(paper.TABLE5)),
        multiple=True,
        default=default,
        metavar="MODEL...",
        help=f"One or several of {', '.join(paper.TABLE5)}.",
    )


def of_a_table(*default_models, folds=()):
    """The options of a table or figure whose runs may be on any dataset; folds: the default of --folds."""
    return [
        click.Option(
            ["--dataset"],
            metavar="D",
            help=f"{', '.join(protocols.PROTOCOLS)}, or the name of your own. Default: the paper's dataset if its "
            "tensors exist, else synthetic.",
        ),
        click.Option(["--recipe"], type=click.Choice(sorted(recipes.RECIPES)), default="released"),
        models(*default_models),
        *of_runs(folds=folds),
    ]


def of_runs(protocol=None, folds=()):
    """The options of every script that trains; protocol, folds: the defaults of --protocol and --folds."""
    of_the_paper = "Default: those that the paper used for the dataset, or the first one for other datasets."
    return [
        click.Option(
            ["--data"],
            type=FOLDER,
            metavar="DIR",
            envvar="MANS_DATA",
            default="data",
            help="The folder of the tensor files, which $MANS_DATA may name, too.",
        ),
        click.Option(
            ["--protocol"],
            metavar="P",
            default=protocol,
            help="How the sequences are split into training and test." + ("" if protocol else f" {of_the_paper}"),
        ),
        click.Option(["--epochs"], type=COUNT, metavar="N", help="Default: as the recipe has it for the dataset."),
        click.Option(["--seeds"], type=COUNT, metavar="N", default=1, help="Repeat each run with the seeds 0 to N-1."),
        click.Option(
            ["--folds"],
            type=fold_range,
            multiple=True,
            default=folds,
            metavar="A-B...",
            help="Train only these folds, counted from 0, e.g. 0-4 7." + ("" if folds else " Default: all."),
        ),
        click.Option(["--jobs"], type=COUNT, metavar="N", help="Runs at a time. Default: 2 on a CPU, 1 on a GPU."),
        click.Option(["--devices"], type=COUNT, metavar="N", default=1, help="GPUs that share each batch of a run."),
        click.Option(
            ["--ray"], metavar="ADDRESS", help="Train on this Ray cluster (auto: the cluster of this machine)."
        ),
        click.Option(
            ["--logs"],
            type=click.Choice(("csv", "tensorboard")),
            multiple=True,
            metavar="KIND...",
            help="Write the losses of each epoch next to the record: csv, tensorboard (pip install tensorboard).",
        ),
        click.Option(
            ["--results"],
            type=FOLDER,
            metavar="DIR",
            default="results",
            help="Where records and tables go. A run whose record exists there is not trained again.",
        ),
        click.Option(["--mixed-precision"], is_flag=True, help="Train in bfloat16 with float32 weights."),
        click.Option(
            ["--retrain"],
            is_flag=True,
            help="Train runs again whose record comes from another network than the present code builds, or from other "
            "settings.",
        ),
    ]


def of_records(dataset):
    """The options of a script that trains nothing and reads the records of other experiments; dataset: the default."""
    return [
        click.Option(["--dataset"], metavar="D", default=dataset),
        click.Option(["--results"], type=FOLDER, metavar="DIR", default="results", help="Where the records are."),
    ]


def fold_range(text):
    """The folds that "3" or "0-9" names, as a range; `click.BadParameter` for another text."""
    first, _, last = text.partition("-")
    numbers = (first, last or first)
    if not all(number.isdecimal() for number in numbers) or int(numbers[1]) < int(first):
        raise click.BadParameter(f"{text!r} is neither the number of a fold nor a range, such as 0-4")
    return range(int(first), int(numbers[1]) + 1)
