"""NTU RGB+D in one file, with its splits: pyskl's pickle (`ntu60_3danno.pkl`) and CTR-GCN's `.npz` (`NTU60_CS.npz`)."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mans_keras.errors import InputError
from mans_keras.skeletons import ntu
from mans_keras.skeletons.bounds import MAX_FRAMES, MAX_METRES, file_size
from mans_keras.skeletons.formats import pickled
from mans_keras.skeletons.formats.arrays import npy_header
from mans_keras.skeletons.formats.pickled import StoredArray
from mans_keras.skeletons.missing import completed
from mans_keras.skeletons.sequence import KINECT_2, Dropped, Sequence

SUFFIXES = (".pkl", ".pickle", ".npz")
SIDES = {"train": 1, "val": 0, "test": 0}
# What CTR-GCN's file names call their split.
SPLITS = {"cs": "cross_subject", "csub": "cross_subject", "cv": "cross_view", "cset": "cross_setup"}
BODIES, WIDTH = 2, 3 * KINECT_2.joints
LABEL_BYTES = 2**28  # four times those of NTU RGB+D 120


@dataclass(frozen=True)
class Source:
    """A sequence in a packed file; label: the file's, None if it is not a number."""

    name: str
    label: int | None
    joints: StoredArray | None


def sources(path: Path | str) -> tuple[list[Source], dict[str, dict[str, int]]]:
    """(sources, splits) of a packed file; splits: as `tensors.writer.Writer` takes them.

    Raises `InputError`, which names the file, for a file of another kind.
    """
    path = Path(path)
    try:
        return _npz_sources(path) if path.suffix.lower() == ".npz" else _pickle_sources(path)
    except Dropped as dropped:
        raise InputError(f"{path}: {dropped}") from None


def source_name(source: Source) -> str:
    """The name of a sequence in a tensor file: as in pyskl's pickle, or `train_00012` of a `.npz`."""
    return source.name


def _pickle_sources(path):
    content = pickled.read(path)
    if not isinstance(content, dict) or not isinstance(content.get("annotations"), list):
        raise Dropped("not pyskl's form, a dict with a list of annotations and a dict named split")
    annotated = []
    for number, annotation in enumerate(content["annotations"]):
        if not isinstance(annotation, dict) or not isinstance(annotation.get("frame_dir"), str):
            raise Dropped(f"annotations[{number}] is not a dict with a text frame_dir")
        joints, label = annotation.get("keypoint"), annotation.get("label")
        stored = joints if isinstance(joints, StoredArray) else None
        annotated.append(Source(annotation["frame_dir"], label if type(label) is int else None, stored))
    names = {source.name for source in annotated}
    if len(names) < len(annotated):
        raise Dropped("two annotations have the same frame_dir")
    return annotated, _pickle_splits(content.get("split", {}), names)


def _pickle_splits(listed, names):
    """{split: {name: side}} of pyskl's {"xsub_train": [name, ...], "xsub_val": ...}."""
    if not isinstance(listed, dict):
        raise Dropped("split is not a dict of lists of names")
    splits = {}
    for key, members in listed.items():
        split, _, side = str(key).rpartition("_")
        if not isinstance(members, list) or not all(isinstance(name, str) for name in members):
            raise Dropped(f"split {str(key)[:40]!r} is not a list of names")
        if not split.isidentifier() or side not in SIDES:
            continue  # such as pyskl's lists of all names
        if missing := set(members) - names:
            raise Dropped(f"split {key[:40]!r} has {min(missing)[:40]!r}, which is no annotation")
        sides = splits.setdefault(split, {})
        for name in members:
            if sides.setdefault(name, SIDES[side]) != SIDES[side]:
                raise Dropped(f"{name[:40]!r} both trains and tests in the split {split!r}")
    return {split: sides for split, sides in splits.items() if len(set(sides.values())) == 2}


def _npz_sources(path):
    arrays = stored_arrays(path)
    rows = []
    for side in ("train", "test"):
        x, y = arrays.get(f"x_{side}"), arrays.get(f"y_{side}")
        if x is None or y is None:
            raise Dropped("not CTR-GCN's form: the arrays x_train, y_train, x_test and y_test")
        if (
            not all((*x.shape, *y.shape))
            or len(x.shape) != 3
            or x.shape[2] != BODIES * WIDTH
            or len(y.shape) not in (1, 2)
            or y.shape[:1] != x.shape[:1]
            or (len(y.shape) == 1 and np.dtype(y.dtype).kind not in "iu")
        ):
            raise Dropped(
                f"x_{side} {x.shape} and y_{side} {y.shape}: (n, frames, 150), and (n, classes) or n integers"
            )
        labels = y.read(LABEL_BYTES)
        labels = labels.argmax(axis=1) if labels.ndim == 2 else labels
        size = x.size // len(labels)
        for number, label in enumerate(labels.tolist()):
            row = StoredArray(path, x.offset + number * size, size, x.dtype, x.shape[1:])
            rows.append(Source(f"{side}_{number:05}", int(label), row))
    words = path.stem.lower().split("_")
    name = next((SPLITS[word] for word in words if word in SPLITS), "train_test")
    return rows, {name: {source.name: SIDES[source.name.split("_")[0]] for source in rows}}


