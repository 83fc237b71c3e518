"""What MANs cost on this machine: a table of ratios, each pair measured in turn in one process, medians.

What is no ratio of two steps has processes of its own. "plain" are Keras' own GRU layers in place of
`mans_keras.recurrence`; all is compiled as in training. Where there is a GPU, a second table has steps a second. About
20 minutes on two CPU cores, which should have nothing else to do; Linux only.
"""

import argparse
import contextlib
import itertools
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import h5py
import keras
import numpy as np
from keras import ops

from experiments import common  # noqa: F401 - keeps TensorFlow quiet
from experiments.table2_architectures import flops
from experiments.timing import HEADER, in_process, in_turn, medians, over, peak_memory, row
from mans_keras.errors import exit_code
from mans_keras.models import mans as models
from mans_keras.models import stcm as stcms
from mans_keras.models import tarm
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.recognition.stream import Stream
from mans_keras.reports import tables
from mans_keras.skeletons import ntu, synthetic
from mans_keras.skeletons.sequence import KINECT_2, Sequence
from mans_keras.tensors import store
from mans_keras.tensors.writer import Writer
from mans_keras.training import machine, memory, network, recipes
from mans_keras.training import run as training
from mans_keras.training.batches import Batches

CLASSES = 60
PRODUCT = 2 * 2048**3
CONVOLUTION = 2 * 40 * 50 * 50 * 9 * 64 * 128
SEQUENCES = 56_000
SETTINGS = {
    "dataset": "ntu_rgbd",
    "class_names": ntu.CLASS_NAMES,
    "layout": "resize",
    "coordinates": "body",
    "body": KINECT_2,
}


class PlainTARM(tarm.TARM):
    """With Keras' GRU layers as they are."""

    def memory(self, x, training=None):
        backward = self.backward_gru(x, training=training)
        return self.forward_gru(x, training=training) + ops.flip(backward, axis=1)


def build(model="mans-9", plain=False, precision="float32", **arguments):
    """A model, compiled as `training` compiles it."""
    keras.config.set_dtype_policy(precision)
    run = training.Run("", "ntu_rgbd", "", None, model, "", arguments, recipes.RELEASED, 1, 8, 0, precision, "")
    with mock.patch.object(models, "TARM", PlainTARM) if plain else contextlib.nullcontext():
        built = network.build(run, CLASSES)
    keras.config.set_dtype_policy("float32")
    return built


def stepping(model, batch):
    """A function that trains a model for a step, after one that compiles it."""
    random = np.random.default_rng(0)
    x = random.normal(size=(batch, *model.input_shape[1:])).astype("float32")
    y = np.eye(CLASSES, dtype="float32")[random.integers(0, CLASSES, batch)]

    def step():
        model.train_on_batch(x, y)

    step()
    return step


def ceilings():
    """A large matrix product and a large convolution, `PRODUCT` and `CONVOLUTION` operations in float32."""
    random = np.random.default_rng(0)
    a, image, kernel = (
        ops.convert_to_tensor(random.normal(size=shape).astype("float32"))
        for shape in ((2048, 2048), (40, 50, 50, 64), (3, 3, 64, 128))
    )
    return (
        lambda: ops.convert_to_numpy(ops.matmul(a, a)),
        lambda: ops.convert_to_numpy(ops.conv(image, kernel, padding="same")),
    )


