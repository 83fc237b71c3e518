"""The HDF5 contract between recordings and models: `<dataset>_<scale>.h5`, written as a stream, opened with checks.

x (n, T, N, 3) float32, one sample a chunk; label, subject, camera, name, num_frames, num_bodies (n,); dropped/name and
dropped/reason (m,). Attributes: dataset, class_names, scale, layout, coordinates, mans_keras_version, schema_version;
for `recognition`, bodies and joints of a sequence before resizing, and body, which of the joints orient it, as JSON.
"""

import dataclasses
import glob
import hashlib
import io
import json
import os
import secrets
from pathlib import Path

import h5py
import numpy as np

import mans_keras
from mans_keras.errors import InputError, utf8
from mans_keras.skeletons.sequence import DATASETS, Body
from mans_keras.tensors import transforms

SCHEMA_VERSION = 1
COLUMNS = {"label": np.int64, "subject": np.int64, "camera": np.int64, "num_frames": np.int64, "num_bodies": np.int64}
ATTRIBUTES = ("dataset", "class_names", "scale", "layout", "coordinates", "mans_keras_version", "schema_version")

BUDGET = 2**30  # bytes of samples that training holds in memory; of a larger file it reads each batch from disk
DIGEST_STEP = 2.0**-16  # metres; a digest knows coordinates to this, 15 micrometres
BLOCK = 256  # samples that x grows by: growing it for each takes longer than writing it


def tensor_path(folder, dataset, scale):
    """Where the tensors of a dataset lie."""
    return Path(folder) / f"{dataset}_{scale}.h5"


class _Disk(io.FileIO):
    """The file under an HDF5 file. A write that fails is kept as `failure`: raised inside HDF5, it would crash it.

    What is written from then on stays in memory, since HDF5 would crash, too, on reading back something else.
    """

    failure = None

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.kept = []

    def _attempt(self, change, *arguments):
        try:
            return change(*arguments)
        except OSError as error:
            self.failure = self.failure or error

    def write(self, data):
        place, left = self.tell(), memoryview(data)
        while left and not self.failure:
            left = left[self._attempt(super().write, left) or 0 :]
        if self.failure:
            self.kept.append((place, bytes(data)))
            self.seek(place + len(data))
        return len(data)

    def readinto(self, buffer):
        place, view = self.tell(), memoryview(buffer).cast("B")
        read = super().readinto(buffer)
        if not self.failure:
            return read
        for begin, data in self.kept:
            first, end = max(begin, place), min(begin + len(data), place + len(view))
            if first < end:
                view[first - place : end - place] = data[first - begin : end - begin]
        self.seek(place + len(view))
        return len(view)

    def truncate(self, size=None):
        return self._attempt(super().truncate, size)


class Writer:
    """Write a tensor file sample by sample; it appears under its name only when it is complete.

    Use as a context manager; an exception inside leaves nothing behind, nor does a full disk, which is an `InputError`.
    What a killed process left behind, under a temporary name, is removed.
    """

    def __init__(self, path, *, dataset, class_names, scale, layout, coordinates, body=None):
        self.path = Path(path)
        self.attributes = {
            "dataset": dataset,
            "class_names": list(class_names),
            "scale": scale,
            "layout": layout,
            "coordinates": coordinates,
            "mans_keras_version": mans_keras.__version__,
            "schema_version": SCHEMA_VERSION,
            "body": json.dumps(body and dataclasses.asdict(body)),
        }
        self.columns = {name: [] for name in (*COLUMNS, "name")}
        self.bodies = self.joints = 0
        self.dropped = []

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for left in self.path.parent.glob(f"{glob.escape(self.path.stem)}.*.part"):
            left.unlink(missing_ok=True)
        # another name each time: of two runs at once, none can put the other's half in place
        self.part = self.path.with_suffix(f".{secrets.token_hex(4)}.part")
        self.disk = _Disk(self.part, "x+")
        # HDF5 1.10's index of the samples takes a twentieth of the memory of the default, which is HDF5 1.8's
        self.file = h5py.File(self.disk, "w", libver=("v110", "v110"))
        self.file.attrs.update(self.attributes)
        sample = (self.attributes["scale"], self.attributes["scale"], 3)
        self.x = self.file.create_dataset("x", (0, *sample), "<f4", maxshape=(None, *sample), chunks=(1, *sample))
        return self

    def add(self, tensor, sequence):
        """Append one sample (scale, scale, 3) made from `sequence`; `InputError` if a value is not finite."""
        if not np.isfinite(tensor).all():
            raise InputError(f"{sequence.name}: the tensor holds values that are not finite")
        number = len(self.columns["name"])
        if number == len(self.x):
            self.x.resize(number + BLOCK, axis=0)
        self.x.id.write_direct_chunk((number, 0, 0, 0), np.asarray(tensor, "<f4").reshape(self.x.chunks).tobytes())
        self._check_disk()
        self.bodies, self.joints = sequence.joints.shape[1:3]
        values = {
            "name": utf8(sequence.name),
            "label": sequence.label,
            "subject": sequence.subject,
            "camera": sequence.camera,
            "num_frames": len(sequence.joints),
            "num_bodies": int(sequence.joints.any(axis=(0, 2, 3)).sum()),
        }
        for name, value in values.items():
            self.columns[name].append(value)

    def drop(self, name, reason):
        """Note a source that did not make it."""
        self.dropped.append((utf8(name), reason))

    def _check_disk(self):
        if self.disk.failure:
            raise InputError(f"{self.path} can't be written: {self.disk.failure.strerror}")

    def _write_columns(self):
        self.x.resize(len(self.columns["name"]), axis=0)
        self.file.attrs["bodies"], self.file.attrs["joints"] = self.bodies, self.joints
        for name, dtype in COLUMNS.items():
            self.file[name] = np.array(self.columns[name], dtype)
        text = h5py.string_dtype()
        self.file.create_dataset("name", data=self.columns["name"], dtype=text)
        for column, name in enumerate(("name", "reason")):
            self.file.create_dataset(f"dropped/{name}", data=[row[column] for row in self.dropped], dtype=text)

    def __exit__(self, error, *_):
        try:
            with self.disk:
                with self.file:
                    if error is None:
                        self._write_columns()
                if error is None:
                    self._check_disk()
            if error is None:
                os.replace(self.part, self.path)
        except FileNotFoundError:
            raise InputError(
                f"{self.path} is being prepared by another run, which began later: wait for that"
            ) from None
        finally:
            self.part.unlink(missing_ok=True)


