"""The reader and writer of NTU RGB+D's `.skeleton` files."""

import time

import numpy as np
import pytest
from limits import slowness
from mutations import mutants

from mans_keras.errors import InputError
from mans_keras.skeletons import ntu
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.sequence import Dropped
from mans_keras.tensors.protocols import NTU_TRAINING_CAMERAS, NTU_TRAINING_SUBJECTS
from mans_keras.tensors.transforms import to_tensor

NAME = "S001C001P001R001A001"
# Lines of the owners' own file of that name.
BODY_LINE = "72057594037931101 0 1 1 1 1 0 0.02764709 0.05745083 2"
JOINT_LINE = (
    "0.2181153 0.1725972 3.785547 277.419 191.8218 1036.233 519.1677 -0.2059419 0.05349901 0.9692109 -0.1239193 2"
)


def recording(*frames):
    """The text of a file: each frame is a list of (body ID, x of all its joints)."""
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for body, x in bodies:
            lines += [BODY_LINE.replace("72057594037931101", str(body)), "25"]
            lines += [JOINT_LINE.replace("0.2181153", str(x), 1)] * 25
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(tmp_path):
    """Read a text as the file `NAME`."""

    def read_text(text, name=NAME, **options):
        path = tmp_path / f"{name}.skeleton"
        path.write_text(text)
        return ntu.read(path, **options)

    return read_text


def test_the_owners_lines_are_read(read):
    sequence = read(recording([(72057594037931101, 0.2181153)]))
    assert sequence.joints.shape == (1, 2, 25, 3)
    np.testing.assert_array_equal(sequence.joints[0, 0], [[0.2181153, 0.1725972, 3.785547]] * 25)
    assert not sequence.joints[0, 1].any()


def test_windows_line_ends_are_read(read):
    text = recording([(1, 0.5)], [(1, 0.6)])
    np.testing.assert_array_equal(read(text.replace("\n", "\r\n")).joints, read(text).joints)


def test_class_subject_and_camera_come_from_the_name(read):
    sequence = read(recording([(1, 0.5)]), "S017C003P020R002A060")
    assert (sequence.name, sequence.label, sequence.subject, sequence.camera) == ("S017C003P020R002A060", 59, 20, 3)
    assert len(ntu.CLASS_NAMES) == len(set(ntu.CLASS_NAMES)) == 60


@pytest.mark.parametrize("name", ["S001C001P001R001A061", "S001C001P001R001A000", "S1C1P1R1A1", "walking"])
def test_another_name_or_action_is_dropped(read, name):
    with pytest.raises(Dropped, match=r"A0|name"):
        read(recording([(1, 0.5)]), name)


def test_the_body_that_moves_more_comes_first(read):
    text = recording([(7, 1.0), (8, 0.0)], [(7, 1.1), (8, 0.5)])
    np.testing.assert_array_equal(read(text).joints[:, :, 0, 0], [[0.0, 1.0], [0.5, 1.1]])


def test_of_three_bodies_the_two_that_move_most_stay(read):
    text = recording([(7, 1.0), (8, 2.0), (9, 3.0)], [(7, 1.1), (8, 2.0), (9, 3.5)])
    np.testing.assert_array_equal(read(text).joints[:, :, 0, 0], [[3.0, 1.0], [3.5, 1.1]])


def test_bodies_are_followed_by_id_not_by_order(read):
    text = recording([(7, 1.0), (8, 2.0)], [(8, 2.1), (7, 1.5)])
    np.testing.assert_array_equal(read(text).joints[:, :, 0, 0], [[1.0, 2.0], [1.5, 2.1]])


@pytest.mark.parametrize("body", [0, 5])
def test_two_bodies_with_the_same_id_are_followed_by_their_places(read, body):
    empty_slot = recording([(body, 0)]).replace("0.1725972 3.785547", "0 0").removeprefix("1\n1\n")
    text = recording([(body, 2.4), (body, 0.7)], [(body, 0.5), (body, 2.5)]).replace("2\n2\n", "2\n3\n" + empty_slot)
    np.testing.assert_array_equal(read(text).joints[:, :, 0, 0], [[0.7, 2.4], [0.5, 2.5]])


def test_ids_that_one_float_can_not_tell_apart_stay_two_bodies(read):
    text = recording([(72057594037931101, 1.0), (72057594037931102, 2.0)])
    assert sorted(read(text).joints[0, :, 0, 0]) == [1.0, 2.0]


def test_a_body_is_zeros_where_it_is_absent(read):
    joints = read(recording([(7, 1.0)], [], [(7, 1.5), (8, 2.0)])).joints
    np.testing.assert_array_equal(joints.any(axis=(2, 3)), [[True, False], [False, False], [True, True]])


def seen(*bodies, frames=40):
    """A text in which each body (its frames, width, speed) is 1 m high; body i has ID i + 1."""
    joints = np.zeros((frames, len(bodies), 25, 3))
    joints[..., 1] = np.linspace(0, 1, 25)
    joints[..., 2] = 3
    for body, (present, width, speed) in enumerate(bodies):
        joints[:, body, :, 0] = np.linspace(0, 1, 25) * np.broadcast_to(width, frames)[:, None]
        joints[:, body] += np.arange(frames)[:, None, None] * (0, 0, speed)
        joints[present:, body] = 0
    return joints


