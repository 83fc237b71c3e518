"""Joints that were not tracked."""

import numpy as np
import pytest
from helpers import joints_lines, standing_body

from mans_keras.skeletons import ntu, recording, ut_kinect
from mans_keras.skeletons.bounds import in_metres
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.missing import completed
from mans_keras.skeletons.sequence import Dropped


def gaps(value, joint=7, frames=slice(2, 5)):
    body = standing_body(9)[:, None]
    body[frames, 0, joint] = value
    return body


@pytest.mark.parametrize("joint", [7, 11])
def test_a_joint_at_zero_is_completed_as_one_that_is_nan(joint):
    np.testing.assert_array_equal(completed(gaps(0, joint)), completed(gaps(np.nan, joint)))
    np.testing.assert_allclose(completed(gaps(0, joint)), gaps(0, joint, slice(0)), atol=1e-12)


def test_a_joint_at_zero_in_all_frames_that_show_the_body_is_the_origin():
    body = standing_body(9)[:, None]
    body -= body[:, :, :1]
    body[4] = 0
    np.testing.assert_array_equal(completed(body), body)


def test_so_are_four_joints_in_one_place_but_not_a_hand():
    body = standing_body(9)[:, None] - standing_body(9)[:1, None, :1]
    body[:, :, :4] = 0
    np.testing.assert_array_equal(completed(body), body)
    body[:, :, :5] = 0
    with pytest.raises(Dropped, match="counted from 0: 0, 1, 2, 3, 4"):
        completed(body)


def test_a_joint_at_zero_far_from_its_body_is_no_origin():
    for body in (gaps(0, 7, slice(None)), gaps(0, [7, 11], slice(None))):  # the body is 2.5 m away from the camera
        with pytest.raises(Dropped, match=r"missing .NaN or 0 0 0. in more than half of the frames"):
            completed(body)


def test_the_origin_may_be_at_the_edge_of_the_body():
    body = standing_body(9)[:, None]
    for joint in (3, 15):  # head, foot
        np.testing.assert_array_equal(completed(body - body[:, :, [joint]]), body - body[:, :, [joint]])


@pytest.mark.parametrize(("value", "frames"), [(0, slice(5)), (np.nan, slice(5)), (np.nan, slice(None))])
def test_joints_that_are_mostly_missing_are_refused_in_whichever_way_they_are_written(value, frames):
    body = gaps(value, [7, 11], frames)
    with pytest.raises(Dropped, match=r"more than half of the frames, counted from 0: 7, 11"):
        completed(body)
    with pytest.raises(Dropped, match=r"more than half of the frames: hand7, hand11"):
        completed(body, [f"hand{number}" for number in range(20)])


@pytest.mark.parametrize("place", [-1, -99, -0.001])
@pytest.mark.parametrize("joint", [7, slice(None)])
def test_a_placeholder_is_refused(place, joint):
    with pytest.raises(Dropped, match=f"a joint is at exactly {place:g} {place:g} {place:g} m, away from its body"):
        completed(gaps(place, joint))


def test_a_placeholder_without_depth_is_refused():
    with pytest.raises(Dropped, match="a joint is at exactly -1 -1 0 m, away from its body"):
        completed(gaps([-1, -1, 0], 7))


def test_a_placeholder_that_no_room_holds_is_named():
    with pytest.raises(Dropped, match="9 coordinates are -999, like a placeholder"):
        in_metres(gaps(-999))


def test_a_joint_whose_coordinates_are_equal_is_no_placeholder_near_its_body_or_once():
    body = standing_body(9)[:, None] - standing_body(9)[:1, None, :1]
    body[:, 0, 7] = 0.2
    np.testing.assert_array_equal(completed(body), body)
    np.testing.assert_array_equal(completed(gaps(-1, frames=3)), gaps(-1, frames=3))


def test_a_body_whose_joints_are_nan_or_zero_is_absent():
    body = standing_body(9)[:, None]
    body[3], body[3, 0, :5] = 0, np.nan
    assert not completed(body)[3].any() and completed(body)[[2, 4]].any(axis=(1, 2, 3)).all()


def test_a_joint_at_zero_is_completed_in_every_format(tmp_path):
    body = gaps(0)
    (tmp_path / "joints_s01_e01.txt").write_text("\n".join(joints_lines(body[:, 0], range(9))))
    np.save(tmp_path / "a.npy", body)
    read = [recording.read(tmp_path / "a.npy").joints, recording.from_array(body).joints]
    read.append(ut_kinect.read_recording(tmp_path / "joints_s01_e01.txt")[1][:, None])
    for joints in read:
        np.testing.assert_allclose(joints, gaps(0, frames=slice(0)), atol=1e-6)


def test_a_joint_at_zero_in_a_skeleton_file_is_completed_except_as_released(tmp_path):
    body = np.repeat(standing_body(20), 2, axis=1)[:, None, :25]
    body[4:9, 0, 3] = 0
    skeleton_file.write(tmp_path / "a.skeleton", body, body_ids=[1])
    np.testing.assert_allclose(ntu.parsed(tmp_path / "a.skeleton").joints[4:9, 0, 3], body[[0] * 5, 0, 3], rtol=1e-5)
    assert not ntu.parsed(tmp_path / "a.skeleton", slots=True).joints[4:9, 0, 3].any()