def steps(batch, bounds, convolve):
    """Rows of the step of MANs-9 over that of STCM-9, and of the rate of STCM-9."""
    rows = []
    stcm = build(tarm=False)
    for dropout, bound in zip((0.5, 0.0), bounds, strict=True):
        ours, plain = (build(dropout=dropout, plain=plain) for plain in (False, True))
        seconds = in_turn(*(stepping(model, batch) for model in (stcm, ours, plain)), rounds=320 // batch)
        alone, with_ours, with_plain = seconds.T
        what = f"GRU dropout {dropout}" if dropout else "no GRU dropout"
        told = "STCM-9 {:.0f}, MANs-9 {:.0f}, plain {:.0f} ms; ".format(*(1e3 * np.median(one) for one in seconds.T))
        told += f"plain over STCM-9: {over(with_plain, alone):.2f}"
        figure = f"training step, MANs-9 with {what} over STCM-9, batch {batch}"
        rows.append(row(figure, over(with_ours, alone), bound, told))
    if batch == 40:
        with mock.patch.object(stcms, "_bn_relu", lambda x, name: x):
            bare = build(tarm=False)
        *trained, convolution = in_turn(*(stepping(model, batch) for model in (stcm, bare)), convolve).T
        rate, bare_rate = (3 * batch * flops(stcm) / one / 1e9 for one in trained)
        ceiling = CONVOLUTION / convolution / 1e9
        told = f"{np.median(rate):.0f} of {np.median(ceiling):.0f} GFLOP/s, a step counted as three forward passes; "
        told += f"without batch normalisation and ReLU: {over(bare_rate, ceiling):.2f}"
        rows.append(row("STCM-9 training, batch 40: rate over a convolution's", over(rate, ceiling), 0.8, told, True))
    return rows


def first_step():
    """Row of building, compiling and the first step."""
    kinds = {"MANs-9": {}, "plain": {"plain": True}, "STCM-9": {"tarm": False}}
    actions = [lambda options=options: stepping(build(**options), 8) for options in kinds.values()]
    seconds = in_turn(*actions, rounds=2)
    told = ", ".join(f"{name} {one:.1f}" for name, one in zip(kinds, medians(seconds), strict=True)) + " s"
    return row("first step (build and compile), MANs-9 over plain", over(*seconds.T[:2]), 0.5, told)


def bfloat16():
    """Row of mixed precision."""
    seconds = in_turn(*(stepping(build(precision=p), 40) for p in ("float32", "mixed_bfloat16")), rounds=5)
    told = "{:.0f} over {:.0f} ms".format(*1e3 * medians(seconds))
    flags = Path("/proc/cpuinfo").read_text()
    applies = bool(machine.gpu()) or "avx512_bf16" in flags or "amx_bf16" in flags
    told += "" if applies else "; this CPU has no bfloat16"
    return row("float32 over mixed_bfloat16, MANs-9, batch 40", over(*seconds.T), 1.4, told, True, applies=applies)


def write_tensors(path, scale, samples):
    """A tensor file of noise."""
    noise = np.random.default_rng(0).normal(size=(scale, scale, 3))
    sequence = Sequence("noise", np.ones((1, 1, 25, 3)), 0)
    with Writer(path, scale=scale, **SETTINGS) as writer:
        for _ in range(samples):
            writer.add(noise, sequence)
    return path


def feeding(folder):
    """Rows of reading batches from disk over training on them, at both scales."""
    rows = []
    for model, scale, batch, samples in (("mans-9", 50, 40, 4000), ("mans-resnet18", 224, 8, 400)):
        tensors = store.Tensors(write_tensors(folder / f"feed_{scale}.h5", scale, samples))
        with mock.patch.object(store, "BUDGET", 0):
            batches = Batches(tensors.samples(np.arange(samples)), tensors.label, batch, seed=0)

        def read(batches=batches):
            for index in range(batches.steps):
                batches[index]

        reading, step = in_turn(read, stepping(build(model), batch), rounds=5).T
        given, taken = batches.steps * batch / reading, batch / step
        told = f"{np.median(given):,.0f} read and {np.median(taken):,.1f} trained a second; shuffled, page cache warm"
        figure = f"sequences from disk over those trained on, {model}, scale {scale}, batch {batch}"
        rows.append(row(figure, over(given, taken), 10, told, True))
    return rows


def _rate(share, barrier, results):
    """(Sequences a second of MANs-9 at batch 8, cores kept busy) by one process on these cores."""
    os.sched_setaffinity(0, share)
    memory.keep_freed()
    step = stepping(build(), 8)
    barrier.wait()
    start, busy, done = time.perf_counter(), time.process_time(), 0
    while (seconds := time.perf_counter() - start) < 10:
        step()
        done += 8
    results.put((done / seconds, (time.process_time() - busy) / seconds))


def processes():
    """Row of two processes of one core each against one of two."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    context = multiprocessing.get_context("spawn")
    found = {1: [], 2: []}
    for number in (1, 2, 1, 2):
        shares = [{core} for core in cores] if number == 2 else [set(cores)]
        barrier, results = context.Barrier(len(shares)), context.Queue()
        workers = [context.Process(target=_rate, args=(share, barrier, results)) for share in shares]
        for worker in workers:
            worker.start()
        found[number].append(np.sum([results.get(timeout=300) for _ in workers], axis=0))
        for worker in workers:
            worker.join()
    (one, busy), (two, _) = (np.mean(found[number], axis=0) for number in (1, 2))
    told = f"{two:.0f} over {one:.0f} sequences a second; the one process keeps {busy:.2f} cores busy"
    figure = "two processes of one core over one of two, MANs-9, batch 8"
    return row(figure, two / one, 1.4, told, True, applies=len(cores) == 2)


def _classify(path, recording):
    """Median milliseconds of a loaded model for a tensor, and for a raw file."""
    recognizer = Recognizer(path)
    x = recognizer.tensor(recognizer.read(recording))[None]
    return 1e3 * medians(in_turn(lambda: recognizer.scores(x), lambda: recognizer.predict([recording]), rounds=100))


def classifying(folder):
    """Rows of one sequence: a tensor, and a raw file."""
    model = build()
    model.preparation = store.Tensors(write_tensors(folder / "one_50.h5", 50, 1)).preparation()
    model.save(folder / "m.keras", include_optimizer=False)
    path = synthetic.write(folder, synthetic.names()[0])
    tensor, raw = in_process(_classify, folder / "m.keras", path)
    return [
        row("one sequence classified, MANs-9", tensor, 5, "scores and attention", unit=" ms"),
        row("one .skeleton file to its class, MANs-9", raw, 20, f"{path.stat().st_size:,} bytes", unit=" ms"),
    ]


def _updates(path, recording):
    """Updates a second of a stream on one core: a frame in, scores out."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    stream = Stream(Recognizer(path))
    frames = itertools.cycle(stream.recognizer.read(recording))

    def update():
        stream.push(next(frames))
        stream.scores()

    return 1 / float(medians(in_turn(update, rounds=200))[0])


def streaming(folder):
    """Row of online use, after `classifying` has saved its model and recording."""
    updates = in_process(_updates, folder / "m.keras", next(folder.glob("*.skeleton")))
    told = "a frame in, scores of the window out; one core"
    return row("updates a second of a stream, MANs-9", updates, 100, told, True)


def _peak(path, model, batch):
    tensors = store.Tensors(path)
    labels = keras.utils.to_categorical(tensors.label, CLASSES)
    batches = Batches(tensors.samples(np.arange(len(tensors))), labels, batch, seed=0)
    memory.keep_freed()
    build(model).fit(batches.feed(), steps_per_epoch=20, shuffle=False, verbose=0)
    return peak_memory() / 1e9


def peaks(folder):
    """Rows of the memory of a training on as many sequences as NTU RGB+D has. Their tensors take no room on disk."""
    rows = []
    for model, scale, batch in (("mans-9", 50, 40), ("mans-resnet18", 224, 8)):
        path = write_tensors(folder / f"full_{scale}.h5", scale, 1)
        with h5py.File(path, "a") as file:
            file["x"].resize(SEQUENCES, axis=0)
            for name in ("name", *store.COLUMNS):
                value, dtype = file[name][:], file[name].dtype
                del file[name]
                file.create_dataset(name, data=np.repeat(value, SEQUENCES), dtype=dtype)
        peak = in_process(_peak, path, model, batch)
        told = f"peak of the process; the file stands for {SEQUENCES * scale**2 * 12 / 1e9:.1f} GB"
        name = f"memory, {model} training on {SEQUENCES:,} sequences, scale {scale}, batch {batch}"
        rows.append(row(name, peak, 3, told, unit=" GB"))
    return rows


XLA_HEADER = ["network", "step with XLA", "without", "with over without", "first step with XLA", "without", "runs use"]


def xla():
    """Rows below `XLA_HEADER`: how a training step of batch 8 is compiled fastest, a network each."""
    return [in_process(_xla, model) for model in training.MODELS]


def _xla(model):
    memory.keep_freed()
    steppers, first = [], []
    for without in ((), (model,)):
        with mock.patch.object(training, "WITHOUT_XLA", without):
            began = time.perf_counter()
            steppers.append(stepping(build(model), 8))
            first.append(f"{time.perf_counter() - began:.0f} s")
    seconds = in_turn(*steppers, rounds=10 if training.SCALES[model] == 50 else 3)
    steps = [f"{1e3 * median:.0f} ms" for median in medians(seconds)]
    chosen = "no XLA" if model in network.WITHOUT_XLA else "XLA"
    return [model, *steps, f"{over(*seconds.T):.2f}", *first, chosen]


def on_gpu():
    """Header and rows: steps a second of the GPU, and the share of a step that the TARMs take."""
    rows = []
    for model, batch in (("mans-9", 40), ("mans-resnet18", 40), ("mans-densenet161", 40)):
        for precision in ("float32", "mixed_bfloat16"):
            both = [stepping(build(model, precision=precision, tarm=tarm), batch) for tarm in (True, False)]
            whole, alone = in_turn(*both).T
            rows.append([model, precision, batch, f"{1 / np.median(whole):.1f}", f"{1 - over(alone, whole):.0%}"])
    return ["model", "precision", "batch", "steps a second", "of a step in the TARMs"], rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results/benchmark"), metavar="DIR", help="%(default)s/")
    args = parser.parse_args()
    load = os.getloadavg()[0]
    memory.keep_freed()
    multiply, convolve = ceilings()
    product, convolution = np.array([PRODUCT, CONVOLUTION]) / medians(in_turn(multiply, convolve)) / 1e9
    rows = [*steps(8, (1.25, 1.2), convolve), *steps(40, (1.2, 1.15), convolve), first_step(), bfloat16()]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        rows += [*feeding(folder), processes(), *classifying(folder), streaming(folder), *peaks(folder)]
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions().items() if name != "mans_keras")
    title = (
        f"{machine.device()}; {versions}. Ceilings: {product:.0f} GFLOP/s (matrix product), {convolution:.0f} "
        f"(convolution). Load before the start {load:.1f}, at the end {os.getloadavg()[0]:.1f}."
    )
    print("\n" + tables.write_table(args.results, "benchmark", title, HEADER, rows))
    print("\n" + tables.write_table(args.results, "xla", title, XLA_HEADER, xla()))
    if machine.gpu():
        print("\n" + tables.write_table(args.results, "gpu", title, *on_gpu()))
    else:
        print("No GPU here: the same command measures steps a second where there is one.")
    print(f"Written to {args.results}")


if __name__ == "__main__":
    sys.exit(exit_code(main))
