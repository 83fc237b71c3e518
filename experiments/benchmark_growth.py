"""How a training step of MANs-9 grows with the batch, the frames and the number of sequences: a table and a plot.

Each point is measured in a process of its own, so that its peak of memory is its own. About 5 minutes on two CPU
cores, which should have nothing else to do.
"""

import argparse
import itertools
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from matplotlib.figure import Figure

from experiments import benchmark
from experiments.timing import in_process, in_turn, peak_memory
from mans_keras.errors import exit_code
from mans_keras.reports import record_plots, tables
from mans_keras.tensors import store
from mans_keras.training import machine, memory
from mans_keras.training.batches import Batches

STEPS = 12
GROWING = {
    "batch": (4, 8, 16, 32, 64),
    "frames": (25, 50, 100, 200, 400),
    "sequences": (500, 4000, 16000, 56000),
}
USUAL = {"batch": 8, "frames": 50, "sequences": 500}
HEADER = ["growing", "value", "a step, ms", "over linear growth", "memory, MB", "above the smallest, MB"]


def measure(point, folder):
    """(milliseconds a step with the reading of its batch, peak of this process's memory in MB) of a point.

    point: {batch, frames, sequences}.
    """
    memory.keep_freed()
    tensors = store.Tensors(benchmark.write_tensors(Path(folder) / "growth_50.h5", 50, point["sequences"]))
    batches = Batches(
        tensors.samples(np.arange(len(tensors))),
        keras.utils.to_categorical(tensors.label, benchmark.CLASSES),
        point["batch"],
        seed=0,
    )
    model = benchmark.build(input_shape=(point["frames"], 50, 3))
    repeated = -(-point["frames"] // 50)

    def step():
        x, labels = batches[next(numbers)]
        model.train_on_batch(np.tile(x, (1, repeated, 1, 1))[:, : point["frames"]], labels)

    numbers = itertools.count()
    seconds = in_turn(step, rounds=STEPS)
    return 1e3 * float(np.median(seconds)), peak_memory() / 1e6


def table(points):
    """Rows of {growing: [(value, milliseconds, MB)]}; linear growth is that from the smallest value on."""
    rows = []
    for growing, found in points.items():
        smallest, its_time, its_peak = found[0]
        for value, time, peak in found:
            # the number of sequences is nothing that a step should feel
            linear = its_time * (value / smallest if growing != "sequences" else 1)
            rows.append(
                [growing, value, f"{time:.0f}", f"{time / linear:.2f}", f"{peak:.0f}", f"{peak - its_peak:.0f}"]
            )
    return rows


def draw(points):
    """Time and memory over each of what grows; dashed: linear growth, or none for the number of sequences."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots(2, len(points), sharex="col", sharey="row")
    color = record_plots.STYLES[-1][0]
    for (times, peaks), (growing, found) in zip(axes.T, points.items(), strict=True):
        values, milliseconds, megabytes = np.array(found).T
        times.plot(values, milliseconds, "o-", color=color, label="measured")
        linear = milliseconds[0] * (values / values[0] if growing != "sequences" else np.ones(len(values)))
        times.plot(values, linear, "--", color="0.5", label="linear from the smallest")
        times.set(xscale="log", yscale="log")
        times.set_yticks([50, 100, 200, 400, 800], ["50", "100", "200", "400", "800"])
        times.minorticks_off()
        peaks.plot(values, megabytes / 1000, "o-", color=color)
        peaks.set_xlabel(growing)
        peaks.set_xticks(values, [f"{value:,.0f}" for value in values])
        peaks.minorticks_off()
        for one in (times, peaks):
            one.grid(alpha=0.3)
    axes[0, 0].set_ylabel("a step, ms")
    axes[0, 0].legend()
    axes[1, 0].set_ylabel("peak of memory, GB")
    axes[1, 0].set_ylim(0, 1.1 * axes[1, 0].get_ylim()[1])
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results/benchmark"), metavar="DIR", help="%(default)s/")
    args = parser.parse_args()
    points = {}
    for growing, values in GROWING.items():
        for value in values:
            with tempfile.TemporaryDirectory() as folder:
                time, peak = in_process(measure, USUAL | {growing: value}, folder)
            print(f"{growing} {value}: {time:.0f} ms, {peak:.0f} MB", flush=True)
            points.setdefault(growing, []).append((value, time, peak))
    usual = ", ".join(f"{name} {value}" for name, value in USUAL.items())
    title = (
        f"{machine.device()}. A training step of MANs-9 with the reading of its batch, median of {STEPS}; what does "
        f"not grow: {usual}. Linear growth is that from the smallest value on; for sequences, none."
    )
    print("\n" + tables.write_table(args.results, "growth", title, HEADER, table(points)))
    record_plots.save(draw(points), args.results / "growth.png")
    print(f"Written to {args.results}")


if __name__ == "__main__":
    sys.exit(exit_code(main))
