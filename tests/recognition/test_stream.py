import numpy as np
import pytest
from click.testing import CliRunner
from helpers import ACTIONS, ROOT, SHARED, standing_body, tiny_model, ut_kinect_folder

from mans_keras.cli import main
from mans_keras.errors import InputError
from mans_keras.recognition import stream
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.recognition.stream import Stream
from mans_keras.reports import record_plots
from mans_keras.skeletons import recording


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("streaming") / "tiny.h5", tarm=False)


@pytest.fixture(scope="module")
def recognizer(model):
    return Recognizer(model)


def _pushed(recognizer, frames, **options):
    stream = Stream(recognizer, **options)
    for frame in frames:
        stream.push(frame)
    return stream


def _predicted(recognizer, joints):
    return recognizer.predict([np.asarray(joints)])[0].scores


def test_the_scores_are_those_of_the_frames_in_the_window(recognizer):
    joints = standing_body(9)
    joints[:, 7] += np.linspace(0, 0.8, 9)[:, None] ** 2
    stream = Stream(recognizer, window=4)
    seen = []
    for number, frame in enumerate(joints):
        stream.push(frame)
        seen.append(stream.scores())
        expected = _predicted(recognizer, joints[max(0, number - 3) : number + 1])
        np.testing.assert_allclose(seen[-1], expected, rtol=1e-6)
    assert np.abs(seen[-1] - seen[3]).max() > 1e-6


def test_the_window_is_as_long_as_the_recordings_of_training(recognizer, tmp_path):
    assert Stream(recognizer).window == 5
    with pytest.raises(InputError, match="set window="):
        Stream(Recognizer(tiny_model(tmp_path / "old.h5", frames=None, tarm=False)))
    with pytest.raises(InputError, match="at least 1"):
        Stream(recognizer, window=0)


def test_changing_a_frame_after_it_was_pushed_changes_no_scores(recognizer):
    frame = standing_body(1)[0]
    stream = _pushed(recognizer, [frame])
    before = stream.scores()
    frame[:] = 0
    np.testing.assert_array_equal(stream.scores(), before)


@pytest.mark.parametrize("nobody", [None, np.full((20, 3), np.nan), np.zeros((1, 20, 3)), np.zeros((0, 20, 3))])
def test_without_a_body_in_the_window_there_are_no_scores(recognizer, nobody):
    joints = standing_body(3)
    stream = _pushed(recognizer, [nobody, nobody], window=3)
    assert stream.scores() is None
    stream.push(joints[0])
    expected = _predicted(recognizer, [joints[0] * 0, joints[0] * 0, joints[0]])
    np.testing.assert_allclose(stream.scores(), expected, rtol=1e-6)
    for _ in range(3):
        stream.push(nobody)
    assert stream.scores() is None


def test_a_joint_that_is_missing_too_often_gives_no_scores_until_it_is_back(recognizer):
    joints = standing_body(6)
    joints[:3, 5] = np.nan
    assert _pushed(recognizer, joints[:4], window=4).scores() is None
    stream = _pushed(recognizer, joints, window=4)  # frames 2 to 5: the joint is missing in the first
    np.testing.assert_allclose(stream.scores(), _predicted(recognizer, joints[2:]), rtol=1e-6)


def test_bodies_come_and_go(recognizer):
    body, other = standing_body(4), standing_body(4, facing=60) + 1
    both = np.stack([body, other], axis=1)
    stream = _pushed(recognizer, [body[0], both[1], both[2], body[3]], window=4)
    both[[0, 3], 1] = 0
    scores = stream.scores()
    np.testing.assert_allclose(scores, _predicted(recognizer, both), rtol=1e-6)
    assert np.abs(scores - _predicted(recognizer, body)).max() > 1e-6


