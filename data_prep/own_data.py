"""Your own recordings (one folder for each class) -> OUT/NAME_<scale>.h5."""

import re

import click
from rich.console import Console
from rich.progress import track

from data_prep.common import PATH, command, write_tensors
from mans_keras.errors import InputError, counted, listed, printable
from mans_keras.skeletons import joint_names, own, own_splits, own_tables
from mans_keras.skeletons.bounds import LEAST, LEAST_OF_TRUNK, MOST
from mans_keras.skeletons.formats import by_suffix, frame_files
from mans_keras.skeletons.sequence import DATASETS, KINECT_1_NAMES
from mans_keras.skeletons.units import read_unit
from mans_keras.skeletons.view import TURNED
from mans_keras.tensors import protocols, store

MAX_GROUPS = 10  # of identical files that are printed


def check_name(context, parameter, name):
    """click callback: the name must be a word for file names, and not the name of a known data set."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        raise click.BadParameter(f"{name!r} is not a word of at most 64 letters, digits, _ and -")
    if name.lower() in DATASETS:
        raise click.BadParameter(f"{name!r} is the name of a known data set: choose another")
    return name


def whole_numbers(context, parameter, text):
    """click callback: the whole numbers of a list such as 1,3,5; None without the option."""
    if text is not None and not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", text):
        raise click.BadParameter(f"{text!r} is not a list of whole numbers such as 1,3,5")
    return text and [int(number) for number in text.split(",")]


def with_people(args, sources):
    """The sources with the subjects and cameras of --table or --pattern, which are printed."""
    if args.table:
        sources, absent = own_tables.with_table(sources, args.table)
        print_files(absent, f"in {args.table}, but not in {args.raw}")
    else:
        sources = own_tables.with_pattern(sources, args.pattern)
    for kind in ("subject", "camera"):
        numbers = sorted({getattr(source, kind) for source in sources} - {-1})
        if numbers:
            print(f"{counted(len(numbers), kind)}: {listed(list(map(str, numbers)))}")
    print_files([source.name for source in sources if source.subject < 0], "no subject")
    return sources


def read_splits(args, sources):
    """The splits of --split, --train-subjects and --train-cameras, as `writer.Writer` takes them."""
    splits = {}
    for path in args.split:
        if not re.fullmatch(r"[A-Za-z]\w{0,63}", path.stem) or path.stem in (*splits, *protocols.OWN_PROTOCOLS):
            raise InputError(
                f"--split {path}: the protocol is named after the file, so its name must be new and a word"
            )
        splits[path.stem] = own_splits.from_table(sources, path)
    for name, column, numbers in (
        ("cross_subject", "subject", args.train_subjects),
        ("cross_view", "camera", args.train_cameras),
    ):
        if numbers and name in splits:
            raise InputError(f"--split {name}.csv and --train-{column}s make one protocol, {name}: rename the table")
        if numbers:
            splits[name] = own_splits.by_number(sources, column, numbers)
    return splits


def expanded(listed, names):
    """A list a,b,c* with the names that each `*` stands for, in any spelling."""

    def matching(part):
        pattern = ".*".join(map(joint_names.plain, part.split("*")))
        return [name for name in names if re.fullmatch(pattern, joint_names.plain(name))]

    parts = [part.strip() for part in listed.split(",")]
    return ",".join(name for part in parts for name in (("*" in part and matching(part)) or [part]))


def choose_coordinates(option, names):
    """(coordinates, `Body` or None): what the option says or, without it, what the joints' names allow."""
    try:
        if not names:
            raise InputError("all coordinates except raw need the names of the joints (--joints): hips and shoulders")
        return option or "body", joint_names.body_of(list(names))
    except InputError as error:
        if option not in (None, "raw"):
            raise
        if option is None:
            print(f"coordinates raw, as the camera has them: {error}")
        return "raw", None