class Tensors:
    """A complete, validated tensor file, opened for reading.

    label, subject, camera, num_frames, num_bodies: (n,) int arrays; name: (n,) strings; class_names: list of strings;
    dataset, scale, layout, coordinates, bodies, joints: its attributes; body: a `Body`, or None.
    Raises `InputError` if the file breaks the contract.
    """

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError(f"{path} does not exist")
        try:
            file = h5py.File(path, "r")
        except OSError as error:
            raise InputError(f"{path} is not a readable HDF5 file ({error})") from None
        with file:
            version = file.attrs.get("schema_version")
            if version != SCHEMA_VERSION:
                raise InputError(
                    f"{path} has schema version {version}, this mans_keras reads {SCHEMA_VERSION}: prepare it again"
                )
            missing = [name for name in ATTRIBUTES if name not in file.attrs]
            missing += [name for name in ("x", "name", *COLUMNS) if name not in file]
            if missing:
                raise InputError(f"{path} lacks {', '.join(missing)}: prepare it again")
            try:
                self._read(file)
            except (AttributeError, TypeError, ValueError) as error:
                raise InputError(f"{path} breaks the contract of tensor files ({error}): prepare it again") from None
        self._check()

    def _read(self, file):
        self.dataset, self.layout, self.coordinates = (file.attrs[k] for k in ("dataset", "layout", "coordinates"))
        self.scale = int(file.attrs["scale"])
        self.class_names = [str(name) for name in file.attrs["class_names"]]
        self.name = file["name"].asstr()[:]
        body = json.loads(file.attrs.get("body", "null"))
        self.body = body and Body(**{name: tuple(v) if isinstance(v, list) else v for name, v in body.items()})
        self.bodies, self.joints = (int(file.attrs.get(name, 0)) for name in ("bodies", "joints"))
        for column in COLUMNS:
            setattr(self, column, file[column][:])
        self.shape = file["x"].shape

    def _check(self):
        n = self.shape[0]
        if self.shape[1:] != (self.scale, self.scale, 3) or any(len(getattr(self, c)) != n for c in ("name", *COLUMNS)):
            raise InputError(f"{self.path}: x has shape {self.shape}, which does not fit its scale or its columns")
        if n == 0:
            raise InputError(f"{self.path} holds no sequence")
        if self.label.min() < 0 or self.label.max() >= len(self.class_names):
            raise InputError(f"{self.path}: a label is outside the {len(self.class_names)} classes that it names")

    def __len__(self):
        return self.shape[0]

    def read(self, indices):
        """x of these samples, (len(indices), scale, scale, 3) float32, in the order of `indices`."""
        with h5py.File(self.path, "r") as file:
            return _rows(file["x"], indices)

    def samples(self, indices):
        """What `read` returns, to be indexed by arrays of positions: in memory if the whole file fits in `BUDGET`."""
        size = np.prod(self.shape) * np.dtype("<f4").itemsize
        return self.read(indices) if size <= BUDGET else _OnDisk(self.path, indices)

    def in_memory(self):
        """The same with its samples in memory, to be sent where the file is not."""
        return _InMemory(self)

    def mirroring(self):
        """The matrix of `transforms.mirroring`, None if it is not known which joints are left and which right."""
        order = self.body and self.body.mirrored
        return transforms.mirroring(order, self.bodies, self.scale, self.layout) if order else None

    def digest(self):
        """SHA-256 of everything a result depends on: samples, labels, subjects, cameras, names, attributes.

        Samples are rounded to `DIGEST_STEP` first: products of matrices differ in their last bits between processors,
        and so zero may be 1e-17.
        """
        hashed = hashlib.sha256()
        described = (self.dataset, self.class_names, self.scale, self.layout, self.coordinates, list(self.name))
        if self.dataset not in DATASETS:  # what mirrors a body: of the known data sets it is the code's
            described += (self.bodies, self.body)
        hashed.update(repr(described).encode())
        for column in ("label", "subject", "camera"):
            hashed.update(getattr(self, column).astype("<i8").tobytes())
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
