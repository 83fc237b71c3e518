import numpy as np
import pytest
from helpers import SHARED, side_by_side, standing_body

from mans_keras.skeletons import hdm05, view
from mans_keras.skeletons.sequence import KINECT_1


@pytest.mark.parametrize("facing", [0, 75, 180, 230])
def test_one_body_faces_the_viewer_wherever_it_faced(facing):
    flat = view.flattened(standing_body(facing=facing)[:, None], KINECT_1)
    expected = view.flattened(standing_body()[:, None], KINECT_1)
    np.testing.assert_allclose(np.ptp(flat, axis=2), np.ptp(expected, axis=2), atol=1e-9)
    left, right = flat[0, 0, KINECT_1.left_hip], flat[0, 0, KINECT_1.right_hip]
    assert left[0] - right[0] > 0.18  # of 0.2 m


@pytest.mark.parametrize("up", [np.diag([1, -1, -1]), np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])], ids=["-y", "z"])
def test_a_body_stands_upright_whichever_axis_is_up(up):
    flat = view.flattened((standing_body() @ up.T)[:, None], KINECT_1)
    head, foot = 3, 15
    assert np.all(flat[:, 0, head, 1] - flat[:, 0, foot, 1] > 1.5)


def test_without_a_body_the_viewer_stands_at_the_sensor():
    joints = standing_body()[:, None]
    np.testing.assert_allclose(view.flattened(joints), joints[..., :2] * (-1, 1))


def test_two_bodies_stand_side_by_side():
    flat = view.flattened(side_by_side(), KINECT_1)
    assert abs(flat[0, 1, 0, 0] - flat[0, 0, 0, 0]) == pytest.approx(2)


def test_an_absent_body_is_nowhere():
    joints = side_by_side()
    joints[2:4, 1] = 0
    flat = view.flattened(joints, KINECT_1)
    assert np.isnan(flat[2:4, 1]).all() and np.isfinite(flat[4:]).all() and np.isfinite(flat[:, 0]).all()


def test_real_people_stand_and_face_the_viewer():
    asf = next(SHARED.glob("data/hdm05_11/**/HDM_bd.asf"), None)
    amc = next(iter(sorted(SHARED.glob("data/hdm05_11/**/HDM_bd_depositFloor*.amc"))), None)
    if not (asf and amc):
        pytest.skip("HDM05 is not in shared/")
    body = hdm05.BODY
    flat = view.flattened(hdm05.read_joints(amc, asf), body)[:, 0]
    head, toes = hdm05.JOINTS.index("head"), list(body.feet)
    assert np.mean(flat[:, head, 1] - flat[:, toes, 1].mean(axis=1)) > 0.8
    assert np.mean(flat[:, body.left_hip, 0] - flat[:, body.right_hip, 0]) > 0.05
