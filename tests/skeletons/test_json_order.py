"""JSON files whose frames or people have numbers, times or names: their order, their gaps and who is who."""

import json

import numpy as np
import pytest
from helpers import standing_body

from mans_keras.skeletons.formats import by_suffix
from mans_keras.skeletons.formats.json_file import parse
from mans_keras.skeletons.sequence import Dropped

BODY = standing_body(11)[:, :4].round(4)
BOTH = np.stack([BODY, BODY + np.array([1.5, 0, 0])], axis=1)


def frames(key, values):
    return json.dumps(
        [{key: value, "joints": body} for value, body in zip(values, BODY.tolist(), strict=True)]
    ).encode()


BY_TEXT = sorted(range(11), key=str)
OUT_OF_ORDER = {
    "frame": (
        [f"frame_{number}.jpg" for number in BY_TEXT],
        r"frames\[3\]: frame frame_2.jpg comes after frame_10.jpg",
    ),
    "image_id": ([f"{number}.jpg" for number in BY_TEXT], r"frames\[3\]: image_id 2.jpg comes after 10.jpg"),
    "timestamp": ([f"2024-05-01T10:00:{30 - number}.5Z" for number in range(11)], "29.5Z comes after .*30.5Z"),
    "t_ms": ([900 - 33.3 * number for number in range(11)], r"t_ms 866.7 comes after 900"),
    "img": ([2 * number for number in BY_TEXT], "img 4 comes after 20"),
    "key": ([f"pose{number}" for number in BY_TEXT], "'key' counts the entries, but not in their order"),
}


@pytest.mark.parametrize("key", OUT_OF_ORDER)
def test_frames_are_refused_if_their_names_numbers_or_times_are_out_of_order(key):
    values, reason = OUT_OF_ORDER[key]
    with pytest.raises(Dropped, match=reason):
        parse(frames(key, values))


def test_a_gap_of_the_numbers_is_reported_but_not_a_longer_step():
    assert "frames that 'frame' skips" in parse(frames("frame", [*range(10), 300])).left_out
    assert not any("gaps" in part for part in parse(frames("frame", range(0, 110, 10))).left_out)


FORMS = {
    "in lists": lambda frame, people: [
        {"frame": frame, "bodies": [{"trackingId": number, "joints": body} for number, body in people]}
    ],
    "flat": lambda frame, people: [{"frame": frame, "trackingId": number, "joints": body} for number, body in people],
    "with a time": lambda frame, people: [
        {"time": frame / 9, "person": number, "joints": body} for number, body in people
    ],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_ids_as_long_as_those_of_the_kinect_keep_their_last_digits(tmp_path, form):
    entries = []
    for frame, bodies in enumerate(BOTH.tolist()):
        people = [(72057594037944331 + person, body) for person, body in enumerate(bodies)]
        entries += form(frame, people[:: -1 if frame % 2 else 1])
    (tmp_path / "a.json").write_text(json.dumps(entries))
    np.testing.assert_array_equal(by_suffix.parsed(tmp_path / "a.json").joints, BOTH)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_person_beside_the_one_before_is_somebody_else(tmp_path, form):
    entries = [form(frame, [(int(frame > 5), BOTH[frame, int(frame > 5)].tolist())])[0] for frame in range(11)]
    (tmp_path / "a.json").write_text(json.dumps(entries))
    assert by_suffix.parsed(tmp_path / "a.json").joints.shape[1] == 2


def test_people_who_take_turns_in_frames_of_their_own_are_refused(tmp_path):
    entries = [
        {"frame": frame, "track_id": frame % 2, "joints": BOTH[frame, frame % 2].tolist()} for frame in range(11)
    ]
    (tmp_path / "a.json").write_text(json.dumps(entries))
    with pytest.raises(Dropped, match="2 people take turns, each in frames of their own"):
        by_suffix.parsed(tmp_path / "a.json")


def test_the_key_of_the_frames_may_have_capitals():
    np.testing.assert_array_equal(parse(json.dumps({"Frames": BODY.tolist()}).encode()).joints[:, 0], BODY)
