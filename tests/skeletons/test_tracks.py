"""Tracks that are one person, and the bodies that stay."""

import time

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.errors import InputError
from mans_keras.skeletons import ntu, recording
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.formats.parsed import Parsed
from mans_keras.skeletons.sequence import Dropped
from mans_keras.skeletons.tracks import (
    GAP,
    MAX_IN_FRAME,
    MORE,
    NEAR,
    Track,
    check_one_person,
    joined,
    most_moving,
    nearest_ids,
    people,
)

BODY = standing_body(1)[0]


def track(first, last, x=0.0):
    frames = np.arange(first, last + 1)
    return Track(frames, np.broadcast_to(BODY + np.array([x, 0, 0]), (len(frames), 20, 3)))


def spans(tracks):
    return [(int(track.frames[0]), int(track.frames[-1]), len(track.frames)) for track in tracks]


def test_a_track_that_goes_on_in_place_is_the_same_person():
    (person,) = joined([track(0, 9), track(12, 20, x=0.1), track(30, 40, x=0.2)])
    np.testing.assert_array_equal(person.frames, [*range(10), *range(12, 21), *range(30, 41)])
    np.testing.assert_allclose(person.joints[[0, 10, -1], 0, 0] - BODY[0, 0], [0, 0.1, 0.2])


OTHERS = {"overlaps": track(9, 20), "far": track(10, 20, x=NEAR + MORE + 0.01), "late": track(9 + GAP + 1, 60)}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_track_that_overlaps_or_begins_elsewhere_or_later_is_another_person(other):
    assert len(joined([track(0, 9), other])) == 2


def test_each_of_two_people_continues_the_nearest_track():
    people = joined([track(0, 9), track(0, 9, x=0.4), track(10, 19, x=0.35), track(10, 19, x=0.05)])
    assert spans(people) == [(0, 19, 20), (0, 19, 20)]
    np.testing.assert_allclose([np.ptp(person.joints[:, 0, 0]) for person in people], 0.05)


def test_a_place_is_taken_over_only_once():
    assert spans(joined([track(0, 9), track(10, 19), track(10, 19, x=0.1)])) == [(0, 19, 20), (10, 19, 10)]


@pytest.mark.slow
def test_many_tracks_are_joined_in_seconds():
    tracks = [track(frame, frame, x=3 * place) for frame in range(200) for place in range(50)]
    start = time.process_time()
    assert len(joined(tracks)) == 50
    assert time.process_time() - start < 10


def test_a_new_id_of_the_tracker_changes_nothing(tmp_path):
    body = np.random.default_rng(0).normal(0, 0.01, (37, 25, 3)).cumsum(axis=0) + standing_body(1)[0, :1]
    changed = np.zeros((37, 2, 25, 3))
    changed[:19, 0], changed[19:, 1] = body[:19], body[19:]
    for name, joints in (("one", body[:, None]), ("two", changed)):
        skeleton_file.write(tmp_path / f"{name}.skeleton", joints, body_ids=(7, 8))
    one, two = (ntu.parsed(tmp_path / f"{name}.skeleton") for name in ("one", "two"))
    np.testing.assert_array_equal(one.joints, two.joints)
    assert two.joints[:, 0].any(axis=(1, 2)).all() and two.other_bodies == ()


def test_bodies_that_are_left_out_are_counted_with_their_frames(tmp_path):
    joints = np.zeros((40, 4, 25, 3))
    joints[:] = np.arange(4)[:, None, None] + standing_body(1)[0, :1] + np.arange(25)[:, None] * (0, 0.05, 0)
    joints[:, :2] += np.arange(40)[:, None, None, None] * 0.1
    joints[5:, 2] = joints[30:, 3] = 0
    skeleton_file.write(tmp_path / "a.skeleton", joints, body_ids=range(4))
    content = ntu.parsed(tmp_path / "a.skeleton")
    assert [frames.tolist() for frames in content.other_bodies] == [list(range(5)), list(range(30))]
    assert content.notes() == ["2 bodies are left out, seen in 5, 30 of 40 frames"]


def test_the_bodies_that_move_most_stay_but_not_passers_by():
    joints = np.stack([standing_body(8), standing_body(8) * 1.5, np.zeros((8, 20, 3))], axis=1)
    joints[:3, 2] = standing_body(8)[:3] + np.arange(3)[:, None, None]
    kept, others = most_moving(joints, 1)
    np.testing.assert_array_equal(kept, joints[:, 1:2])
    assert [frames.tolist() for frames in others] == [list(range(8)), [0, 1, 2]]


