from dataclasses import replace

import numpy as np
import pytest
from helpers import standing_body
from scipy.spatial.transform import Rotation

from mans_keras.errors import InputError
from mans_keras.skeletons.sequence import KINECT_1, Dropped
from mans_keras.tensors.transforms import (
    body_frame,
    hip_frame,
    interpolation,
    joints_of_columns,
    pad,
    resize,
    to_tensor,
    upright_frame,
)


def test_resize_interpolates_linearly_over_frames_then_columns():
    image = np.random.default_rng(0).normal(size=(7, 20, 3))
    frames = np.linspace(0, 6, 50)
    columns = np.linspace(0, 19, 50)
    expected = np.empty((50, 50, 3))
    for channel in range(3):
        over_frames = np.stack([np.interp(frames, range(7), image[:, c, channel]) for c in range(20)], axis=1)
        expected[..., channel] = [np.interp(columns, range(20), row) for row in over_frames]
    np.testing.assert_allclose(resize(image, 50), expected, atol=1e-12)


def test_resize_shrinks_long_sequences_and_keeps_both_ends():
    image = np.random.default_rng(0).normal(size=(300, 50, 3))
    small = resize(image, 50)
    assert small.shape == (50, 50, 3)
    np.testing.assert_allclose(small[[0, -1]], image[[0, -1]])


@pytest.mark.parametrize("scale", [50, 224])
def test_resize_leaves_no_frame_empty_whatever_the_length(scale):
    for frames in range(1, 320):
        np.testing.assert_allclose(resize(np.ones((frames, 2, 3)), scale), 1)


def test_resize_repeats_a_single_frame():
    image = np.random.default_rng(0).normal(size=(1, 50, 3))
    np.testing.assert_allclose(resize(image, 50), np.repeat(image, 50, axis=0))


def test_pad_centres_short_sequences_between_zeros():
    image = np.ones((7, 20, 3))
    padded = pad(image, 50)
    assert padded.shape == (50, 50, 3)
    assert padded[21:28, 15:35].all() and padded.sum() == image.sum()


def test_pad_picks_evenly_spaced_frames_of_long_sequences():
    image = np.arange(99.0)[:, None, None] * np.ones((1, 50, 3))
    np.testing.assert_array_equal(pad(image, 50)[:, 0, 0], np.arange(0, 99, 2))


def test_pad_refuses_more_columns_than_the_tensor_has():
    with pytest.raises(InputError, match="use 'resize'"):
        pad(np.ones((7, 62, 3)), 50)


def test_hip_frame_moves_the_first_hips_to_the_origin_and_keeps_directions():
    joints = standing_body(facing=30)
    moved = hip_frame(joints, KINECT_1)
    np.testing.assert_allclose(moved[0, [12, 16]].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(moved, axis=1), np.diff(joints, axis=1), atol=1e-12)


def test_body_frame_is_the_same_from_wherever_the_body_is_seen():
    joints = standing_body()
    turned = joints @ Rotation.from_euler("yxz", [130, 25, -10], degrees=True).as_matrix().T + (1, -2, 3)
    np.testing.assert_allclose(body_frame(turned, KINECT_1), body_frame(joints, KINECT_1), atol=1e-9)


@pytest.mark.parametrize("frame", [body_frame, upright_frame])
def test_a_bodys_own_frame_has_x_to_the_right_y_forward_z_up(frame):
    body = frame(standing_body(facing=75), KINECT_1)
    assert (body[:, 16, 0] > body[:, 12, 0]).all()
    assert (body[:, 15, 1] > body[:, 14, 1]).all()
    assert (body[:, 3, 2] > body[:, 0, 2]).all()


def test_body_frame_keeps_the_movement_through_space():
    joints = standing_body() + np.arange(6)[:, None, None] * (0, 0, -0.1)  # walks towards the sensor: forward
    body = body_frame(joints, KINECT_1)
    np.testing.assert_allclose(np.diff(body[:, 0], axis=0), np.tile((0, 0.1, 0), (5, 1)), atol=1e-2)


def test_upright_frame_is_the_same_from_whichever_side_the_body_is_seen():
    joints = standing_body()
    turned = joints @ Rotation.from_euler("y", 130, degrees=True).as_matrix().T + (1, -2, 3)
    np.testing.assert_allclose(upright_frame(turned, KINECT_1), upright_frame(joints, KINECT_1), atol=1e-9)


