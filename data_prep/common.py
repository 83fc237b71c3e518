"""What the scripts here share: how a command is made, its options, and the call that writes the tensors.

Every script imports this module first.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the products are too small for threads: --jobs is faster

from pathlib import Path
from types import SimpleNamespace

import click

from mans_keras.errors import InputError, exit_code
from mans_keras.skeletons.sequence import Reader
from mans_keras.tensor_kinds import COORDINATES, LAYOUTS
from mans_keras.tensors import prepare

PATH = click.Path(path_type=Path)


class Command(click.Command):
    """A click command that ends with one line on stderr if the input is bad, with the codes of `errors.exit_code`."""

    def invoke(self, context):
        interrupted = "interrupted, and no tensor file was written: run the same command again to start anew"
        context.exit(exit_code(lambda: self.run(SimpleNamespace(**context.params)), interrupted))

    def run(self, args: SimpleNamespace) -> None:
        """Do what the script does. Raises `InputError` at once if nothing can be written to OUT, which is a file."""
        if args.out.is_file():
            raise InputError(f"{args.out} is a file, and OUT must be a folder")
        self.callback(args)


def command(description: str, *parameters: click.Parameter, raw: str | None = None, coordinates: str = "body"):
    """Decorate the function `main(args)` of a script, which makes it a click command with the shared options.

    description: the text of --help. parameters: those that only this script has. raw: what the folder RAW holds; a
    script without it has no RAW. coordinates: the default, or how the script chooses it; in the second case
    `args.coordinates` is None unless the option is given. `args` has the value of each parameter under its name.
    """
    arguments = [click.Argument(["out"], type=PATH, metavar="OUT")]
    if raw:
        arguments.insert(0, click.Argument(["raw"], type=PATH, metavar="RAW"))
        description += f"\n\nRAW is the {raw}."
    settings = {"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100}
    options = [*parameters, *shared_options(coordinates)]
    text = f"{description}\n\nOUT is the folder for the tensor file."
    return lambda main: Command(None, settings, main, [*arguments, *options], help=text)


def number(name: str, *choices: int, help: str) -> click.Option:
    """An option that takes one of a few numbers, the first by default."""
    texts = [str(choice) for choice in choices]  # click 8.1 knows no other choices than texts
    return click.Option([name], type=click.Choice(texts), default=texts[0], callback=_to_int, help=help)


def _to_int(context, parameter, text):
    return int(text)


def shared_options(coordinates: str) -> list[click.Option]:
    """The options of every script. coordinates: as in `command`."""
    is_fixed = coordinates in COORDINATES
    return [
        number("--scale", 50, 224, help="Frames and joints of a tensor."),
        click.Option(
            ["--layout"],
            type=click.Choice(LAYOUTS),
            default="resize",
            help="resize: interpolate over frames and joints, as in the paper; pad: fill up with zeros, as in the "
            "released code.",
        ),
        click.Option(
            ["--coordinates"],
            type=click.Choice(COORDINATES),
            default=coordinates if is_fixed else None,
            show_default=True if is_fixed else coordinates,
            help="raw: as the camera has them; hip: moved to the hips of the first frame; body: each body turned to "
            "its own axes and mirrored by its own joints; released: turned in the same way, but all bodies mirrored by "
            "the first one, as in the released code; upright: turned about the vertical only.",
        ),
        click.Option(
            ["--jobs"], type=click.IntRange(1), default=1, metavar="N", help="Processes that read and transform."
        ),
    ]


def write_tensors(
    args: SimpleNamespace, reader: Reader, sources: list, coordinates: str | None = None, splits: dict | None = None
) -> Path:
    """Write the tensor file as the shared options say, and return its path.

    coordinates: in place of the option's. splits: as `writer.Writer` takes them.
    """
    return prepare.write_tensors(
        reader, sources, args.out, args.scale, args.layout, coordinates or args.coordinates, args.jobs, splits
    )