def check_vertical(sources, body, coordinates, names, wanted, unit):
    """Print a line if y does not point up in all of a hundred files; raise `InputError` if most need to be turned."""
    if body is None or coordinates in ("body", "released"):
        return
    verticals = own.verticals(sources[:: -(-len(sources) // 100)], body, names, wanted, unit)
    up = next(iter(verticals), "+y")
    for axis, files in verticals.items():
        if axis != up:
            print_files(
                files,
                f"{axis} points up, by shoulders and hips, but {up} in most files: turn them like the others, unless "
                "somebody lies down or bends",
            )
    if up != "+y":
        turned = f"turn the recordings, by {TURNED[up]} in place of x, y, z"
        problem = (
            f"{up} points up in most of the files, by their shoulders and hips, but y should (or the joints have "
            "another order than --joints)"
        )
        if coordinates == "upright":
            raise InputError(f"{problem}: {turned}, or take --coordinates body, which need no vertical")
        print(f"{problem}: `--recipe best` would turn the bodies about the wrong axis, so {turned}")


def check_order(sources, names):
    """Print the files whose order of joints is assumed; raise `InputError` if --joints has another one."""
    assumed = [source.name for source in sources if by_suffix.has_assumed_order(source.path)]
    if assumed and names and not joint_names.same(names, KINECT_1_NAMES):
        raise InputError(
            f"{listed(assumed)}: such files are read as UT-Kinect's (.txt, 61 numbers in a row) or NW-UCLA's (.json "
            "of 20 joints under skeletons), whose joints have the order of Kinect v1, but --joints has another. If "
            "it is the order of these files, save them as .npy, or put the list under frames. If not, leave out "
            "--joints"
        )
    print_files(assumed, "read as UT-Kinect's or NW-UCLA's, with Kinect v1's joints in its order")


def print_files(files, text):
    """Print one line with the first few files and what is to know of them, if there are any."""
    if files:
        print(f"{counted(len(files), 'file')} ({listed(files)}): {text}")


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
    click.Option(
        ["--split"],
        type=PATH,
        multiple=True,
        metavar="FILE",
        help="A table with the columns file and split (train or test). It becomes the protocol that is named after the "
        "table: --split fold1.csv, then --protocol fold1. Can be given several times.",
    ),
    click.Option(
        ["--train-subjects"],
        callback=whole_numbers,
        metavar="LIST",
        help="Make the protocol cross_subject: these subjects train, such as 1,3,5, and the others test.",
    ),
    click.Option(
        ["--train-cameras"],
        callback=whole_numbers,
        metavar="LIST",
        help="Make the protocol cross_view: these cameras train, and the others test.",
    ),
    click.Option(
        ["--leave-out"],
        metavar="NAMES",
        help="Joints that are not used, as a,b,c: hands that are mostly missing, say. * is any text: face_*.",
    ),
    click.Option(
        ["--bodies"],
        type=click.IntRange(1, by_suffix.MAX_BODIES),
        show_default="as many as a file has",
        help="Keep so many bodies of each file, those that move most: 1 if other people only pass by.",
    ),
    click.Option(
        ["--unit"],
        metavar="UNIT",
        help="The unit of the files that do not say it: m, cm, mm, in, ft, or its length in metres, 0.056444 say. "
        "[default: metres; of .bvh, by the height of the body]",
    ),
    click.Option(
        ["--frame-files"],
        is_flag=True,
        help="Each recording is a folder with one .npy or .json file for each frame, as MediaPipe Holistic's tutorials "
        "write them.",
    ),
    raw="folder with one folder for each class, with one file for each action; joints in metres",
    coordinates="body if hips and shoulders are among the joints' names, else raw",
)
def main(args):
    if args.table and args.pattern:
        raise click.UsageError("--table and --pattern cannot be given together: subjects come from one of them")
    number, names = joint_names.read_names(args.joints) if args.joints else (None, None)
    unit = read_unit(args.unit) if args.unit else None
    classes, sources, left_out = own.find(args.raw, args.frame_files)
    if args.frame_files and frame_files.is_holistic(sources[0].path):
        print("MediaPipe Holistic's places are shares of the image, not metres: a model knows only others of this kind")
    if args.table or args.pattern:
        sources = with_people(args, sources)
    for group in own.alike(classes):
        print(f"classes with nearly the same name: {listed(group)}. If they are one, put their files into one folder")
    for group in own.identical(sources)[:MAX_GROUPS]:
        print(f"the same recording more than once, so that it may train and test: {listed(group)}")
    splits = read_splits(args, sources)
    check_order(sources, names)
    console = Console(stderr=True)
    progress = track(sources, "looking at the files", console=console, disable=not console.is_terminal)
    bodies, joints, names, named_by, unnamed, no_size, from_1 = own.survey(progress, number, tuple(names or ()), unit)
    print_files(
        unnamed,
        f"joints without names, read in the order of {printable(named_by)}. If it is not theirs, give it by --joints",
    )
    print_files(
        no_size,
        f"bodies that are no person's if they are in metres: more than {MOST} m tall or wide, or less than "
        f"{LEAST_OF_TRUNK} m ({LEAST} m without hips and shoulders). If they have another unit, give it by --unit",
    )
    print_files(
        from_1,
        "joints numbered from 1, and from 0 in other files: the least number is taken for the same joint in all. If it "
        "is another one, give the joints the same numbers, or names",
    )
    wanted = joint_names.without(names, expanded(args.leave_out, names)) if args.leave_out else names
    coordinates, body = choose_coordinates(args.coordinates, wanted)
    check_vertical(sources, body, coordinates, names, wanted, unit)
    most = "1 body" if bodies == 1 else f"{bodies} bodies"
    print(f"{len(classes)} classes, {len(wanted) or joints} joints a body, at most {most} a frame")
    shown = [name for name in left_out if not own.is_hidden(name)]
    if shown:
        print(f"no recordings, {len(shown)} in {args.raw}: {listed(shown)}")
    if len(left_out) > len(shown):
        print(f"also left out: {counted(len(left_out) - len(shown), 'hidden file')}")
    reader = own.reader(args.name, classes, body, args.bodies or bodies, joints, names, wanted, unit)
    path = write_tensors(args, reader, sources, coordinates, splits)
    tensors = store.Tensors(path)
    for name, split in tensors.splits.items():
        print(f"  {name}: {(split == 1).sum():,} train, {(split == 0).sum():,} test")
    labels = tensors.label
    empty = [name for label, name in enumerate(classes) if label not in labels]
    if empty:
        print(f"classes without a sequence: {listed(empty)}")


if __name__ == "__main__":
    main()
