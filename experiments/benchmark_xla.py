"""Whether XLA makes the training steps of a network faster on this machine: our networks' and the compared ones'.

The two steps of batch 8 take turns in one process, and the median over the rounds counts. Runs use what is faster on a
CPU: see `WITHOUT_XLA` in mans_keras/training/run.py.

Takes about 20 minutes on two CPU cores, on which nothing else should run. TensorFlow and Linux only.
"""

import os
import time
from unittest import mock

from experiments import compared, options, paper
from experiments.compared.speed import JOINTS
from experiments.timing import in_process, in_turn, medians, over
from mans_keras.reports import tables

HEADER = ["network", "step with XLA", "without", "with over without", "first step with XLA", "without", "runs use"]


def row(model):
    """The cells of a network below `HEADER`."""
    from experiments.benchmark_networks import build, stepping
    from mans_keras.training import memory, network
    from mans_keras.training.run import SCALES

    memory.keep_freed()
    compared.register()
    arguments = {"joints": JOINTS} if model in compared.METHODS else {}
    steps, first = [], []
    for without in ((), (model,)):
        with mock.patch.object(network, "WITHOUT_XLA", without):
            began = time.perf_counter()
            steps.append(stepping(build(model, **arguments), 8))
            first.append(f"{time.perf_counter() - began:.0f} s")
    seconds = in_turn(*steps, rounds=10 if SCALES[model] == 50 else 3)
    milliseconds = [f"{1e3 * median:.0f} ms" for median in medians(seconds)]
    chosen = "no XLA" if model in network.WITHOUT_XLA else "XLA"
    return [model, *milliseconds, f"{over(*seconds.T):.2f}", *first, chosen]


@options.command(__doc__, options.results("results/benchmark"))
def main(args):
    load = os.getloadavg()[0]
    rows = []
    for model in (*paper.TABLE5, *compared.METHODS):
        rows.append(in_process(row, model))
        print(" | ".join(rows[-1]), flush=True)
    from mans_keras.training import machine

    title = f"{machine.device()}. Load before the start {load:.1f}, at the end {os.getloadavg()[0]:.1f}."
    print("\n" + tables.write_table(args.results, "xla", title, HEADER, rows))
    print(f"Written to {args.results}")


if __name__ == "__main__":
    main()
