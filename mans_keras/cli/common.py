"""What the commands share: arguments, and lines on the terminal."""

import functools
from pathlib import Path

import click

from mans_keras.errors import InputError, printable
from mans_keras.skeletons.units import read_unit

FILE = click.Path(dir_okay=False, path_type=Path)


def _check_exists(context, parameter, path):
    """Report a missing model before Keras is loaded, which takes seconds."""
    if not path.is_file():
        raise InputError(f"{path} {'is not a regular file' if path.exists() else 'does not exist'}")
    return path


def _load_extensions(context, parameter, paths):
    """Run the Python files of --extension, which loads Keras; without any, nothing is loaded."""
    if paths:
        from mans_keras.models.extensions import load_extension

        for path in paths:
            load_extension(path)


def _unit(context, parameter, text):
    """click callback: the metres of a unit; None without the option."""
    return None if text is None else read_unit(text)


SAVED_MODEL = click.argument("model", type=FILE, callback=_check_exists)
UNIT = click.option(
    "--unit",
    callback=_unit,
    metavar="UNIT",
    help="The unit of a file that does not say it: m, cm, mm, in, ft, or its length in metres, 0.056444 say. Default: "
    "metres; of .bvh, by the height of the body.",
)
EXTENSION = click.option(
    "--extension",
    type=FILE,
    multiple=True,
    metavar="FILE.py",
    callback=_load_extensions,
    expose_value=False,
    help="A Python file with an attention of your own, for a MODEL that has it. The file is run.",
)


def show(line, **options):
    """Print a line; the names of files and classes in it may have control characters, which are escaped."""
    click.echo(printable(line), **options)


warn = functools.partial(show, err=True)
