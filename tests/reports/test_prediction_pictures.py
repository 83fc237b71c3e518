import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import SHARED, standing_body
from PIL import Image

from mans_keras import cli
from mans_keras.errors import InputError
from mans_keras.models import mans as models
from mans_keras.recognition import recognizer as inference
from mans_keras.recognition.recognizer import Prediction, Recognizer
from mans_keras.reports import prediction_animation, prediction_pictures, record_plots
from mans_keras.skeletons import hdm05, view
from mans_keras.skeletons.bones import bones
from mans_keras.skeletons.sequence import KINECT_1

NAMES = ("walk", "sitDown", "standUp", "throw", "push", "pull")


def prediction(frames=12, joints=None, attention=None, name="one.npy", body=KINECT_1):
    joints = standing_body(frames)[:, None] if joints is None else joints
    if attention is None:
        attention = 0.5 + 0.002 * np.sin(np.arange(len(joints))[:, None] + np.arange(3))
    return Prediction(name, NAMES, np.array([0.1, 0.6, 0.1, 0.1, 0.05, 0.05]), attention, joints, body)


def side_by_side(frames=6):
    """Two people, one of them two metres behind the other as the sensor sees them."""
    return np.stack([standing_body(frames), standing_body(frames) + np.array([0, 0, 2.0])], axis=1)


# the view


@pytest.mark.parametrize("facing", [0, 75, 180, 230])
def test_one_body_faces_the_viewer_wherever_it_faced(facing):
    flat = view.flattened(standing_body(facing=facing)[:, None], KINECT_1)
    expected = view.flattened(standing_body()[:, None], KINECT_1)
    np.testing.assert_allclose(np.ptp(flat, axis=2), np.ptp(expected, axis=2), atol=1e-9)
    left, right = flat[0, 0, KINECT_1.left_hip], flat[0, 0, KINECT_1.right_hip]
    assert left[0] - right[0] > 0.18  # of 0.2 m


@pytest.mark.parametrize("up", [np.diag([1, -1, -1]), np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])], ids=["-y", "z"])
def test_a_body_stands_upright_whichever_axis_is_up(up):
    flat = view.flattened((standing_body() @ up.T)[:, None], KINECT_1)
    head, foot = 3, 15
    assert np.all(flat[:, 0, head, 1] - flat[:, 0, foot, 1] > 1.5)


def test_without_a_body_the_viewer_stands_at_the_sensor():
    joints = standing_body()[:, None]
    np.testing.assert_allclose(view.flattened(joints), joints[..., :2] * (-1, 1))


def test_two_bodies_stand_side_by_side():
    flat = view.flattened(side_by_side(), KINECT_1)
    assert abs(flat[0, 1, 0, 0] - flat[0, 0, 0, 0]) == pytest.approx(2)


def test_an_absent_body_is_nowhere():
    joints = side_by_side()
    joints[2:4, 1] = 0
    flat = view.flattened(joints, KINECT_1)
    assert np.isnan(flat[2:4, 1]).all() and np.isfinite(flat[4:]).all() and np.isfinite(flat[:, 0]).all()


# the attention


def _poses(figure):
    return {text.get_text(): text for text in figure.axes[0].texts}, figure.axes[0].child_axes


def test_a_key_pose_is_drawn_where_the_attention_is_highest():
    attention = np.full((60, 3), 0.4)
    attention[37] = 0.6
    texts, drawn = _poses(prediction_pictures.attention(prediction(60, attention=attention)))
    assert texts["highest: 37"].get_position()[0] == 37
    assert 3 <= len(drawn) <= 9 and len(texts) == len(drawn)


def test_key_poses_are_the_highest_that_do_not_overlap():
    weights = np.array([0.1, 0.9, 0.8, 0.2, np.nan, 0.7, 0.3])
    at = np.arange(7)
    assert prediction_pictures.key_frames(weights, at - 1.0, at + 1.0) == [1, 3, 5]


def test_key_poses_are_within_the_picture():
    figure = prediction_pictures.attention(prediction(40))
    first, last = figure.axes[0].get_xlim()
    boxes = [place.get_window_extent() for place in figure.axes[0].child_axes]
    assert min(box.x0 for box in boxes) >= figure.axes[0].bbox.x0 - 1e-6
    assert max(box.x1 for box in boxes) <= figure.axes[0].bbox.x1 + 1e-6
    assert first < 0 and last > 39


def test_attention_is_on_its_whole_scale_and_magnified_only_if_it_varies_little():
    flat = prediction_pictures.attention(prediction())
    whole, magnified = (axes for axes in flat.axes if axes.lines)
    assert whole.get_ylim() == (0, 1)
    span = np.ptp(magnified.get_ylim())
    assert f"magnified {1 / span:.0f} times: from 0.498 to 0.502" in magnified.get_title("left")
    steep = prediction_pictures.attention(prediction(attention=np.linspace(0.1, 0.9, 12)[:, None].repeat(3, axis=1)))
    assert [axes.get_ylim() for axes in steep.axes if axes.lines] == [(0, 1)]


