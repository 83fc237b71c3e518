"""What the TARMs of MANs-9 cost in a training step of batch 8, part by part.

Six networks take turns in one process, and the median over the rounds counts. Each has some parts of MANs-9, so that a
difference of two is the cost of what only one of them has. Processor time is that of all cores together: a part for
which it is not more than the time keeps one core busy.

- TARMs without GRUs: the memory of a TARM is its reduced input. Their kernels are still there, with their penalty.
- STCM-9 with the image's gradient: one weight before the STCM, so that the gradient by the image is computed, which an
  STCM alone does not need.
- TARMs alone: a global average pooling in place of the STCM.

Takes about 5 minutes on two CPU cores, on which nothing else should run.
"""

import os
import time
from unittest import mock

import numpy as np

from experiments import options
from experiments.timing import in_process, in_turn
from mans_keras.reports import tables

BATCH, ROUNDS = 8, 60
HEADER = ["part of a training step of MANs-9", "ms", "of the step", "processor ms", "from"]
# The rows: a part, and the networks (one, or the first without the second) whose steps it is.
PARTS = (
    ("whole step", ("MANs-9",)),
    ("STCM-9 alone", ("STCM-9",)),
    ("all that the TARMs add", ("MANs-9", "STCM-9")),
    ("gradient by the image, in the STCM", ("STCM-9 with the image's gradient", "STCM-9")),
    ("GRUs, in MANs-9", ("MANs-9", "MANs-9 without GRUs")),
    ("the TARMs' other layers, in MANs-9", ("MANs-9 without GRUs", "STCM-9 with the image's gradient")),
    ("three TARMs alone, a whole step", ("TARMs alone",)),
    ("GRUs, in three TARMs alone", ("TARMs alone", "TARMs alone without GRUs")),
)


def networks():
    """{name: a network, compiled as in training} of the names in `PARTS`."""
    import keras

    from experiments.benchmark_networks import build
    from mans_keras.models import mans
    from mans_keras.models.tarm import TARM

    class WithoutGRUs(TARM):
        def memory(self, x, training=None):
            return x

    class Weighted(keras.layers.Layer):
        def build(self, input_shape):
            self.weight = self.add_weight(shape=(), initializer="ones", name="weight")

        def call(self, x):
            return x * self.weight

    def weighted(image, **options):
        return blocks(Weighted(name="weighted")(image), **options)

    def average(image, **_):
        return keras.layers.GlobalAveragePooling2D(name="average_pool")(image)

    def other(backbone=None, kind=TARM, **arguments):
        backbones = {**mans.BACKBONES, "blocks-9": backbone or blocks}
        with mock.patch.object(mans, "BACKBONES", backbones), mock.patch.object(mans, "TARM", kind):
            return build(**arguments)

    blocks = mans.BACKBONES["blocks-9"]
    return {
        "MANs-9": other(),
        "MANs-9 without GRUs": other(kind=WithoutGRUs),
        "STCM-9": other(tarm=False),
        "STCM-9 with the image's gradient": other(weighted, tarm=False),
        "TARMs alone": other(average),
        "TARMs alone without GRUs": other(average, WithoutGRUs),
    }


def measure(rounds=ROUNDS):
    """Two {name: seconds of each round}, of a training step of each of `networks`: of the clock, of the processor."""
    from experiments.benchmark_networks import stepping
    from mans_keras.training import memory

    memory.keep_freed()
    steps = {name: stepping(model, BATCH) for name, model in networks().items()}
    clocks = time.perf_counter, time.process_time
    return [dict(zip(steps, in_turn(*steps.values(), rounds=rounds, clock=clock).T, strict=True)) for clock in clocks]


def table(seconds, processor):
    """Rows below `HEADER` of what `measure` returned."""
    rows = []
    for part, (name, *without) in PARTS:
        of_part, of_processor = (
            of_clock[name] - (of_clock[without[0]] if without else 0) for of_clock in (seconds, processor)
        )
        share = np.median(of_part / seconds["MANs-9"])
        milliseconds = [f"{1e3 * np.median(each):.1f}" for each in (of_part, of_processor)]
        rows.append([part, milliseconds[0], f"{share:.0%}", milliseconds[1], " less ".join([name, *without])])
    return rows


@options.command(__doc__, options.results("results/benchmark"))
def main(args):
    load = os.getloadavg()[0]
    seconds, processor = in_process(measure)
    from mans_keras.training import machine

    title = (
        f"{machine.device()}. A step of MANs-9 over that of STCM-9: "
        f"{np.median(seconds['MANs-9'] / seconds['STCM-9']):.2f}. Load before the start {load:.1f}, at the end "
        f"{os.getloadavg()[0]:.1f}."
    )
    print("\n" + tables.write_table(args.results, "tarm", title, HEADER, table(seconds, processor)))
    print(f"Written to {args.results}")


if __name__ == "__main__":
    main()