@pytest.fixture
def read_bodies(tmp_path):
    """Read `seen(...)` as a file; returns, for both places, the ID of the body that is there, 0 for none."""

    def read_seen(*bodies):
        joints = seen(*bodies)
        skeleton_file.write(tmp_path / f"{NAME}.skeleton", joints, range(1, len(bodies) + 1))
        kept = ntu.read(tmp_path / f"{NAME}.skeleton").joints
        same = [[np.allclose(kept[:, place], joints[:, body]) for body in range(len(bodies))] for place in range(2)]
        return [result.index(True) + 1 if any(result) else 0 for result in same]

    return read_seen


def test_a_short_lived_body_is_left_out_though_it_moves_more(read_bodies):
    assert read_bodies((11, 0.5, 1), (40, 0.5, 0.01)) == [2, 0]
    assert read_bodies((12, 0.5, 1), (40, 0.5, 0.01)) == [1, 2]


def test_a_body_wider_than_tall_is_left_out_though_it_moves_more(read_bodies):
    assert read_bodies((40, 0.9, 0.1), (40, 0.5, 0.01), (40, 0.7, 0.02)) == [3, 2]


def test_a_body_that_lies_down_in_half_of_its_frames_stays(read_bodies):
    assert read_bodies((40, np.repeat([0.5, 2], 20), 0.1), (40, 0.5, 0.01)) == [1, 2]


def test_a_rule_that_would_leave_no_body_is_not_applied(read_bodies):
    assert read_bodies((40, 2, 0.1)) == [1, 0]
    assert read_bodies((5, 0.5, 0.1)) == [1, 0]
    assert read_bodies((40, 2, 0.1), (40, 2, 0.2), (40, 2, 0.05)) == [2, 1]
    assert read_bodies((5, 0.5, 0.1), (9, 0.5, 0.1)) == [2, 1]


def test_the_302_listed_names_are_dropped_under_either_count(read):
    for counts in ntu.COUNTS:
        with pytest.raises(Dropped, match="listed by the owners"):
            read(recording([(1, 0.5)]), "S001C002P005R002A008", counts=counts)
    assert read(recording([(1, 0.5)]), "S001C002P005R002A008").label == 7


@pytest.mark.parametrize(
    ("column", "training", "before", "after"),
    [
        (1, NTU_TRAINING_SUBJECTS, (40_320, 16_560), (40_091, 16_487)),
        (2, NTU_TRAINING_CAMERAS, (37_920, 18_960), (37_646, 18_932)),
    ],
)
def test_without_the_listed_names_the_literatures_counts_are_left(column, training, before, after):
    listed = [ntu.parse_name(name)[column] for name in ntu.missing_skeletons()]
    train = np.isin(listed, training).sum()
    assert (before[0] - train, before[1] - (302 - train)) == after


def test_released_counts_drop_more_than_two_bodies_in_the_last_frame_only(read):
    two, three = [(1, 0.5), (2, 0.6)], [(1, 0.5), (2, 0.6), (3, 0.7)]
    with pytest.raises(Dropped, match="more than two bodies in the last frame"):
        read(recording(two, three), counts="released")
    assert read(recording(three, two), counts="released").joints.any(axis=(2, 3)).all()
    assert read(recording(two, three), counts="official").joints.any(axis=(2, 3)).all()


WHOLE = recording([(1, 0.5)], [(1, 0.6)])
MALFORMED = {
    "empty": "",
    "cut at a line": "\n".join(WHOLE.split("\n")[:30]),
    "cut in a line": WHOLE[:-20],
    "cut after the number of frames": "2\n",
    "more than its frames": WHOLE + JOINT_LINE,
    "text for a coordinate": WHOLE.replace("0.1725972", "abc", 1),
    "text for a count": WHOLE.replace("2", "two", 1),
    "not a number": WHOLE.replace("0.1725972", "nan", 1),
    "infinite": WHOLE.replace("3.785547", "inf", 1),
    "kilometres away": WHOLE.replace("3.785547", "1e300", 1),
    "20 joints": WHOLE.replace("\n25\n", "\n20\n", 1),
    "a token short": WHOLE.replace(" 277.419", "", 1),
    "a body too many": WHOLE.replace("2\n1\n", "2\n2\n", 1),
    "a negative number of bodies": WHOLE.replace("2\n1\n", "2\n-1\n", 1),
    "a billion frames": WHOLE.replace("2", "1000000000", 1),
    "a billion bodies": WHOLE.replace("2\n1\n", "2\n1000000000\n", 1),
    "frames without a body": recording([], []),
    "bodies of zeros": recording([(1, 0)]).replace("0.1725972 3.785547", "0 0"),
    "no frames": "0\n",
    "bytes": "\x00\x01\x02",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_file_is_dropped_with_a_reason(read, text):
    with pytest.raises(Dropped, match=r"\w+ \w+"):
        read(text)


def test_a_huge_file_is_dropped_unread(tmp_path):
    path = tmp_path / f"{NAME}.skeleton"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Dropped, match="larger than"):
        ntu.read(path)