def test_attention_above_one_is_not_cut_off():
    figure = prediction_pictures.attention(prediction(attention=np.linspace(0, 4, 12)[:, None].repeat(3, axis=1)))
    assert [axes.get_ylim()[1] > 4 for axes in figure.axes if axes.lines] == [True]


def test_a_model_without_attention_is_refused_for_attention_and_drawn_moving(tmp_path):
    without = Prediction("stcm.npy", NAMES, np.full(6, 1 / 6), None, standing_body()[:, None])
    with pytest.raises(InputError, match=r"stcm.npy: the model has no attention"):
        prediction_pictures.attention(without)
    prediction_pictures.animate(without, tmp_path / "a.gif")
    assert (tmp_path / "a.gif").stat().st_size


def test_a_name_is_drawn_as_it_is(tmp_path):
    for suffix in ("png", "gif"):
        prediction_pictures.write(
            prediction(name=r"$\nonsense$.npy"), tmp_path / f"a.{suffix}"
        )  # no formula of matplotlib's


def test_frames_without_a_body_are_no_key_poses_and_no_trouble(tmp_path):
    joints = standing_body(12)[:, None]
    joints[:6] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        texts, _ = _poses(prediction_pictures.attention(prediction(joints=joints)))
        prediction_pictures.animate(prediction(joints=joints), tmp_path / "a.gif")
    assert min(int(text.split()[-1]) for text in texts) >= 6


# bodies


def _drawn(flat):
    from matplotlib.figure import Figure

    return record_plots.draw_bodies(Figure().subplots(), flat, bones(flat.shape[1]))


def test_two_bodies_are_both_drawn():
    lines, points = _drawn(view.flattened(side_by_side(), KINECT_1)[0])
    assert len(lines.get_segments()) == 2 * 19 and len(points.get_offsets()) == 2 * 20


def test_a_body_of_an_unknown_number_of_joints_is_points():
    lines, points = _drawn(np.random.default_rng(0).normal(size=(1, 7, 2)))
    assert not lines.get_segments() and len(points.get_offsets()) == 7


# the animation


def _gif(path):
    with Image.open(path) as image:
        return image.n_frames, image.info.get("loop"), image.size


@pytest.mark.parametrize(
    "joints",
    [standing_body(9)[:, None], side_by_side(9), np.random.default_rng(0).normal(size=(9, 1, 7, 3))],
    ids=["one", "two", "points"],
)
def test_a_gif_has_as_many_frames_as_the_recording(tmp_path, joints):
    prediction_pictures.animate(prediction(joints=joints, body=None), tmp_path / "a.gif")
    assert _gif(tmp_path / "a.gif") == (9, 0, (480, 480))


def test_of_a_long_recording_every_second_frame_is_drawn(monkeypatch):
    monkeypatch.setattr(prediction_animation, "MOST_FRAMES", 10)
    assert len(list(prediction_animation.images(prediction(19)))) == 10


def _stage(image):
    """The part of a picture of the animation where the skeleton is."""
    return np.asarray(image)[80:340, 10:250]


def _count(image, share):
    """How many pixels have the colour of an attention of `share` of its scale."""
    color = np.round(255 * np.array(prediction_animation.COLORS(share)[:3]))
    return (np.abs(image - color).max(axis=-1) <= 1).sum()


def test_the_skeleton_has_the_colour_of_its_attention():
    attention = np.linspace(0, 1, 5)[:, None].repeat(3, axis=1)
    first, *_, last = map(_stage, prediction_animation.images(prediction(5, None, attention)))
    assert _count(first, 0.0) > 100 and _count(last, 1.0) > 100
    assert not _count(first, 1.0) and not _count(last, 0.0)


def test_attention_that_hardly_varies_has_one_colour():
    attention = np.linspace(0.499, 0.501, 5)[:, None].repeat(3, axis=1)
    for image in map(_stage, prediction_animation.images(prediction(5, None, attention))):
        assert _count(image, 0.5) > 100


@pytest.mark.slow
def test_the_same_prediction_gives_the_same_bytes(tmp_path):
    for suffix in ("png", "pdf", "gif"):
        one, same = tmp_path / f"one.{suffix}", tmp_path / f"same.{suffix}"
        for path in (one, same):
            prediction_pictures.write(prediction(), path)
        assert one.read_bytes() == same.read_bytes()


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
def test_an_mp4_is_written_where_ffmpeg_is(tmp_path):
    prediction_pictures.write(prediction(), tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"


def test_without_ffmpeg_an_mp4_is_refused_before_any_work(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"needs the program ffmpeg.*\.gif works"):
        prediction_pictures.check(Path("a.mp4"))


def test_nothing_is_left_behind_when_ffmpeg_fails(monkeypatch, tmp_path):
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nfor out; do :; done\necho half > "$out"\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="exit status 3"):
        prediction_pictures.write(prediction(), tmp_path / "out" / "a.mp4")
    assert not list((tmp_path / "out").iterdir())