def test_somebody_who_changes_the_slot_is_one_person(recognizer):
    body, nobody = standing_body(6), np.zeros((20, 3))
    frames = [[frame, nobody] if number < 3 else [nobody, nobody, frame] for number, frame in enumerate(body)]
    stream = _pushed(recognizer, map(np.array, frames), window=6)
    np.testing.assert_allclose(stream.scores(), _predicted(recognizer, body), rtol=1e-6)


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (np.zeros((25, 3)), r"shape \(25, 3\) .* is not \(20, 3\)"),
        (np.zeros((4, 1, 20, 3)), "is not"),
        (np.full((20, 3), np.inf), "infinite"),
        (standing_body(1)[0] * 1000, "metres are expected"),
        ("wave", "is not"),
        ([[0.0, 1.0, 2.0]] * 19 + [[0.0]], "different lengths"),
        ([[10**400] * 3] * 20, "is not"),
        (np.full((20, 3), -128, np.int8), "metres are expected"),
        (np.full((20, 3), -(2**63)), "metres are expected"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused_and_not_kept(recognizer, frame, complaint):
    stream = _pushed(recognizer, standing_body(2))
    before = stream.scores()
    with pytest.raises(InputError, match=complaint):
        stream.push(frame)
    np.testing.assert_array_equal(stream.scores(), before)


def test_scores_are_repeated_until_the_model_is_asked_again(recognizer):
    joints = np.concatenate([np.zeros((2, 1, 20, 3)), standing_body(5)[:, None]])
    scores = stream.over_time(Stream(recognizer, window=3), joints, every=2)
    assert np.isnan(scores[:2]).all() and np.isfinite(scores[2:]).all()
    np.testing.assert_array_equal(scores[2::2][:2], scores[3::2][:2])
    np.testing.assert_allclose(scores[4], _predicted(recognizer, joints[2:5]), rtol=1e-6)
    assert np.abs(scores[4] - scores[6]).max() > 1e-7


def test_true_segments_are_counted_in_frames_of_the_file(tmp_path):
    folder = ut_kinect_folder(tmp_path / "raw")  # frames 10, 12, ... 68
    assert stream.true_segments(folder / "joints_s01_e01.txt") == [
        ("walk", 0, 5),
        ("sitDown", 6, 15),
        ("standUp", 17, 25),
    ]
    (folder / "joints_s01_e01.txt").unlink()  # a recording needs no other
    assert [name for name, _, _ in stream.true_segments(folder / "joints_s02_e01.txt")] == ["walk", "standUp"]
    assert stream.true_segments(tmp_path / "mine.npy") is None


def test_the_picture_draws_a_box_around_each_true_segment():
    scores = np.full((30, 4), 0.1)
    scores[:, 3] = 0.7
    scores[:4] = np.nan
    names = ("walk", "never seen", "a class with a rather long name", "run")
    figure = record_plots.scores_over_time(scores, names, [("walk", 5, 9), (names[2], 20, 29)], "title")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["walk", names[2], "run"]
    boxes = [(*patch.get_xy(), patch.get_width(), patch.get_height()) for patch in axes.patches]
    assert boxes == [(4.5, -0.5, 5, 1), (19.5, 0.5, 10, 1)]
    figure.draw_without_rendering()
    tight, whole = figure.get_tightbbox(), figure.bbox_inches
    assert tight.x0 >= -0.01 and tight.y0 >= -0.01 and tight.x1 <= whole.width and tight.y1 <= whole.height


def test_mans_stream_prints_the_top_class_over_time_and_draws_it(model, tmp_path, eager):
    labels = "s01_e01\nwalk: 10 20\nsitDown: 22 40\nthrow: 42 43\nstandUp: 44 60\n"  # the model knows no `throw`
    folder = ut_kinect_folder(tmp_path / "raw", labels)
    arguments = ["stream", str(model), str(folder / "joints_s01_e01.txt"), "--every", "10"]
    done = CliRunner().invoke(main, [*arguments, "--plot", str(tmp_path / "over.png")])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("frame 0: ") and lines[0].split()[2] in ACTIONS
    assert lines[-1].endswith("of the 25 frames in 3 segments are right")
    assert str(tmp_path / "over.png") in done.stderr
    assert (tmp_path / "over.png").read_bytes().startswith(b"\x89PNG")
    refused = CliRunner().invoke(main, [*arguments, "--plot", str(tmp_path / "over.txt")])
    assert refused.exit_code == 1 and "must end with .png, .pdf or .svg" in refused.output


def test_mans_stream_takes_a_folder_with_a_file_for_each_frame(model, tmp_path, eager):
    folder = ut_kinect_folder(tmp_path / "raw", "s01_e01\nwalk: 10 20\n")
    frames = recording.read(folder / "joints_s01_e01.txt").joints[:, 0]
    (tmp_path / "frames").mkdir()
    for number, frame in enumerate(frames):
        np.save(tmp_path / "frames" / f"{number}.npy", frame)
    done = CliRunner().invoke(main, ["stream", str(model), str(tmp_path / "frames"), "--every", "10"])
    assert done.exit_code == 0 and done.stdout.startswith("frame 0: "), done.output


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "data/ut_kinect").is_dir(), reason="the real UT-Kinect is not beside the checkout")
def test_a_real_recording_streams_as_it_is_predicted():
    recognizer = Recognizer(ROOT / "experiments/results/trained/mans9_ut_kinect.h5")
    file = SHARED / "data/ut_kinect/joints_s02_e01.txt"
    joints = recognizer.read(file)
    segments = stream.true_segments(file)
    assert len(segments) == 10
    scores = stream.over_time(Stream(recognizer), joints, every=40)
    for last in range(0, len(joints), 200):
        window = joints[max(0, last - recognizer.frames + 1) : last + 1]
        np.testing.assert_allclose(scores[last], _predicted(recognizer, window), atol=1e-6)


def test_the_class_that_leads_is_known_from_its_first_frame_to_its_last():
    scores = np.array([[np.nan, np.nan], [0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    assert stream.leading(scores) == [(0, 0, None), (1, 2, 0), (3, 3, 1)]
