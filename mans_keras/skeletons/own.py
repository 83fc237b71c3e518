"""Your own recordings: one folder a class, holding a `.npy`, `.npz`, `.csv` or `.json` file an action."""

import functools
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError, listed, utf8
from mans_keras.skeletons import view
from mans_keras.skeletons.formats import own_formats
from mans_keras.skeletons.joint_names import body_of, plain
from mans_keras.skeletons.sequence import Dropped, Reader, Sequence

LAYOUT = "one folder a class is expected, holding .npy, .npz, .csv or .json files"


@dataclass(frozen=True)
class Source:
    """One file; name: `class/file`, label: its class from 0, subject and camera: -1 if not known."""

    path: Path
    name: str
    label: int
    subject: int = -1
    camera: int = -1


def find(folder):
    """(class names, sources, left out) of a folder: classes are its folders that hold a recording, sorted by name.

    left out: the other things in it, as paths below it: hidden ones, other extensions, files beside the class folders,
    folders inside or without a recording. Raises `InputError` if there is no recording, or one class alone.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: {LAYOUT}")
    classes, sources, left_out = [], [], []
    for inside in sorted(folder.iterdir()):
        paths = sorted(inside.iterdir()) if inside.is_dir() and not inside.name.startswith(".") else []
        usable = [path for path in paths if _is_recording(path)]
        left_out += [utf8(path.relative_to(folder)) for path in (paths if usable else [inside]) if path not in usable]
        if usable:
            name = utf8(inside.name)
            sources += [Source(path, f"{name}/{utf8(path.name)}", len(classes)) for path in usable]
            classes.append(name)
    if not sources:
        raise InputError(f"{folder} holds no recording: {LAYOUT}")
    if len(classes) == 1:
        raise InputError(f"{folder} holds one class alone, {classes[0]}: a network needs at least two to tell apart")
    return tuple(classes), sources, left_out


def _is_recording(path):
    return path.suffix.lower() in own_formats.LOADERS and not path.name.startswith(".") and path.is_file()


def with_table(sources, path):
    """`sources` with the subjects and cameras of a table: columns file, subject and, if known, camera; whole numbers.

    file is `class/name.csv`, or `name.csv` alone, for every class. A file that it does not name keeps -1. Raises
    `InputError` for a table that can't be understood, or that names none of the files.
    """
    try:
        rows = own_formats.rows_of(own_formats.decode(Path(path).read_bytes()))
    except Dropped as dropped:
        raise InputError(f"{path}: {dropped}") from None
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if not {"file", "subject"} <= set(header):
        raise InputError(f"{path}: the first row must name the columns file, subject and, if known, camera")
    known = {}
    for row in rows[1:]:
        cells = dict(zip(header, map(str.strip, row), strict=False))
        numbers = [cells.get(column) or "-1" for column in ("subject", "camera")]
        if "file" not in cells or not all(re.fullmatch(r"-1|[0-9]{1,9}", number) for number in numbers):
            raise InputError(f"{path}: {', '.join(row)}: a file is expected, and whole numbers of subject and camera")
        numbers = tuple(map(int, numbers))
        if known.setdefault(cells["file"], numbers) != numbers:
            raise InputError(f"{path}: {cells['file']} is listed twice, with different numbers")
    return _numbered(
        sources, lambda source: known.get(source.name, known.get(source.name.split("/", 1)[1])), f"{path} names"
    )


def with_pattern(sources, pattern):
    """`sources` with the subjects and cameras that their file names tell.

    pattern: text to look for in the name, with `{subject}` and `{camera}` for digits and `*` for anything, e.g.
    `P{subject}_C{camera}`. A name without it keeps -1. Raises `InputError` if the pattern names neither, or one twice,
    or fits no name.
    """
    kinds = {"*": ".*?", "{subject}": "(?P<subject>[0-9]{1,9})", "{camera}": "(?P<camera>[0-9]{1,9})"}
    parts = re.split(r"(\*|\{subject\}|\{camera\})", pattern)
    counts = [parts.count(part) for part in ("{subject}", "{camera}")]
    if sum(counts) == 0 or max(counts) > 1:
        raise InputError(f"--pattern {pattern}: {{subject}} or {{camera}} must be in it, each at most once")
    expression = re.compile("".join(kinds.get(part, re.escape(part)) for part in parts))

    def numbers(source):
        match = expression.search(source.name.split("/", 1)[1])
        return match and tuple(int(match.groupdict().get(kind) or -1) for kind in ("subject", "camera"))

    return _numbered(sources, numbers, f"--pattern {pattern} fits")


def _numbered(sources, numbers, what):
    found = [(source, numbers(source)) for source in sources]
    if not any(pair for _, pair in found):
        raise InputError(f"{what} none of the files, e.g. {sources[0].name}")
    return [replace(source, subject=pair[0], camera=pair[1]) if pair else source for source, pair in found]


def survey(sources, joints=None, names=None):
    """(bodies, joints) that a sequence of this data set has: the most bodies, and the most common number of joints.

    joints, names: their number and names if they are known. Raises `InputError` if no file can be read, if none has
    that number, or if a file's header has the joints in another order than `names`, or than the first file's.
    """
    bodies, counts, reason = 1, Counter(), None
    whose = "--joints"
    for source in sources:
        try:
            shape = own_formats.load(source.path, joints).shape
        except Dropped as dropped:
            reason = reason or f"{source.name}: {dropped}"
            continue
        bodies = max(bodies, shape[1])
        counts[shape[2]] += 1
        if here := own_formats.named_joints(source.path):
            names, whose = (names, whose) if names else (here, source.name)
            ordered, expected = ([plain(name) for name in some] for some in (here, names))
            hips = _hips(here), _hips(names)
            if (ordered != expected and sorted(ordered) == sorted(expected)) or (None not in hips and len({*hips}) > 1):
                raise InputError(f"{source.name} has its joints in another order than {whose}: {listed(here)}")
    if not counts:
        raise InputError(f"no file holds a recording; {reason}")
    if joints and joints not in counts:
        raise InputError(f"--joints tells of {joints} joints, but the files have {', '.join(map(str, sorted(counts)))}")
    return bodies, joints or counts.most_common(1)[0][0]


def _hips(names):
    try:
        body = body_of(names)
    except InputError:
        return None
    return body.left_hip, body.right_hip


def vertical(sources, body):
    """The axis that points up in most of these files, by shoulders and hips: "+y", "-z", ...; "+y" if none tells."""
    found = Counter()
    for source in sources:
        try:
            joints = read_joints(source.path, body.joints)
        except Dropped:
            continue
        if joints.shape[2] == body.joints:
            found[view.vertical(joints, body)] += 1
    return found.most_common(1)[0][0] if found else "+y"


def read(source, bodies, joints):
    """The `Sequence` of a file, joints (frames, bodies, joints, 3): bodies that the file lacks are zeros.

    A body without a coordinate in a frame is absent from it. A joint that is missing there alone is interpolated
    between the frames that have it, over time. Raises `Dropped` for a file that can't be read, other than `joints`
    joints, a coordinate beyond 100 m, no body in any frame, or a joint that is missing in more than half of them.
    """
    found = read_joints(source.path, joints)
    if found.shape[2] != joints:
        raise Dropped(f"{found.shape[2]} joints, where {joints} are expected")
    found = np.pad(found, [(0, 0), (0, bodies - found.shape[1]), (0, 0), (0, 0)])
    return Sequence(source.name, found, source.label, source.subject, source.camera)


def read_joints(path, joints=None):
    """Joints (frames, bodies, joints, 3) of a file, completed as in `read`; `Dropped` if it can't be."""
    found = completed(own_formats.load(path, joints))
    if not found.any():
        raise Dropped("no body in any frame")
    return found


def completed(found):
    """(frames, bodies, joints, 3) without NaN. Raises `Dropped` if a joint lacks in more than half of the frames."""
    missing = np.isnan(found).any(axis=-1)
    absent = missing.all(axis=-1) | ~found.any(axis=(2, 3))
    found = np.where(absent[..., None, None], 0, found)
    missing &= ~absent[..., None]
    for body, joint in np.argwhere(missing.any(axis=0)):
        present = np.flatnonzero(~absent[:, body])
        seen = np.flatnonzero(~missing[:, body, joint] & ~absent[:, body])
        if 2 * len(seen) < len(present):
            raise Dropped("a joint is missing in more than half of the frames")
        for axis in range(3):
            track = found[:, body, joint, axis]
            track[present] = np.interp(present, seen, track[seen])
    return found


def source_name(source):
    """The name a file goes by in a tensor file, e.g. `wave/P01_C2.npy`."""
    return source.name


def reader(dataset, class_names, body, bodies, joints):
    """The `Reader` of a data set of one's own; body: None if the joints have no names."""
    return Reader(dataset, class_names, body, functools.partial(read, bodies=bodies, joints=joints), source_name)
