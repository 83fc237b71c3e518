"""Sources -> tensor file: what every script in data_prep/ shares."""

import argparse
import contextlib
import dataclasses
import functools
import multiprocessing
import os
import signal
import threading
from collections import Counter, defaultdict, deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
from rich.console import Console
from rich.progress import track

from mans_keras.errors import InputError, listed
from mans_keras.skeletons.sequence import Dropped
from mans_keras.tensors import store
from mans_keras.tensors.transforms import to_tensor
from mans_keras.tensors.writer import Writer

BATCH = 16  # sources that go to a process at once
AHEAD = 2  # batches a process may be ahead of the writer


def positive(text):
    """argparse type: an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def keep_freed_memory():
    """Let this process keep the memory that a file's arrays took for the next file's, where glibc is the C library.

    It hands larger blocks back and asks for them again, a third of the time, until it saw a larger one come and go.
    """
    np.empty(16 * 2**20, np.uint8)


def _convert(source, read, **how):
    """(tensor, sequence) of a source, or (None, reason).

    What is left of the sequence's joints is where there are any: the rest need not travel between processes.
    """
    try:
        sequence = read(source)
        present = sequence.joints.any(axis=3, keepdims=True)
        return to_tensor(sequence.joints, **how), dataclasses.replace(sequence, joints=present)
    except Dropped as dropped:
        return None, str(dropped)
    except OSError as error:
        return None, f"can't be read: {error.strerror or error}"


def write_tensors(reader, sources, out, scale, layout, coordinates, jobs=1):
    """Read `sources` with the `Reader`, write `<dataset>_<scale>.h5` under `out`, and print what became of them.

    Returns the path. Raises `InputError` if a source does, or if no sequence is kept; nothing is written then.
    """
    path = store.tensor_path(out, reader.dataset, scale)
    settings = {"scale": scale, "layout": layout, "coordinates": coordinates}
    convert = functools.partial(_convert, read=reader.read, body=reader.body, **settings)
    keep_freed_memory()
    writer = Writer(path, dataset=reader.dataset, class_names=reader.class_names, body=reader.body, **settings)
    # the processes are closed here, not when the interpreter ends: it would have closed their pipes before
    with contextlib.closing(_map(convert, sources, jobs)) as converted, writer:
        console = Console(stderr=True)
        results = track(
            zip(sources, converted, strict=True),
            reader.dataset,
            total=len(sources),
            console=console,
            disable=not console.is_terminal,
        )
        for source, (tensor, outcome) in results:
            if tensor is None:
                writer.drop(reader.name(source), outcome)
            else:
                writer.add(tensor, outcome)
        if len(writer.dropped) == len(sources):
            name, reason = writer.dropped[0]
            raise InputError(f"none of {len(sources)} sequences is usable, and {path} not written; {name}: {reason}")
    _summary(path, len(sources), writer)
    return path


def _map(function, items, jobs):
    """`map`, in `jobs` processes if there are to be several. Raises `InputError` if one of them dies."""
    if jobs == 1:
        yield from map(function, items)
        return
    running = deque()
    try:
        with ProcessPoolExecutor(jobs, initializer=_start_worker) as pool:
            for first in range(0, len(items), BATCH):
                if len(running) == AHEAD * jobs:
                    yield from running.popleft().result()
                running.append(pool.submit(_map_batch, function, items[first : first + BATCH]))
            while running:
                yield from running.popleft().result()
    except BrokenProcessPool:
        raise InputError("a process that read recordings died (out of memory?); nothing was written") from None


def _map_batch(function, items):
    return [function(item) for item in items]


def _start_worker():
    """Bind this process to the life of the one that started it, which may end by SIGKILL; leave Ctrl-C to that one."""
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _summary(path, found, writer):
    lengths, bodies = writer.columns["num_frames"], writer.columns["num_bodies"]
    print(f"{path}: {found} sequences found, {len(lengths)} kept, {len(writer.dropped)} dropped")
    least, median, most = np.percentile(lengths, (0, 50, 100)).astype(int)
    print(f"  frames a sequence: {least} to {most}, median {median}")
    print("  bodies a sequence:", ", ".join(f"{number} in {n}" for number, n in sorted(Counter(bodies).items())))
    reasons = defaultdict(list)
    for name, reason in writer.dropped:
        reasons[reason].append(name)
    for reason, names in reasons.items():
        print(f"  {len(names)} dropped, {reason}: {listed(names)}")
