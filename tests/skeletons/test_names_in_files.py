"""Names of joints, wherever JSON and .npz files have them, and the note on what such files hold besides coordinates."""

import json

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.skeletons import recording
from mans_keras.skeletons.formats.json_file import parse
from mans_keras.skeletons.sequence import KINECT_1_NAMES

BODY = standing_body(9).round(4)
OTHER_ORDER = sorted(range(20), key=KINECT_1_NAMES.__getitem__)
NAMES = [KINECT_1_NAMES[joint] for joint in OTHER_ORDER]
LISTS = BODY[:, OTHER_ORDER].tolist()


def joints(key):
    """Frames whose joints have their names under this key."""
    return [
        {"keypoints": [{key: name, "id": 0, "xyz": 1, **dict(zip("xyz", joint, strict=True))}
                       for name, joint in zip(NAMES, body, strict=True)]}
        for body in LISTS
    ]  # fmt: skip


FORMS = {
    **{key: {key: NAMES, "frames": LISTS} for key in ("names", "jointNames", "keypoint_names", "joints", "landmarks")},
    "in metadata": {"metadata": {"fps": 30, "joint_names": NAMES}, "frames": LISTS},
    "next to NW-UCLA's key": {"joint_names": NAMES, "skeletons": LISTS},
    "in each frame": [{"joint_names": NAMES, "joints": body} for body in LISTS],
    "around bodies": [{"keypointNames": NAMES, "bodies": [{"joints": body}]} for body in LISTS],
    "in each body": [{"people": [{"names": NAMES, "keypoints": body}]} for body in LISTS],
    "beside bare numbers": [{"names": NAMES, "joints": np.ravel(body).tolist()} for body in LISTS],
    "beside scores": [
        {"names": NAMES, "keypoints_3d": [value for joint in body for value in (*joint, 0.5)]} for body in LISTS
    ],
    **{key: joints(key) for key in ("label", "keypoint", "part", "bodyPart", "landmark_name")},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_names_are_used_wherever_a_json_file_has_them(tmp_path, form):
    (tmp_path / "a.json").write_text(json.dumps(form))
    content = recording.read(tmp_path / "a.json", names=KINECT_1_NAMES)
    np.testing.assert_array_equal(content.joints[:, 0], BODY)
    assert not any("names" in note for note in content.notes())


@pytest.mark.parametrize("kind", ["U", "S"])
@pytest.mark.parametrize("key", ["joint_names", "names", "keypointNames"])
def test_names_are_used_wherever_an_npz_file_has_them(tmp_path, key, kind):
    np.savez(tmp_path / "a.npz", joints=BODY[:, OTHER_ORDER], fps=30, **{key: np.array(NAMES, kind)})
    content = recording.read(tmp_path / "a.npz", names=KINECT_1_NAMES)
    np.testing.assert_array_equal(content.joints[:, 0], BODY)
    assert content.notes() == ["left out: fps"]


UNFIT = {"other number": NAMES[:19], "twice": [*NAMES[:19], NAMES[0]]}


@pytest.mark.parametrize("names", UNFIT.values(), ids=UNFIT)
def test_names_that_can_not_be_those_of_the_joints_are_reported(tmp_path, names):
    (tmp_path / "a.json").write_text(json.dumps({"keypoint_names": names, "frames": LISTS}))
    np.savez(tmp_path / "a.npz", joints=LISTS, keypoint_names=names)
    for path in tmp_path.iterdir():
        content = recording.read(path)
        assert content.names == () and content.notes() == ["left out: the names under 'keypoint_names'"]


def test_names_that_are_python_objects_are_reported_and_not_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", joints=LISTS, names=np.array(NAMES, object))
    assert recording.read(tmp_path / "a.npz").notes() == ["left out: the names under 'names'"]


def test_a_label_that_several_joints_share_is_no_name():
    frames = [[{"part": "arm", **dict(zip("xyz", joint, strict=True))} for joint in body] for body in BODY.tolist()]
    content = parse(json.dumps(frames).encode())
    np.testing.assert_array_equal(content.joints[:, 0], BODY)
    assert content.left_out == ("part",)


def test_the_keys_that_are_left_out_are_listed_once():
    body = [{"name": name, "visibility": 1, "x": 1, "y": 2, "z": 3} for name in "abc"]
    frames = [{"frame": frame, "people": [{"track_id": 7, "box": [1, 2], "joints": body}]} for frame in range(5)]
    document = {"version": 1, "unit": "m", "frames": frames}
    assert parse(json.dumps(document).encode()).notes() == ["left out: version, frame, box, visibility"]
