"""Writing a tensor file, sample by sample: it is complete or absent, whatever happens meanwhile."""

import dataclasses
import glob
import io
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

import mans_keras
from mans_keras.errors import InputError, printable, utf8
from mans_keras.files import make_folder, write_error
from mans_keras.skeletons.sequence import Body, Sequence
from mans_keras.tensors.store import COLUMNS, SCHEMA_VERSION

MAX_REASON = 1000  # letters
BLOCK = 256  # samples that x grows by: growing it for each sample takes longer than writing the sample


class _Disk(io.FileIO):
    """The file under an HDF5 file. An error of writing is kept as `failure`: if it were raised, HDF5 would crash.

    What is written after the error stays in memory: HDF5 would also crash if it read back something else.
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
        place, remaining = self.tell(), memoryview(data)
        while remaining and not self.failure:
            remaining = remaining[self._attempt(super().write, remaining) or 0 :]
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

    Use it as a context manager. After an exception inside, nothing of the file is left; a full disk raises
    `InputError`. Unfinished files of processes that were killed, which have temporary names, are removed.
    splits: {name of a split: {name of a sequence: 1 if it trains, 0 if it tests}}.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        dataset: str,
        class_names: tuple[str, ...] | list[str],
        scale: int,
        layout: str,
        coordinates: str,
        body: Body | None = None,
        splits: Mapping[str, Mapping[str, int]] | None = None,
        joint_names: tuple[str, ...] = (),
    ):
        self.path = Path(path)
        self.splits = splits or {}
        self.attributes = {
            "dataset": dataset,
            "class_names": list(class_names),
            "joint_names": np.array(joint_names, h5py.string_dtype()),
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

    def __enter__(self) -> "Writer":
        make_folder(self.path.parent)
        for unfinished in self.path.parent.glob(f"{glob.escape(self.path.stem)}.*.part"):
            unfinished.unlink(missing_ok=True)
        # a new name each time: of two runs at once, neither can rename the other's unfinished file
        self.part = self.path.with_suffix(f".{secrets.token_hex(4)}.part")
        self.disk = _Disk(self.part, "x+")
        # HDF5 1.10's index of the samples takes a twentieth of the memory of the default, which is HDF5 1.8's
        self.file = h5py.File(self.disk, "w", libver=("v110", "v110"))
        self.file.attrs.update(self.attributes)
        sample = (self.attributes["scale"], self.attributes["scale"], 3)
        self.x = self.file.create_dataset("x", (0, *sample), "<f4", maxshape=(None, *sample), chunks=(1, *sample))
        return self

    def add(self, tensor: np.ndarray, sequence: Sequence) -> None:
        """Append one sample (scale, scale, 3) made from `sequence`. Raises `InputError` if a value is not finite."""
        if not np.isfinite(tensor).all():
            raise InputError(f"{sequence.name}: the tensor holds values that are not finite")
        number = len(self.columns["name"])
        if number == len(self.x):
            self.x.resize(number + BLOCK, axis=0)
        self.x.id.write_direct_chunk((number, 0, 0, 0), np.asarray(tensor, "<f4").reshape(self.x.chunks).tobytes())
        self._check_disk()
        self.bodies, self.joints = sequence.joints.shape[1:3]
        values = {
            "name": printable(utf8(sequence.name)),
            "label": sequence.label,
            "subject": sequence.subject,
            "camera": sequence.camera,
            "num_frames": len(sequence.joints),
            "num_bodies": int(sequence.joints.any(axis=(0, 2, 3)).sum()),
        }
        for name, value in values.items():
            self.columns[name].append(value)

    def drop(self, name: str, reason: str) -> None:
        """Note a source that is left out, with the reason; HDF5 holds no text with NUL, so such letters are escaped."""
        self.dropped.append((printable(utf8(name)), printable(reason[:MAX_REASON])))

    def _check_disk(self):
        if self.disk.failure:
            raise InputError(write_error(self.path, self.disk.failure))

    def _write_columns(self):
        self.x.resize(len(self.columns["name"]), axis=0)
        self.file.attrs["bodies"], self.file.attrs["joints"] = self.bodies, self.joints
        for name, dtype in COLUMNS.items():
            self.file[name] = np.array(self.columns[name], dtype)
        for split, sides in self.splits.items():
            self.file[f"split/{split}"] = np.array([sides.get(name, -1) for name in self.columns["name"]], np.int8)
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
                f"{self.path} is being prepared by another run that began later: wait until it has ended"
            ) from None
        finally:
            self.part.unlink(missing_ok=True)
