"""SYSU-3D: its folders, its MATLAB files in both generations, and the script; on generated files."""

import io

import h5py
import numpy as np
import pytest
import scipy.io
from helpers import script, standing_body
from mutations import mutants

from mans_keras.errors import InputError
from mans_keras.skeletons import sysu_3d
from mans_keras.skeletons.formats import matlab
from mans_keras.skeletons.sequence import Dropped
from mans_keras.tensors.store import Tensors


def matlab_5(compressed=False, **arrays):
    file = io.BytesIO()
    scipy.io.savemat(file, arrays, do_compression=compressed)
    return file.getvalue()


def matlab_73(**arrays):
    """As in MATLAB 7.3: HDF5 after 512 other bytes, the axes reversed."""
    file = io.BytesIO()
    with h5py.File(file, "w", userblock_size=512) as hdf5:
        for name, array in arrays.items():
            hdf5.create_dataset(name, data=np.transpose(array), chunks=np.shape(array)[::-1], compression="gzip")
    return (b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM").ljust(512, b"\0") + file.getvalue()[512:]


FORMATS = {"5": matlab_5, "7": lambda **arrays: matlab_5(compressed=True, **arrays), "7.3": matlab_73}
every_format = pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)


def sw(frames=4):
    """20 x 3 x frames, as in MATLAB."""
    return standing_body(frames).transpose(1, 2, 0)


@pytest.fixture
def put(tmp_path):
    """Write bytes as a video of a subject."""

    def put_file(data, subject="7", video="video3"):
        path = tmp_path / "3DvideoNorm" / subject / video / "sklWorld.mat"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return sysu_3d.Source(path, 7)

    return put_file


@every_format
def test_joints_class_and_subject_are_read(put, write):
    sequence = sysu_3d.read(put(write(other=np.ones((2, 2)), SW=sw())))
    np.testing.assert_array_equal(sequence.joints, standing_body(4)[:, None])
    assert (sequence.name, sequence.label, sequence.subject) == ("7_video3", 2, 7)
    assert sysu_3d.CLASS_NAMES[sequence.label] == "calling phone"


@every_format
def test_a_single_frame_has_no_third_axis(put, write):
    np.testing.assert_array_equal(sysu_3d.read(put(write(SW=sw(1)[..., 0]))).joints, standing_body(1)[:, None])


@pytest.mark.parametrize("dtype", [">f8", "<f4", "<i2"])
def test_other_types_of_numbers_are_read(dtype):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for write in FORMATS.values():
        np.testing.assert_array_equal(matlab.read_array(write(SW=array), "SW"), array)


def test_big_endian_files_are_read():
    """Written by hand: header, then one array of class double with its flags, shape, short name and values."""

    def element(kind, data):
        return np.array([kind, len(data)], ">u4").tobytes() + data

    parts = element(6, np.array([6, 0], ">u4").tobytes()) + element(5, np.array([1, 2], ">i4").tobytes())
    parts += np.array([2 << 16 | 1], ">u4").tobytes() + b"SW\0\0" + element(9, np.array([1.5, 2.5], ">f8").tobytes())
    data = b"MATLAB 5.0 MAT-file".ljust(124) + b"\1\0MI" + element(14, parts)
    np.testing.assert_array_equal(matlab.read_array(data, "SW"), [[1.5, 2.5]])


def test_frames_without_a_body_stay_zeros(put):
    array = sw(5)
    array[..., 2] = 0
    assert sysu_3d.read(put(matlab_5(SW=array))).joints.any(axis=(1, 2, 3)).tolist() == [True, True, False, True, True]


WRONG = {
    "another name": {"SKL": sw()},
    "19 joints": {"SW": sw()[1:]},
    "axes the other way round": {"SW": sw().T},
    "a fourth axis": {"SW": sw()[..., None].repeat(2, axis=-1)},
    "text": {"SW": "standing"},
    "complex": {"SW": sw() + 1j},
    "cells": {"SW": np.array([[1, "a"]], object)},
    "not a number": {"SW": np.where(sw() > 0.5, np.nan, sw())},
    "kilometres away": {"SW": sw() * 1e6},
    "zeros alone": {"SW": sw() * 0},
    "too many frames": {"SW": np.ones((20, 3, 10_001), np.int8)},
    "no frame": {"SW": np.ones((20, 3, 0))},
}


@pytest.mark.parametrize("arrays", WRONG.values(), ids=WRONG)
def test_another_array_is_dropped_with_a_reason(put, arrays):
    with pytest.raises(Dropped, match=r"\w+ \w+"):
        sysu_3d.read(put(matlab_5(**arrays)))


@pytest.mark.parametrize("name", ["another name", "19 joints", "complex", "not a number", "too many frames"])
def test_another_array_in_hdf5_is_dropped_with_a_reason(put, name):
    with pytest.raises(Dropped, match=r"\w+ \w+"):
        sysu_3d.read(put(matlab_73(**WRONG[name])))