def test_a_longer_gap_allows_a_longer_way():
    step = NEAR + 10 * MORE - 0.01
    assert len(joined([track(0, 9), track(19, 30, x=step)])) == 1
    assert len(joined([track(0, 9), track(12, 30, x=step)])) == 2


def test_a_body_of_another_size_in_the_same_place_is_another_person():
    child = track(12, 20)
    centre = child.joints.mean(axis=(0, 1))
    assert len(joined([track(0, 9), Track(child.frames, centre + 0.6 * (child.joints - centre))])) == 2
    assert len(joined([track(0, 9), Track(child.frames, centre + 0.9 * (child.joints - centre))])) == 1


def test_a_joint_that_is_not_tracked_does_not_change_the_size_of_a_body():
    hidden = np.array(track(12, 20).joints)
    hidden[:, 5] = np.nan
    hidden[:3, 9] = 0
    assert len(joined([track(0, 9), Track(np.arange(12, 21), hidden)])) == 1


def test_a_reflection_does_not_take_the_place_of_the_person():
    person, reflection = joined([track(0, 19), track(20, 26), track(22, 60, x=0.1)])
    assert spans([person, reflection]) == [(0, 60, 59), (20, 26, 7)]
    short_parts = [track(0, 19), track(20, 26), track(27, 60)]
    assert spans(joined(short_parts)) == [(0, 60, 61)]


def two_people(frames=20):
    return np.stack([standing_body(frames), standing_body(frames) + np.array([1, 0, 0])], axis=1)


def test_bodies_go_by_their_ids_whatever_their_places():
    both = two_people()
    ids = np.tile([7, 3], (20, 1))
    ids[5:12], both[5:12] = ids[5:12, ::-1], both[5:12, ::-1].copy()
    persons, others = people(both, ids)
    np.testing.assert_array_equal(persons, two_people()[:, ::-1])
    assert others == ()


def test_bodies_without_ids_continue_the_nearest():
    both = two_people()
    both[5:12] = both[5:12, ::-1].copy()
    both[12:16, 0], both[12:16, 1] = both[12:16, 1], np.nan  # one of them is away, and the list is shorter
    persons, _ = people(both, nearest_ids(both))
    expected = two_people()
    expected[12:16, 0] = np.nan
    np.testing.assert_array_equal(persons, expected)


def test_somebody_who_comes_when_another_leaves_is_a_new_person():
    one = np.full((20, 1, 20, 3), np.nan)
    one[:10, 0], one[10:, 0] = standing_body(10), standing_body(10) + np.array([2, 0, 0])
    assert people(one, nearest_ids(one))[0].shape[1] == 2


def test_the_six_who_are_there_longest_stay_and_the_others_are_reported():
    crowd = standing_body(20)[:, None] + np.arange(8)[:, None, None]
    crowd[3:, 2] = crowd[9:, 4] = np.nan
    persons, others = people(crowd)
    np.testing.assert_array_equal(persons, crowd[:, [0, 1, 3, 5, 6, 7]])
    assert [len(frames) for frames in others] == [3, 9]


@pytest.mark.parametrize(
    ("bodies", "complaint"),
    [
        ((1, MAX_IN_FRAME + 1), "13 bodies in a frame"),
        ((2001, 1), "bodies with different IDs"),
        ((4001, 10), "4,001 frames of up to 10 bodies without IDs"),
    ],
)
def test_more_bodies_than_people_are_refused(bodies, complaint):
    joints = np.ones((*bodies, 1, 3)) * 3 * np.arange(bodies[0])[:, None, None, None]
    with pytest.raises(Dropped, match=complaint):
        people(joints + 1, nearest_ids(joints + 1))


def test_numbers_that_are_no_places_are_followed_without_a_warning(recwarn):
    joints = np.full((3, 2, 4, 3), 1e300)
    joints[1], joints[2, 0] = np.inf, np.nan
    assert nearest_ids(joints).shape == (3, 2) and not recwarn.list


def test_of_a_part_of_a_recording_the_others_are_counted_in_that_part():
    crowd = standing_body(20)[:, None] + np.arange(8)[:, None, None]
    crowd[5:, 2] = crowd[9:, 4] = np.nan
    content = recording.part(crowd, recording.of_bodies(Parsed(crowd)), 3, 6)
    assert content.notes() == ["2 bodies are left out, seen in 2, 4 of 4 frames"]
    np.testing.assert_array_equal(content.joints, crowd[3:7, [0, 1, 3, 5, 6, 7]])
    assert recording.part(crowd, recording.of_bodies(Parsed(crowd)), 10, 15).notes() == []


