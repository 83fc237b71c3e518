"""The orders of axes that arrays of other people have."""

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.skeletons import recording
from mans_keras.skeletons.formats import layouts, text_file
from mans_keras.skeletons.sequence import Dropped

BODY = np.stack([standing_body(30), standing_body(30) + 1], axis=1)  # t m v c
ONE = BODY[:, 0]


def read(array, joints=None):
    return layouts.parsed(array, layouts.order(array.shape, joints))


@pytest.mark.parametrize(
    ("array", "joints"),
    [
        (BODY, None),
        (BODY.transpose(1, 0, 2, 3), None),
        (BODY.transpose(0, 2, 1, 3), None),
        (BODY.transpose(3, 0, 2, 1), 20),
        (BODY.transpose(3, 2, 0, 1), 20),
    ],
    ids=["tmvc", "mtvc", "tvmc", "ctvm", "cvtm"],
)
def test_two_bodies_are_read_in_every_order_that_leaves_no_doubt(array, joints):
    np.testing.assert_array_equal(read(array, joints).joints, BODY)


@pytest.mark.parametrize(
    ("array", "joints"),
    [(ONE, None), (ONE.reshape(30, 60), 20), (ONE.transpose(2, 0, 1), 20), (ONE.transpose(2, 1, 0), 20)],
    ids=["tvc", "a row a frame", "ctv", "cvt"],
)
def test_one_body_is_read_in_every_order_that_leaves_no_doubt(array, joints):
    np.testing.assert_array_equal(read(array, joints).joints, BODY[:, :1])


@pytest.mark.parametrize(
    ("array", "joints", "what_to_do"),
    [
        (ONE.transpose(2, 0, 1), None, r"give their number by --joints, or save array\.transpose\(1, 2, 0\)"),
        (ONE[:20].transpose(2, 0, 1), 20, "are these x y z, frames, joints"),
        (ONE.reshape(30, 60), None, "x y z of 20 joints, or x y of 30, or x y z and a score of 15.*--joints 20"),
        (np.zeros((30, 132)), None, r"a fourth value of 33 joints\? .*reshape\(-1, 33, 4\).* has --joints 44"),
        (np.zeros((30, 132)), 20, "x y z and a fourth value of 33 joints"),
        (np.zeros((30, 80)), None, r"x y z and a fourth value of 20 joints\? Keep x y z only"),
        (ONE.reshape(600, 1, 3), None, r"array\.reshape\(frames, joints, 3\)"),
        (ONE.reshape(600, 3), None, "does each row hold one joint of a frame"),
        (ONE[..., :2], None, "z is missing"),
        (np.zeros((30, 1662)), None, "MediaPipe Holistic's. Save each row .* --frame-files"),
        (ONE[None, None], None, r"\(frames, joints, 3\) or"),
    ],
    ids=[
        "axes first",
        "as many frames as joints",
        "a row a frame",
        "MediaPipe's row with its visibility",
        "the same for a model of other joints",
        "20 joints with a score",
        "one joint",
        "a row a joint",
        "x y",
        "Holistic",
        "five axes",
    ],
)
def test_where_there_is_doubt_the_message_says_how_to_tell(array, joints, what_to_do):
    with pytest.raises(Dropped, match=what_to_do):
        read(array, joints)


def test_a_row_a_frame_may_have_a_score_for_each_joint_if_their_number_is_known(tmp_path):
    scored = np.concatenate([ONE, np.full((30, 20, 1), 0.9)], axis=-1).reshape(30, 80)
    np.save(tmp_path / "a.npy", scored)
    np.savetxt(tmp_path / "a.csv", scored, delimiter=",")
    for name in ("a.npy", "a.csv"):
        content = recording.read(tmp_path / name, joints=20)
        np.testing.assert_allclose(content.joints[:, 0], ONE)
        assert content.notes() == ["left out: the fourth value of each joint"]


@pytest.mark.parametrize("score", [0.9, 1, 2, np.nan])
def test_a_score_is_left_out_and_reported(score):
    content = read(np.concatenate([ONE, np.full((30, 20, 1), score)], axis=-1))
    np.testing.assert_array_equal(content.joints[:, 0], ONE)
    assert content.notes() == ["left out: the fourth value of each joint"]


def test_another_fourth_value_is_refused():
    quaternions = np.abs(np.random.default_rng(0).normal(size=(30, 20, 4)))
    quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
    for array in (np.concatenate([ONE, np.full((30, 20, 1), 1.5)], axis=-1), quaternions):
        with pytest.raises(Dropped, match="a joint has 4 values"):
            read(array)


def test_leading_columns_that_count_frames_are_no_joint():
    rows = ONE.reshape(30, 60)
    leading = np.stack([np.arange(30), np.arange(30) / 30, np.ones(30)], axis=1)
    for columns in (leading, leading[:, ::-1]):
        with pytest.raises(Dropped, match="grows evenly from row to row, as a frame number or a time"):
            read(np.concatenate([columns, rows], axis=1), 21)
    with pytest.raises(Dropped, match="column 1 grows evenly"):
        text_file.parse("\n".join(" ".join(map(str, row)) for row in np.hstack([leading, rows])).encode(), 21)


@pytest.mark.parametrize("step", ([0.02, 0, 0.01], [0, 0, 0.01]), ids=("two axes", "one axis"))
def test_a_body_that_glides_evenly_is_read_without_leading_columns_only(step):
    gliding = ONE[:1] + np.arange(30)[:, None, None] * step
    leading = np.stack([np.arange(30), np.arange(30) / 30, np.ones(30)], axis=1)
    with pytest.raises(Dropped, match="column 1 grows evenly"):
        read(np.concatenate([leading, gliding.reshape(30, 60)], axis=1), 21)
    np.testing.assert_array_equal(read(gliding.reshape(30, 60), 20).joints[:, 0], gliding)
