"""Sources -> tensor file: the work of every script in data_prep/."""

import contextlib
import dataclasses
import functools
import multiprocessing
import os
import signal
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from mans_keras.errors import InputError, counted, listed, printable
from mans_keras.skeletons import joint_names
from mans_keras.skeletons.formats.parsed import OTHER_UNIT
from mans_keras.skeletons.sequence import Dropped, Reader
from mans_keras.tensors import store
from mans_keras.tensors.transforms import to_tensor
from mans_keras.tensors.writer import Writer

MAX_REASONS = 20  # of a long list, the others are only counted
BATCH = 16  # sources that go to a process at once
AHEAD = 2  # batches that each process may be ahead of the writer


def keep_freed_memory() -> None:
    """Let this process keep the memory of a file's arrays for the next file's, if glibc is the C library.

    By default glibc returns large blocks to the system and asks for them again, which takes a third of the time. It
    stops to do so for blocks up to the size of the largest that was freed.
    """
    np.empty(16 * 2**20, np.uint8)


def _convert(source, read, **how):
    """(tensor, sequence) of a source, or (None, reason).

    The sequence's joints become (frames, bodies, joints, 1) booleans, true where a joint is present: the coordinates
    need not travel between processes.
    """
    try:
        sequence = read(source)
        for kind in ("label", "subject", "camera"):
            if not -1 <= getattr(sequence, kind) < 2**31:
                raise Dropped(f"its {kind} can't be {str(getattr(sequence, kind))[:20]}")
        present = sequence.joints.any(axis=3, keepdims=True)
        tensor = to_tensor(sequence.joints, **how)
        if not np.isfinite(tensor).all():
            raise Dropped("its tensor would hold values that are not finite")
        return tensor, dataclasses.replace(sequence, joints=present)
    except Dropped as dropped:
        return None, str(dropped)
    except OSError as error:
        return None, f"can't be read: {error.strerror or error}"
    except InputError:
        raise
    except Exception as error:  # no reader should raise it, but then the other recordings are prepared all the same
        return None, f"can't be read ({type(error).__name__}: {error})"


def write_tensors(
    reader: Reader,
    sources: list,
    out: Path | str,
    scale: int,
    layout: str,
    coordinates: str,
    jobs: int = 1,
    splits: Mapping[str, Mapping[str, int]] | None = None,
) -> Path:
    """Read `sources` with the reader, write `<dataset>_<scale>.h5` into the folder `out`, and print a summary.

    splits: those that came with the data, as `writer.Writer` takes them.
    A line says so if the file replaces one of another layout or other coordinates, which has the same name.
    Returns the path. Raises `InputError`, and writes nothing, if reading a source does, or if no sequence is usable.
    """
    path = store.tensor_path(out, reader.dataset, scale)
    if path.is_dir():
        raise InputError(f"{path} is a folder, but the tensor file must have this name: rename the folder")
    settings = {"scale": scale, "layout": layout, "coordinates": coordinates}
    _print_replaced(path, settings)
    convert = functools.partial(_convert, read=reader.read, body=reader.body, **settings)
    keep_freed_memory()
    names = reader.joint_names or joint_names.DATASETS.get(reader.dataset, ())
    described = {"class_names": reader.class_names, "body": reader.body, "joint_names": names}
    writer = Writer(path, dataset=reader.dataset, splits=splits, **described, **settings)
    # the processes end here: when the interpreter ends, it closes their pipes first
    with contextlib.closing(_map(convert, sources, jobs)) as converted, writer:
        console = Console(stderr=True)
        results = track(
            zip(sources, converted, strict=True),
            reader.dataset,
            total=len(sources),
            console=console,
            disable=not console.is_terminal,
        )
        kept = []
        for source, (tensor, outcome) in results:
            if tensor is None:
                writer.drop(reader.name(source), outcome)
            else:
                writer.add(tensor, outcome)
                absent = () if outcome.joints.any(axis=(1, 2, 3)).all() else ("nobody is seen",)
                kept.append(dataclasses.replace(outcome, joints=None, doubts=(*outcome.doubts, *absent)))
        if len(writer.dropped) == len(sources):
            name, reason = writer.dropped[0]
            raise InputError(f"none of {len(sources)} sequences is usable, so {path} was not written; {name}: {reason}")
    _print_summary(path, len(sources), writer, f"coordinates {coordinates}, layout {layout}, {scale} x {scale}")
    _print_left_out(kept)
    return path


def _print_replaced(path, settings):
    if path.exists():
        with contextlib.suppress(InputError):  # what is no tensor file is replaced without a line
            before = vars(store.Tensors(path))
            differing = [f"{name} {before[name]}" for name, value in settings.items() if before[name] != value]
            if differing:
                print(f"replaces {path}, which has {printable(' and '.join(differing))}")


def _map(function, items, jobs):
    """`map`, in `jobs` processes if that is more than one. Raises `InputError` if one of them dies."""
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
        raise InputError(
            "a process that reads recordings died (out of memory?); nothing was written: try fewer --jobs"
        ) from None


def _map_batch(function, items):
    return [function(item) for item in items]


def _start_worker():
    """End this process when its parent ends, even by SIGKILL; leave Ctrl-C to the parent."""
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _print_left_out(sequences):
    others = [sequence for sequence in sequences if sequence.other_bodies]
    if others:
        bodies, frames = (sum(map(count, (s.other_bodies for s in others))) for count in (len, sum))
        names = listed([sequence.name for sequence in others])
        seen = f"{counted(frames, 'frame')} of {counted(len(others), 'sequence')}"
        print(f"  {bodies} other {'body' if bodies == 1 else 'bodies'} left out, seen in {seen}: {names}")
    with_own_unit = [sequence.name for sequence in sequences if OTHER_UNIT in sequence.left_out]
    if with_own_unit:
        files = counted(len(with_own_unit), "file")
        print(f"  --unit was not used for {files} with a unit of their own: {listed(with_own_unit)}")
    holders = defaultdict(list)
    for sequence in sequences:
        if left_out := [part for part in sequence.left_out if part != OTHER_UNIT]:
            holders[", ".join(left_out)].append(sequence.name)
    for left_out, names in list(holders.items())[:MAX_REASONS]:
        print(f"  {left_out}: left out of {counted(len(names), 'sequence')}, {listed(names)}")
    doubted = defaultdict(list)
    for sequence in sequences:
        for doubt in sequence.doubts:
            doubted[doubt].append(sequence.name)
    for doubt, names in list(doubted.items())[:MAX_REASONS]:
        print(f"  in some frames {doubt}: {counted(len(names), 'sequence')}, {listed(names)}")


def _print_summary(path, number, writer, settings):
    lengths, bodies = writer.columns["num_frames"], writer.columns["num_bodies"]
    print(f"{path}: {number} sequences found, {len(lengths)} kept, {len(writer.dropped)} dropped")
    print(f"  {settings}")
    least, median, most = np.percentile(lengths, (0, 50, 100)).astype(int)
    print(f"  frames a sequence: {least} to {most}, median {median}")
    print("  bodies a sequence:", ", ".join(f"{count} in {n}" for count, n in sorted(Counter(bodies).items())))
    reasons = defaultdict(list)
    for name, reason in writer.dropped:
        reasons[reason].append(name)
    for reason, names in list(reasons.items())[:MAX_REASONS]:
        print(f"  {len(names)} dropped ({listed(names)}): {printable(reason)}")
    if others := list(reasons.values())[MAX_REASONS:]:
        print(f"  {sum(map(len, others))} dropped for other reasons, which are in dropped/reason of the file")
