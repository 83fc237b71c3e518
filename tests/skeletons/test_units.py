"""Units of length."""

import json

import numpy as np
import pytest
from helpers import run, standing_body
from test_motion_capture import TRC
from test_optical import BONES, motive

from data_prep import own_data
from mans_keras.errors import InputError
from mans_keras.skeletons import recording
from mans_keras.skeletons.formats.parsed import OTHER_UNIT
from mans_keras.skeletons.sequence import KINECT_1_NAMES
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


@pytest.mark.parametrize(("scale", "unit", "size"), [(1, "mm", r"0\.0016"), (100, "mm", r"0\.16"), (1000, "cm", "16")])
def test_a_body_that_is_no_persons_in_the_given_unit_is_refused(tmp_path, scale, unit, size):
    np.save(tmp_path / "a.npy", scale * (standing_body() - standing_body().mean(axis=(0, 1))))
    with pytest.raises(InputError, match=f"the body is {size} m tall or wide: give another --unit, or none"):
        recording.read(tmp_path / "a.npy", names=KINECT_1_NAMES, unit=read_unit(unit))


def test_joints_without_a_trunk_may_be_as_small_as_a_hand(tmp_path):
    np.save(tmp_path / "a.npy", 100 * (standing_body() - standing_body().mean(axis=(0, 1))))
    assert np.abs(recording.read(tmp_path / "a.npy", unit=0.001).joints).max() < 0.2


def test_the_unit_of_the_option_is_reported_if_the_file_has_its_own(tmp_path):
    (tmp_path / "a.trc").write_text(TRC)
    (tmp_path / "a.csv").write_bytes(motive(BONES))
    np.save(tmp_path / "a.npy", standing_body())
    for name in ("a.trc", "a.csv"):
        assert OTHER_UNIT in recording.read(tmp_path / name, unit=0.01).left_out
        assert OTHER_UNIT not in recording.read(tmp_path / name).left_out
    assert OTHER_UNIT not in recording.read(tmp_path / "a.npy", unit=1.0).left_out


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


@pytest.mark.parametrize(("word", "scale"), [("cm", 100), ("Millimeters", 1000), ("inches", 1 / 0.0254)])
def test_a_json_file_is_read_in_the_unit_that_it_names(tmp_path, word, scale):
    frames = (scale * standing_body()).tolist()
    (tmp_path / "a.json").write_text(json.dumps({"units": word, "frames": frames}))
    (tmp_path / "b.json").write_text(json.dumps([{"unit": word, "joints": frame} for frame in frames]))
    (tmp_path / "c").mkdir()
    for number, frame in enumerate(frames):
        (tmp_path / "c" / f"{number}.json").write_text(json.dumps({"unit": word, "joints": frame}))
    for name in ("a.json", "b.json", "c"):
        content = recording.read(tmp_path / name, unit=0.3048)
        np.testing.assert_allclose(content.joints[:, 0], standing_body())
        assert content.notes() == ["--unit was not used, since the file names its unit"]


@pytest.mark.parametrize("word", ["yd", 0.01, {"length": "cm"}])
def test_a_unit_in_a_json_file_that_is_not_known_must_be_given(tmp_path, word):
    (tmp_path / "a.json").write_text(json.dumps({"unit": word, "frames": (standing_body()).tolist()}))
    with pytest.raises(InputError, match=r"its unit is .* not one of m, cm, mm, in, ft: give it by --unit"):
        recording.read(tmp_path / "a.json")
    np.testing.assert_allclose(recording.read(tmp_path / "a.json", unit=1).joints[:, 0], standing_body())


def test_a_pixel_is_no_length(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"unit": "pixels", "frames": standing_body().tolist()}))
    with pytest.raises(InputError, match="the pixel, which is no length: these are places in the image"):
        recording.read(tmp_path / "a.json")