def stored_arrays(path: Path) -> dict[str, StoredArray]:
    """The arrays of a `.npz` file without compression, as NumPy's `savez` writes it. Raises `Dropped` for another."""
    try:
        arrays, end = {}, file_size(path)
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            for info in archive.infolist():
                if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
                    raise Dropped(f"{info.filename[:40]} is compressed: save the arrays again, by numpy.savez")
                file.seek(info.header_offset + 26)  # where the lengths of name and extra field are
                lengths = file.read(4)
                first = info.header_offset + 30 + int.from_bytes(lengths[:2], "little")
                first += int.from_bytes(lengths[2:], "little")
                file.seek(first)
                dtype, is_fortran, shape, header = npy_header(file.read(min(info.file_size, 2**12)))
                size = info.file_size - header
                if is_fortran or size != np.prod(shape, dtype=object) * dtype.itemsize or first + info.file_size > end:
                    raise Dropped(f"the array {info.filename[:40]} is cut short, or its header is wrong")
                arrays[info.filename.removesuffix(".npy")] = StoredArray(path, first + header, size, dtype.str, shape)
        return arrays
    except Dropped:
        raise
    except Exception:  # on broken bytes, zipfile raises nearly anything
        raise Dropped("not a .npz file, or a broken one") from None


def read(source: Source, classes: int = 60, counts: str | None = "official") -> Sequence:
    """The `Sequence` of a source, joints (frames, 2, 25, 3); a body that is absent from a frame is zeros.

    pyskl's joints are completed by `missing.completed`. CTR-GCN's are not: they are relative to a joint of the first
    frame. Label, subject and camera come from the name if it is NTU RGB+D's, else label is the file's. counts: as in
    `ntu.read`. Raises `Dropped` for another shape, coordinates that are not in metres, a label that is not one of the
    classes or does not fit the name, or no body in any frame.
    """
    label, subject, camera = source.label, -1, -1
    if ntu.is_name(source.name):
        label, subject, camera = ntu.parse_name(source.name, classes)
        if source.label not in (None, label):
            raise Dropped(f"its label {source.label} does not fit its name")
        if counts and source.name in ntu.missing_skeletons(classes):
            raise Dropped("listed by the owners: missing or incomplete skeletons")
    if label is None or not 0 <= label < classes:
        raise Dropped(f"its label {label} is not one of the {classes} classes")
    if source.joints is None:
        raise Dropped("it has no array keypoint")
    return Sequence(source.name, _joints(source.joints), label, subject, camera)


def _numbers(stored):
    with np.errstate(invalid="ignore"):  # a signalling NaN in a broken file; it is refused later
        return stored.read().astype(float)


def _joints(stored):
    if len(stored.shape) == 2:  # CTR-GCN's: (frames, two bodies side by side)
        array = _numbers(stored).reshape(-1, BODIES, KINECT_2.joints, 3)
        array = array[: max(np.flatnonzero(array.any(axis=(1, 2, 3))), default=0) + 1]
        is_relative = True  # to a joint of the first frame, so that 0 0 0 is a place
    elif len(stored.shape) == 4 and stored.shape[2:] == (KINECT_2.joints, 3) and stored.shape[0] >= 1:
        array, is_relative = np.moveaxis(_numbers(stored), 0, 1), False
    else:
        raise Dropped(f"the array has shape {stored.shape}: (bodies, frames, {KINECT_2.joints}, 3) is expected")
    if not 0 < len(array) <= MAX_FRAMES:
        raise Dropped(f"{len(array)} frames: 1 to {MAX_FRAMES:,} are possible")
    if not (np.abs(array) < MAX_METRES).all():
        raise Dropped(f"a coordinate is not finite or beyond {MAX_METRES} m")
    if not array.any():
        raise Dropped("no body in any frame")
    if array.shape[1] > BODIES:
        raise Dropped(f"{array.shape[1]} bodies: at most {BODIES} are possible")
    complete = array if is_relative else completed(array)
    return np.pad(complete, [(0, 0), (0, BODIES - array.shape[1]), (0, 0), (0, 0)])
