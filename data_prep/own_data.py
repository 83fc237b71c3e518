"""Your own recordings (one folder for each class: .npy, .npz, .csv or .json files) -> OUT/NAME_<scale>.h5."""

import re

import click
from rich.console import Console
from rich.progress import track

from data_prep.common import PATH, command, write_tensors
from mans_keras.errors import InputError, listed
from mans_keras.skeletons import joint_names, own
from mans_keras.skeletons.sequence import DATASETS
from mans_keras.tensors import store


def check_name(context, parameter, name):
    """click callback: the name must be a word for file names, and not the name of a known data set."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        raise click.BadParameter(f"{name!r} is not a word of at most 64 letters, digits, _ and -")
    if name.lower() in DATASETS:
        raise click.BadParameter(f"{name!r} is the name of a known data set: choose another")
    return name


def choose_coordinates(option, names):
    """(coordinates, `Body` or None): what the option says or, without it, what the joints' names allow."""
    try:
        if not names:
            raise InputError("all coordinates except raw need the names of the joints (--joints): hips and shoulders")
        return option or "body", joint_names.body_of(names)
    except InputError as error:
        if option not in (None, "raw"):
            raise
        if option is None:
            print(f"coordinates raw, as the camera has them: {error}")
        return "raw", None


def check_vertical(sources, body, coordinates):
    """Print a line if y does not point up in most of a hundred files; raise `InputError` if the coordinates need it."""
    if body is None or coordinates in ("body", "released"):
        return
    up = own.vertical(sources[:: -(-len(sources) // 100)], body)
    if up != "+y":
        problem = f"{up} points up in most of the files, by their shoulders and hips, but y should"
        if coordinates == "upright":
            raise InputError(f"{problem}: turn the recordings, or take --coordinates body, which need no vertical")
        print(f"{problem}: `--recipe best` would turn the bodies about the wrong axis")


def print_names(number, what, names):
    """Print one line with the first few names, if there are any."""
    if names:
        print(f"{number} {what}: {listed(names)}")


@command(
    __doc__,
    click.Option(["--name"], required=True, callback=check_name, metavar="NAME", help="The name of your data set."),
    click.Option(
        ["--joints"],
        metavar="J",
        help="The names of the joints in their order, in a file or as a,b,c; or only the number of joints.",
    ),
    click.Option(
        ["--table"], type=PATH, metavar="FILE", help="A table with the columns file, subject and, if known, camera."
    ),
    click.Option(
        ["--pattern"],
        metavar="P",
        help="Where file names have subject and camera, as digits: P{subject}_C{camera}, for example; * is any text.",
    ),
    raw="folder with one folder for each class, with one file for each action; joints in metres",
    coordinates="body if --joints names hips and shoulders, else raw",
)
def main(args):
    if args.table and args.pattern:
        raise click.UsageError("--table and --pattern cannot be given together: subjects come from one of them")
    number, names = joint_names.read_names(args.joints) if args.joints else (None, None)
    coordinates, body = choose_coordinates(args.coordinates, names)
    classes, sources, left_out = own.find(args.raw)
    if args.table or args.pattern:
        sources = own.with_table(sources, args.table) if args.table else own.with_pattern(sources, args.pattern)
        unknown = [source.name for source in sources if source.subject < 0]
        print_names(len(unknown), "without a subject", unknown)
    console = Console(stderr=True)
    progress = track(sources, "looking at the files", console=console, disable=not console.is_terminal)
    bodies, joints = own.survey(progress, number, names)
    check_vertical(sources, body, coordinates)
    most = "1 body" if bodies == 1 else f"{bodies} bodies"
    print(f"{len(classes)} classes, {joints} joints a body, at most {most} a frame")
    print_names(len(left_out), f"in {args.raw} are not recordings", left_out)
    path = write_tensors(args, own.reader(args.name, classes, body, bodies, joints), sources, coordinates)
    labels = store.Tensors(path).label
    empty = [name for label, name in enumerate(classes) if label not in labels]
    print_names(len(empty), "classes have no sequence", empty)


if __name__ == "__main__":
    main()
