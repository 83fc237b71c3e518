import errno
import os
from dataclasses import replace

import h5py
import numpy as np
import pytest
from helpers import standing_body, tensor_file

from mans_keras.errors import InputError
from mans_keras.skeletons.sequence import Sequence
from mans_keras.tensors import writer as writing
from mans_keras.tensors.store import Tensors
from mans_keras.tensors.writer import Writer

SETTINGS = {"dataset": "d", "class_names": ("a",), "scale": 50, "layout": "pad", "coordinates": "raw"}
SEQUENCE = Sequence("one", standing_body()[:, None], 0)


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
    good = iter(range(writes))
    attempt = writing._Disk._attempt

    def full(disk, change, *arguments):
        if next(good, None) is not None:
            return attempt(disk, change, *arguments)
        disk.failure = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writing._Disk, "_attempt", full)
    with pytest.raises(InputError, match="can't be written: No space"), Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        for _ in range(10):
            writer.add(np.zeros((50, 50, 3)), SEQUENCE)
    assert list(tmp_path.iterdir()) == []


def test_more_samples_than_a_block_come_back_in_order(tmp_path):
    with Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        for number in range(writing.BLOCK + 3):
            writer.add(np.full((50, 50, 3), number), SEQUENCE)
    x = Tensors(tmp_path / "t.h5").read(range(writing.BLOCK + 3))
    assert x.dtype == np.float32 and (x == np.arange(writing.BLOCK + 3)[:, None, None, None]).all()


def test_a_tensor_of_another_shape_is_refused(tmp_path):
    with pytest.raises(ValueError, match="reshape"), Writer(tmp_path / "t.h5", **SETTINGS) as writer:
        writer.add(np.zeros((50, 49, 3)), SEQUENCE)


def test_the_unfinished_file_of_a_killed_process_is_removed(tmp_path):
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