def test_an_array_that_lies_in_another_file_is_not_followed(put, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(20 * 3 * 8))
    source = put(b"")
    with h5py.File(source.path, "w", userblock_size=512) as file:
        file.create_dataset("SW", (1, 3, 20), "f8", external=[(str(tmp_path / "secret"), 0, 480)])
    with pytest.raises(Dropped, match="in another file"):
        sysu_3d.read(source)


def test_an_array_that_inflates_without_end_is_dropped(put):
    with pytest.raises(Dropped, match="larger than 16 MiB"):
        sysu_3d.read(put(matlab_5(compressed=True, SW=np.zeros((20, 3, 50_000)))))


def test_a_huge_file_is_dropped_unread(put):
    source = put(b"")
    with source.path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Dropped, match="larger than"):
        sysu_3d.read(source)


@pytest.mark.parametrize("video", ["video13", "video0", "video", "3"])
def test_another_video_is_dropped(put, video):
    with pytest.raises(Dropped, match=r"not video<1\.\.12>"):
        sysu_3d.read(put(matlab_5(SW=sw()), video=video))


@pytest.mark.parametrize(
    ("folders", "numbers"),
    [
        (["10", "9", "1"], [10, 9, 1]),
        (["s09", "s40"], [9, 40]),
        (["wang", "chen", "li2"], [3, 1, 2]),
        (["1", "chen"], [1, 2]),
    ],
)
def test_subjects_have_the_numbers_of_their_folders_or_are_counted(folders, numbers):
    assert [sysu_3d.subjects(folders)[name] for name in folders] == numbers


@pytest.mark.parametrize("folders", [["1", "41"], [f"p{chr(97 + i)}" for i in range(41)], ["1", "01"]])
def test_folders_that_cannot_be_40_subjects_are_refused(folders):
    with pytest.raises(InputError, match=r"40 subjects|same subject"):
        sysu_3d.subjects(folders)


def test_sources_are_in_the_order_of_subject_and_video(put, tmp_path):
    for subject, video in (("10", "video1"), ("9", "video12"), ("9", "video2")):
        put(b"", subject, video)
    for folder in (tmp_path, tmp_path / "3DvideoNorm"):
        names = [sysu_3d.source_name(source) for source in sysu_3d.sources(folder)]
        assert names == ["9_video2", "9_video12", "10_video1"]


def test_a_video_that_is_there_twice_is_refused(put, tmp_path):
    path = put(b"").path
    copy = tmp_path / "copy" / path.relative_to(tmp_path)
    copy.parent.mkdir(parents=True)
    copy.touch()
    with pytest.raises(InputError, match="are the same video"):
        sysu_3d.sources(tmp_path)


def test_a_folder_without_recordings_says_where_to_get_them(tmp_path):
    with pytest.raises(InputError, match=r"no <subject>.*/sklWorld\.mat.*https://"):
        sysu_3d.sources(tmp_path)


@pytest.mark.slow
@every_format
def test_broken_files_are_finite_or_dropped(put, write):
    outcomes = {True: 0, False: 0}
    for mutant in mutants(write(SW=sw(2)), 2000):
        source = put(mutant)
        try:
            joints = sysu_3d.read(source).joints
        except Dropped:
            outcomes[False] += 1
        else:
            assert np.isfinite(joints).all()
            outcomes[True] += 1
    assert min(outcomes.values()) > 100


def test_the_script_writes_both_generations_and_names_what_it_drops(put, tmp_path):
    for subject in ("1", "2"):
        for video, write in (("video1", matlab_5), ("video2", matlab_73)):
            put(write(SW=sw(6)), subject, video)
    put(b"MATLAB", "3", "video1")
    done = script("data_prep/sysu_3d.py", tmp_path, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "3 of 40 subjects found\n" in done.stdout and "no numbers" not in done.stdout
    assert "5 sequences found, 4 kept, 1 dropped" in done.stdout and "3_video1" in done.stdout
    tensors = Tensors(tmp_path / "out/sysu_3d_50.h5")
    assert tensors.label.tolist() == [0, 1, 0, 1] and tensors.subject.tolist() == [1, 1, 2, 2]
    x = tensors.read(range(4))
    np.testing.assert_array_equal(x[0], x[1])


def test_the_script_says_how_it_numbered_named_subjects(put, tmp_path):
    for subject in ("wang", "chen"):
        put(matlab_5(SW=sw(6)), subject)
    done = script("data_prep/sysu_3d.py", tmp_path, tmp_path / "out")
    assert "numbered in order of name: chen 1, wang 2" in done.stdout
    assert Tensors(tmp_path / "out/sysu_3d_50.h5").subject.tolist() == [1, 2]
