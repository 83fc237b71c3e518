"""Tables that hold several people, who have IDs."""

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.skeletons.formats import by_suffix

NAMES = ("Hip", "KneeLeft", "Head")
ONE = standing_body(10)[:, :3].round(4)
BOTH = np.stack([ONE, ONE + np.array([1.5, 0, 0])], axis=1)
IDS = ("7", "72057594037944331")


def wide(entries, header):
    """A table with a row for each (values of the header, body)."""
    lines = [",".join([*header, *(f"{name}_{axis}" for name in NAMES for axis in "xyz")])]
    return "\n".join([*lines, *(",".join(map(str, [*values, *body.ravel()])) for values, body in entries)])


def long(entries, header):
    """The same with a row for each joint."""
    lines = [",".join([*header, "joint", *"xyz"])]
    for values, body in entries:
        lines += [",".join(map(str, [*values, name, *xyz])) for name, xyz in zip(NAMES, body, strict=True)]
    return "\n".join(lines)


def read(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    return by_suffix.parsed(tmp_path / "a.csv")


@pytest.mark.parametrize("table", [wide, long])
@pytest.mark.parametrize("header", [("frame", "track_id"), ("time", "id"), ("frame", "player"), ("image", "person")])
@pytest.mark.parametrize("is_by_person", [False, True], ids=["frame by frame", "person by person"])
def test_people_of_the_same_frames_are_told_apart_by_their_ids(tmp_path, table, header, is_by_person):
    entries = [((frame, IDS[person]), BOTH[frame, person]) for frame in range(10) for person in (0, 1)]
    entries = sorted(entries, key=lambda entry: len(entry[0][1])) if is_by_person else entries
    content = read(tmp_path, table(entries, header))
    np.testing.assert_array_equal(content.joints, BOTH)
    assert content.names == NAMES and header[1] not in " ".join(content.notes())


@pytest.mark.parametrize("table", [wide, long])
def test_a_person_after_another_is_somebody_else_unless_the_body_goes_on_in_place(tmp_path, table):
    for away, people in ((1.5, 2), (0.1, 1)):
        entries = [((frame, int(frame > 4)), ONE[frame] + np.array([away * (frame > 4), 0, 0])) for frame in range(10)]
        assert read(tmp_path, table(entries, ("frame", "track_id"))).joints.shape[1] == people


@pytest.mark.parametrize("texts", ["aabbbaabba", "ababababab"])
def test_a_text_that_comes_back_while_the_body_goes_on_in_place_is_no_id(tmp_path, texts):
    entries = [((frame, text), ONE[frame] + np.array([0.05 * frame, 0, 0])) for frame, text in enumerate(texts)]
    assert read(tmp_path, wide(entries, ("frame", "name"))).joints.shape[1] == 1


def test_a_person_who_comes_back_after_another_is_the_same_by_the_id(tmp_path):
    ids = [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]
    entries = [((frame, IDS[person]), BOTH[frame, person]) for frame, person in enumerate(ids)]
    joints = read(tmp_path, wide(entries, ("frame", "track_id"))).joints
    np.testing.assert_array_equal(~np.isnan(joints).any(axis=(2, 3)), np.eye(2, dtype=bool)[ids])


def test_frames_with_people_are_in_the_order_of_the_numbers_in_their_names(tmp_path):
    frames = sorted(range(12), key=str)
    bodies = np.concatenate([BOTH, BOTH[:2] + 0.1])
    entries = [((f"img_{frame}.jpg", IDS[person]), bodies[frame, person]) for frame in frames for person in (0, 1)]
    np.testing.assert_array_equal(read(tmp_path, wide(entries, ("frame", "id"))).joints, bodies)


def test_a_row_without_joints_needs_no_id(tmp_path):
    entries = [((frame, IDS[person]), BOTH[frame, person]) for frame in range(10) for person in (0, 1)]
    lines = wide(entries, ("frame", "id")).splitlines()
    lines.insert(3, "0.5" + "," * 10)
    joints = read(tmp_path, "\n".join(lines)).joints
    np.testing.assert_array_equal(np.delete(joints, 1, axis=0), BOTH)
    assert np.isnan(joints[1]).all()


@pytest.mark.parametrize("column", ["joint", "part"])
def test_an_id_that_belongs_to_the_joints_tells_no_people_apart(tmp_path, column):
    of_joint = {"joint": (0, 1, 2), "part": ("leg", "leg", "top")}[column]
    lines = ["frame,id,joint,x,y,z"]
    for frame, body in enumerate(ONE):
        for number, name, xyz in zip(of_joint, NAMES, body, strict=True):
            lines.append(",".join(map(str, [frame, number, name, *xyz])))
    content = read(tmp_path, "\n".join(lines))
    np.testing.assert_array_equal(content.joints, ONE[:, None])
    assert content.notes() == ["left out: id" + (" (2 different texts)" if column == "part" else "")]
