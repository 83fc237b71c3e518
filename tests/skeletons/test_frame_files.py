import json
import re

import numpy as np
import pytest
from helpers import run, standing_body
from mutations import check_reader
from test_named_bones import MEDIAPIPE

from data_prep import own_data
from mans_keras.errors import InputError
from mans_keras.skeletons import own, recording
from mans_keras.skeletons.formats import by_suffix
from mans_keras.skeletons.sequence import Dropped
from mans_keras.tensors.store import Tensors

BODY = standing_body(12)


def write(folder, frames, name="{}.npy"):
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames):
        path = folder / name.format(number)
        if path.suffix == ".npy":
            np.save(path, frame)
        else:
            path.write_text(json.dumps(frame))
    return folder


def holistic(frames=12, hands=True):
    """(frames, 1662): what MediaPipe Holistic's tutorials save, within the image; without hands they are zeros."""
    places = np.random.default_rng(0).uniform(0.2, 0.8, (frames, 1662))
    places[:, 132 + 3 * 468 :] *= hands
    places[:, :132].reshape(frames, 33, 4)[..., 2:] *= 0.1
    return places


@pytest.mark.parametrize(
    ("frames", "name"),
    [
        (BODY, "frame_{}.npy"),
        (BODY.reshape(12, -1), "{}.npy"),
        (BODY.tolist(), "{}.json"),
        ([{"people": [{"joints": body}]} for body in BODY.tolist()], "wave_{:012}_keypoints.json"),
        ([[{"id": 0, "keypoints3d": body}] for body in BODY.tolist()], "{:06}.json"),
    ],
)
def test_frames_are_in_the_order_of_their_numbers(tmp_path, frames, name):
    folder = write(tmp_path / "a", frames, name)
    np.testing.assert_array_equal(by_suffix.parsed(folder, joints=20).joints[:, 0], BODY)
    np.testing.assert_array_equal(recording.read(folder, joints=20).joints[:, 0], BODY)


def test_the_parts_of_holistic_have_names(tmp_path):
    frames = holistic()
    content = by_suffix.parsed(write(tmp_path / "a", frames))
    places = dict(zip(content.names, np.moveaxis(content.joints[:, 0], 1, 0), strict=True))
    assert list(content.names[:33]) == MEDIAPIPE and len(places) == 543
    for name, at in (
        ("nose", 0),
        ("left_eye_inner", 4),
        ("face_0", 132),
        ("left_hand_0", 1536),
        ("right_hand_20", 1659),
    ):
        np.testing.assert_array_equal(places[name], frames[:, at : at + 3])


def test_own_data_reads_holistics_folders_if_it_is_asked_to(tmp_path):
    for number, folder in enumerate(("hello/0", "hello/1", "thanks/0", "thanks/1")):
        write(tmp_path / "raw" / folder, holistic(hands=False) * (1 + number / 100))
    refused = run(own_data.main, tmp_path / "raw", tmp_path, "--name", "signs")
    assert refused.returncode == 1 and "with --frame-files, one folder for each class" in refused.stderr
    options = ["--name", "signs", "--frame-files", "--pattern", "{subject}"]
    gone = run(own_data.main, tmp_path / "raw", tmp_path, *options)
    assert gone.returncode == 1 and "left_hand_0" in gone.stderr and "--leave-out" in gone.stderr
    done = run(own_data.main, tmp_path / "raw", tmp_path, *options, "--leave-out", "face_*, *_hand_*")
    assert done.returncode == 0, done.stderr
    assert "shares of the image, not metres" in done.stdout
    tensors = Tensors(tmp_path / "signs_50.h5")
    assert list(tensors.joint_names) == MEDIAPIPE and set(tensors.subject) == {0, 1}


BAD = {
    "no frame": ([], "{}.npy", r"one \.npy file, or one \.json file, for each frame of one recording"),
    "another shape": ([BODY[0], BODY[0, :5]], "{}.npy", re.escape("1.npy has shape (5, 3), where 0.npy has (20, 3)")),
    "places in the image": (np.abs(BODY) % 1, "{}.npy", "places in the image"),
    "objects": ([{"pose": 1}], "{}.npy", r"not a \.npy array"),
    "no JSON frame": ([{"pose": []}], "{}.json", r"frames\[0\]: an object with the keys"),
    "too many numbers": (np.zeros((700, 1662)), "{}.npy", "more than 10,000 frames"),
}


@pytest.mark.parametrize(("frames", "name", "reason"), BAD.values(), ids=BAD)
def test_another_folder_is_dropped_with_a_reason(tmp_path, frames, name, reason):
    with pytest.raises(Dropped, match=reason):
        by_suffix.parsed(write(tmp_path / "a", frames, name), joints=20)


