"""Your own recordings: a folder for each class, in it a file of one of `by_suffix.SUFFIXES` for each action."""

import functools
import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mans_keras.errors import InputError, utf8
from mans_keras.skeletons import view
from mans_keras.skeletons.bounds import check_size, impossible_size, read_bytes
from mans_keras.skeletons.formats import by_suffix, text_file
from mans_keras.skeletons.formats import frame_files as by_frame
from mans_keras.skeletons.formats.parsed import OTHER_UNIT, Parsed
from mans_keras.skeletons.joint_names import arranged, first_number, has_trunk
from mans_keras.skeletons.own_gaps import closed
from mans_keras.skeletons.sequence import Body, Dropped, Reader, Sequence
from mans_keras.skeletons.tracks import most_moving

LAYOUT = f"one folder for each class is expected, with {', '.join(by_suffix.SUFFIXES)} files in it"
PACKED = (
    ".zip",
    ".gz",
    ".tar",
    ".7z",
    ".rar",
    ".pkl",
    ".pickle",
    ".h5",
    ".hdf5",
    ".parquet",
    ".feather",
    ".xlsx",
    ".tsv",
)
NAMED = "These files name their joints: leave --joints out"


@dataclass(frozen=True)
class Source:
    """One file, or a folder with a file for each frame.

    name: `class/file`, label: its class from 0, subject and camera: -1 if not known.
    """

    path: Path
    name: str
    label: int
    subject: int = -1
    camera: int = -1


def find(folder: Path | str, frame_files: bool = False) -> tuple[tuple[str, ...], list[Source], list[str]]:
    """(class names, sources, left out) of a folder: the classes are the folders in it that hold a recording, by name.

    frame_files: whether a recording is a folder with a file for each frame, see `formats.frame_files`. left out: paths
    of everything else, relative to the folder: files with other suffixes or next to the class folders, folders in them,
    and folders without a recording; what may be recordings comes first, and `is_hidden` files last. Raises `InputError`
    if there is no recording, or only one class.
    """
    folder = Path(folder)
    if not folder.is_dir():
        packed = (
            "; data_prep/ntu_rgbd.py reads pyskl's and CTR-GCN's files" if folder.suffix in (".pkl", ".npz") else ""
        )
        raise InputError(f"{folder} is not a folder: {LAYOUT}{packed}")
    classes, sources, left_out = [], [], []
    for inside in sorted(folder.iterdir()):
        paths = sorted(inside.iterdir()) if inside.is_dir() and not inside.name.startswith(".") else []
        usable = [path for path in paths if (_is_folder_of_frames if frame_files else _is_recording)(path)]
        left_out += [utf8(path.relative_to(folder)) for path in (paths if usable else [inside]) if path not in usable]
        if usable:
            name = utf8(inside.name)
            sources += [Source(path, f"{name}/{utf8(path.name)}", len(classes)) for path in usable]
            classes.append(name)
    if not sources:
        frames = (
            f"with --frame-files, one folder for each class is expected, in it one for each recording, in it one "
            f"{' or '.join(by_frame.SUFFIXES)} file for each frame"
        )
        if frame_files:
            raise InputError(f"{folder} holds no recording: {frames}")
        if any(map(_is_folder_of_frames, folder.glob("[!.]*/[!.]*"))):
            raise InputError(
                f"{folder} holds no recording: {LAYOUT}, but files are one folder too deep. If these are recordings, "
                "move them into the folders of their classes, with the folder's name before theirs. If each is a "
                f"single frame: {frames}"
            )
        notes = next((path for path in folder.glob("[!.]*/[!.]*.txt") if path.is_file()), None)
        unlike = f"; {notes} does not begin with a number: a table with a header must be a .csv file" if notes else ""
        raise InputError(f"{folder} holds no recording: {LAYOUT}{unlike}")
    if len(classes) == 1:
        raise InputError(f"{folder} holds only one class, {classes[0]}: add a folder for at least one more")
    left_out.sort(key=lambda name: (is_hidden(name), not _may_be_recording(folder / name), name))
    return tuple(classes), sources, left_out


def is_hidden(name: str) -> bool:
    """Whether a system made this file or folder for itself, by its name."""
    return Path(name).name.startswith((".", "__MACOSX")) or Path(name).name.lower() in ("thumbs.db", "desktop.ini")