@pytest.mark.slow
def test_2000_broken_files_are_sequences_or_dropped(tmp_path):
    path = tmp_path / f"{NAME}.skeleton"
    skeleton_file.write(path, two_bodies()[2:5], body_ids=(5, 6))
    outcomes = {"sequence": 0, "dropped": 0}
    for mutant in mutants(path.read_bytes(), 2000):
        path.write_bytes(mutant)
        try:
            sequence = ntu.read(path)
            tensor = to_tensor(sequence.joints, 50, "resize", "body", ntu.KINECT_2)
        except Dropped as reason:
            assert len(str(reason)) > 10
            outcomes["dropped"] += 1
        else:
            assert sequence.joints.shape[1:] == (2, 25, 3) and len(sequence.joints) <= skeleton_file.MAX_FRAMES
            assert np.isfinite(sequence.joints).all() and np.isfinite(tensor).all() and sequence.joints.any()
            outcomes["sequence"] += 1
    assert min(outcomes.values()) > 200


def test_a_folder_in_place_of_a_file_is_dropped(tmp_path):
    (tmp_path / f"{NAME}.skeleton").mkdir()
    with pytest.raises(Dropped, match="not a file"):
        ntu.read(tmp_path / f"{NAME}.skeleton")


def test_a_folder_without_recordings_is_named_with_where_to_get_them(tmp_path):
    with pytest.raises(InputError, match=r"no \.skeleton file.*https://"):
        ntu.sources(tmp_path)
    with pytest.raises(InputError, match="missing"):
        ntu.sources(tmp_path / "missing")


def test_sources_are_sorted(tmp_path):
    for name in ("S002C001P001R001A001", NAME):
        (tmp_path / f"{name}.skeleton").touch()
    assert [ntu.source_name(path) for path in ntu.sources(tmp_path)] == [NAME, "S002C001P001R001A001"]


def test_recordings_in_folders_are_found_and_two_of_one_name_refused(tmp_path):
    for folder in ("a", "b", "a/too_deep"):
        (tmp_path / folder).mkdir()
    for file in (f"b/{NAME}", "a/S002C001P001R001A001", "a/too_deep/S003C001P001R001A001", "S004C001P001R001A001"):
        (tmp_path / f"{file}.skeleton").touch()
    assert [ntu.source_name(path)[:4] for path in ntu.sources(tmp_path)] == ["S001", "S002", "S004"]
    (tmp_path / f"{NAME}.skeleton").touch()
    with pytest.raises(InputError, match="have the same name"):
        ntu.sources(tmp_path)


def two_bodies():
    """Joints (6, 2, 25, 3): the first moves more, the second leaves before the last two frames."""
    rng = np.random.default_rng(0)
    joints = rng.normal(size=(2, 25, 3)) * 0.4 + (0, 0, 3) + rng.normal(size=(6, 2, 1, 3)) * [[[0.2]], [[0.02]]]
    joints[4:, 1] = 0
    return joints


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / f"{NAME}.skeleton"
    skeleton_file.write(path, two_bodies(), body_ids=(72057594037931101, 72057594037931102))
    np.testing.assert_allclose(ntu.read(path).joints, two_bodies(), rtol=1e-6)


def test_a_line_by_line_parser_reads_what_is_written(tmp_path):
    path = tmp_path / f"{NAME}.skeleton"
    skeleton_file.write(path, two_bodies(), body_ids=(5, 6))
    lines = iter(path.read_text().splitlines())
    for frame in range(int(next(lines))):
        bodies = int(next(lines))
        assert bodies == (2 if frame < 4 else 1)
        for body in range(bodies):
            header = next(lines).split()
            assert len(header) == 10 and header[0] == "56"[body]
            assert int(next(lines)) == 25
            rows = np.array([[float(token) for token in next(lines).split()] for _ in range(25)])
            assert rows.shape == (25, 12)
            norms = np.linalg.norm(rows[:, 7:11], axis=1)
            np.testing.assert_allclose(norms[norms > 0], 1, atol=1e-5)
            assert (rows[:, 11] == 2).all()
    assert next(lines, None) is None


def test_pixels_agree_with_the_owners_line(tmp_path):
    path = tmp_path / f"{NAME}.skeleton"
    numbers = [float(token) for token in JOINT_LINE.split()]
    skeleton_file.write(path, np.broadcast_to(numbers[:3], (1, 1, 25, 3)), body_ids=[1])
    written = [float(token) for token in path.read_text().splitlines()[4].split()]
    np.testing.assert_allclose(written[3:7], numbers[3:7], atol=2)


def test_80_frames_are_read_in_some_milliseconds(tmp_path):
    path = tmp_path / f"{NAME}.skeleton"
    path.write_text(recording(*[[(1, frame / 80)] for frame in range(80)]))
    seconds = []
    for _ in range(5):
        start = time.process_time()
        ntu.read(path)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.01 * slowness()
