"""Tracks that are one person, and the bodies that stay."""

import time

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.skeletons import ntu
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.tracks import DISTANCE, GAP, Track, joined, most_moving

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


@pytest.mark.parametrize(
    "other", [track(9, 20), track(10, 20, x=DISTANCE + 0.01), track(9 + GAP + 1, 60)], ids=["overlaps", "far", "late"]
)
def test_a_track_that_overlaps_or_begins_elsewhere_or_later_is_another_person(other):
    assert len(joined([track(0, 9), other])) == 2


def test_each_of_two_people_continues_the_nearest_track():
    people = joined([track(0, 9), track(0, 9, x=0.4), track(10, 19, x=0.35), track(10, 19, x=0.05)])
    assert spans(people) == [(0, 19, 20), (0, 19, 20)]
    np.testing.assert_allclose([np.ptp(person.joints[:, 0, 0]) for person in people], 0.05)


def test_a_place_is_taken_over_only_once():
    assert spans(joined([track(0, 9), track(10, 19), track(10, 19, x=0.1)])) == [(0, 19, 20), (10, 19, 10)]


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
    assert content.other_bodies == (5, 30)
    assert content.notes() == [
        f"2 bodies are left out, seen in {content.other_bodies[0]}, {content.other_bodies[1]} of 40 frames"
    ]


def test_the_bodies_that_move_most_stay_but_not_passers_by():
    joints = np.stack([standing_body(8), standing_body(8) * 1.5, np.zeros((8, 20, 3))], axis=1)
    joints[:3, 2] = standing_body(8)[:3] + np.arange(3)[:, None, None]
    kept, others = most_moving(joints, 1)
    np.testing.assert_array_equal(kept, joints[:, 1:2])
    assert others == (8, 3)
