"""Accuracy over the number of parameters and over latency, one dot a method."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from matplotlib.transforms import Bbox

from experiments.compared import measured
from mans_keras.reports import record_plots, tables

# Where a label goes: points from its dot to the right and upwards, and how it is aligned. A thin line leads to those
# farther than `NEAR`.
NEAR = 12
SIDES = [
    ((x * across, y), align)
    for y, across in ((8, 1), (-8, 1), (0, 1.2), (NEAR, 0), (24, 1), (-24, 1), (24, 4), (-24, 4), (38, 4), (-38, 4))
    for x, align in ((6, "left"), (-6, "right"))
]
DOT = 4  # half the width of a dot, in points, with some room
OURS, OTHERS = record_plots.STYLES[-1][0], record_plots.STYLES[1][0]


def draw(cells, speed, where):
    """The figure of {method: records}. speed: what `speed.read` returns; a method without it is not over latency."""
    milliseconds = {name: values["latency"] for name, values in speed.get("methods", {}).items()}
    millions = {name: cell[0]["parameters"] / 1e6 for name, cell in cells.items() if cell}
    figure = Figure(figsize=(5, 6.4), layout="constrained")
    figure.suptitle(record_plots.label(where), fontsize=11)
    panels = (("million parameters", millions), ("milliseconds for one sequence", milliseconds))
    of_panels = []
    for axes, (what, values) in zip(figure.subplots(2, 1), panels, strict=True):
        labels = []
        for name, cell in cells.items():
            if not cell or name not in values:
                continue
            mean, deviation = tables.summarize(cell, "last")
            color = OURS if name == measured.OURS else OTHERS
            bar = axes.errorbar(values[name], mean, deviation, fmt="o", color=color, elinewidth=0.8)[2]
            for line in bar:
                line.set_alpha(0.4)
            ends = [(values[name], mean - (deviation or 0)), (values[name], mean + (deviation or 0))]
            labels.append((record_plots.label(measured.short(name)), (values[name], mean), ends, color))
        if not any(name in values for name, cell in cells.items() if cell):
            axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center")
        axes.set(xscale="log", xlabel=what, ylabel="test accuracy in percent")
        axes.xaxis.set_minor_locator(LogLocator(subs=(2, 3, 5, 7)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("{x:.2g}")
        axes.margins(0.2)
        axes.grid(alpha=0.3)
        of_panels.append((axes, labels))
    figure.draw_without_rendering()  # now the panels have their sizes
    for axes, labels in of_panels:
        _write_labels(axes, labels)
    return figure


def _write_labels(axes, labels):
    """Write each (text, place of its dot, ends of its bar, colour) beside the dot.

    It stands in the first of `SIDES` where it covers nothing; if there is none, in the first where it covers only bars.
    """
    radius = DOT * axes.figure.dpi / 72
    centers = axes.transData.transform([place for _, place, _, _ in labels])
    bars = [Bbox(axes.transData.transform(ends)).padded(radius / DOT) for _, _, ends, _ in labels]
    taken = [Bbox([center - radius, center + radius]) for center in centers]
    panel = axes.get_window_extent()
    for text, place, _, color in labels:
        beside = {"xy": place, "textcoords": "offset points", "color": color}
        for (offset, align), covered in [(side, [*taken, *bars]) for side in SIDES] + [(side, taken) for side in SIDES]:
            label = axes.annotate(text, xytext=offset, fontsize=10, ha=align, va="center", **beside)
            box = label.get_window_extent()
            is_inside = np.array_equal(Bbox.intersection(box, panel), box)
            if is_inside and not box.count_overlaps(covered):
                break
            if covered is not taken or (offset, align) != SIDES[-1]:
                label.remove()
        if max(map(abs, offset)) > NEAR:
            axes.annotate("", xytext=offset, arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.5}, **beside)
        taken.append(box)


def write(path, cells, speed, where):
    """Draw, and write the picture as `path` with the suffix .png; returns where it is."""
    return record_plots.save(draw(cells, speed, where), path)[0]
