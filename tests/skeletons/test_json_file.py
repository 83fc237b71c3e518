import json

import numpy as np
import pytest
from helpers import standing_body
from mutations import mutants

from mans_keras.skeletons.bounds import in_metres
from mans_keras.skeletons.formats import by_suffix
from mans_keras.skeletons.formats.json_file import parse
from mans_keras.skeletons.joint_names import arranged
from mans_keras.skeletons.sequence import Dropped

BODY = standing_body(4)[:, :4].round(4)
NAMES = ("SpineBase", "KneeLeft", "Head", "Neck")


def read(value, joints=None):
    return parse(json.dumps(value).encode(), joints)


def frames(form):
    """A list of frames, each made by `form` of a body's joints."""
    return [form(body) for body in BODY.tolist()]


def each(**form):
    """A list of joints, each an object whose values are made of (name, x, y, z)."""
    return lambda body: [
        {key: make(name, *joint) for key, make in form.items()} for name, joint in zip(NAMES, body, strict=True)
    ]


def scored(body):
    return [[*joint, 0.9] for joint in body]


def flat(lists):
    return [number for values in lists for number in values]


AZURE = {
    "joint_names": list(NAMES),
    "frames": frames(
        lambda body: {"bodies": [{"body_id": 1, "joint_positions": [[1000 * value for value in xyz] for xyz in body]}]}
    ),
}
MMPOSE = {
    "meta_info": {"keypoint_id2name": {str(number): name for number, name in enumerate(NAMES)}},
    "instance_info": frames(
        lambda body: {"frame_id": 1, "instances": [{"keypoints": body, "keypoint_scores": [1] * 4}]}
    ),
}
NAMED = {
    "lists by name": frames(lambda body: {"joints": dict(zip(NAMES, body, strict=True))}),
    "objects by name": frames(
        lambda body: {
            "time": 0,
            "joints": {name: dict(zip("xyz", joint, strict=True)) for name, joint in zip(NAMES, body, strict=True)},
        }
    ),
    "a position in a joint": frames(
        lambda body: {
            "bodies": [
                {
                    "joints": each(jointType=lambda *j: j[0], position=lambda *j: dict(zip("xyz", j[1:], strict=True)))(
                        body
                    )
                }
            ]
        }
    ),
    "capitals": frames(
        lambda body: {
            "Joints": each(Type=lambda *j: j[0], X=lambda *j: j[1], Y=lambda *j: j[2], Z=lambda *j: j[3])(body)
        }
    ),
    "Azure Kinect in millimetres": AZURE,
    "MMPose's instances": MMPOSE,
}
UNNAMED = {
    "camera space before places in the image": frames(
        each(
            cameraX=lambda *j: j[1],
            cameraY=lambda *j: j[2],
            cameraZ=lambda *j: j[3],
            colorX=lambda *j: 7,
            x=lambda *j: 7,
        )
    ),
    "a landmark list of protobuf": frames(
        lambda body: {"landmark": each(x=lambda *j: j[1], y=lambda *j: j[2], z=lambda *j: j[3])(body)}
    ),
    "OpenPose's scores": frames(
        lambda body: {"people": [{"pose_keypoints_2d": [], "pose_keypoints_3d": flat(scored(body))}]}
    ),
    "EasyMocap's scores": [[{"id": 0, "keypoints3d": scored(body)}] for body in BODY.tolist()],
    "EasyMocap's scores of one person": [{"id": 0, "keypoints3d": scored(body)} for body in BODY.tolist()],
}


@pytest.mark.parametrize("value", NAMED.values(), ids=NAMED)
def test_joints_with_names_are_read_with_their_names(value):
    result = read(value)
    np.testing.assert_allclose(result.joints[:, 0], BODY, atol=1e-12)
    assert result.names == NAMES


@pytest.mark.parametrize("value", UNNAMED.values(), ids=UNNAMED)
def test_joints_without_names_are_read_in_their_order(value):
    result = read(value)
    np.testing.assert_array_equal(result.joints[:, 0], BODY)
    assert result.names == ()


def test_joints_go_by_their_names_in_every_frame_and_may_be_missing():
    result = read([{"joints": {"a": [1, 1, 1], "b": [2, 2, 2]}}, {"joints": {"b": [2, 2, 2]}}, {"joints": {}}])
    assert result.names == ("a", "b")
    np.testing.assert_array_equal(result.joints[..., 0].squeeze(), [[1, 2], [np.nan, 2], [np.nan, np.nan]])


