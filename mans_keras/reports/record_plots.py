"""Records -> pictures, drawn without a display."""

import textwrap
from pathlib import Path

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mans_keras.files import replacing

# Okabe and Ito's colours, which the colour-blind can tell apart; lines as in the paper: MANs solid.
STYLES = (("#CC79A7", ":"), ("#D55E00", "--"), ("#009E73", "-."), ("#0072B2", "-"))
BARS = "#0072B2"
TRUE = "#D55E00"


def error_curves(curves, title):
    """Figure 3: training and testing error in percent over epochs.

    curves: {name: records}; of several records, their mean, between their least and their greatest.
    """
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    figure.suptitle(title, fontsize=11)
    for axes, which in zip(figure.subplots(1, 2, sharey=True), ("train", "test"), strict=True):
        for (label, records), (color, line) in zip(curves.items(), STYLES[-len(curves) :], strict=False):
            errors = _errors(records, which)
            epochs = np.arange(1, errors.shape[1] + 1)
            axes.plot(epochs, errors.mean(axis=0), line, color=color, label=label)
            if len(errors) > 1:
                axes.fill_between(epochs, errors.min(axis=0), errors.max(axis=0), color=color, alpha=0.15, linewidth=0)
        axes.set(xlabel="epoch", title=f"{which.capitalize()}ing error", xlim=(1, None))
        axes.grid(alpha=0.3)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.axes[0].set(ylabel="error in percent", ylim=(0, None))  # once both are drawn: they share it
    figure.axes[0].legend(fontsize=9)
    return figure


def _errors(records, which):
    """(records, epochs) in percent; NaN after the end of a run that diverged."""
    errors = np.full((len(records), max(record["epochs"] for record in records)), np.nan)
    for row, record in zip(errors, records, strict=True):
        accuracy = record["history"][f"{which}_accuracy"]
        row[: len(accuracy)] = 100 * (1 - np.array(accuracy, float))
    return errors


def confusion(counts, class_names, title):
    """A confusion matrix, shares of each row; counts (classes, classes): true by predicted."""
    classes = len(class_names)
    size = max(4.0, 0.42 * classes + 0.8 + 0.085 * max(map(len, class_names)))  # inches; a letter is up to 0.085 wide
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.suptitle(title, fontsize=10, wrap=True)
    axes.set(xlabel="predicted", ylabel="true (the darker, the larger its share of the row)")
    axes.set_xticks(range(classes), class_names, rotation=90)
    axes.set_yticks(range(classes), class_names)
    for true, predicted in zip(*np.nonzero(counts), strict=True):
        color = "white" if shares[true, predicted] > 0.5 else "black"
        axes.text(predicted, true, counts[true, predicted], ha="center", va="center", color=color, fontsize=8)
    return figure


def scores_over_time(scores, class_names, segments, title):
    """Scores (frames, classes) as a picture, a row a class: those that lead at some time or are true, at most.

    scores: NaN where there are none. segments: [(class name, first frame, last frame)], framed in their class's row.
    """
    leading = scores[np.isfinite(scores).all(axis=1)].argmax(axis=1)
    true = {name for name, _, _ in segments}
    rows = [row for row, name in enumerate(class_names) if name in true or row in leading]
    figure = Figure(figsize=(10, 1.9 + 0.28 * len(rows)), layout="constrained")
    axes = figure.subplots()
    # a row from 0.5 above to 0.5 below its number, a frame from 0.5 before to 0.5 after
    extent = (-0.5, len(scores) - 0.5, len(rows) - 0.5, -0.5)
    image = axes.imshow(
        scores[:, rows].T, cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="none", extent=extent
    )
    for name, first, last in segments:
        row = rows.index(class_names.index(name))
        axes.add_patch(Rectangle((first - 0.5, row - 0.5), last - first + 1, 1, fill=False, color=TRUE, linewidth=2))
    axes.set_yticks(range(len(rows)), [class_names[row] for row in rows])
    axes.set(xlabel="frame")
    figure.suptitle(title, fontsize=11)
    figure.colorbar(image, ax=axes, label="score", pad=0.01)
    if segments:
        axes.legend(
            handles=[Rectangle((0, 0), 1, 1, fill=False, color=TRUE, linewidth=2, label="true segment")],
            loc="lower right",
            bbox_to_anchor=(1, 1),
            fontsize=9,
            frameon=False,
        )
    return figure


def draw_scores(axes, top, fontsize=10, letters=60):
    """Draw scores [(class name, score)] as bars, the first on top; a name is broken into lines of so many letters."""
    names, scores = zip(*top, strict=True)
    places = np.arange(len(names))
    axes.barh(places + 0.2, scores, height=0.25, color=BARS)
    for place, (name, score) in enumerate(top):
        text = textwrap.fill(f"{name}  {score:.1%}", letters)
        axes.text(0.01, place + 0.04, text, va="bottom", fontsize=fontsize, parse_math=False)
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5), xticks=[], yticks=[])
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def draw_bodies(axes, flat, pairs, color="0.2", width=2.5):
    """Draw bodies (bodies, joints, 2), NaN where absent: `pairs` of joints as lines, or, if there are none, points.

    width: of the lines, in points. Returns the two artists, for `move_bodies`.
    """
    lines = axes.add_collection(LineCollection([], linewidths=width, capstyle="round"), autolim=False)
    points = axes.scatter([], [], s=(1.2 * width) ** 2 if pairs else 25)
    move_bodies(lines, points, flat, pairs, color)
    return lines, points


def move_bodies(lines, points, flat, pairs, color):
    """Draw other bodies, as `draw_bodies` does, with the artists that it returned."""
    there = flat[np.isfinite(flat).all(axis=(1, 2))]
    lines.set_segments([body[list(pair)] for body in there for pair in pairs])
    points.set_offsets(there.reshape(-1, 2))
    for artist in (lines, points):
        artist.set_color(color)


def save(figure, path, formats=("png",)):
    """Write a figure under `path`'s folder and name in each format; returns the paths. A file is complete or absent."""
    path = Path(path)
    name = path.stem if path.suffix[1:] in formats else path.name
    paths = [path.with_name(f"{name}.{one}") for one in formats]
    for one in paths:
        with replacing(one, one.suffix) as part:
            # no date inside: the same records give the same file
            figure.savefig(part, dpi=150, metadata={"CreationDate": None} if one.suffix == ".pdf" else None)
    return paths