def test_a_body_that_leans_leans_in_the_upright_frame():
    joints = standing_body()
    leaning = joints @ Rotation.from_euler("x", 40, degrees=True).as_matrix().T
    spine = np.diff(upright_frame(leaning, KINECT_1)[:, [0, 3]], axis=1)[:, 0]
    upright = np.diff(upright_frame(joints, KINECT_1)[:, [0, 3]], axis=1)[:, 0]
    cosine = np.sum(spine * upright, axis=1) / np.linalg.norm(spine, axis=1) / np.linalg.norm(upright, axis=1)
    np.testing.assert_allclose(np.degrees(np.arccos(cosine)), 40, atol=2)


def test_one_turned_first_frame_does_not_turn_the_upright_frame():
    joints = np.repeat(standing_body()[:1], 50, axis=0)
    noisy = joints.copy()
    noisy[0, [12, 16]] = noisy[0, [16, 12]]  # left and right hip taken for each other
    np.testing.assert_allclose(upright_frame(noisy, KINECT_1)[1:], upright_frame(joints, KINECT_1)[1:], atol=1e-9)


def test_a_body_that_walks_away_and_squats_only_sinks_in_the_upright_frame():
    joints = np.repeat(standing_body()[:1], 6, axis=0)
    moving = joints + np.linspace((0, 0, 0), (2, -0.4, 1), 6)[:, None]
    sunk = upright_frame(joints, KINECT_1) - np.linspace((0, 0, 0), (0, 0, 0.4), 6)[:, None]
    np.testing.assert_allclose(upright_frame(moving, KINECT_1), sunk, atol=1e-9)


def test_hips_above_each_other_have_no_upright_frame():
    joints = standing_body()
    joints[:, 12] = joints[:, 16] + (0, 0.3, 0)
    with pytest.raises(Dropped, match="no upright frame"):
        upright_frame(joints, KINECT_1)


def test_frames_without_the_body_stay_zero():
    joints = standing_body()
    joints[[0, 3]] = 0
    for move in (hip_frame, body_frame, upright_frame):
        moved = move(joints, KINECT_1)
        assert not moved[[0, 3]].any() and moved[1].any()


def test_hips_in_one_point_have_no_body_frame():
    joints = standing_body()
    joints[:, 12] = joints[:, 16]
    with pytest.raises(Dropped, match="no body frame"):
        body_frame(joints, KINECT_1)


def test_without_feet_and_shoulder_the_body_frame_is_the_same():
    joints = standing_body()
    body = replace(KINECT_1, left_shoulder=2, ankles=None, feet=None)
    for turn in Rotation.random(20, random_state=0):  # the principal component points up for some, down for others
        np.testing.assert_allclose(
            body_frame(joints @ turn.as_matrix().T, body), body_frame(joints, KINECT_1), atol=1e-9
        )


def test_two_bodies_stand_side_by_side_each_in_its_own_frame():
    one, other = standing_body(), standing_body(facing=180)
    tensor = to_tensor(np.stack([one, other], axis=1), 40, "pad", "body", KINECT_1)
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor[:, :20], tensor[:, 20:], atol=1e-6)


def test_an_absent_second_body_is_zeros():
    joints = np.stack([standing_body(), np.zeros((6, 20, 3))], axis=1)
    assert not to_tensor(joints, 40, "pad", "body", KINECT_1)[:, 20:].any()


@pytest.mark.parametrize("joints", [1, 15, 20, 25, 31, 50])
def test_the_joints_of_a_resized_tensor_are_recovered(joints):
    recording = np.random.default_rng(0).normal(size=(70, 1, joints, 3))
    tensor = to_tensor(recording, 50, "resize", "raw", None)
    expected = np.tensordot(interpolation(70, 50), recording[:, 0], 1)
    np.testing.assert_allclose(joints_of_columns(joints, 50) @ tensor, expected, atol=2e-6)


def test_joints_that_a_tensor_has_no_room_for_are_no_array():
    with pytest.raises(InputError, match=r"62 joints .* 50 columns"):
        joints_of_columns(62, 50)
