"""What MANs cost on this machine: a table of ratios.

The two sides of a ratio take turns in one process, and the median over the rounds counts. Figures that are not a ratio
of two steps are measured in separate processes. "plain" stands for Keras' own GRU layers instead
of mans_keras.models.recurrence. All networks are compiled as in training. On a GPU there is a second table: steps per
second.

Takes about 20 minutes on two CPU cores, on which nothing else should run. Linux only.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from experiments import options
from experiments.timing import HEADER, in_turn, medians
from mans_keras.reports import tables


@options.command(__doc__, options.results("results/benchmark"))
def main(args):
    import mans_keras.models  # noqa: F401 - first, since it keeps TensorFlow quiet
    from experiments import benchmark_figures as figures
    from mans_keras.training import machine, memory

    before = os.getloadavg()[0]
    memory.keep_freed()
    multiply, convolve = figures.ceilings()
    operations = np.array([figures.PRODUCT, figures.CONVOLUTION])
    product, convolution = operations / medians(in_turn(multiply, convolve)) / 1e9
    rows = [*figures.steps(8, (1.25, 1.2), convolve), *figures.steps(40, (1.2, 1.15), convolve)]
    rows += [figures.first_step(), figures.bfloat16()]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        rows += [*figures.feeding(folder), figures.processes(), *figures.classifying(folder)]
        rows += [figures.streaming(folder), *figures.peaks(folder)]
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions().items() if name != "mans_keras")
    load = f"Load before the start {before:.1f}, at the end {os.getloadavg()[0]:.1f}."
    measured_on = f"{machine.device()}; {versions}."
    ceilings = f"Ceilings: {product:.0f} GFLOP/s (matrix product), {convolution:.0f} (convolution)."
    title = f"{measured_on} {ceilings} {load}"
    print("\n" + tables.write_table(args.results, "benchmark", title, HEADER, rows))
    if machine.gpu():
        print("\n" + tables.write_table(args.results, "gpu", f"{measured_on} {load}", *figures.on_gpu()))
    else:
        print("There is no GPU here. On a machine with a GPU, the same command also measures steps per second.")
    print(f"Written to {args.results}")


if __name__ == "__main__":
    main()