def _may_be_recording(path):
    """Whether a folder, a packed file, or a file with a recording's suffix somewhere in its name; .txt are notes."""
    suffixes = {suffix.lower() for suffix in path.suffixes} - {".txt"}
    return path.is_dir() or not suffixes.isdisjoint((*by_suffix.SUFFIXES, *PACKED))


def _is_folder_of_frames(path):
    return path.is_dir() and not path.name.startswith(".") and bool(by_frame.files(path))


def _is_recording(path):
    if path.suffix.lower() not in by_suffix.SUFFIXES or path.name.startswith(".") or not path.is_file():
        return False
    return path.suffix.lower() != ".txt" or text_file.is_like(path)  # notes, too, are .txt files


def alike(names: Iterable[str]) -> list[list[str]]:
    """The names of classes that differ only by capitals, spaces or the form of their letters, in groups."""
    groups = defaultdict(list)
    for name in names:
        groups["".join(unicodedata.normalize("NFKC", name).casefold().split())].append(name)
    return [group for group in groups.values() if len(group) > 1]


def identical(sources: Iterable[Source]) -> list[list[str]]:
    """The names of files with the same content, in groups."""
    by_size, groups = defaultdict(list), defaultdict(list)
    for source in sources:
        if source.path.is_file():
            by_size[source.path.stat().st_size].append(source)
    for source in (source for same_size in by_size.values() if len(same_size) > 1 for source in same_size):
        try:
            groups[hashlib.sha256(read_bytes(source.path)).digest()].append(source.name)
        except Dropped:
            continue  # the preparation says why
    return [group for group in groups.values() if len(group) > 1]


class Survey(NamedTuple):
    """What files have in common.

    bodies: the largest number, at most two. joints: the most common number. names: of the joints, () if they are not
    known. named_by: the first file that names so many joints, if `names` are its. unnamed: the files with so many
    joints that name none, if `names` are another file's. no_size: the files whose bodies, in metres, have no person's
    size. from_1: the files whose joints are numbered from 1, if other files' are from 0.
    """

    bodies: int
    joints: int
    names: tuple[str, ...]
    named_by: str = ""
    unnamed: tuple[str, ...] = ()
    no_size: tuple[str, ...] = ()
    from_1: tuple[str, ...] = ()


def survey(
    sources: Iterable[Source], joints: int | None = None, names: tuple[str, ...] = (), unit: float | None = None
) -> Survey:
    """The `Survey` of files.

    joints, names: the number and the names of the joints if they are known; otherwise the names are those of the first
    file that names so many. unit: as in `read`. Raises `InputError` if no file can be read, or if none has that number
    of joints.
    """
    bodies, counts, named, reasons, refused = 1, Counter(), {}, defaultdict(list), None
    frames, unnamed, no_size, numbered = set(), defaultdict(list), [], defaultdict(list)
    for source in sources:
        try:
            unordered = _in_unit(source.path, joints, names, unit)
            content = arranged(unordered, names)
        except Dropped as dropped:
            reasons[str(dropped)].append(source.name)
            refused = refused or source.path
            continue
        if impossible_size(content.joints, has_trunk(content.names or names)) is not None:
            no_size.append(source.name)
        numbered[first_number(unordered.names)].append(source.name)
        bodies = max(bodies, min(content.joints.shape[1], by_suffix.MAX_BODIES))
        counts[content.joints.shape[2]] += 1
        frames.add(len(content.joints))
        if content.names:
            named.setdefault(content.joints.shape[2], (content.names, source.name))
        elif not names:
            unnamed[content.joints.shape[2]].append(source.name)
    if not counts:
        advice = f". {NAMED}" if names and refused and _names_joints(refused) else ""
        reason, files = max(reasons.items(), key=lambda reason: len(reason[1]))
        raise InputError(f"no file holds a recording; {files[0]}: {reason}{advice}")
    if joints and joints not in counts:
        others = ", ".join(map(str, sorted(counts)))
        exchanged = (
            f". Or is the first axis that of the {joints} joints? Then save array.transpose(1, 0, 2)"
            if frames == {joints}
            else ""
        )
        raise InputError(
            f"--joints has {joints} joints, but the files have {others}: give the names of those, in the files' order"
            f"{exchanged}"
        )
    joints = joints or counts.most_common(1)[0][0]
    doubts = {"no_size": tuple(no_size), "from_1": tuple(numbered[1]) if 0 in numbered else ()}
    if names or joints not in named:
        return Survey(bodies, joints, tuple(names), **doubts)
    return Survey(bodies, joints, *named[joints], tuple(unnamed[joints]), **doubts)


