"""What own recordings hold in place of joints and bodies that a sensor did not see."""

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.errors import InputError
from mans_keras.skeletons import recording
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.own_gaps import closed
from mans_keras.skeletons.sequence import KINECT_1_NAMES, Dropped

HAND = KINECT_1_NAMES.index("HandRight")


def walking(frames=30):
    """(frames, 1, 20, 3): a body in a room that walks by."""
    return standing_body(frames)[:, None] + np.linspace(0, 1, frames)[:, None, None, None] * (1, 0, 0)


def lost(value, joints=HAND, frames=slice(5, 13), body=None):
    body = walking() if body is None else body.copy()
    for joint in np.atleast_1d(joints):
        body[frames, 0, joint] = value
    return body


@pytest.mark.parametrize("place", [(-1, -1, 0.5), (0, 0, -1), (0, 0, 5), (5, 0.2, 2.5)])
@pytest.mark.parametrize("joints", [HAND, [7, 10, HAND], range(1, 8)])
def test_joints_at_a_placeholder_far_from_their_body_are_interpolated_and_a_note_says_so(place, joints):
    content = closed(Parsed(lost(place, joints)))
    np.testing.assert_allclose(content.joints, walking(), atol=1e-12)
    assert content.notes() == ["in 8 of 30 frames a joint is more than 1.5 m away from its body: interpolated"]


def test_a_body_of_which_all_joints_are_in_one_place_is_a_placeholder():
    with pytest.raises(Dropped, match="frame 5, counted from 0: all joints are at -1 -1 1 m, like a placeholder"):
        closed(Parsed(lost((-1, -1, 1), range(20))))


def test_joints_that_stand_still_near_the_body_are_no_placeholders():
    body = walking()[:, :, :10]
    body[:, :, :9] = body[0, :, :9]  # only one joint moves
    body[:12, 0, 9] = body[12, 0, 9]  # and is held at first
    np.testing.assert_array_equal(closed(Parsed(body)).joints, body)


@pytest.mark.parametrize(
    "again",
    [lambda body: np.repeat(body, 2, axis=0), lambda body: np.concatenate([body, body]), lambda body: body.round(1)],
)
def test_the_same_place_in_several_frames_may_be_one_of_a_joint_that_moves(again):
    body = walking(20)
    body[:, 0, HAND, 0] += np.linspace(0, 1, 20)  # to more than a quarter of the body's height beyond it
    body = again(body)
    np.testing.assert_array_equal(closed(Parsed(body)).joints, body)


def test_a_joint_that_a_sensor_holds_where_it_saw_it_last_is_no_placeholder():
    body = walking() + np.arange(30)[:, None, None, None] * (0.1, 0, 0)
    body[6:, 0, HAND] = body[5, 0, HAND]  # in the end 3 m behind its body
    np.testing.assert_array_equal(closed(Parsed(body)).joints[:10], body[:10])
    kick = walking()
    kick[:, 0, 19, 0] += np.linspace(0, 1, 30)
    kick[26:29, 0, 19] = kick[26, 0, 19]  # where it is already away from the others
    np.testing.assert_array_equal(closed(Parsed(kick)).joints, kick)


def test_few_joints_may_rest_far_from_each_other():
    body = walking()[:, :, [3, 7, 11]]
    body[:, :, 0] = (0, 1.5, 2)
    np.testing.assert_array_equal(closed(Parsed(body)).joints, body)


@pytest.mark.parametrize("place", [(-0.001,) * 3, (-0.001, -0.001, 0)])
def test_a_placeholder_in_millimetres_is_refused_inside_a_body_that_is_relative_to_its_hips(place):
    body = walking() - walking()[:, :, :1] + (0, 0.01, 0)
    with pytest.raises(Dropped, match=r"8 times a joint is at exactly -0\.001 .* m, where it otherwise never is,"):
        closed(Parsed(lost(place, 3, body=body)))


@pytest.mark.parametrize("place", [(-99, -98, -97), (0.4, 0.1, 4.7)])
def test_a_joint_far_from_its_body_is_interpolated_and_a_note_says_so(place):
    content = closed(Parsed(lost(place, frames=5)))
    np.testing.assert_allclose(content.joints, walking(), atol=1e-12)
    assert content.notes() == ["in 1 of 30 frames a joint is more than 1.5 m away from its body: interpolated"]


def test_several_joints_far_from_their_body_are_interpolated():
    body = walking()
    body[5, 0, [10, HAND]] = [(-99, 0, 0), (-99.1, 0, 0.2)]
    np.testing.assert_allclose(closed(Parsed(body)).joints, walking(), atol=1e-12)


def test_if_half_of_a_body_is_elsewhere_it_is_not_known_which_half_is_wrong():
    body = walking()
    body[5, 0, :8] += 3
    np.testing.assert_array_equal(closed(Parsed(body)).joints, body)