def test_a_picture_that_fails_leaves_the_one_of_before(monkeypatch, tmp_path):
    (tmp_path / "a.gif").write_bytes(b"before")

    def broken(*_):
        raise OSError("no space left")
        yield

    monkeypatch.setattr(prediction_animation, "images", broken)
    with pytest.raises(OSError, match="no space left"):
        prediction_pictures.write(prediction(), tmp_path / "a.gif")
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
    assert (tmp_path / "a.gif").read_bytes() == b"before"


# the image before and after the TARMs


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory):
    """A Recognizer of random weights for a body of 20 joints, at scale 16."""

    def saved(**options):
        path = tmp_path_factory.mktemp("model") / "m.h5"
        model = models.MANs9(len(NAMES), (16, 16, 3), units=4, alpha=4, **options)
        told = {"class_names": NAMES, "scale": 16, "layout": "resize", "coordinates": "raw"}
        model.preparation = {**told, "bodies": 1, "joints": 20, "body": None}
        model.save(path)
        return path

    return saved


def test_the_image_after_the_tarms_is_what_they_make_of_the_one_before(tiny_model):
    recognizer = Recognizer(tiny_model())
    before, after = recognizer.images(recognizer.read(standing_body()))
    for axis, name in enumerate("xyz"):
        expected = np.asarray(recognizer.model.get_layer(f"tarm_{name}")(before[None, ..., axis]))[0]
        np.testing.assert_allclose(after[..., axis], expected, rtol=1e-4, atol=1e-5)
    figure = prediction_pictures.tensor(before, after, "standing")
    rows = [[axes.images[0] for axes in figure.axes[first : first + 4]] for first in (0, 4)]
    np.testing.assert_array_equal(rows[0][2].get_array(), before[..., 1])
    np.testing.assert_array_equal(rows[1][3].get_array(), after[..., 2])
    assert all(above.get_clim() == below.get_clim() for above, below in list(zip(*rows, strict=True))[1:])


def test_a_model_without_tarms_has_no_image_after_them(tiny_model):
    recognizer = Recognizer(tiny_model(tarm=False))
    with pytest.raises(InputError, match="has no TARMs"):
        recognizer.images(recognizer.read(standing_body()))


# error curves


def test_no_error_curve_is_cut_off():
    history = {"train_accuracy": [0.9, 0.95], "test_accuracy": [0.05, 0.1]}
    figure = record_plots.error_curves({"one": [{"epochs": 2, "history": history}]}, "")
    assert figure.axes[1].get_ylim()[1] > 95 and figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


# the command


def test_each_recording_gets_its_own_picture_even_of_one_name():
    files = [Path(one) for one in ("a/swing.npy", "b/swing.npy", "b/Swing.csv", "swing_2.npy")]
    found = [str(path) for path in prediction_pictures.paths(Path("out/p.png"), files)]
    assert found == ["out/p_swing.png", "out/p_swing_2.png", "out/p_Swing_3.png", "out/p_swing_2_2.png"]
    assert prediction_pictures.paths(Path("out/p.png"), files[:1]) == [Path("out/p.png")]


@pytest.mark.slow
def test_mans_predict_draws_each_recording(tiny_model, tmp_path):
    files = [tmp_path / "one.npy", tmp_path / "two.npy"]
    for frames, file in enumerate(files, start=5):
        np.save(file, standing_body(frames))
    done = CliRunner().invoke(
        cli.main, ["predict", str(tiny_model()), *map(str, files), "--json", "--plot", str(tmp_path / "new" / "p.gif")]
    )
    assert done.exit_code == 0, done.output
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 2
    assert [_gif(tmp_path / "new" / f"p_{name}.gif")[0] for name in ("one", "two")] == [5, 6]


def test_a_picture_of_an_unknown_kind_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(inference, "load", lambda path: pytest.fail("the model was loaded"))
    (tmp_path / "m.h5").touch()
    done = CliRunner().invoke(cli.main, ["predict", str(tmp_path / "m.h5"), "a.npy", "--plot", "p.bmp"])
    assert done.exit_code == 1 and done.stderr.count("\n") == 1
    assert "p.bmp must end with one of .png, .pdf, .gif, .mp4" in done.stderr


# real recordings


def test_real_people_stand_and_face_the_viewer():
    asf = next(SHARED.glob("data/hdm05_11/**/HDM_bd.asf"), None)
    amc = next(iter(sorted(SHARED.glob("data/hdm05_11/**/HDM_bd_depositFloor*.amc"))), None)
    if not (asf and amc):
        pytest.skip("HDM05 is not in shared/")
    body = hdm05.BODY
    flat = view.flattened(hdm05.read_joints(amc, asf), body)[:, 0]
    head, toes = hdm05.JOINTS.index("head"), list(body.feet)
    assert np.mean(flat[:, head, 1] - flat[:, toes, 1].mean(axis=1)) > 0.8
    assert np.mean(flat[:, body.left_hip, 0] - flat[:, body.right_hip, 0]) > 0.05
