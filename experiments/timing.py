"""What the benchmarks share: actions timed in turn, and rows that say whether a figure is met."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

HEADER = ["figure", "to reach", "measured", "met", "from"]
ROUNDS = 15


def in_turn(*actions, rounds=ROUNDS):
    """Seconds (rounds, actions) of actions that take turns; a first round is not counted."""
    seconds = np.zeros((rounds + 1, len(actions)))
    for this in seconds:
        for index, action in enumerate(actions):
            start = time.perf_counter()
            action()
            this[index] = time.perf_counter() - start
    return seconds[1:]


def over(one, other):
    """Median of a ratio, taken round by round: what slows a machine down for a while slows both."""
    return float(np.median(one / other))


def medians(seconds):
    return np.median(seconds, axis=0)


def row(figure, value, bound, told, at_least=False, unit="", applies=True):
    """A row of the table, printed as it is made."""
    met = "met" if (value >= bound if at_least else value <= bound) else "NOT MET"
    wanted = f"{'at least' if at_least else 'at most'} {bound:g}{unit}"
    cells = [figure, wanted, f"{value:.2f}{unit}", met if applies else "does not apply", told]
    print(" | ".join(cells), flush=True)
    return cells


def in_process(function, *arguments):
    """What a function returns in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def peak_memory():
    """Bytes that this process has held at most. Not `getrusage`'s, in which a process begins with its parent's."""
    with open("/proc/self/status") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