def test_no_joint_of_a_body_in_another_unit_is_far_from_it():
    body = walking() * 30
    content = closed(Parsed(body))
    np.testing.assert_array_equal(content.joints, body)
    assert content.notes() == []


def relative(*at_zero):
    """(30, 1, 20, 3) relative to the hips, some joints at 0 0 0."""
    body = walking() - walking()[:, :, :1]
    body[:, :, list(at_zero)] = 0
    return body


@pytest.mark.parametrize("joints", [[HAND], [7, 10, HAND], [3], [19]])
def test_a_limb_that_has_a_name_is_never_the_origin(joints):
    lacking = ", ".join(KINECT_1_NAMES[joint] for joint in joints)
    with pytest.raises(Dropped, match=f"in more than half of the frames: {lacking}. If"):
        closed(Parsed(relative(*joints)), KINECT_1_NAMES)


def test_the_hips_and_joints_in_their_place_are_the_origin():
    body = relative(1, 12, 16)
    content = closed(Parsed(body), KINECT_1_NAMES)
    np.testing.assert_array_equal(content.joints, body)
    assert content.notes() == []


def test_the_wrist_may_be_the_origin_of_a_hand():
    flat = [(0, 0), (0.02, 0.02), (0.05, 0.06), (0.03, 0.09), (0.03, 0.16), (-0.04, 0.12)]
    hand = np.array([(x, y, 0.01 * x) for x, y in flat]) * np.ones((30, 1, 1, 1))
    names = ("wrist", "thumb_1", "thumb_2", "index_1", "index_2", "pinky_1")
    np.testing.assert_array_equal(closed(Parsed(hand), names).joints, hand)


def test_joints_without_names_that_are_taken_for_the_origin_are_named():
    notes = closed(Parsed(relative(HAND))).notes()
    where = "2 joints (0, 11, counted from 0) are at 0 0 0"
    assert notes == [f"in 30 of 30 frames {where} and taken for the origin of the coordinates"]


@pytest.mark.parametrize("value", [0, np.nan])
@pytest.mark.parametrize("frames", [slice(8, 24), slice(1, -1, 2)])
def test_a_short_absence_of_the_only_body_is_interpolated_and_a_note_says_so(value, frames):
    content = closed(Parsed(lost(value, range(20), frames)))
    np.testing.assert_allclose(content.joints, walking(), atol=1e-12)
    number = len(range(30)[frames])
    assert content.notes() == [f"in {number} of 30 frames nobody is seen: interpolated"]


def test_a_long_absence_stays_one_and_a_note_says_so():
    content = closed(Parsed(lost(0, range(20), slice(10, 45), walking(60))))
    assert not content.joints[10:45].any()
    assert content.notes() == ["in 35 of 60 frames nobody is seen"]


def test_one_of_two_people_may_be_absent():
    both = np.concatenate([walking(), walking() + 1], axis=1)
    both[10:13, 1] = 0
    content = closed(Parsed(both))
    np.testing.assert_array_equal(content.joints, both)
    assert content.notes() == []


def test_a_body_in_one_of_many_frames_is_no_recording():
    with pytest.raises(Dropped, match="a body is in only 1 of 30 frames"):
        closed(Parsed(lost(0, range(20), slice(1, None))))


def test_a_part_of_a_recording_has_the_remarks_on_its_frames():
    body = lost(0, range(20), slice(8, 12))
    content = recording.from_array(body)
    notes = recording.part(body, content, 10, 19).notes()
    assert notes == ["in 2 of 10 frames nobody is seen: interpolated"]
    assert recording.part(body, content, 20, 29).notes() == []


@pytest.mark.parametrize(
    "changed",
    [
        lambda body: body[:, 0],
        lambda body: body,
        lambda body: body[:, 0].reshape(30, 60),
        lambda body: body[:, 0][None],
        lambda body: np.stack([body[:, 0], body[:, 0] * 0], axis=2),
        lambda body: np.concatenate([body[:, 0], np.ones((30, 20, 1))], axis=-1),
        lambda body: body[:, 0].transpose(2, 0, 1),
        lambda body: body[:, 0, :, :2],
        lambda body: np.zeros((30, 7, 20, 3)),
    ],
)
def test_an_array_is_read_as_the_same_npy_file(tmp_path, changed):
    array = changed(walking())
    np.save(tmp_path / "a.npy", array)
    try:
        expected = recording.read(tmp_path / "a.npy", 20)
    except InputError as error:
        with pytest.raises(InputError) as refused:
            recording.from_array(array, 20)
        assert str(refused.value).split(": ")[1:] == str(error).split(": ")[1:]
    else:
        content = recording.from_array(array, 20)
        np.testing.assert_array_equal(content.joints, expected.joints)
        assert content.notes() == expected.notes()
