import os
import re

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.errors import InputError
from mans_keras.skeletons import hdm05
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.joint_names import arranged, body_of, mirrored, read_names, same, without
from mans_keras.skeletons.sequence import KINECT_1, KINECT_2_NAMES, Dropped
from mans_keras.tensors.transforms import body_frame

CENTRES = ("HipCenter", "Spine", "ShoulderCenter", "Head")
LIMBS = [f"{joint}{side}" for side in ("Left", "Right") for joint in ("Shoulder", "Elbow", "Wrist", "Hand")]
LIMBS += [f"{joint}{side}" for side in ("Left", "Right") for joint in ("Hip", "Knee", "Ankle", "Foot")]
KINECT_NAMES = [*CENTRES, *LIMBS]


def test_kinects_names_give_its_body_frame():
    body = body_of(KINECT_NAMES)
    assert (body.left_hip, body.right_hip, body.left_shoulder) == (12, 16, 4)
    assert (body.ankles, body.feet) == (KINECT_1.ankles, KINECT_1.feet)
    np.testing.assert_allclose(body_frame(standing_body(), body), body_frame(standing_body(), KINECT_1), atol=0.05)


def test_left_and_right_are_exchanged_by_names():
    assert mirrored(KINECT_NAMES) == body_of(KINECT_NAMES).mirrored == KINECT_1.mirrored
    assert mirrored(["root", "lhip", "rhip", "lowerback", "lthumb"]) == (0, 2, 1, 3, 4)
    assert mirrored(["a", "b"]) == ()


@pytest.mark.parametrize(
    "form", ["left_hip", "LEFT_HIP", "left hip", "LeftHip", "hip_left", "HipLeft", "LHip", "l_hip", "hip.L"]
)
def test_a_side_is_known_in_many_spellings(form):
    assert body_of(["neck", form, "RHip"]).left_hip == 1


def test_toes_go_before_feet():
    names = ["LHip", "RHip", "Neck", "LAnkle", "RAnkle", "LFoot", "RFoot", "LBigToe", "RBigToe"]
    assert body_of(names).feet == (7, 8)


def test_hdm05s_names_give_its_body_frame():
    body = body_of(list(hdm05.JOINTS))
    assert (body.left_hip, body.right_hip, body.left_shoulder) == (
        hdm05.BODY.left_hip,
        hdm05.BODY.right_hip,
        hdm05.BODY.left_shoulder,
    )
    assert (body.ankles, body.feet, body.mirrored) == (hdm05.BODY.ankles, hdm05.BODY.feet, hdm05.BODY.mirrored)


def test_vicons_markers_give_a_body_frame():
    body = body_of(["LFHD", "RFHD", "C7", "T10", "LSHO", "RSHO", "LASI", "RASI", "LANK", "RANK", "LTOE", "RTOE"])
    assert (body.left_hip, body.right_hip, body.left_shoulder) == (6, 7, 4)
    assert (body.torso, body.ankles, body.feet) == ((2, 3, 4, 5, 6, 7), (8, 9), (10, 11))
    assert body.mirrored == (1, 0, 2, 3, 5, 4, 7, 6, 9, 8, 11, 10)


def test_without_ankles_there_are_no_feet():
    body = body_of(["LHip", "RHip", "Neck", "LFoot", "RFoot"])
    assert (body.ankles, body.feet) == (None, None)


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["neck", "left_hip"], "right_hip"),
        (["left_hip", "right_hip", "pelvis", "left_shoulder"], "left_shoulder and right_shoulder (or neck)"),
        (["a", "b"], "left_hip, right_hip, left_shoulder and right_shoulder (or neck)"),
    ],
)
def test_what_is_missing_is_listed(names, missing):
    with pytest.raises(InputError, match=f"names, too: {re.escape(missing)}$"):
        body_of(names)


def test_names_come_from_a_list_a_file_or_as_their_number(tmp_path):
    (tmp_path / "joints.txt").write_text("left hip\n\nright hip\r\n")
    assert read_names("left hip, right hip") == (2, ["left hip", "right hip"])
    assert read_names(str(tmp_path / "joints.txt")) == (2, ["left hip", "right hip"])
    assert read_names("33") == (33, None)


@pytest.mark.parametrize(
    ("text", "complaint"), [("nowhere.txt", "not a readable"), ("a,b,a", "a is there twice"), (",", "has no names")]
)
def test_other_names_are_refused(text, complaint):
    with pytest.raises(InputError, match=complaint):
        read_names(text)


@pytest.mark.parametrize(
    "value", ["9" * 5000, "\u0662", ",".join(map(str, range(10_001)))], ids=["digits", "arabic", "many"]
)
def test_a_number_or_list_of_joints_that_no_body_has_is_refused(value):
    with pytest.raises(InputError, match="--joints"):
        read_names(value)