def test_an_export_of_azure_kinect_that_was_turned_into_metres_stays():
    value = {"joint_names": ["a"], "frames": [{"bodies": [{"joint_positions": [[0.5, 1, 2.5]]}]}]}
    np.testing.assert_array_equal(read(value).joints.ravel(), [0.5, 1, 2.5])


@pytest.mark.parametrize("kind", ["OpenPose's scores", "EasyMocap's scores"])
def test_scores_that_are_left_out_are_reported(kind):
    assert read(UNNAMED[kind]).left_out[0] == "the score of each joint"


def test_pixels_with_a_score_are_not_taken_for_millimetres():
    body = [[960.0, 200, 0.9], [950, 500, 0.8], [900, 900, 0.7]]
    value = {"joint_names": ["a", "b", "c"], "frames": [{"bodies": [{"joint_positions": body}]}]}
    np.testing.assert_array_equal(read(value).joints.squeeze(), body)


def test_the_number_of_joints_decides_whether_openpose_wrote_scores():
    value = [{"people": [{"pose_keypoints_3d": [0.1] * 12}]}]
    assert read(value).joints.shape[2] == 3 and read(value, joints=4).joints.shape[2] == 4


def walkers(number=12):
    """Two people (frames, 2, joints, 3), who change places in the list of every second frame."""
    both = np.stack([standing_body(number)[:, :4], standing_body(number)[:, :4] + np.array([1, 0, 0])], axis=1)
    return both, [frame[::-1] if place % 2 else frame for place, frame in enumerate(both.tolist())]


LISTS = {
    "no ids": lambda body, x: body,
    "ids": lambda body, x: {"track_id": 7 + x, "keypoints": body},
    "ids of text": lambda body, x: {"personId": f"p{x:.0f}", "joints": body},
    "OpenPose's empty ids": lambda body, x: {"person_id": [-1], "keypoints_3d": body},
    "ids that number detections": None,
}


@pytest.mark.parametrize("form", LISTS)
def test_people_are_followed_whatever_their_places_in_the_lists(tmp_path, form):
    both, swapped = walkers()
    if LISTS[form]:
        content = [[LISTS[form](body, round(body[0][0])) for body in frame] for frame in swapped]
    else:
        content = [
            [{"id": 2 * number + place, "joints": body} for place, body in enumerate(frame)]
            for number, frame in enumerate(swapped)
        ]
    del content[5][1]  # the frame shows one of them
    (tmp_path / "a.json").write_text(json.dumps(content))
    joints = by_suffix.parsed(tmp_path / "a.json").joints
    both[5, 0] = np.nan
    np.testing.assert_array_equal(joints, both)


ORDERS = {
    "frame by frame": lambda entry: (entry["frame"], entry["track_id"]),
    "person by person": lambda entry: (entry["track_id"], entry["frame"]),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("key", ["frame", "frameIdx", "timestamp"])
def test_an_entry_for_each_person_and_frame_is_read_as_people(tmp_path, order, key):
    both, _ = walkers()
    entries = [
        {"frame": frame, "track_id": person, "joints": body}
        for frame, bodies in enumerate(both.tolist())
        for person, body in enumerate(bodies)
    ]
    content = [{key: entry["frame"] / 2} | entry for entry in sorted(entries[:-1], key=ORDERS[order])]
    for entry in content if key != "frame" else ():
        del entry["frame"]
    (tmp_path / "a.json").write_text(json.dumps(content))
    both[-1, 1] = np.nan
    np.testing.assert_array_equal(by_suffix.parsed(tmp_path / "a.json").joints, both)


def test_ids_that_count_the_bodies_of_each_frame_are_no_persons(tmp_path):
    both, swapped = walkers()
    content = [[{"id": place, "joints": body} for place, body in enumerate(frame)] for frame in swapped]
    (tmp_path / "a.json").write_text(json.dumps(content))
    np.testing.assert_array_equal(by_suffix.parsed(tmp_path / "a.json").joints, both)


def test_a_time_that_all_frames_share_and_a_coarse_clock_are_read():
    for times in ([7] * 4, [7, 7, 8, 8]):
        value = [{"time": time, "joints": body} for time, body in zip(times, BODY.tolist(), strict=True)]
        np.testing.assert_array_equal(read(value).joints[:, 0], BODY)


def numbered(numbers, key="frame"):
    return [{key: number, "joints": body} for number, body in zip(numbers, BODY.tolist(), strict=True)]


def test_empty_places_of_a_list_say_that_each_place_is_one_person(tmp_path):
    both, _ = walkers()
    both[:, 1] -= (0.5, 0, 0)  # who comes to the second place when the first one becomes empty
    both[6:, 0] = both[:6, 1] = np.nan
    lists = [[None, body, None] if frame < 6 else [[], None, body]
             for frame, body in enumerate(np.nansum(both, axis=1).tolist())]  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(lists))
    np.testing.assert_array_equal(by_suffix.parsed(tmp_path / "a.json").joints, both)


