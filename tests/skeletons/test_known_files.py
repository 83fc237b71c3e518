import re

import numpy as np
import pytest
from helpers import run, standing_body
from test_acclaim import MOTION, SKELETON
from test_utd_mhad import matlab_5

from data_prep import own_data
from mans_keras.errors import InputError
from mans_keras.skeletons import own, recording
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.sequence import KINECT_2_NAMES, Dropped
from mans_keras.tensors.store import Tensors


def test_skeleton_and_matlab_files_may_be_in_class_folders(tmp_path):
    body = standing_body(20)
    for name in ("wave", "kick"):
        (tmp_path / "raw" / name).mkdir(parents=True)
        joints = np.concatenate([body, body[:, :5]], axis=1)[:, None]
        skeleton_file.write(tmp_path / "raw" / name / "anna.skeleton", joints, [1])
        skeleton_file.write(tmp_path / "raw" / name / "ben.skeleton", joints, [1])
    done = run(own_data.main, tmp_path / "raw", tmp_path, "--name", "moves")
    assert done.returncode == 0, done.stderr
    assert Tensors(tmp_path / "moves_50.h5").joints == 25
    (tmp_path / "a.mat").write_bytes(matlab_5(d_skel=np.moveaxis(body, 0, -1)))
    assert own.read(own.Source(tmp_path / "a.mat", "a", 0), 1, 20).joints.shape == (20, 1, 20, 3)


def test_an_amc_of_any_skeleton_is_read_with_the_asf_in_its_folder(tmp_path):
    folder = tmp_path / "raw" / "all" / "wave"
    folder.mkdir(parents=True)
    (folder / "a_1.amc").write_bytes(MOTION)
    source = own.Source(folder / "a_1.amc", "a", 0)
    with pytest.raises(Dropped, match=r"no \.asf file fits: its folder has 0"):
        own.read(source, 1, 4)
    (folder / "a.asf").write_text(SKELETON)
    content = own.by_suffix.parsed(source.path)
    assert content.names == ("root", "hip", "thigh", "shin")
    lengths = np.linalg.norm(content.joints[:, 0, 3] - content.joints[:, 0, 2], axis=1)
    np.testing.assert_allclose(lengths, 9 * 0.0254 / 0.45)
    (folder / "b.asf").write_text("")  # another actor's
    assert own.read(source, 1, 4).joints.shape[1:] == (1, 4, 3)


def test_a_skeleton_file_with_a_byte_order_mark_is_read(tmp_path):
    body = np.concatenate([standing_body(20), standing_body(20)[:, :5]], axis=1)[:, None]
    skeleton_file.write(tmp_path / "a.skeleton", body, [1])
    (tmp_path / "b.skeleton").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "a.skeleton").read_bytes())
    one, other = (recording.read(tmp_path / f"{name}.skeleton").joints for name in "ab")
    np.testing.assert_array_equal(one, other)


@pytest.mark.filterwarnings("error")
def test_a_signalling_nan_in_a_matlab_file_is_refused_without_a_warning(tmp_path):
    body = np.ascontiguousarray(np.moveaxis(standing_body(20), 0, -1))
    body.view("u8")[7, 0, 0] = 0x7FF0000000000001
    (tmp_path / "a.mat").write_bytes(matlab_5(d_skel=body))
    with pytest.raises(InputError, match="a coordinate is not finite"):
        recording.read(tmp_path / "a.mat")


@pytest.mark.parametrize("place", ["asf/HDM_bd.asf", "HDM_bd.asf", "cut_amc/HDM_bd.asf"])
def test_the_asf_may_be_next_to_the_folder_of_the_amc_as_in_hdm05(tmp_path, place):
    for folder in ("raw/cut_amc/walk", "raw/asf"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "raw/cut_amc/walk/HDM_bd_walk_001_120.amc").write_bytes(MOTION)
    (tmp_path / "raw/asf/HDM_bk.asf").write_text("")  # another actor's
    (tmp_path / "raw" / place).write_text(SKELETON)
    content = recording.read(tmp_path / "raw/cut_amc/walk/HDM_bd_walk_001_120.amc")
    assert content.names == ("root", "hip", "thigh", "shin")


def test_joints_that_follow_from_angles_are_never_missing(tmp_path):
    (tmp_path / "a.asf").write_text(SKELETON)
    (tmp_path / "a_1.amc").write_bytes(re.sub(rb"(?m)^root .*$", b"root 0 0 0 0 0 0", MOTION))
    assert not recording.read(tmp_path / "a_1.amc").joints[:, 0, 0].any()


def test_a_skeleton_file_in_class_folders_has_as_many_bodies_as_people(tmp_path):
    body = np.concatenate([standing_body(20), standing_body(20)[:, :5]], axis=1)
    for people in (1, 2):
        path = tmp_path / f"{people}.skeleton"
        joints = np.stack([body + np.array([number, 0, 0]) for number in range(people)], axis=1)
        skeleton_file.write(path, joints, range(people))
        assert own.survey([own.Source(path, "a", 0)])[:3] == (people, 25, KINECT_2_NAMES)
