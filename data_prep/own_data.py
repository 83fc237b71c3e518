"""Your own recordings (one folder a class: .npy, .npz, .csv or .json files) -> OUT/NAME_<scale>.h5."""

import argparse
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import track

from data_prep.common import argument_parser, exit_code, write_tensors
from mans_keras.errors import InputError
from mans_keras.skeletons import joint_names, own
from mans_keras.skeletons.sequence import DATASETS
from mans_keras.tensors import store

BY_NAMES = "body if --joints names hips and shoulders, else raw"


def dataset_name(text):
    """argparse type: a word for file names that is none of the known data sets."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", text) or text.lower() in DATASETS:
        known = ", ".join(DATASETS)
        raise argparse.ArgumentTypeError(f"{text!r} is no word of letters, digits, _ and -, or is one of {known}")
    return text


def body_frame(coordinates, names):
    """(coordinates, `Body` or None): what is asked for, or what the joints' names allow."""
    asked = coordinates != BY_NAMES
    try:
        if not names:
            raise InputError("all coordinates but raw need the names of the joints (--joints FILE): hips and shoulders")
        return coordinates if asked else "body", joint_names.body_of(names)
    except InputError as error:
        if asked and coordinates != "raw":
            raise
        if not asked:
            print(f"coordinates raw, as the camera has them: {error}")
        return "raw", None


def check_vertical(sources, body, coordinates):
    """Say so if y does not point up in most of a hundred files; raise `InputError` if the coordinates rest on it."""
    if body is None or coordinates in ("body", "released"):
        return
    up = own.vertical(sources[:: -(-len(sources) // 100)], body)
    if up != "+y":
        wrong = f"{up} points up in most of the files, by their shoulders and hips, where y is expected to"
        if coordinates == "upright":
            raise InputError(f"{wrong}: turn the recordings, or take --coordinates body, which need no vertical")
        print(f"{wrong}: `--recipe best` would turn bodies about the wrong axis")


def told(number, what, names):
    """One line with the first few names, if there are any."""
    if names:
        print(f"{number} {what}: {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}")


def main():
    parser = argument_parser(__doc__, raw="folder with one folder a class; a file an action, joints in metres")
    parser.set_defaults(coordinates=BY_NAMES)
    parser.add_argument("--name", required=True, type=dataset_name, metavar="NAME", help="of your data set")
    parser.add_argument("--joints", metavar="J", help="joint names, a file or a,b,c, in order; or only their number")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--table", metavar="FILE", type=Path, help="table with columns file, subject[, camera]")
    who.add_argument(
        "--pattern", metavar="P", help="of file names, such as P{subject}_C{camera}: digits; * is anything"
    )
    args = parser.parse_args()

    number, names = joint_names.read_names(args.joints) if args.joints else (None, None)
    coordinates, body = body_frame(args.coordinates, names)
    classes, sources, left_out = own.find(args.raw)
    if args.table or args.pattern:
        sources = own.with_table(sources, args.table) if args.table else own.with_pattern(sources, args.pattern)
        unknown = [source.name for source in sources if source.subject < 0]
        told(len(unknown), "without a subject", unknown)
    console = Console(stderr=True)
    looked_at = track(sources, "looking at the files", console=console, disable=not console.is_terminal)
    bodies, joints = own.survey(looked_at, number, names)
    check_vertical(sources, body, coordinates)
    print(f"{len(classes)} classes, {joints} joints a body, at most {bodies} a frame")
    told(len(left_out), f"in {args.raw} are no recordings", left_out)
    reader = own.reader(args.name, classes, body, bodies, joints)
    path = write_tensors(reader, sources, args.out, args.scale, args.layout, coordinates, args.jobs)
    labels = store.Tensors(path).label
    empty = [name for label, name in enumerate(classes) if label not in labels]
    told(len(empty), "classes have no sequence", empty)


if __name__ == "__main__":
    sys.exit(exit_code(main))