@pytest.mark.parametrize("key", ["jointType", "id", "index"])
def test_joints_that_are_numbered_go_by_their_numbers(key):
    order = [2, 0, 3, 1]
    value = [
        [{key: 7 + 3 * joint, "x": body[joint][0], "y": body[joint][1], "z": body[joint][2]} for joint in order]
        for body in BODY.tolist()
    ]
    del value[1][2]
    joints = arranged(read(value), ()).joints[:, 0]
    np.testing.assert_array_equal(joints[[0, 2, 3]], BODY[[0, 2, 3]])
    assert np.isnan(joints[1, 3]).all() and not np.isnan(joints[1, :3]).any()


def test_a_number_that_all_joints_share_is_no_name():
    value = frames(lambda body: [dict(zip("xyz", joint, strict=True), type=0) for joint in body])
    np.testing.assert_array_equal(read(value).joints[:, 0], BODY)


BAD = {
    "names in some frames": ([{"joints": {"a": [1, 2, 3]}}, {"joints": [[1, 2, 3]]}], "some bodies have names"),
    "a name twice": ([[{"name": "a", "x": 1, "y": 2, "z": 3}] * 2], r"frames\[0\]\[1\]: the joint 'a' is there twice"),
    "a joint of text": ([{"joints": {"a": "here"}}], r'frames\[0\]\.joints\.a: "here" where a joint is expected'),
    "bodies by name": ([{"bodies": {"1": {"joints": [[1, 2, 3]]}}}], r"bodies\.1: an object where a joint is expected"),
    "a rotation": ([{"joints": [[0.1, 0.2, 0.3, 0.9]]}], "without a confidence"),
    "a score of more than 1": ([{"keypoints_3d": [[1, 2, 3, 4]]}], "a joint has 4 values"),
    "one frame of EasyMocap": ([{"id": 0, "keypoints3d": []}, {"id": 1, "keypoints3d": []}], "one frame of EasyMocap"),
    "MMPose in the image": ([{"instances": [{"keypoints": [[1, 2]]}]}], r"keypoints\[0\]: a joint has 2 values"),
    "frames out of order": (numbered([0, 1, 10, 2]), r"frames\[3\]: frame 2 comes after 10: put the frames in"),
    "numbers of text": (numbered(["0", "1", "10", "2"]), r"frames\[3\]: frame 2 comes after 10"),
    "times out of order": (numbered([0, 0.2, 0.1, 0.3], "timestamp"), r"frames\[2\]: timestamp 0.1 comes after 0.2"),
    "a frame twice": (numbered([0, 1, 1, 2]), r"frames\[2\]: frame 1 is there twice: put all bodies of a frame in one"),
    "people who take turns": (
        [{"joints": body} for frame in walkers()[0].tolist() for body in frame],
        "back after 2: the file seems to hold 2 people",
    ),
    "people without frames": (
        [{"track_id": person, "joints": body} for person in (1, 2) for body in BODY.tolist()],
        "its entries have different IDs and no number of a frame",
    ),
    "entries out of order": (
        [{"n": number, "joints": BODY[0].tolist()} for number in sorted(range(11), key=str)],
        "'n' counts the entries, but not in their order",
    ),
    "another number of joints": (
        [[[1, 2, 3]] * 2, [], [[1, 2, 3]] * 3],
        r"frames\[2\]: 3 joints, where frames\[0\] has 2: the number of joints changes within the file: 2, 3",
    ),
    "a crowd of names": ([{"joints": {f"j{frame}": [1, 2, 3]}} for frame in range(2_000)], "more than"),
}


@pytest.mark.parametrize(("value", "reason"), BAD.values(), ids=BAD)
def test_a_file_in_doubt_is_dropped_with_the_place(value, reason):
    with pytest.raises(Dropped, match=reason):
        read(value)


FUZZED = {**NAMED, "scores": UNNAMED["OpenPose's scores"]}


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", FUZZED.values(), ids=FUZZED)
def test_500_mutants_become_joints_or_a_reason(value):
    outcomes = {"joints": 0, "dropped": 0}
    for mutant in mutants(json.dumps(value, indent=0).encode(), 500):
        try:
            assert in_metres(parse(mutant).joints).shape[3] == 3
            outcomes["joints"] += 1
        except Dropped as dropped:
            assert str(dropped)
            outcomes["dropped"] += 1
    assert min(outcomes.values()) > 10
