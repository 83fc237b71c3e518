"""HDM05 (Mueller et al., CG-2007-2, Universitaet Bonn): 2,337 cut sequences of 130 classes by 5 actors, at 120 Hz.

`HDM_<actor>_<class>_<repetition>_120.amc` are angles of the skeleton in `HDM_<actor>.asf`; see `acclaim`. Its 130
classes count repetitions and starting sides; merged, as the paper has them, they are 65.
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
from mans_keras.skeletons.sequence import Body, Dropped, Reader, Sequence

WHERE = (
    "https://resources.mpi-inf.mpg.de/HDM05 (CC BY-SA 3.0; cite Mueller et al. 2007): unpack its cut AMC files, "
    "and the HDM_*.asf of the actors, anywhere below that folder"
)
ACTORS = ("bd", "bk", "dg", "mm", "tr")

# The root, and where the 30 bones end, as the ASF files number them.
JOINTS = (
    "root",
    *("lhipjoint", "lfemur", "ltibia", "lfoot", "ltoes"),
    *("rhipjoint", "rfemur", "rtibia", "rfoot", "rtoes"),
    *("lowerback", "upperback", "thorax", "lowerneck", "upperneck", "head"),
    *("lclavicle", "lhumerus", "lradius", "lwrist", "lhand", "lfingers", "lthumb"),
    *("rclavicle", "rhumerus", "rradius", "rwrist", "rhand", "rfingers", "rthumb"),
)
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
    """A recording and its actor's skeleton, None if there is none."""

    amc: Path
    asf: Path | None


def _below(folder, suffix):
    return sorted(
        (path for path in Path(folder).rglob("*") if path.suffix.lower() == suffix), key=lambda path: path.stem
    )


def sources(folder):
    """The AMC files below a folder, in order of name, each with the skeleton of its actor: the nearest one's.

    Raises `InputError` if there is none, or if a name is there twice, which would put a sequence in training and test.
    """
    amc, asf = _below(folder, ".amc"), _below(folder, ".asf")
    if not amc:
        only = "only .c3d files, and .amc files are wanted" if _below(folder, ".c3d") else "no .amc file"
        raise InputError(f"{folder} holds {only}: HDM05 is published at {WHERE}")
    if not asf:
        raise InputError(f"{folder} holds .amc files, but no HDM_<actor>.asf: HDM05 is published at {WHERE}")
    for path, other in itertools.pairwise(amc):
        if path.stem == other.stem:
            raise InputError(f"{path} and {other} have the same name: one of them must go")
    skeletons = {}
    for path in asf:
        skeletons.setdefault(path.stem, path)
        skeletons[path.parent, path.stem] = path
    found = []
    for path in amc:
        stem = path.stem[: len("HDM_bd")]
        found.append(Source(path, skeletons.get((path.parent, stem)) or skeletons.get(stem)))
    return found


def source_name(source):
    """The name a recording goes by in a tensor file, e.g. `HDM_bd_grabHighR_001_120`."""
    return source.amc.stem


def parse_name(name):
    """(actor, class of the 130) of a name `HDM_<actor>_<class>_<repetition>_120`; `Dropped` for another name."""
    match = re.fullmatch(r"HDM_([a-z]{2})_(\w+)_\d+_120", name)
    if not match or match[1] not in ACTORS:
        raise Dropped("the name is not HDM_<actor>_<class>_<repetition>_120")
    if match[2] not in MERGED:
        raise Dropped(f"{match[2]} is none of the 130 classes")
    return match[1], match[2]


def _class_of(name, classes):
    original = parse_name(name)[1]
    return original if classes == 130 else MERGED[original]


def classes_found(found, classes):
    """Those of the 65 or 130 classes that sources are of, in the table's order; `InputError` if there is none."""
    present = set()
    for source in found:
        try:
            present.add(_class_of(source_name(source), classes))
        except Dropped:
            continue
    if not present:
        raise InputError(
            f"none of {len(found)} .amc files is HDM_<actor>_<class>_<repetition>_120.amc of a known class"
        )
    return tuple(name for name in CLASS_NAMES[classes] if name in present)


@functools.lru_cache(maxsize=2 * len(ACTORS))
def read_skeleton(path):
    """An actor's `acclaim.Skeleton`; `Dropped`, naming the file, unless it has HDM05's 31 joints."""
    skeleton = acclaim.read_skeleton(path)
    if set(skeleton.bones) != set(JOINTS):
        raise Dropped(f"{path.name}: its bones are not the {len(JOINTS) - 1} of HDM05")
    return skeleton


def read_joints(amc, asf):
    """Joints (frames, 1, 31, 3) of a recording, in the order of `JOINTS`. Raises `Dropped` if either is malformed."""
    skeleton = read_skeleton(asf)
    ends = acclaim.positions(skeleton, acclaim.parse_motion(read_bytes(amc), skeleton))
    return np.stack([ends[joint] for joint in JOINTS], axis=1)[:, None]


def read(source, class_names=CLASSES_65, classes=65):
    """The `Sequence` of a recording, joints (frames, 1, 31, 3) in the order of `JOINTS`, y up.

    label: its class in `class_names`, of the 65 or the 130 `classes`; subject: the actor's place in `ACTORS`, from 1.
    Raises `Dropped` if the name is not HDM05's, or for a malformed recording or skeleton.
    """
    name = source_name(source)
    actor, _ = parse_name(name)
    if source.asf is None:
        raise Dropped(f"HDM_{actor}.asf is missing")
    joints = read_joints(source.amc, source.asf)
    return Sequence(name, joints, class_names.index(_class_of(name, classes)), ACTORS.index(actor) + 1)


def reader(class_names=CLASSES_65, classes=65):
    """The `Reader` of recordings of some of the 65 or of the 130 `classes`."""
    return Reader(
        "hdm05", class_names, BODY, functools.partial(read, class_names=class_names, classes=classes), source_name
    )
