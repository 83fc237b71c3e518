import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import side_by_side, standing_body, tiny_model
from PIL import Image

from mans_keras import cli
from mans_keras.errors import InputError
from mans_keras.recognition import recognizer as inference
from mans_keras.recognition.recognizer import Prediction, Recognizer
from mans_keras.reports import page, prediction_pictures, record_plots
from mans_keras.skeletons import view
from mans_keras.skeletons.bones import bones
from mans_keras.skeletons.sequence import KINECT_1

NAMES = ("walk", "sitDown", "standUp", "throw", "push", "pull")


def prediction(frames=12, joints=None, attention=None, name="one.npy", body=KINECT_1, mapping=""):
    joints = standing_body(frames)[:, None] if joints is None else joints
    if attention is None:
        attention = 0.5 + 0.002 * np.sin(np.arange(len(joints))[:, None] + np.arange(3))
    scores = np.array([0.1, 0.6, 0.1, 0.1, 0.05, 0.05])
    return Prediction(name, NAMES, scores, attention, joints, body, mapping=mapping)


# the attention


def _poses(figure):
    return {text.get_text(): text for text in figure.axes[0].texts}, figure.axes[0].child_axes


def test_a_key_pose_is_drawn_where_the_attention_is_highest():
    attention = np.full((60, 3), 0.4)
    attention[37] = 0.6
    texts, drawn = _poses(prediction_pictures.attention(prediction(60, attention=attention)))
    assert texts["highest: 37"].get_position()[0] == 37
    assert 3 <= len(drawn) <= 9 and len(texts) == len(drawn)


def test_the_picture_and_the_page_of_a_mapped_body_say_so():
    of_another, own = prediction(mapping="the body was mapped"), prediction()
    captions = [prediction_pictures.attention(which).texts[-1].get_text() for which in (of_another, own)]
    assert captions == ["one.npy, another sensor's body, 12 frames", "one.npy, 12 frames"]
    assert "one.npy, another sensor's body" in page.of_prediction(of_another)


@pytest.mark.parametrize("errors", [[0.9], [0.9, 0.5], [0.0], [float("nan")]])
def test_the_errors_of_a_run_are_seen_even_if_it_has_one_epoch(errors):
    history = {f"{which}_accuracy": [1 - error for error in errors] for which in ("train", "test")}
    (axes,) = record_plots.errors_of_run({"epochs": len(errors), "history": history}).axes
    assert all(len(errors) > 1 or line.get_marker() == "o" for line in axes.lines)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < right and left <= 1 and len(errors) <= right and bottom == 0 and not top <= 100 * max(errors)


def test_a_long_name_leaves_room_for_what_stands_behind_it():
    long = "n" * 200 + ".npy"
    captions = [record_plots.caption(prediction(name=long, mapping=mapping)) for mapping in ("", "mapped")]
    assert len(captions[0]) == len(captions[1]) == record_plots.LONGEST_NAME + 1  # and dots
    assert captions[1].endswith("…, another sensor's body")


def test_attention_that_hardly_varies_chooses_no_pose():
    attention = np.full((60, 3), 0.4)
    attention[37] = 0.49
    figure = prediction_pictures.attention(prediction(60, attention=attention))
    texts, _ = _poses(figure)
    frames = [int(text) for text in texts]  # no label says "highest"
    assert frames[0] == 0 and 37 not in frames and len(set(np.diff(frames[1:]))) == 1
    assert figure.axes[1].get_title("left") == "attention of each frame hardly varies"


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


def test_a_name_is_drawn_literally(tmp_path):
    for suffix in ("png", "gif"):
        prediction_pictures.write(
            prediction(name=r"$\nonsense$.npy"), tmp_path / f"a.{suffix}"
        )  # no formula of matplotlib's


def test_frames_without_a_body_are_no_key_poses(tmp_path):
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


# the image before and after the TARMs


def test_the_image_after_the_tarms_is_what_they_make_of_the_one_before(tmp_path):
    recognizer = Recognizer(tiny_model(tmp_path / "m.h5"))
    before, after = recognizer.images(recognizer.read(standing_body()))
    for axis, name in enumerate("xyz"):
        expected = np.asarray(recognizer.model.get_layer(f"tarm_{name}")(before[None, ..., axis]))[0]
        np.testing.assert_allclose(after[..., axis], expected, rtol=1e-4, atol=1e-5)
    figure = prediction_pictures.tensor(before, after, "standing")
    rows = [[axes.images[0] for axes in figure.axes[first : first + 4]] for first in (0, 4)]
    np.testing.assert_array_equal(rows[0][2].get_array(), before[..., 1])
    np.testing.assert_array_equal(rows[1][3].get_array(), after[..., 2])
    assert all(above.get_clim() == below.get_clim() for above, below in list(zip(*rows, strict=True))[1:])


def test_a_model_without_tarms_has_no_image_after_them(tmp_path):
    recognizer = Recognizer(tiny_model(tmp_path / "m.h5", tarm=False))
    with pytest.raises(InputError, match="has no TARMs"):
        recognizer.images(recognizer.read(standing_body()))


# error curves


def test_no_error_curve_is_cut_off():
    history = {"train_accuracy": [0.9, 0.95], "test_accuracy": [0.05, 0.1]}
    figure = record_plots.error_curves({"one": [{"epochs": 2, "history": history}]}, "")
    assert figure.axes[1].get_ylim()[1] > 95 and figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


# the command


def test_recordings_of_one_name_get_separate_pictures():
    files = [Path(name) for name in ("a/swing.npy", "b/swing.npy", "b/Swing.csv", "swing_2.npy")]
    pictures = [str(path) for path in prediction_pictures.paths(Path("out/p.png"), files)]
    assert pictures == ["out/p_swing.png", "out/p_swing_2.png", "out/p_Swing_3.png", "out/p_swing_2_2.png"]
    assert prediction_pictures.paths(Path("out/p.png"), files[:1]) == [Path("out/p.png")]


@pytest.mark.slow
def test_mans_predict_draws_each_recording(tmp_path, eager):
    model = str(tiny_model(tmp_path / "m.h5"))
    files = [tmp_path / "one.npy", tmp_path / "two.npy"]
    for frames, file in enumerate(files, start=5):
        np.save(file, standing_body(frames))
    done = CliRunner().invoke(
        cli.main, ["predict", model, *map(str, files), "--json", "--plot", str(tmp_path / "new" / "p.gif")]
    )
    assert done.exit_code == 0, done.output
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 2
    assert [Image.open(tmp_path / "new" / f"p_{name}.gif").n_frames for name in ("one", "two")] == [5, 6]


def test_a_picture_of_an_unknown_kind_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(inference, "load", lambda path: pytest.fail("the model was loaded"))
    (tmp_path / "m.h5").touch()
    done = CliRunner().invoke(cli.main, ["predict", str(tmp_path / "m.h5"), "a.npy", "--plot", "p.bmp"])
    assert done.exit_code == 1 and done.stderr.count("\n") == 1
    assert "p.bmp must end with one of .png, .pdf, .gif, .mp4" in done.stderr
