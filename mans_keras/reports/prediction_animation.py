"""A prediction -> its recording as a moving skeleton, coloured by the attention of each frame."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from PIL import Image

from mans_keras.errors import InputError
from mans_keras.files import replacing
from mans_keras.reports import record_plots
from mans_keras.skeletons.bones import bones
from mans_keras.skeletons.view import flattened

RATE = 15  # frames a second
MOST_FRAMES = 300  # of a longer recording, every second frame, every third, ...
INCHES, DPI = 6, 80
STAGE = (0.13, 0.17, 0.65, 0.72)  # left, bottom, width, height, as shares of the picture
TRACK = (0.13, 0.075, 0.65, 0.035)
BAR = (0.82, 0.25, 0.025, 0.56)
# Plasma without its yellow, which does not show on white.
COLORS = ListedColormap(colormaps["plasma"](np.linspace(0, 0.85, 256)))


def check_ffmpeg():
    """Raise `InputError` unless the program ffmpeg is there, which .mp4 needs."""
    if not shutil.which("ffmpeg"):
        raise InputError("an .mp4 needs the program ffmpeg, which is not installed here: .gif works without it")


def animate(prediction, path):
    """Write the recording of a `Prediction` as a moving skeleton to `path`, .gif or .mp4: complete, or not at all.

    Its colour is the mean attention of x, y and z, with a bar that tells the range; dark grey for a model without
    attention. A body of an unknown number of joints is points. 15 frames a second, whatever the recording's own rate;
    of more than 300 frames, every second, third, ... is drawn. Raises `InputError` for .mp4 where there is no ffmpeg,
    or if it fails.
    """
    path = Path(path)
    if path.suffix == ".mp4":
        check_ffmpeg()
    with replacing(path, path.suffix) as part:
        {".gif": _write_gif, ".mp4": _write_mp4}[path.suffix](part, images(prediction))


def _write_gif(path, frames):
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette().tobytes())
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=round(1000 / RATE), loop=0)


def _palette():
    """(256, 3) bytes: greys for text, the colours of attention, and these half way to white for the edges of lines."""
    greys, colors = np.linspace(0, 1, 32)[:, None].repeat(3, axis=1), COLORS(np.linspace(0, 1, 112))[:, :3]
    return (255 * np.concatenate([greys, colors, (1 + colors) / 2])).round().astype(np.uint8)


def _write_mp4(path, frames):
    size = INCHES * DPI
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size}x{size}", "-r", str(RATE), "-i", "-")
    command = ("ffmpeg", "-loglevel", "error", *raw, "-pix_fmt", "yuv420p", "-y", str(path))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as ffmpeg:
        try:
            for frame in frames:
                ffmpeg.stdin.write(frame.tobytes())
        except BrokenPipeError:
            pass  # it has ended: its exit status tells
    if ffmpeg.returncode:
        raise InputError(f"ffmpeg could not write an .mp4 (exit status {ffmpeg.returncode}): .gif works without it")


def images(prediction):
    """The RGB `PIL.Image`s of the animation of a `Prediction`, one after the other."""
    flat = flattened(prediction.joints, prediction.body)
    figure = Figure(figsize=(INCHES, INCHES), dpi=DPI)
    canvas = FigureCanvasAgg(figure)
    stage = _stage(figure, flat)
    track = figure.add_axes(TRACK, xlabel="frame", yticks=[], xlim=(-0.5, len(flat) - 0.5))
    track.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    colors = _color(figure, track, prediction.attention, len(flat))
    (name, score), *_ = prediction.top(1)
    figure.suptitle(f"{name}, {score:.1%}\n{Path(prediction.name).name}", fontsize=11, parse_math=False)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)  # drawn once: that is most of the work

    pairs = bones(flat.shape[2], prediction.body)
    lines, points = record_plots.draw_bodies(stage, flat[0], pairs)
    number = stage.text(0.02, 0.98, "", transform=stage.transAxes, va="top")
    cursor = track.axvline(0, color="black", linewidth=3)
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
    stage = figure.add_axes(STAGE, ylabel="metres")
    least, most = np.nanmin(flat, axis=(0, 1, 2)), np.nanmax(flat, axis=(0, 1, 2))
    box = np.array(STAGE[2:])
    half = box * max((most - least) / box) / 2 * 1.15 + 1e-3
    (left, bottom), (right, top) = (least + most) / 2 - half, (least + most) / 2 + half
    stage.set(xlim=(left, right), ylim=(bottom, top))
    stage.grid(alpha=0.2)
    return stage


def _color(figure, track, attention, frames):
    """Colour the track by the frames' attention, with a bar; returns the frames' colours."""
    if attention is None:
        return ["0.2"] * frames
    weights = attention.mean(axis=1)
    low, high = weights.min(), weights.max()
    scale = ScalarMappable(Normalize(low, max(high, low + 1e-6)), COLORS)
    track.imshow(weights[None], COLORS, scale.norm, aspect="auto", extent=(-0.5, frames - 0.5, 0, 1))
    bar = figure.colorbar(scale, cax=figure.add_axes(BAR), format="%.3f")
    bar.set_label(f"attention of the frame, mean of x, y, z\n(the colours span {high - low:.3f})")
    return scale.to_rgba(weights)
