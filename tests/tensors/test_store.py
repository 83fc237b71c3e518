import errno
import os
from dataclasses import replace

import h5py
import numpy as np
import pytest
from helpers import standing_body, tensor_file

from mans_keras.errors import InputError
from mans_keras.skeletons.sequence import KINECT_1, Sequence
from mans_keras.tensors import store
from mans_keras.tensors.store import Tensors, Writer

SETTINGS = {"dataset": "d", "class_names": ("a",), "scale": 50, "layout": "pad", "coordinates": "raw"}
SEQUENCE = Sequence("one", standing_body()[:, None], 0)


def test_samples_come_back_in_the_order_asked_for(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "t.h5"))
    with h5py.File(tmp_path / "t.h5") as file:
        x = file["x"][:]
    np.testing.assert_array_equal(tensors.read([5, 2, 2]), x[[5, 2, 2]])
    assert len(tensors) == len(x) == 24


def test_an_interrupted_writer_leaves_nothing_behind(tmp_path):
    with pytest.raises(KeyboardInterrupt), Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        writer.add(np.zeros((50, 50, 3)), SEQUENCE)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_writer_keeps_the_complete_file_that_was_there(tmp_path):
    before = tensor_file(tmp_path / "t.h5").read_bytes()
    with pytest.raises(KeyboardInterrupt), Writer(tmp_path / "t.h5", **SETTINGS):
        raise KeyboardInterrupt
    assert (tmp_path / "t.h5").read_bytes() == before


@pytest.mark.parametrize("writes", [0, 1, 3, 12, 13])
def test_a_disk_that_is_full_after_some_writes_is_one_line_and_leaves_nothing(tmp_path, monkeypatch, writes):
    left = iter(range(writes))
    attempt = store._Disk._attempt

    def full(disk, change, *arguments):
        if next(left, None) is not None:
            return attempt(disk, change, *arguments)
        disk.failure = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store._Disk, "_attempt", full)
    with pytest.raises(InputError, match="can't be written: No space"), Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        for _ in range(10):
            writer.add(np.zeros((50, 50, 3)), SEQUENCE)
    assert list(tmp_path.iterdir()) == []


def test_more_samples_than_a_block_come_back_in_order(tmp_path):
    with Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        for number in range(store.BLOCK + 3):
            writer.add(np.full((50, 50, 3), number), SEQUENCE)
    x = Tensors(tmp_path / "t.h5").read(range(store.BLOCK + 3))
    assert x.dtype == np.float32 and (x == np.arange(store.BLOCK + 3)[:, None, None, None]).all()


def test_a_tensor_of_another_shape_is_refused(tmp_path):
    with pytest.raises(ValueError, match="reshape"), Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        writer.add(np.zeros((50, 49, 3)), SEQUENCE)


def test_what_a_killed_process_left_is_removed(tmp_path):
    (tmp_path / "t.0a1b2c3d.part").write_text("half a file")
    tensor_file(tmp_path / "t.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["t.h5"]


def test_of_two_writers_at_once_the_later_one_completes(tmp_path):
    with pytest.raises(InputError, match="another run"), Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        writer.add(np.zeros((50, 50, 3)), SEQUENCE)
        tensor_file(tmp_path / "t.h5")
    assert len(Tensors(tmp_path / "t.h5")) == 24


def test_values_that_are_not_finite_are_refused(tmp_path):
    with pytest.raises(InputError, match="not finite"), Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        writer.add(np.full((50, 50, 3), np.nan), SEQUENCE)


def test_file_names_that_are_not_utf_8_are_kept_readable(tmp_path):
    name = os.fsdecode(b"caf\xe9")
    with Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        writer.add(np.zeros((50, 50, 3)), replace(SEQUENCE, name=name))
        writer.drop(name, "no reason")
    assert Tensors(tmp_path / "t.h5").name.tolist() == [r"caf\xe9"]
    with h5py.File(tmp_path / "t.h5") as file:
        assert file["dropped/name"].asstr()[0] == r"caf\xe9"


def test_what_mirrors_the_bodies_of_ones_own_data_set_is_in_its_digest(tmp_path):
    one, other = (
        Tensors(tensor_file(tmp_path / f"{n}.h5", "moves", body=body)).digest()
        for n, body in enumerate((None, KINECT_1))
    )
    assert one != other


def test_the_digest_does_not_know_rounding_but_a_millimetre(tmp_path):
    digests = []
    for number, change in enumerate((0, 1e-9, 1e-3)):
        path = tensor_file(tmp_path / f"{number}.h5")
        with h5py.File(path, "a") as file:
            file["x"][0] = 0  # a zero may be 1e-17 on another processor
            file["x"][0, 5:] += change
        digests.append(Tensors(path).digest())
    assert digests[0] == digests[1] != digests[2]


def test_the_digest_follows_the_contents_and_nothing_else(tmp_path):
    digests = [Tensors(tensor_file(tmp_path / f"{n}.h5", seed=seed)).digest() for n, seed in enumerate((0, 0, 1))]
    assert digests[0] == digests[1] != digests[2]
    with h5py.File(tmp_path / "0.h5", "a") as file:
        file["subject"][3] = 7
    assert Tensors(tmp_path / "0.h5").digest() != digests[0]


def _missing_column(file):
    del file["camera"]


def _short_column(file):
    del file["label"]
    file["label"] = [0]


def _foreign_label(file):
    file["label"][0] = 3


def _scalar_column(file):
    del file["label"]
    file["label"] = 0


def _other_schema(file):
    file.attrs["schema_version"] = 99


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (_missing_column, "lacks camera"),
        (_short_column, "does not fit"),
        (_scalar_column, "breaks the contract"),
        (_foreign_label, "outside the 3 classes"),
        (_other_schema, "schema version 99, this mans_keras reads 1"),
    ],
)
def test_a_file_that_breaks_the_contract_is_refused(tmp_path, damage, complaint):
    with h5py.File(tensor_file(tmp_path / "t.h5"), "a") as file:
        damage(file)
    with pytest.raises(InputError, match=complaint):
        Tensors(tmp_path / "t.h5")


def test_a_file_that_is_no_hdf5_is_refused(tmp_path):
    (tmp_path / "t.h5").write_text("no tensors")
    with pytest.raises(InputError, match="not a readable HDF5 file"):
        Tensors(tmp_path / "t.h5")
    with pytest.raises(InputError, match="does not exist"):
        Tensors(tmp_path / "none.h5")
