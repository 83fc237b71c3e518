"""HDM05 (Mueller et al., CG-2007-2, Universitaet Bonn): 2,337 cut sequences of 130 classes by 5 actors, at 120 Hz.

`HDM_<actor>_<class>_<repetition>_120.amc` has the angles of the skeleton in `HDM_<actor>.asf`; see `acclaim`. The 130
classes tell apart numbers of repetitions and starting sides; merged, as in the paper, they are 65.
"""

import functools
import importlib.resources
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons.bounds import read_bytes
from mans_keras.skeletons.formats import acclaim
from mans_keras.skeletons.joint_names import mirrored
from mans_keras.skeletons.sequence import HDM05_NAMES as JOINTS
from mans_keras.skeletons.sequence import Body, Dropped, Reader, Sequence

WHERE = (
    "https://resources.mpi-inf.mpg.de/HDM05 (CC BY-SA 3.0; cite Mueller et al. 2007): unpack its cut AMC files, "
    "and the HDM_*.asf of the actors, anywhere below that folder"
)
ACTORS = ("bd", "bk", "dg", "mm", "tr")

_NUMBER = {name: number for number, name in enumerate(JOINTS)}
BODY = Body(
    len(JOINTS),
    left_hip=_NUMBER["lhipjoint"],
    right_hip=_NUMBER["rhipjoint"],
    left_shoulder=_NUMBER["lclavicle"],
    torso=tuple(
        _NUMBER[name] for name in ("root", "lowerback", "thorax", "lclavicle", "rclavicle", "lhipjoint", "rhipjoint")
    ),
    ankles=(_NUMBER["ltibia"], _NUMBER["rtibia"]),
    feet=(_NUMBER["ltoes"], _NUMBER["rtoes"]),
    mirrored=mirrored(JOINTS),
)


def _class_table():
    """{class of the 130: class of the 65}, in the table's order, and the 65 in the order of their numbers."""
    text = importlib.resources.files("mans_keras.skeletons").joinpath("data/hdm05_classes.tsv").read_text()
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    merged = dict(sorted((int(number), name) for number, name, _ in rows))
    return {name: merged_name for _, merged_name, name in rows}, tuple(merged.values())


MERGED, CLASSES_65 = _class_table()
CLASS_NAMES = {65: CLASSES_65, 130: tuple(MERGED)}


@dataclass(frozen=True)
class Source:
    """A recording and the skeleton of its actor, None if that is missing."""

    amc: Path
    asf: Path | None


def _below(folder, suffix):
    return sorted(
        (path for path in Path(folder).rglob("*") if path.suffix.lower() == suffix), key=lambda path: path.stem
    )


def sources(folder: Path | str) -> list[Source]:
    """The AMC files below a folder, in order of name, each with the nearest skeleton of its actor.

    Raises `InputError` if there are none, or for two files with the same name: the same sequence would train and test.
    """
    amc, asf = _below(folder, ".amc"), _below(folder, ".asf")
    if not amc:
        only = "only .c3d files, and .amc files are needed" if _below(folder, ".c3d") else "no .amc file"
        raise InputError(f"{folder} holds {only}: HDM05 is published at {WHERE}")
    if not asf:
        raise InputError(f"{folder} holds .amc files, but no HDM_<actor>.asf: HDM05 is published at {WHERE}")
    for path, other in itertools.pairwise(amc):
        if path.stem == other.stem:
            raise InputError(f"{path} and {other} have the same name: keep only one of them in {folder}")
    skeletons = {}
    for path in asf:
        skeletons.setdefault(path.stem, path)
        skeletons[path.parent, path.stem] = path
    recordings = []
    for path in amc:
        stem = path.stem[: len("HDM_bd")]
        recordings.append(Source(path, skeletons.get((path.parent, stem)) or skeletons.get(stem)))
    return recordings


def source_name(source: Source) -> str:
    """The name of a recording in a tensor file, e.g. `HDM_bd_grabHighR_001_120`."""
    return source.amc.stem


def parse_name(name: str) -> tuple[str, str]:
    """(actor, class of the 130) of a name `HDM_<actor>_<class>_<repetition>_120`; `Dropped` for another name."""
    match = re.fullmatch(r"HDM_([a-z]{2})_(\w+)_\d+_120", name)
    if not match or match[1] not in ACTORS:
        raise Dropped("its name is not HDM_<actor>_<class>_<repetition>_120")
    if match[2] not in MERGED:
        raise Dropped(f"{match[2]} is not one of the 130 classes")
    return match[1], match[2]


def _class_of(name, classes):
    original = parse_name(name)[1]
    return original if classes == 130 else MERGED[original]


def classes_found(sources: list[Source], classes: int) -> tuple[str, ...]:
    """The classes, of the 65 or 130, that have a source, in the order of the table; `InputError` if there are none."""
    present = set()
    for source in sources:
        try:
            present.add(_class_of(source_name(source), classes))
        except Dropped:
            continue
    if not present:
        raise InputError(
            f"none of {len(sources)} .amc files is HDM_<actor>_<class>_<repetition>_120.amc of a known class"
        )
    return tuple(name for name in CLASS_NAMES[classes] if name in present)


def read_skeleton(path: Path) -> acclaim.Skeleton:
    """An actor's skeleton; raises `Dropped`, which names the file, unless it has HDM05's 31 joints."""
    skeleton = _skeleton_or_reason(path)
    if isinstance(skeleton, str):
        raise Dropped(skeleton)
    return skeleton


@functools.lru_cache(maxsize=2 * len(ACTORS))
def _skeleton_or_reason(path):
    """An actor's skeleton, or why it is not usable: both are kept, since every recording of the actor needs them."""
    try:
        skeleton = acclaim.read_skeleton(path)
    except Dropped as dropped:
        return str(dropped)
    if set(skeleton.bones) != set(JOINTS):
        return f"{path.name}: its bones are not the {len(JOINTS) - 1} bones of HDM05"
    return skeleton


def read_joints(amc: Path, asf: Path) -> np.ndarray:
    """Joints (frames, 1, 31, 3) of a recording, metres, in the order of `JOINTS`.

    Raises `Dropped` if one of the two files is malformed.
    """
    skeleton = read_skeleton(asf)
    ends = acclaim.positions(skeleton, acclaim.parse_motion(read_bytes(amc), skeleton))
    return np.stack([ends[joint] for joint in JOINTS], axis=1)[:, None]


def read(source: Source, class_names: tuple[str, ...] = CLASSES_65, classes: int = 65) -> Sequence:
    """The `Sequence` of a recording, joints (frames, 1, 31, 3) in the order of `JOINTS`, y up.

    label: the place of its class, one of the 65 or the 130 `classes`, in `class_names`; subject: the place of the actor
    in `ACTORS`, from 1. Raises `Dropped` if the name is not HDM05's, or for a malformed recording or skeleton.
    """
    name = source_name(source)
    actor, _ = parse_name(name)
    if source.asf is None:
        raise Dropped(f"HDM_{actor}.asf is missing")
    joints = read_joints(source.amc, source.asf)
    return Sequence(name, joints, class_names.index(_class_of(name, classes)), ACTORS.index(actor) + 1)


def reader(class_names: tuple[str, ...] = CLASSES_65, classes: int = 65) -> Reader:
    """The `Reader` of recordings of some of the 65 or of the 130 `classes`."""
    return Reader(
        "hdm05", class_names, BODY, functools.partial(read, class_names=class_names, classes=classes), source_name
    )
