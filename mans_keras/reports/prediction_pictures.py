"""Predictions -> pictures: the attention over key poses, the moving skeleton, the image before and after the TARMs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from mans_keras.errors import InputError
from mans_keras.reports import page, record_plots
from mans_keras.reports.prediction_animation import animate, check_ffmpeg
from mans_keras.skeletons.view import flattened

if TYPE_CHECKING:  # it would load Keras
    from mans_keras.recognition.recognizer import Prediction

MAGNIFIED_BELOW = 0.25  # of the attention's axis: if the weights vary less, a second axis magnifies them
HARDLY_VARIES = 0.1  # if the mean weights of all frames are within this range, no pose is chosen by them
FEWEST_APART = 1 / 7  # of the recording, between two key poses: room for their labels


def key_frames(weights: np.ndarray, left: np.ndarray, right: np.ndarray) -> list[int]:
    """Frames of high weights (frames,) whose pictures do not overlap; the highest are chosen first. In order of time.

    left, right: (frames,), where the picture of each begins and ends. A frame of weight NaN is never chosen.
    """
    chosen = []
    for frame in np.argsort(-weights, kind="stable"):
        free = all(right[frame] <= left[other] or right[other] <= left[frame] for other in chosen)
        if free and np.isfinite(weights[frame]):
            chosen.append(int(frame))
    return sorted(chosen)


def attention(prediction: "Prediction") -> Figure:
    """Figure of a `Prediction`: key poses above the attention of x, y, z over the recording's frames, and the scores.

    The attention is on an axis from 0 to 1 (to its maximum if that is more); where it varies little, a second axis
    magnifies it and says how many times. Key poses: the frames of the highest attention, mean of x, y and z, whose
    pictures do not overlap; one after the other from the first frame on if the mean varies by less than
    `HARDLY_VARIES`. Raises `InputError` for a model without attention.
    """
    weights = prediction.attention
    if weights is None:
        raise InputError(f"{prediction.name}: the model has no attention to draw; .gif, .mp4 and .html show the body")
    low, high = weights.min(), weights.max()
    top = max(1.0, 1.05 * high)
    heights = {"poses": 2.2, "whole": 1, "magnified": 1.4, "scores": 2.4}
    if high - low >= MAGNIFIED_BELOW * top:
        del heights["magnified"]
    # narrow, with large letters: to be read on a phone, too
    figure = Figure(figsize=(6.4, 1.15 * sum(heights.values()) + 1.2))
    axes = figure.subplot_mosaic(
        [[row] for row in heights],
        height_ratios=list(heights.values()),
        gridspec_kw={"left": 0.09, "right": 0.98, "top": 0.9, "bottom": 0.02, "hspace": 0.42},
    )
    (name, score), *_ = prediction.top(1)
    figure.suptitle(f"{record_plots.label(name)}, {score:.1%}", fontsize=17, y=0.985)
    caption = f"{record_plots.caption(prediction)}, {len(weights)} frames"
    figure.text(0.5, 0.935, caption, ha="center", va="center", fontsize=11)
    flat = np.ptp(weights.mean(axis=1)) < HARDLY_VARIES
    title = "attention of each frame hardly varies" if flat else "attention of each frame"
    _curves(axes["whole"], weights, (0, top), title)
    if "magnified" in heights:
        margin = max(0.1 * (high - low), 1e-4)
        limits = (low - margin, high + margin)
        times = top / (limits[1] - limits[0])
        _curves(axes["magnified"], weights, limits, f"magnified {times:,.0f} times: from {low:.3f} to {high:.3f}")
    axes["whole"].legend(ncols=3, fontsize=11, loc="lower right", bbox_to_anchor=(1.02, 0.92), frameon=False)
    frames = _poses(axes["poses"], prediction, flat)
    for row in [*heights][1:-1]:
        axes[row].vlines(frames, *axes[row].get_ylim(), color="0.75", linewidth=1, zorder=0)
    record_plots.draw_scores(axes["scores"], prediction.top(5), fontsize=11)
    axes["scores"].set_title("scores", fontsize=11, loc="left")
    return figure


def _curves(axes, weights, limits, title):
    for values, coordinate, (color, line) in zip(weights.T, "xyz", record_plots.STYLES[1:], strict=True):
        axes.plot(values, line, marker="o" if len(weights) == 1 else None, color=color, label=coordinate)
    axes.set_title(title, fontsize=11, loc="left")
    axes.set(ylim=limits, xlim=_frames_shown(weights))
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.ticklabel_format(useOffset=False)
    axes.spines[["top", "right"]].set_visible(False)


def _frames_shown(weights):
    margin = max(0.5, 0.04 * len(weights))
    return -margin, len(weights) - 1 + margin


def _poses(axes, prediction, flat):
    """Draw the key poses in one scale, each above its frame's number; returns the frames.

    flat: the attention chooses none, so that they follow one another from the first frame on.
    """
    seen = flattened(prediction.joints, prediction.body)
    margin = np.array([0.1, 0.05])
    least, most = np.fmin.reduce(seen, (1, 2)) - margin, np.fmax.reduce(seen, (1, 2)) + margin  # NaN: nobody
    weights = np.where(np.isfinite(least[:, 0]), prediction.attention.mean(axis=1), np.nan)
    first, last = _frames_shown(weights)
    axes.set(xlim=(first, last), ylim=(0, 1))
    axes.axis("off")
    widths, bottom, top = most[:, 0] - least[:, 0], np.nanmin(least[:, 1]), np.nanmax(most[:, 1])
    metres = max((top - bottom) / axes.bbox.height, np.nanmax(widths) / axes.bbox.width)  # a pixel
    widths = widths / metres / axes.bbox.width * (last - first)  # in frames
    room = np.maximum(widths, FEWEST_APART * len(weights)) / 2
    middle = np.clip(np.arange(len(weights)), first + room, last - room)  # nothing sticks out at the ends
    order = np.where(np.isfinite(weights), -np.arange(len(weights)), np.nan) if flat else weights
    frames = key_frames(order, middle - room, middle + room)
    pairs = prediction.drawn_bones
    for frame in frames:
        box = (middle[frame] - widths[frame] / 2, 0, widths[frame], (top - bottom) / metres / axes.bbox.height)
        place = axes.inset_axes(box, transform=axes.transData)
        place.axis("off")
        place.set(xlim=(least[frame, 0], most[frame, 0]), ylim=(bottom, top))
        record_plots.draw_bodies(place, seen[frame], pairs)
        label = f"highest: {frame}" if not flat and frame == np.nanargmax(weights) else frame
        axes.text(middle[frame], -0.02, label, ha="center", va="top", fontsize=11)
    return frames


def tensor(before: np.ndarray, after: np.ndarray, title: str) -> Figure:
    """Figure of the image (frames, joints, 3) of a recording before and after the TARMs; see `Recognizer.images`.

    Columns: x, y, z as red, green and blue, then each alone. The two rows of a column share its scale.
    """
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    figure.suptitle(record_plots.label(title, record_plots.LONGEST_TITLE), fontsize=11)
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    low, high = (of((before, after), axis=(0, 1, 2)) for of in (np.min, np.max))
    most = np.maximum(np.maximum(-low, high), 1e-9)
    for row, image, place in zip(axes, (before, after), ("before", "after"), strict=True):
        row[0].imshow((image - low) / np.maximum(high - low, 1e-9), aspect="auto")
        row[0].set_ylabel(f"{place} the TARMs\nframe, resized")
        for panel, values, limit in zip(row[1:], np.moveaxis(image, -1, 0), most, strict=True):
            panel.imshow(values, "RdBu_r", aspect="auto", vmin=-limit, vmax=limit)
    axes[0, 0].set_title("x, y, z as red, green, blue", fontsize=10)
    for column, coordinate in zip(axes.T[1:], "xyz", strict=True):
        column[0].set_title(coordinate, fontsize=10)
        bar = figure.colorbar(column[1].images[0], ax=list(column), location="bottom")
        bar.set_label(f"{coordinate}, metres before the TARMs")
    for panel in axes[1]:
        panel.set_xlabel("joint, resized")
    return figure


def _save(prediction, path):
    record_plots.save(attention(prediction), path, (path.suffix[1:],))


def _page(prediction, path):
    page.write(path, page.of_prediction(prediction))


# suffix: (function that writes a prediction's picture to a path, function that raises `InputError` if it can't work)
FORMATS = {
    ".png": (_save, None),
    ".pdf": (_save, None),
    ".gif": (animate, None),
    ".mp4": (animate, check_ffmpeg),
    ".html": (_page, None),
}


def check(path: Path) -> None:
    """Raise `InputError` if no picture can be written to `path`: an unknown suffix, or a missing program."""
    suffix = path.suffix
    if suffix not in FORMATS:
        raise InputError(f"{path} must end with one of {', '.join(FORMATS)}")
    _, check_format = FORMATS[suffix]
    if check_format:
        check_format()


def write(prediction: "Prediction", path: Path) -> None:
    """Write a picture of a `Prediction`, in the format of the suffix of `path`; see `FORMATS`."""
    FORMATS[path.suffix][0](prediction, path)


def paths(out: Path, files: Sequence[Path]) -> list[Path]:
    """The paths of the pictures of recordings: `out` for a single one, else `out` with each recording's stem added.

    Recordings of the same stem are numbered, so that no picture overwrites another.
    """
    if len(files) == 1:
        return [out]
    pictures = []
    taken = set()
    for file in files:
        stem = f"{out.stem}_{file.stem}"
        names = (stem, *(f"{stem}_{number}" for number in range(2, len(files) + 1)))
        name = next(name for name in names if name.lower() not in taken)
        taken.add(name.lower())
        pictures.append(out.with_name(f"{name}{out.suffix}"))
    return pictures