def test_the_file_of_names_is_no_pipe_and_not_large(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text("a\n" * 10**6)
    for name in ("pipe", "large"):
        with pytest.raises(InputError, match="not a readable file"):
            read_names(str(tmp_path / name))


SPELLINGS = ["left_hip", "LEFT_HIP", "left hip", "LeftHip", "hip_left", "HipLeft", "LHip", "l_hip", "hip.L"]


@pytest.mark.parametrize("names", [(name, "lowerback", "Right Hip") for name in SPELLINGS])
def test_named_joints_are_brought_into_the_order_that_is_expected(names):
    body = standing_body()[:, None, :3]
    expected = ("rhip", "LHip", "LowerBack")
    content = arranged(Parsed(body, names), expected)
    np.testing.assert_array_equal(content.joints, body[:, :, [2, 0, 1]])
    assert content.names == expected and content.notes() == []


def test_kinect_2_has_the_joints_of_kinect_1():
    body = np.arange(75.0).reshape(1, 1, 25, 3)
    content = arranged(Parsed(body, KINECT_2_NAMES), tuple(KINECT_NAMES))
    np.testing.assert_array_equal(content.joints[0, 0, :4, 0] / 3, [0, 1, 20, 3])
    assert content.notes()[0] == "the body was mapped to the model's 20 joints: all by name"
    assert content.notes()[1:] == ["left out: the joints Neck, HandTipLeft, ThumbLeft, HandTipRight, ThumbRight"]


def test_other_names_are_refused_with_those_that_are_missing():
    with pytest.raises(Dropped, match="no joint named spine, tail: its joints are a, b"):
        arranged(Parsed(np.ones((1, 1, 2, 3)), ("a", "b")), ("a", "spine", "tail"))


@pytest.mark.parametrize("names", [(), ("joint0", "joint1"), ("1", "2")])
def test_joints_without_names_stay_in_their_order(names):
    body = np.arange(6.0).reshape(1, 1, 2, 3)
    np.testing.assert_array_equal(arranged(Parsed(body, names), ("b", "a")).joints, body)


def test_names_are_the_same_in_any_spelling_but_not_in_another_order():
    assert same(["HipCenter", "HandLeft"], ["hip_centre", "left hand"])
    assert not same(["HandLeft", "HipCenter"], ["HipCenter", "HandLeft"])
    assert not same(["Spine", "SpineMid"], ["SpineMid", "Spine"])


@pytest.mark.parametrize("names", [("头", "左手", "右手"), ("toe in", "Toe_In", "TOE-IN"), ("tête", "tete", "Têté")])
def test_different_names_are_different_joints_in_any_script(names):
    body = np.arange(9.0).reshape(1, 1, 3, 3)
    turned = arranged(Parsed(body, names), names[::-1])
    np.testing.assert_array_equal(turned.joints, body[:, :, ::-1])
    assert without(names, names[1]) == (names[0], names[2])
    with pytest.raises(Dropped, match="no joint named"):
        arranged(Parsed(body, names), (*names[:2], "足"))


def test_joints_are_left_out_by_name():
    assert without(("Head", "HandLeft", "HandRight"), "left_hand,head") == ("HandRight",)
    for names, complaint in ((("a",), "named tail; the joints are a"), ((), "give them by --joints")):
        with pytest.raises(InputError, match=complaint):
            without(names, "tail")
    with pytest.raises(InputError, match="no joint would stay"):
        without(("Head", "HandLeft"), "head,left_hand")
    with pytest.raises(InputError, match=r"the joints are a, b, c, d, e, \.\.\.$"):
        without(tuple("abcdef"), "tail")


def test_names_that_only_count_order_the_joints():
    names = tuple(f"joint{number}" for number in (1, 10, 3, 2, 4, 5, 6, 7, 8, 9))
    content = Parsed(np.array([1.0, 10, 3, 2, 4, 5, 6, 7, 8, 9])[None, None, :, None].repeat(3, axis=3), names)
    ordered = arranged(content, ())
    assert ordered.names == () and ordered.joints[0, 0, :, 0].tolist() == list(range(1, 11))


def test_numbers_after_different_letters_are_part_of_the_names():
    names = tuple(f"{side}_hand_{number}" for side in ("right", "left") for number in range(3))
    content = Parsed(np.arange(6.0)[None, None, :, None].repeat(3, axis=3), names)
    assert arranged(content, ()).names == names
    turned = arranged(content, names[3:] + names[:3])
    assert turned.joints[0, 0, :, 0].tolist() == [3, 4, 5, 0, 1, 2]


def numbered(numbers, prefix=""):
    """A recording whose joints have these numbers as names, and as coordinates."""
    return Parsed(
        np.array(numbers, float)[None, None, :, None].repeat(3, axis=3), tuple(f"{prefix}{n}" for n in numbers)
    )


@pytest.mark.parametrize("prefix", ["", "joint_"])
def test_joints_that_are_numbered_with_a_gap_are_compared_by_their_numbers(prefix):
    names = arranged(numbered([0, 10, 1, 3], prefix), ()).names
    assert names == tuple(f"{prefix}{n}" for n in (0, 1, 3, 10))
    np.testing.assert_array_equal(arranged(numbered(range(11), prefix), names).joints[0, 0, :, 0], [0, 1, 3, 10])
    for others in ([0, 1, 2, 10], [0, 1, 2, 3], [999_999_999, 0, 1, 3]):
        with pytest.raises(Dropped, match="no joint named"):
            arranged(numbered(others, prefix), names)


def test_names_for_joints_that_are_numbered_with_a_gap_stand_in_the_order_of_the_numbers():
    content = arranged(numbered([4, 2, 7]), ("a", "b", "c"))
    assert content.joints[0, 0, :, 0].tolist() == [2, 4, 7] and content.names == ("a", "b", "c")
    assert content.left_out == ("the joints numbered 1, 3, 5, 6, which the files lack",)
