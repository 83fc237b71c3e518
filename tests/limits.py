"""Bounds on the memory and the processor time of a block, which the kernel keeps."""

import contextlib
import resource
import signal
import time
from pathlib import Path

import pytest

MEMORY, SECONDS = 200 * 2**20, 3
STATM = Path("/proc/self/statm")  # Linux
QUIET = 0.08  # seconds: what the work in `slowness` takes on a quiet core, measured on a slow machine


def slowness():
    """How much slower this core is now than a quiet one, at least 1: what else runs on a machine slows each second."""
    start = time.process_time()
    sum(float(text) for text in ["0.12345678"] * 400_000)
    return max(1, (time.process_time() - start) / QUIET)


def used_memory():
    """The bytes of this process's address space, which `RLIMIT_AS` bounds."""
    return int(STATM.read_text().split()[0]) * resource.getpagesize()


@contextlib.contextmanager
def limited(memory=MEMORY, seconds=SECONDS):
    """In this block, this process may take so many bytes more than it has, and so many seconds of processor time.

    Beyond them, an allocation fails with `MemoryError`, and the test fails when the seconds are spent.
    """
    if not STATM.exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    # RLIMIT_CPU counts from the start of the process by a clock of the kernel that no process can read.
    handler = signal.signal(signal.SIGPROF, lambda *_: pytest.fail(f"more than {seconds} s of processor time"))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (used_memory() + memory, before[1]))
        signal.setitimer(signal.ITIMER_PROF, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, before)
        signal.signal(signal.SIGPROF, handler)


@contextlib.contextmanager
def full_disk(room=16):
    """In this block, no file can hold more than `room` bytes, as if the disk became full while it is written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