def test_two_kinds_of_files_in_a_folder_are_dropped(tmp_path):
    (write(tmp_path / "a", BODY) / "0.json").write_text("[]")
    with pytest.raises(InputError, match=r"a: a folder with one \.npy file, or one \.json"):
        recording.read(tmp_path / "a")


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["{}.npy", "{}.json"])
def test_1000_mutants_become_a_finite_sequence_or_a_reason(tmp_path, name):
    write(tmp_path / "a", BODY[:3].tolist(), name)
    source, broken = own.Source(tmp_path / "a", "a", 0), tmp_path / "a" / name.format(1)
    check_reader(broken.read_bytes(), 1000, broken, lambda: own.read(source, 1, 20))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "^4.json: not JSON"),
        ('{"a":', "^4.json: not JSON"),
        ("[[1, 2, 3]], [[1, 2, 3]]", "^4.json: not JSON .*Extra"),
    ],
)
def test_a_broken_frame_is_named_and_a_file_is_one_frame(tmp_path, text, complaint):
    folder = write(tmp_path / "a", BODY.tolist(), "{}.json")
    (folder / "4.json").write_text(text)
    with pytest.raises(Dropped, match=complaint):
        by_suffix.parsed(folder, joints=20)


def test_a_frame_may_have_a_byte_order_mark(tmp_path):
    folder = write(tmp_path / "a", BODY.tolist(), "{}.json")
    (folder / "4.json").write_bytes(b"\xef\xbb\xbf" + (folder / "4.json").read_bytes())
    np.testing.assert_array_equal(by_suffix.parsed(folder, joints=20).joints[:, 0], BODY)


@pytest.mark.parametrize(
    "names",
    [
        [f"²{number}" for number in range(12)],
        [str(number).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")) for number in range(12)],
        [f"{number:06}_keypoints3d" for number in range(12)],
        [f"{number / 20:.2f}" for number in range(12)],
        [f"2026-11-27_12-{number // 10}-{number % 10}" for number in range(12)],
    ],
)
def test_numbers_of_any_script_and_decimals_order_the_frames(tmp_path, names):
    folder = tmp_path / "a"
    folder.mkdir()
    for name, frame in zip(names, BODY, strict=True):
        np.save(folder / f"{name}.npy", frame)
    content = by_suffix.parsed(folder, joints=20)
    np.testing.assert_array_equal(content.joints[:, 0], BODY)
    assert not content.left_out


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ([str(number / 20) for number in range(12)], "different numbers of decimals"),
        ([str(number - 6) for number in range(12)], r"'-1.npy' is not like '0.npy'|'0.npy' is not like '-1.npy'"),
        ([f"cam{number // 6}_{number % 6}" for number in range(12)], "'cam0_0.npy' and 'cam1_0.npy' have the same num"),
        ([*"0123456789", "٣1", "a0"], "'a0.npy' is not like '0.npy'"),
        ([*map(str, range(11)), "01"], "'01.npy' and '1.npy' have the same number"),
    ],
)
def test_names_that_leave_the_order_in_doubt_are_refused(tmp_path, names, complaint):
    folder = tmp_path / "a"
    folder.mkdir()
    for name, frame in zip(names, BODY, strict=True):
        np.save(folder / f"{name}.npy", frame)
    with pytest.raises(Dropped, match=complaint):
        by_suffix.parsed(folder, joints=20)


def test_another_json_file_between_the_frames_is_named(tmp_path):
    folder = write(tmp_path / "a", BODY.tolist(), "{}.json")
    (folder / "info.json").write_text('{"fps": 30}')
    with pytest.raises(Dropped, match=r"'info\.json' is not like '0\.json'"):
        by_suffix.parsed(folder, joints=20)


def test_frames_that_are_missing_are_reported(tmp_path):
    folder = write(tmp_path / "a", BODY)
    for number in range(6, 9):
        (folder / f"{number}.npy").unlink()
    assert by_suffix.parsed(folder, joints=20).left_out == ("frames without a file, by the gaps in their numbers",)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_folder_of_recordings_is_not_one_recording(tmp_path, count):
    folder = write(tmp_path / "wave", [BODY] * count)
    with pytest.raises(Dropped, match=r"0\.npy has shape \(12, 20, 3\), so it is a recording of its own"):
        by_suffix.parsed(folder, joints=20)


def test_recordings_in_a_folder_for_each_subject_are_not_taken_for_frames(tmp_path):
    for name in ("clap", "wave"):
        write(tmp_path / "raw" / name / "P1", [BODY] * 3)
    refused = run(own_data.main, tmp_path / "raw", tmp_path, "--name", "g")
    assert refused.returncode == 1 and "one folder too deep" in refused.stderr
    assert run(own_data.main, tmp_path / "raw", tmp_path, "--name", "g", "--frame-files").returncode == 1
