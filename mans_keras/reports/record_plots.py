"""Records -> figures, drawn without a display, and the parts that figures of predictions share."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mans_keras.errors import printable
from mans_keras.files import replacing

if TYPE_CHECKING:  # it would load Keras
    from mans_keras.recognition.recognizer import Prediction

# Okabe and Ito's colours, which colour-blind people can distinguish; the lines are the paper's: MANs solid.
STYLES = (("#CC79A7", ":"), ("#D55E00", "--"), ("#009E73", "-."), ("#0072B2", "-"))
BARS = "#0072B2"
TRUE = "#D55E00"
LONGEST_NAME, LONGEST_TITLE = 60, 160  # letters; the rest is cut
MAPPED = ", another sensor's body"  # behind the name of a file whose joints are not the model's own
LARGEST = 40  # inches; of very many classes, the confusion matrix has no room for its numbers


def label(name: str, longest: int = LONGEST_NAME) -> str:
    """The name of a class or file as matplotlib draws it: not as a formula, even if it has "$", and not too long.

    Line breaks and control characters are escaped.
    """
    text = printable(name[:longest]) + ("…" if len(name) > longest else "")
    return text.replace("$", r"\$")


def caption(prediction: "Prediction") -> str:
    """The name of a prediction's file and, if its joints were mapped, that its body is another sensor's."""
    remark = MAPPED * bool(prediction.mapping)
    return label(Path(prediction.name).name, LONGEST_NAME - len(remark)) + remark


def error_curves(curves: dict[str, list[dict]], title: str) -> Figure:
    """Figure 3: training and test error in percent over epochs.

    curves: {name: records}. Of several records, the line is the mean, in a band from the least to the greatest.
    """
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    figure.suptitle(label(title, LONGEST_TITLE), fontsize=11, wrap=True)
    for axes, which in zip(figure.subplots(1, 2, sharey=True), ("train", "test"), strict=True):
        for (name, records), (color, line) in zip(curves.items(), STYLES[-len(curves) :], strict=False):
            errors = _errors(records, which)
            epochs = np.arange(1, errors.shape[1] + 1)
            axes.plot(epochs, errors.mean(axis=0), line, color=color, label=label(name))
            if len(errors) > 1:
                axes.fill_between(epochs, errors.min(axis=0), errors.max(axis=0), color=color, alpha=0.15, linewidth=0)
        axes.set(xlabel="epoch", title=f"{which.capitalize()}ing error", xlim=(1, None))
        axes.grid(alpha=0.3)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.axes[0].set(ylabel="error in percent", ylim=(0, None))  # after both are drawn, since they share the axis
    figure.axes[0].legend(fontsize=9)
    return figure


def errors_of_run(record: dict) -> Figure:
    """Training and test error of one run in percent over epochs, with letters that can be read on a phone."""
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    for which, (color, line) in zip(("train", "test"), STYLES[1::2], strict=True):
        (errors,) = _errors([record], which)
        marker = "o" if len(errors) == 1 else None
        axes.plot(
            np.arange(1, len(errors) + 1), errors, line, marker=marker, color=color, linewidth=2, label=f"{which}ing"
        )
    epochs = (1, len(errors)) if len(errors) > 1 else (0.5, 1.5)
    highest = max((error for line in axes.lines for error in line.get_ydata() if np.isfinite(error)), default=0)
    axes.set(xlim=epochs, ylim=(0, 1.05 * highest or 1))
    axes.set_xlabel("epoch", fontsize=13)
    axes.set_ylabel("error in percent", fontsize=13)
    axes.tick_params(labelsize=12)
    axes.grid(alpha=0.3)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.legend(fontsize=13)
    return figure


def _errors(records, which):
    """(records, epochs) in percent; NaN after the end of a run that diverged."""
    errors = np.full((len(records), max(record["epochs"] for record in records)), np.nan)
    for row, record in zip(errors, records, strict=True):
        accuracy = record["history"][f"{which}_accuracy"]
        row[: len(accuracy)] = 100 * (1 - np.array(accuracy, float))
    return errors


def confusion(counts: np.ndarray, class_names: Sequence[str], title: str) -> Figure:
    """A confusion matrix. counts: (classes, classes), true by predicted; a cell is as dark as its share of the row."""
    classes, class_names = len(class_names), [label(name) for name in class_names]
    size = max(4.0, 0.42 * classes + 0.8 + 0.085 * max(map(len, class_names)))  # inches; a letter is up to 0.085 wide
    figure = Figure(figsize=(min(size, LARGEST),) * 2, layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.suptitle(label(title, LONGEST_TITLE), fontsize=10, wrap=True)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.set_xticks(range(classes), class_names, rotation=90)
    axes.set_yticks(range(classes), class_names)
    for true, predicted in zip(*np.nonzero(counts), strict=True):
        color = "white" if shares[true, predicted] > 0.5 else "black"
        axes.text(predicted, true, counts[true, predicted], ha="center", va="center", color=color, fontsize=8)
    return figure


def scores_over_time(
    scores: np.ndarray, class_names: Sequence[str], segments: list[tuple[str, int, int]], title: str
) -> Figure:
    """Scores (frames, classes) as a picture, with a row for each class that leads at some time or is a true one.

    scores: NaN where there are none. segments: [(class name, first frame, last frame)], boxes in their class's row.
    """
    leading = scores[np.isfinite(scores).all(axis=1)].argmax(axis=1)
    true = {name for name, _, _ in segments}
    rows = [row for row, name in enumerate(class_names) if name in true or row in leading]
    figure = Figure(figsize=(6.4, 1.9 + 0.36 * len(rows)), layout="constrained")
    axes = figure.subplots()
    # a row from 0.5 above to 0.5 below its number, a frame from 0.5 before to 0.5 after
    extent = (-0.5, len(scores) - 0.5, len(rows) - 0.5, -0.5)
    image = axes.imshow(
        scores[:, rows].T, cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="none", extent=extent
    )
    for name, first, last in segments:
        row = rows.index(class_names.index(name))
        axes.add_patch(Rectangle((first - 0.5, row - 0.5), last - first + 1, 1, fill=False, color=TRUE, linewidth=2))
    axes.set_yticks(range(len(rows)), [label(class_names[row]) for row in rows])
    axes.set(xlabel="frame")
    figure.suptitle(label(title, LONGEST_TITLE), fontsize=11)
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
        text = textwrap.fill(f"{label(name)}  {score:.1%}", letters)
        axes.text(0.01, place + 0.04, text, va="bottom", fontsize=fontsize)
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5), xticks=[], yticks=[])
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def draw_bodies(axes, flat, pairs, color="0.2", width=3.5):
    """Draw bodies (bodies, joints, 2), NaN where absent: `pairs` of joints as lines, or, if there are none, points.

    width: of the lines, in points. Returns the two artists, for `move_bodies`.
    """
    lines = axes.add_collection(LineCollection([], linewidths=width, capstyle="round"), autolim=False)
    points = axes.scatter([], [], s=(1.2 * width) ** 2 if pairs else 25)
    move_bodies(lines, points, flat, pairs, color)
    return lines, points


def move_bodies(lines, points, flat, pairs, color):
    """Draw other bodies, as `draw_bodies` does, with the artists that it returned."""
    present = flat[np.isfinite(flat).all(axis=(1, 2))]
    lines.set_segments([body[list(pair)] for body in present for pair in pairs])
    points.set_offsets(present.reshape(-1, 2))
    for artist in (lines, points):
        artist.set_color(color)


def save(figure: Figure, path: str | Path, formats: Sequence[str] = ("png",)) -> list[Path]:
    """Write a figure in each format, as `path` with that suffix; returns the paths. A file is complete or absent."""
    path = Path(path)
    name = path.stem if path.suffix[1:] in formats else path.name
    paths = [path.with_name(f"{name}.{suffix}") for suffix in formats]
    for file in paths:
        with replacing(file, file.suffix) as part:
            # without a date, the same records give the same file
            figure.savefig(part, dpi=150, metadata={"CreationDate": None} if file.suffix == ".pdf" else None)
    return paths
