"""The rows of the benchmark: what each figure measures, and the bound that it should reach.

"plain" stands for Keras' own GRU layers instead of `mans_keras.models.recurrence`.
"""

import itertools
import multiprocessing
import os
import time
from pathlib import Path
from unittest import mock

import h5py
import numpy as np
from keras import ops

from experiments.benchmark_networks import batches_of, build, save, stepping, write_tensors
from experiments.table2_architectures import flops
from experiments.timing import in_process, in_turn, medians, over, peak_memory, row
from mans_keras.models import stcm as stcms
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.recognition.stream import Stream
from mans_keras.skeletons import synthetic
from mans_keras.tensors import store
from mans_keras.training import machine, memory
from mans_keras.training.batches import Batches

PRODUCT = 2 * 2048**3
CONVOLUTION = 2 * 40 * 50 * 50 * 9 * 64 * 128
SEQUENCES = 56_000
ON_GPU = (("mans-9", 40), ("mans-resnet18", 40), ("mans-densenet161", 40))  # model, batch


def ceilings():
    """Two functions: a matrix product and a convolution in float32, of `PRODUCT` and `CONVOLUTION` operations."""
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
    """Rows: the step of MANs-9 over that of STCM-9; at batch 40 also the rate of STCM-9 over a convolution's."""
    rows = []
    stcm = build(tarm=False)
    for dropout, bound in zip((0.5, 0.0), bounds, strict=True):
        mans, plain = (build(dropout=dropout, plain=plain) for plain in (False, True))
        seconds = in_turn(*(stepping(model, batch) for model in (stcm, mans, plain)), rounds=320 // batch)
        alone, with_mans, with_plain = seconds.T
        what = f"GRU dropout {dropout}" if dropout else "no GRU dropout"
        details = "STCM-9 {:.0f}, MANs-9 {:.0f}, plain {:.0f} ms; ".format(*1e3 * medians(seconds))
        details += f"plain over STCM-9: {over(with_plain, alone):.2f}"
        figure = f"training step, MANs-9 with {what} over STCM-9, batch {batch}"
        rows.append(row(figure, over(with_mans, alone), bound, details))
    if batch == 40:
        with mock.patch.object(stcms, "_bn_relu", lambda x, name: x):
            bare = build(tarm=False)
        *trained, convolution = in_turn(*(stepping(model, batch) for model in (stcm, bare)), convolve).T
        rate, bare_rate = (3 * batch * flops(stcm) / step_seconds / 1e9 for step_seconds in trained)
        ceiling = CONVOLUTION / convolution / 1e9
        details = f"{np.median(rate):.0f} of {np.median(ceiling):.0f} GFLOP/s, a step counted as three forward passes; "
        details += f"without batch normalisation and ReLU: {over(bare_rate, ceiling):.2f}"
        rows.append(
            row("STCM-9 training, batch 40: rate over a convolution's", over(rate, ceiling), 0.8, details, True)
        )
    return rows


def first_step():
    """Row: building, compiling and the first step."""
    kinds = {"MANs-9": {}, "plain": {"plain": True}, "STCM-9": {"tarm": False}}
    actions = [lambda options=options: stepping(build(**options), 8) for options in kinds.values()]
    seconds = in_turn(*actions, rounds=2)
    details = ", ".join(f"{name} {median:.1f}" for name, median in zip(kinds, medians(seconds), strict=True)) + " s"
    return row("first step (build and compile), MANs-9 over plain", over(*seconds.T[:2]), 0.5, details)


def bfloat16():
    """Row: the step in float32 over that in mixed precision."""
    seconds = in_turn(*(stepping(build(precision=p), 40) for p in ("float32", "mixed_bfloat16")), rounds=5)
    details = "{:.0f} over {:.0f} ms".format(*1e3 * medians(seconds))
    flags = Path("/proc/cpuinfo").read_text()
    applies = bool(machine.gpu()) or "avx512_bf16" in flags or "amx_bf16" in flags
    details += "" if applies else "; this CPU has no bfloat16"
    return row("float32 over mixed_bfloat16, MANs-9, batch 40", over(*seconds.T), 1.4, details, True, applies=applies)


def feeding(folder):
    """Rows: reading batches from disk over training on them, at both scales."""
    rows = []
    for model, scale, batch, samples in (("mans-9", 50, 40, 4000), ("mans-resnet18", 224, 8, 400)):
        tensors = store.Tensors(write_tensors(folder / f"feed_{scale}.h5", scale, samples))
        with mock.patch.object(store, "BUDGET", 0):
            batches = Batches(tensors.samples(np.arange(samples)), tensors.label, batch, seed=0)

        def read(batches=batches):
            for index in range(batches.steps):
                batches[index]

        reading, step = in_turn(read, stepping(build(model), batch), rounds=5).T
        read_rate, trained_rate = batches.steps * batch / reading, batch / step
        rates = f"{np.median(read_rate):,.0f} read and {np.median(trained_rate):,.1f} trained a second"
        details = f"{rates}; shuffled, page cache warm"
        figure = f"sequences from disk over those trained on, {model}, scale {scale}, batch {batch}"
        rows.append(row(figure, over(read_rate, trained_rate), 10, details, True))
    return rows


def _rate(share, barrier, results):
    """Put (sequences per second of MANs-9 at batch 8, busy cores) of one process on these cores into the queue."""
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
    """Row: two processes with one core each over one process with two cores."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    context = multiprocessing.get_context("spawn")
    measured = {1: [], 2: []}
    for number in (1, 2, 1, 2):
        shares = [{core} for core in cores] if number == 2 else [set(cores)]
        barrier, results = context.Barrier(len(shares)), context.Queue()
        workers = [context.Process(target=_rate, args=(share, barrier, results)) for share in shares]
        for worker in workers:
            worker.start()
        measured[number].append(np.sum([results.get(timeout=300) for _ in workers], axis=0))
        for worker in workers:
            worker.join()
    (alone, busy), (together, _) = (np.mean(measured[number], axis=0) for number in (1, 2))
    details = f"{together:.0f} over {alone:.0f} sequences a second; the single process keeps {busy:.2f} cores busy"
    figure = "two processes of one core over one of two, MANs-9, batch 8"
    return row(figure, together / alone, 1.4, details, True, applies=len(cores) == 2)


def _classify(path, recording):
    """Median milliseconds that a loaded model takes for a tensor, and for a raw file."""
    recognizer = Recognizer(path)
    x = recognizer.tensor(recognizer.read(recording))[None]
    return 1e3 * medians(in_turn(lambda: recognizer.scores(x), lambda: recognizer.predict([recording]), rounds=100))


def classifying(folder):
    """Rows: classifying one sequence, as a tensor and as a raw file."""
    path = synthetic.write(folder, synthetic.names()[0])
    tensor, raw = in_process(_classify, save(build(), folder / "m.keras"), path)
    return [
        row("one sequence classified, MANs-9", tensor, 5, "scores and attention", unit=" ms"),
        row("one .skeleton file to its class, MANs-9", raw, 20, f"{path.stat().st_size:,} bytes", unit=" ms"),
    ]


def _updates(path, recording):
    """Updates per second of a stream on one core: a frame in, scores out."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    stream = Stream(Recognizer(path))
    frames = itertools.cycle(stream.recognizer.read(recording))

    def update():
        stream.push(next(frames))
        stream.scores()

    return 1 / float(medians(in_turn(update, rounds=200))[0])


def streaming(folder):
    """Row: updates of a stream. Uses the model and the recording that `classifying` has saved in the folder."""
    updates = in_process(_updates, folder / "m.keras", next(folder.glob("*.skeleton")))
    details = "a frame in, scores of the window out; one core"
    return row("updates a second of a stream, MANs-9", updates, 100, details, True)


def _peak(path, model, batch):
    memory.keep_freed()
    build(model).fit(batches_of(path, batch).feed(), steps_per_epoch=20, shuffle=False, verbose=0)
    return peak_memory() / 1e9


def peaks(folder):
    """Rows: the memory of a training on as many sequences as NTU RGB+D has. The tensor file needs no room on disk."""
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
        details = f"peak of the process; the file stands for {SEQUENCES * scale**2 * 12 / 1e9:.1f} GB"
        name = f"memory, {model} training on {SEQUENCES:,} sequences, scale {scale}, batch {batch}"
        rows.append(row(name, peak, 3, details, unit=" GB"))
    return rows


def on_gpu():
    """Header and rows: steps per second on the GPU, and the share of a step that the TARMs take."""
    rows = []
    for model, batch in ON_GPU:
        for precision in ("float32", "mixed_bfloat16"):
            both = [stepping(build(model, precision=precision, tarm=tarm), batch) for tarm in (True, False)]
            whole, alone = in_turn(*both).T
            rows.append([model, precision, batch, f"{1 / np.median(whole):.1f}", f"{1 - over(alone, whole):.0%}"])
    return ["model", "precision", "batch", "steps a second", "of a step in the TARMs"], rows
