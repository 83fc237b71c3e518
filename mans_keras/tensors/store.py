"""The HDF5 contract between recordings and models, `<dataset>_<scale>.h5`, and such a file opened for reading.

x (n, T, N, 3) float32, one sample a chunk; label, subject, camera, name, num_frames, num_bodies (n,); split/<name> (n,)
int8, 1 trains, 0 tests, -1 does neither, for each split that came with the data; dropped/name and dropped/reason (m,).
Attributes: dataset, class_names, joint_names (may be empty), scale, layout, coordinates, mans_keras_version,
schema_version; for `recognition`, bodies and joints of a sequence before resizing, and body, the joints that orient it,
as JSON.
`writer.Writer` writes such files.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence as Indices
from pathlib import Path

import h5py
import numpy as np

from mans_keras.errors import InputError, listed
from mans_keras.skeletons import joint_names
from mans_keras.skeletons.sequence import DATASETS, Body
from mans_keras.tensors import protocols, transforms

SCHEMA_VERSION = 2
READABLE = (1, 2)  # of the two, only 2 has the names of the joints
COLUMNS = {"label": np.int64, "subject": np.int64, "camera": np.int64, "num_frames": np.int64, "num_bodies": np.int64}
ATTRIBUTES = ("dataset", "class_names", "scale", "layout", "coordinates", "mans_keras_version", "schema_version")

BUDGET = 2**30  # bytes of samples that training holds in memory; of a larger file it reads each batch from disk
DIGEST_STEP = 2.0**-16  # metres; a digest knows coordinates to this, 15 micrometres


def tensor_path(folder: Path | str, dataset: str, scale: int) -> Path:
    """The path of a data set's tensor file in a folder."""
    return Path(folder) / f"{dataset}_{scale}.h5"