def _names_joints(path):
    try:
        return bool(by_suffix.parsed(path).names)
    except Dropped:
        return False


def verticals(
    sources: Iterable[Source],
    body: Body,
    names: tuple[str, ...] = (),
    wanted: tuple[str, ...] = (),
    unit: float | None = None,
) -> dict[str, list[str]]:
    """{axis: the files in which it points up, by shoulders and hips}, such as "+y" or "-z", that of most files first.

    names, wanted, unit: as in `read`.
    """
    axes = defaultdict(list)
    for source in sources:
        try:
            joints = parsed(source.path, len(names) or body.joints, names, wanted, unit).joints
        except Dropped:
            continue
        if joints.shape[2] == body.joints:
            axes[view.vertical(joints, body)].append(source.name)
    return dict(sorted(axes.items(), key=lambda axis: -len(axis[1])))


def read(
    source: Source,
    bodies: int,
    joints: int,
    names: tuple[str, ...] = (),
    wanted: tuple[str, ...] = (),
    unit: float | None = None,
) -> Sequence:
    """The `Sequence` of a file, joints (frames, bodies, joints, 3): bodies that the file lacks are zeros.

    joints, names: how many joints the files have, and their names if they are known. wanted: the names of those that
    are read, default all. unit: the metres of the files' unit, where their format does not say it. Of more bodies,
    those that move most stay (`tracks.most_moving`). Gaps are closed by `own_gaps.closed`. Raises `Dropped` for a
    file that can't be read, another number of joints, other names, a coordinate beyond 100 m, a body that is no
    person's in the given unit, no body in any frame, or a joint that is missing in more than half of the frames.
    """
    content = parsed(source.path, joints, names, wanted, unit)
    expected = len(wanted) or joints
    if content.joints.shape[2] != expected:
        raise Dropped(f"{content.joints.shape[2]} joints, where {expected} are expected")
    kept, others = most_moving(content.joints, bodies)
    padded = np.pad(kept, [(0, 0), (0, bodies - kept.shape[1]), (0, 0), (0, 0)])
    others = tuple(map(len, content.other_bodies + others))
    doubts = tuple(what for what, _ in content.remarks)
    return Sequence(source.name, padded, source.label, source.subject, source.camera, content.left_out, others, doubts)


def parsed(
    path: Path,
    joints: int | None = None,
    names: tuple[str, ...] = (),
    wanted: tuple[str, ...] = (),
    unit: float | None = None,
) -> Parsed:
    """What a file holds, completed as in `read`; `Dropped` if it can't be."""
    content = _arranged(path, joints, names, wanted, unit)
    if not content.is_computed and path.suffix.lower() != ".skeleton":  # which its reader has completed, as NTU's
        known = content.names or wanted or names
        content = closed(content, known if len(known) == content.joints.shape[2] else ())
    if not content.joints.any():
        raise Dropped("no body in any frame")
    return content


def _arranged(path, joints, names, wanted=(), unit=None):
    return arranged(_in_unit(path, joints, names, unit), names, wanted)


def _in_unit(path, joints, names, unit):
    content = by_suffix.parsed(path, joints, unit)
    if unit is not None and OTHER_UNIT not in content.left_out:
        check_size(content.joints, has_trunk(content.names or names))
    return content


def source_name(source: Source) -> str:
    """The name a file goes by in a tensor file, e.g. `wave/P01_C2.npy`."""
    return source.name


def reader(
    dataset: str,
    class_names: tuple[str, ...],
    body: Body | None,
    bodies: int,
    joints: int,
    names: tuple[str, ...] = (),
    wanted: tuple[str, ...] = (),
    unit: float | None = None,
) -> Reader:
    """The `Reader` of a data set of your own; body: None if the joints have no names. The others: as in `read`."""
    arguments = {"bodies": bodies, "joints": joints, "names": names, "wanted": wanted, "unit": unit}
    return Reader(dataset, class_names, body, functools.partial(read, **arguments), source_name, wanted or names)
