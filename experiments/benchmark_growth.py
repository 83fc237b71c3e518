"""How the time and memory of a training step of MANs-9 grow: with the batch, the frames and the number of sequences.

Writes a table and a plot. Each point is measured in a separate process, and so is its peak of memory. Takes about 5
minutes on two CPU cores, on which nothing else should run.
"""

import itertools
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments import options
from experiments.timing import in_process, in_turn, peak_memory
from mans_keras.reports import record_plots, tables

STEPS = 12
GROWING = {
    "batch": (4, 8, 16, 32, 64),
    "frames": (25, 50, 100, 200, 400),
    "sequences": (500, 4000, 16000, 56000),
}
USUAL = {"batch": 8, "frames": 50, "sequences": 500}
HEADER = ["growing", "value", "a step, ms", "over linear growth", "memory, MB", "above the smallest, MB"]


def measure(point, folder):
    """(milliseconds per step, with the reading of its batch; peak of this process's memory in MB) at a point.

    point: {"batch": ..., "frames": ..., "sequences": ...}.
    """
    import mans_keras.models  # noqa: F401 - first, since it keeps TensorFlow quiet
    from experiments import benchmark_networks
    from mans_keras.training import memory

    memory.keep_freed()
    path = benchmark_networks.write_tensors(Path(folder) / "growth_50.h5", 50, point["sequences"])
    batches = benchmark_networks.batches_of(path, point["batch"])
    model = benchmark_networks.build(input_shape=(point["frames"], 50, 3))
    repeated = -(-point["frames"] // 50)

    def step():
        x, labels = batches[next(numbers)]
        model.train_on_batch(np.tile(x, (1, repeated, 1, 1))[:, : point["frames"]], labels)

    numbers = itertools.count()
    seconds = in_turn(step, rounds=STEPS)
    return 1e3 * float(np.median(seconds)), peak_memory() / 1e6


def table(points):
    """Rows below `HEADER` from {growing: [(value, milliseconds, MB)]}. Linear growth starts at the smallest value."""
    rows = []
    for growing, measured in points.items():
        smallest, first_time, first_peak = measured[0]
        for value, time, peak in measured:
            # The number of sequences should not change the time of a step at all.
            linear = first_time * (value / smallest if growing != "sequences" else 1)
            rows.append(
                [growing, value, f"{time:.0f}", f"{time / linear:.2f}", f"{peak:.0f}", f"{peak - first_peak:.0f}"]
            )
    return rows


def draw(points):
    """A figure of time and memory over batch, frames and sequences; dashed: linear growth, for sequences no growth."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots(2, len(points), sharex="col", sharey="row")
    color = record_plots.STYLES[-1][0]
    for (times, peaks), (growing, measured) in zip(axes.T, points.items(), strict=True):
        values, milliseconds, megabytes = np.array(measured).T
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
        times.grid(alpha=0.3)
        peaks.grid(alpha=0.3)
    axes[0, 0].set_ylabel("a step, ms")
    axes[0, 0].legend()
    axes[1, 0].set_ylabel("peak of memory, GB")
    axes[1, 0].set_ylim(0, 1.1 * axes[1, 0].get_ylim()[1])
    return figure


@options.command(__doc__, options.results("results/benchmark"))
def main(args):
    import mans_keras.models  # noqa: F401 - first, since it keeps TensorFlow quiet
    from mans_keras.training import machine

    points = {}
    for growing, values in GROWING.items():
        for value in values:
            with tempfile.TemporaryDirectory() as folder:
                time, peak = in_process(measure, USUAL | {growing: value}, folder)
            print(f"{growing} {value}: {time:.0f} ms, {peak:.0f} MB", flush=True)
            points.setdefault(growing, []).append((value, time, peak))
    usual = ", ".join(f"{name} {value}" for name, value in USUAL.items())
    title = (
        f"{machine.device()}. A training step of MANs-9 with the reading of its batch, median of {STEPS} steps; what "
        f"does not grow: {usual}. Linear growth starts at the smallest value; for sequences, it is no growth."
    )
    print("\n" + tables.write_table(args.results, "growth", title, HEADER, table(points)))
    record_plots.save(draw(points), args.results / "growth.png")
    print(f"Written to {args.results}")


if __name__ == "__main__":
    main()
