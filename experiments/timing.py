"""What the benchmarks share: timing actions in turn, and rows that say whether a bound is met."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

HEADER = ["figure", "to reach", "measured", "met", "from"]
ROUNDS = 15


def in_turn(*actions, rounds=ROUNDS, clock=time.perf_counter):
    """Seconds (rounds, actions) of actions that take turns; one more round comes first and is not counted."""
    seconds = np.zeros((rounds + 1, len(actions)))
    for of_round in seconds:
        for index, action in enumerate(actions):
            start = clock()
            action()
            of_round[index] = clock() - start
    return seconds[1:]


def over(numerator, denominator):
    """Median of the ratios of all rounds: what slows a machine down for a while slows both sides of a ratio."""
    return float(np.median(numerator / denominator))


def medians(seconds):
    """The median of each action, from the result of `in_turn`."""
    return np.median(seconds, axis=0)


def row(figure, value, bound, details, at_least=False, unit="", applies=True):
    """A row of the table below `HEADER`; it is printed, too.

    at_least: whether the bound is the least value, not the greatest; applies: whether this machine can reach it at all.
    """
    met = "met" if (value >= bound if at_least else value <= bound) else "NOT MET"
    goal = f"{'at least' if at_least else 'at most'} {bound:g}{unit}"
    cells = [figure, goal, f"{value:.2f}{unit}", met if applies else "does not apply", details]
    print(" | ".join(cells), flush=True)
    return cells


def not_measured(figure, bound, reason):
    """A row of a figure, at most `bound`, that this machine lacks something for."""
    return [figure, f"at most {bound:g}", "-", "not measured", reason]


def in_process(function, *arguments):
    """Call a function in a fresh process; returns its result."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def peak_memory():
    """The most memory that this process has held, in bytes. (`getrusage` would start at the parent's peak.)"""
    with open("/proc/self/status") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