class Tensors:
    """A complete, validated tensor file, opened for reading.

    label, subject, camera, num_frames, num_bodies: (n,) int arrays; name: (n,) strings; class_names: list of strings;
    splits: {name: (n,) int8, 1 trains, 0 tests, -1 does neither};
    dataset, scale, layout, coordinates, bodies, joints: its attributes; joint_names: tuple of strings, () if they are
    not known; body: a `Body`, or None.
    Raises `InputError` if the file breaks the contract.

    To train a model by plain Keras, with the loss "sparse_categorical_crossentropy":

        tensors = mans_keras.Tensors("data/ut_kinect_50.h5")
        train, test = tensors.fold("odd_even")
        model.fit(*train, validation_data=test)
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError(f"{path} does not exist")
        try:
            with h5py.File(path, "r") as file:
                self._check_parts(file)
                self._read(file)
        except InputError:
            raise
        except OSError as error:
            raise InputError(f"{path} is not a readable HDF5 file ({error})") from None
        except Exception as error:  # h5py raises almost anything on a damaged file
            raise InputError(f"{path} breaks the contract of tensor files ({error}): prepare it again") from None
        self._check()

    def _check_parts(self, file):
        version = file.attrs.get("schema_version")
        if version not in READABLE:
            readable = " and ".join(map(str, READABLE))
            raise InputError(
                f"{self.path} has schema version {version}, but this mans_keras reads {readable}: prepare it again"
            )
        missing = [name for name in ATTRIBUTES if name not in file.attrs]
        missing += [name for name in ("x", "name", *COLUMNS) if name not in file]
        if missing:
            raise InputError(f"{self.path} lacks {', '.join(missing)}: prepare it again")

    def _read(self, file):
        self.dataset, self.layout, self.coordinates = (file.attrs[k] for k in ("dataset", "layout", "coordinates"))
        self.scale = int(file.attrs["scale"])
        self.class_names = [str(name) for name in file.attrs["class_names"]]
        self.name = file["name"].asstr()[:]
        body = json.loads(file.attrs.get("body", "null"))
        self.body = body and Body(**{name: tuple(v) if isinstance(v, list) else v for name, v in body.items()})
        self.bodies, self.joints = (int(file.attrs.get(name, 0)) for name in ("bodies", "joints"))
        stored = file.attrs.get("joint_names", joint_names.of_dataset(self.dataset, self.joints))
        self.joint_names = tuple(map(str, stored))
        for column in COLUMNS:
            setattr(self, column, file[column][:])
        self.splits = {name: split[:] for name, split in file.get("split", {}).items()}
        self.shape = file["x"].shape

    def _check(self):
        n = self.shape[0]
        if self.shape[1:] != (self.scale, self.scale, 3) or any(
            len(column) != n
            for column in (*(getattr(self, name) for name in ("name", *COLUMNS)), *self.splits.values())
        ):
            raise InputError(f"{self.path}: x has shape {self.shape}, which does not fit its scale or its columns")
        if n == 0:
            raise InputError(f"{self.path} holds no sequence")
        if self.label.min() < 0 or self.label.max() >= len(self.class_names):
            raise InputError(f"{self.path}: a label is outside the {len(self.class_names)} classes that it names")
        if self.joint_names and len(self.joint_names) != self.joints:
            raise InputError(f"{self.path}: it names {len(self.joint_names)} joints, and its bodies have {self.joints}")

    def __len__(self) -> int:
        return self.shape[0]

    def fold(self, protocol: str, fold: int | str | None = None) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """((x, y) to train, (x, y) to test) of one fold of a protocol, as `keras.Model.fit` and `evaluate` take them.

        x: (n, T, N, 3) float32; y: (n,) int64, classes from 0. All samples are in memory.

        fold: its number from 0, or its name such as "loso-s03"; not needed if the protocol has only one fold. Raises
        `InputError` if the data set has no such protocol or the protocol no such fold.
        """
        folds = {fold.name: fold for fold in protocols.folds(self, protocol)}
        names = list(folds)
        if fold is None and len(names) == 1:
            fold = 0
        if isinstance(fold, (int, np.integer)) and 0 <= fold < len(names):
            fold = names[fold]
        if fold not in folds:
            raise InputError(
                f"{protocol} has {len(names)} folds{'' if fold is None else f', and {fold!r} is not one of them'}: "
                f"give a number from 0 to {len(names) - 1}, or a name: {listed(names)}"
            )
        sides = (folds[fold].train, folds[fold].test)
        return tuple((self.read(indices), self.label[indices]) for indices in sides)

    def preparation(self) -> dict:
        """What a saved model must know of its recordings to be asked about others, ready for JSON."""
        return {
            "dataset": self.dataset,
            "class_names": self.class_names,
            "scale": self.scale,
            "layout": self.layout,
            "coordinates": self.coordinates,
            "bodies": self.bodies,
            "joints": self.joints,
            "joint_names": list(self.joint_names),
            "frames": int(np.median(self.num_frames)),
            "body": self.body and dataclasses.asdict(self.body),
        }

    def read(self, indices: Indices[int]) -> np.ndarray:
        """x of these samples, (len(indices), scale, scale, 3) float32, in the order of `indices`."""
        with h5py.File(self.path, "r") as file:
            return _rows(file["x"], indices)

    def samples(self, indices: Indices[int]):
        """What `read` returns, to be indexed by arrays of positions: in memory if the whole file fits in `BUDGET`."""
        size = np.prod(self.shape) * np.dtype("<f4").itemsize
        return self.read(indices) if size <= BUDGET else _OnDisk(self.path, indices)

    def in_memory(self) -> "Tensors":
        """The same tensors with their samples in memory, to be sent to a machine that does not have the file."""
        return _InMemory(self)

    def mirroring(self) -> np.ndarray | None:
        """The matrix of `transforms.mirroring`, None if it is not known which joints are left and which are right."""
        order = self.body and self.body.mirrored
        return transforms.mirroring(order, self.bodies, self.scale, self.layout) if order else None

    def digest(self) -> str:
        """SHA-256 of all that a result depends on: samples, labels, subjects, cameras, splits, names, attributes.

        Samples are rounded to `DIGEST_STEP` first: between processors, the last bits of a matrix product differ, and
        zero may be 1e-17.
        """
        hashed = hashlib.sha256()
        described = (self.dataset, self.class_names, self.scale, self.layout, self.coordinates, list(self.name))
        # Bodies and body decide how sequences are mirrored; of the known data sets the code has them.
        if self.dataset not in DATASETS:
            described += (self.bodies, self.body)
            described += (self.joint_names,) if self.joint_names else ()
        hashed.update(repr(described).encode())
        for column in ("label", "subject", "camera"):
            hashed.update(getattr(self, column).astype("<i8").tobytes())
        for name, split in sorted(self.splits.items()):
            hashed.update(name.encode() + split.astype("<i8").tobytes())
        with h5py.File(self.path, "r") as file:
            for index in range(len(self)):
                hashed.update(np.rint(file["x"][index] / DIGEST_STEP).astype("<i8").tobytes())
        return hashed.hexdigest()


def _rows(x, indices):
    rows = np.empty((len(indices), *x.shape[1:]), np.float32)
    for position, index in enumerate(indices):
        rows[position] = x[index]
    return rows


class _OnDisk:
    def __init__(self, path, indices):
        self.x = h5py.File(path, "r")["x"]  # which keeps its file open
        self.indices = np.asarray(indices)

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, positions):
        return _rows(self.x, self.indices[positions])


class _InMemory(Tensors):
    def __init__(self, tensors):
        vars(self).update(vars(tensors))
        self.x = tensors.read(range(len(tensors)))

    def read(self, indices):
        return self.x[indices]

    samples = read
