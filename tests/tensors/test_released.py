"""`--coordinates released` against an independent implementation of the released code's preparation."""

import numpy as np
import pytest
from helpers import ROOT, SHARED, script
from released_recordings import CASES, write_recording
from released_reference import prepare

from mans_keras.skeletons import ntu, ut_kinect
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.recording import read
from mans_keras.skeletons.sequence import KINECT_1, KINECT_2, Dropped
from mans_keras.tensors.store import Tensors
from mans_keras.tensors.transforms import body_frame, released_frame, to_tensor


def tensor(path):
    """The sample of one `.skeleton` file, None if it is dropped."""
    try:
        joints = ntu.parsed(path, counts="released", slots=True).joints
    except Dropped:
        return None
    return to_tensor(joints, 50, "pad", "released", KINECT_2)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_recording_is_prepared_as_the_released_code_prepares_it(tmp_path, case):
    random = np.random.default_rng(CASES.index(case))
    for number in range(10):
        path = tmp_path / f"{number}.skeleton"
        write_recording(path, random, case)
        ours, theirs = tensor(path), prepare(path)
        assert (ours is None) == (theirs is None) == (case == "third in last frame")
        if ours is not None:
            np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.slow
def test_the_script_writes_the_released_codes_tensors(tmp_path):
    random = np.random.default_rng(0)
    raw = tmp_path / "raw"
    raw.mkdir()
    for number, case in enumerate(CASES, start=1):
        write_recording(raw / f"S001C001P001R001A{number:03}.skeleton", random, case)
    options = ("--coordinates", "released", "--layout", "pad", "--counts", "released")
    done = script("data_prep/ntu_rgbd.py", raw, tmp_path, *options)
    assert done.returncode == 0, done.stderr
    assert "more than two bodies in the last frame" in done.stdout
    tensors = Tensors(tmp_path / "ntu_rgbd_50.h5")
    assert len(tensors) == len(CASES) - 1
    theirs = [prepare(raw / f"{name}.skeleton") for name in tensors.name]
    np.testing.assert_allclose(tensors.read(range(len(tensors))), theirs, atol=1e-6)


def test_a_recording_for_a_model_of_released_coordinates_is_read_by_slots(tmp_path):
    path = tmp_path / "swap.skeleton"
    write_recording(path, np.random.default_rng(0), "bodies swap")
    np.testing.assert_array_equal(read(path, slots=True).joints, ntu.parsed(path, slots=True).joints)
    assert not np.array_equal(read(path, slots=True).joints, read(path).joints)


@pytest.mark.skipif(not (SHARED / "data/ut_kinect").is_dir(), reason="the real UT-Kinect is not next to the checkout")
def test_a_real_recording_whose_feet_disagree_is_mirrored_as_by_the_released_code(tmp_path):
    (pull,) = (
        segment
        for segment in ut_kinect.relabelled(ut_kinect.segments(SHARED / "data/ut_kinect"))
        if (segment.recording, segment.action) == ("s06_e02", "pull")
    )
    joints = ut_kinect.read(pull).joints
    ours = released_frame(joints, KINECT_1)
    # as a Kinect 2 body, whose shoulder centre is joint 20 and whose hands have tips and thumbs
    as_kinect_2 = joints[:, :, [*range(20), 2, 7, 7, 11, 11]]
    skeleton_file.write(tmp_path / "pull.skeleton", as_kinect_2, [1])
    theirs = prepare(tmp_path / "pull.skeleton")
    first = (50 - len(joints)) // 2
    np.testing.assert_allclose(ours[:, 0], theirs[first : first + len(joints), :20], atol=1e-5)
    # by the mean of both feet, its second axis points the other way
    np.testing.assert_allclose(body_frame(joints[:, 0], KINECT_1), ours[:, 0] * (1, -1, 1), atol=1e-9)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "data/ut_kinect").is_dir(), reason="the real UT-Kinect is not next to the checkout")
def test_the_page_says_in_how_many_sequences_body_and_released_coordinates_differ():
    segments = ut_kinect.relabelled(ut_kinect.segments(SHARED / "data/ut_kinect"))
    recordings = [ut_kinect.read(segment).joints for segment in segments if segment.first is not None]
    mirrored = sum(
        not np.allclose(released_frame(joints, KINECT_1)[:, 0], body_frame(joints[:, 0], KINECT_1), atol=1e-6)
        for joints in recordings
    )
    page = " ".join((ROOT / "mans_keras/README.md").read_text().split())
    assert f"mirrored the other way in {mirrored} of {len(recordings)} sequences" in page
