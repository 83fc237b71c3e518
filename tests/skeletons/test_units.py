"""Units of length."""

import json

import numpy as np
import pytest
from helpers import run, standing_body

from data_prep import own_data
from mans_keras.errors import InputError
from mans_keras.skeletons import recording
from mans_keras.skeletons.units import read_unit
from mans_keras.tensors.store import Tensors


def test_a_unit_is_a_name_or_a_number_of_metres():
    assert [read_unit(text) for text in ("mm", "IN", "0.056444", ".5", "2")] == [0.001, 0.0254, 0.056444, 0.5, 2]
    for text in ("", "yard", "-1", "0", "1e-3", "nan", "9" * 5000):
        with pytest.raises(InputError, match=r"--unit: .* is not one of m, cm, mm, in, ft"):
            read_unit(text)


def test_a_file_that_does_not_say_its_unit_is_read_in_that_of_the_option(tmp_path):
    body = standing_body()
    np.save(tmp_path / "a.npy", 1000 * body)
    np.savetxt(tmp_path / "a.csv", 1000 * body.reshape(6, -1), delimiter=",")
    (tmp_path / "a.json").write_text(json.dumps((1000 * body).tolist()))
    for suffix in ("npy", "csv", "json"):
        read = recording.read(tmp_path / f"a.{suffix}", 20, unit=0.001).joints
        np.testing.assert_allclose(read[:, 0], body)


def test_text_files_and_folders_of_frames_are_read_in_the_unit_of_the_option(tmp_path):
    body = standing_body()
    np.savetxt(tmp_path / "a.txt", 1000 * body.reshape(6, -1))
    for folder in ("arrays", "json"):
        (tmp_path / folder).mkdir()
    for number, frame in enumerate(1000 * body):
        np.save(tmp_path / "arrays" / f"{number}.npy", frame)
        (tmp_path / "json" / f"{number}.json").write_text(json.dumps(frame.tolist()))
    for name in ("a.txt", "arrays", "json"):
        np.testing.assert_allclose(recording.read(tmp_path / name, 20, unit=0.001).joints[:, 0], body)


def test_the_script_reads_centimetres(tmp_path):
    for folder in ("wave", "kick"):
        (tmp_path / "raw" / folder).mkdir(parents=True)
        np.save(tmp_path / "raw" / folder / "a.npy", 100 * standing_body())
    assert run(own_data.main, tmp_path / "raw", tmp_path, "--name", "moves").returncode == 1
    done = run(own_data.main, tmp_path / "raw", tmp_path, "--name", "moves", "--unit", "cm")
    assert done.returncode == 0, done.stderr
    assert np.abs(Tensors(tmp_path / "moves_50.h5").read([0])).max() < 3
    refused = run(own_data.main, tmp_path / "raw", tmp_path, "--name", "moves", "--unit", "cubit")
    assert refused.returncode == 1 and "--unit: 'cubit'" in refused.stderr