def test_of_a_part_of_a_skeleton_file_nobody_is_left_out_beforehand(tmp_path):
    joints = np.zeros((60, 3, 25, 3))
    joints[:] = standing_body(1)[0, :1] + np.arange(25)[:, None] * (0, 0.05, 0) + 3 * np.arange(3)[:, None, None]
    joints[:, :2] += np.arange(60)[:, None, None, None] * 0.1
    joints[20:, :2] = joints[:20, 2] = 0
    skeleton_file.write(tmp_path / "a.skeleton", joints, body_ids=range(3))
    content = recording.part("a", recording.read(tmp_path / "a.skeleton", everybody=True), 30, 50)
    np.testing.assert_allclose(content.joints[:, 2], joints[30:51, 2], rtol=1e-5)


def test_a_body_of_half_a_joint_is_none_and_gives_no_warning(recwarn):
    slots = np.full((4, 2, 20, 3), np.nan)
    slots[:, 0], slots[1:3, 1, 5, 2] = standing_body(4), 2.0
    persons, _ = people(slots)
    assert persons.shape[1] == 1 and not recwarn.list


def test_an_array_in_which_somebody_changes_the_slot_shows_one_person():
    slots = np.zeros((20, 3, 20, 3))
    slots[:9, 0], slots[9:, 2] = standing_body(20)[:9], standing_body(20)[9:]
    content = recording.from_array(slots)
    np.testing.assert_array_equal(content.joints, standing_body(20)[:, None])
    assert content.notes() == []


@pytest.mark.parametrize("number", [2, 3, 4])
def test_people_who_take_turns_in_a_list_of_one_body_are_refused(number):
    people = standing_body(20)[np.arange(20) // number] + np.arange(20)[:, None, None] % number * [0.5, 0, 0.1]
    people[5] = people[3, :4] = 0
    with pytest.raises(Dropped, match=f"the file seems to hold {number} people who take turns"):
        check_one_person(people)


STRANGE = {
    "noise": np.random.default_rng(0).normal(size=(40, 20, 3)),
    "nobody": np.zeros((40, 20, 3)),
    "each frame twice": standing_body(40)[np.arange(40) // 2],
    "every second frame empty": standing_body(40) * (np.arange(40) % 2)[:, None, None],
    "arms that swing": standing_body(40) + (np.arange(40) % 2)[:, None, None] * (np.arange(20) > 12)[None, :, None],
    "a trembling sensor": standing_body(40) + np.arange(40)[:, None, None] % 2 * 0.05,
}


@pytest.mark.parametrize("joints", STRANGE.values(), ids=STRANGE)
def test_one_person_who_moves_strangely_is_one_person(joints):
    check_one_person(joints)


SAVED = {
    "npy": lambda path, joints: np.save(path, joints),
    "npz": lambda path, joints: np.savez(path, joints=joints),
    "txt": lambda path, joints: np.savetxt(path, joints.reshape(len(joints), -1)),
    "the array": None,
}


def read_saved(tmp_path, kind, joints):
    if SAVED[kind] is None:
        return recording.from_array(joints).joints
    SAVED[kind](tmp_path / f"a.{kind}", joints)
    return recording.read(tmp_path / f"a.{kind}", 20).joints


@pytest.mark.parametrize("kind", SAVED)
def test_people_who_take_turns_are_refused_in_files_that_name_nobody(tmp_path, kind):
    with pytest.raises(InputError, match="the file seems to hold 2 people who take turns"):
        read_saved(tmp_path, kind, two_people().reshape(40, 20, 3))


@pytest.mark.parametrize("kind", ["npy", "npz", "the array"])
@pytest.mark.parametrize("exchanged", [slice(1, None, 2), slice(9, None), slice(4, 5)])
def test_bodies_that_exchange_their_slots_are_followed(tmp_path, kind, exchanged):
    swapped = two_people()
    swapped[exchanged] = swapped[exchanged, ::-1].copy()
    np.testing.assert_array_equal(read_saved(tmp_path, kind, swapped), two_people())


def test_a_body_that_is_far_away_in_one_frame_stays_in_its_slot():
    both = two_people()
    both[7, 1] += 3
    np.testing.assert_array_equal(recording.from_array(both).joints, both)
