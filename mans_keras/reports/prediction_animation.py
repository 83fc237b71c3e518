"""A prediction -> its recording as a moving skeleton, coloured by the attention of each frame."""

import math
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from PIL import Image

from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.reports import record_plots
from mans_keras.skeletons.view import flattened

if TYPE_CHECKING:  # it would load Keras
    from mans_keras.recognition.recognizer import Prediction

RATE = 15  # frames a second
SHORTEST = 2  # seconds: a recording of fewer than 30 frames moves more slowly
MOST_FRAMES = 300  # of a longer recording, every second frame, every third, ...
INCHES, DPI = 6, 80
# left, bottom, width, height, as shares of the picture
STAGE = (0.02, 0.29, 0.5, 0.58)
SCORES = (0.55, 0.33, 0.42, 0.54)
TRACK = (0.11, 0.1, 0.86, 0.12)
LIMBS = 7  # points
# Plasma without its yellow, which can't be seen on white.
COLORS = ListedColormap(colormaps["plasma"](np.linspace(0, 0.85, 256)))


def check_ffmpeg() -> None:
    """Raise `InputError` unless the program ffmpeg is installed, which .mp4 needs."""
    if not shutil.which("ffmpeg"):
        raise InputError("an .mp4 needs the program ffmpeg, which is not installed: .gif works without it")


def animate(prediction: "Prediction", path: str | Path) -> None:
    """Write the recording of a `Prediction` as a moving skeleton to `path`, .gif or .mp4: completely or not at all.

    The body has the colour of its frame's attention, mean of x, y and z, in the curve below it; both use the scale from
    0 to 1 (to the maximum if that is more), so that attention which hardly varies looks so. Without attention the body
    is dark grey. A body of an unknown number of joints is drawn as points. 15 frames a second, whatever the recording's
    own rate, or fewer, so that it lasts two seconds; of more than 300 frames, every second, third, ... is drawn.
    Raises `InputError` for .mp4 where ffmpeg is missing, or if it fails.
    """
    path = Path(path)
    if path.suffix == ".mp4":
        check_ffmpeg()
    with replacing(path, path.suffix) as part:
        rate = min(RATE, len(prediction.joints) / SHORTEST)
        {".gif": _write_gif, ".mp4": _write_mp4}[path.suffix](part, images(prediction), rate)


def _write_gif(path, frames, rate):
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette().tobytes())
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    duration = 10 * math.ceil(100 / rate)  # milliseconds; a GIF counts in hundredths of a second
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=duration, loop=0)


def _palette():
    """(256, 3) bytes: greys for text, the bars' colour, those of attention, and these half way to white for edges."""
    greys, colors = np.linspace(0, 1, 31)[:, None].repeat(3, axis=1), COLORS(np.linspace(0, 1, 112))[:, :3]
    bars = [to_rgb(record_plots.BARS)]
    return (255 * np.concatenate([greys, bars, colors, (1 + colors) / 2])).round().astype(np.uint8)


def _write_mp4(path, frames, rate):
    size = INCHES * DPI
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size}x{size}", "-r", str(rate), "-i", "-")
    command = ("ffmpeg", "-loglevel", "error", *raw, "-pix_fmt", "yuv420p", "-y", str(path))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as ffmpeg:
        try:
            for frame in frames:
                ffmpeg.stdin.write(frame.tobytes())
        except BrokenPipeError:
            pass  # it has ended: its exit status says why
    if ffmpeg.returncode:
        raise InputError(f"ffmpeg could not write an .mp4 (exit status {ffmpeg.returncode}): .gif works without it")


def images(prediction: "Prediction") -> Iterator[Image.Image]:
    """The RGB images of the animation of a `Prediction`, one after the other."""
    flat = flattened(prediction.joints, prediction.body)
    figure = Figure(figsize=(INCHES, INCHES), dpi=DPI)
    canvas = FigureCanvasAgg(figure)
    (name, score), *_ = prediction.top(1)
    figure.suptitle(f"{record_plots.label(name)}, {score:.1%}", fontsize=17, y=0.985)
    caption = record_plots.caption(prediction)
    figure.text(0.5, 0.915, caption, ha="center", va="center", fontsize=11)
    stage = _stage(figure, flat)
    record_plots.draw_scores(figure.add_axes(SCORES), prediction.top(4), fontsize=12, letters=22)
    track = figure.add_axes(TRACK, xlabel="frame", yticks=[], xlim=(-0.5, len(flat) - 0.5))
    track.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    track.spines[["top", "right"]].set_visible(False)
    colors = _draw_attention(track, prediction.attention, len(flat))
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)  # drawn once: that is most of the work

    pairs = prediction.drawn_bones
    lines, points = record_plots.draw_bodies(stage, flat[0], pairs, width=LIMBS)
    number = stage.text(0, 1, "", transform=stage.transAxes, va="top", fontsize=11)
    cursor = track.axvline(0, color="black", linewidth=2)
    for frame in range(0, len(flat), -(-len(flat) // MOST_FRAMES)):
        record_plots.move_bodies(lines, points, flat[frame], pairs, colors[frame])
        number.set_text(f"frame {frame} / {len(flat) - 1}")
        cursor.set_xdata([frame, frame])
        canvas.restore_region(background)
        for artist in (lines, points, number, cursor):
            artist.axes.draw_artist(artist)
        yield Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())


def _stage(figure, flat):
    """Axes with room for all frames of `flat`, one metre as wide as high."""
    stage = figure.add_axes(STAGE)
    stage.axis("off")
    least, most = np.nanmin(flat, axis=(0, 1, 2)), np.nanmax(flat, axis=(0, 1, 2))
    box = np.array(STAGE[2:])
    half = box * max((most - least) / box) / 2 * 1.15 + 1e-3
    (left, bottom), (right, top) = (least + most) / 2 - half, (least + most) / 2 + half
    stage.set(xlim=(left, right), ylim=(bottom, top))
    return stage


def _draw_attention(track, attention, frames):
    """Draw the attention (frames, 3), mean of x, y, z, as a curve of coloured points; returns the frames' colours."""
    if attention is None:
        track.set_title("no attention", fontsize=11, loc="left")
        return ["0.2"] * frames
    weights = attention.mean(axis=1)
    top = max(1.0, weights.max())
    colors = COLORS(weights / top)
    track.plot(weights, color="0.7", linewidth=1)
    track.scatter(range(frames), weights, s=20, c=colors, zorder=2)
    track.set(ylim=(0, 1.05 * top), yticks=[0, top])
    track.set_title(f"attention, {weights.min():.2f} to {weights.max():.2f} (mean of x, y, z)", fontsize=11, loc="left")
    return colors
