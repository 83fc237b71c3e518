import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import side_by_side, standing_body
from PIL import Image
from test_prediction_pictures import prediction

from mans_keras.errors import InputError
from mans_keras.reports import prediction_animation, prediction_pictures


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


@pytest.mark.parametrize("frames", [1, 7, 30])
def test_a_gif_lasts_at_least_two_seconds(tmp_path, frames):
    prediction_pictures.animate(prediction(frames), tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames * image.info["duration"] >= 2000


@pytest.mark.slow
def test_the_same_prediction_gives_the_same_bytes(tmp_path):
    for suffix in ("png", "pdf", "gif"):
        first, second = tmp_path / f"first.{suffix}", tmp_path / f"second.{suffix}"
        for path in (first, second):
            prediction_pictures.write(prediction(), path)
        assert first.read_bytes() == second.read_bytes()


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


def test_a_picture_that_fails_leaves_the_old_one(monkeypatch, tmp_path):
    (tmp_path / "a.gif").write_bytes(b"before")

    def broken(*_):
        raise OSError("no space left")
        yield

    monkeypatch.setattr(prediction_animation, "images", broken)
    with pytest.raises(OSError, match="no space left"):
        prediction_pictures.write(prediction(), tmp_path / "a.gif")
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
    assert (tmp_path / "a.gif").read_bytes() == b"before"
