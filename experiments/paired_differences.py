"""Compare the records of two cells of a table, run by run: mean difference and 95 % intervals."""

import re
from typing import NamedTuple

import numpy as np
from scipy import stats

# The part of a sequence's name that identifies its subject.
SUBJECT = {
    "ut_kinect": r"^s\d+",
    "hdm05": r"(?<=HDM_)[a-z]+",
    "sysu_3d": r"^\d+",
    "ntu_rgbd": r"(?<=P)\d+",
    "synthetic": r"(?<=P)\d+",
    "nw_ucla": r"(?<=_s)\d+",
    "utd_mhad": r"(?<=_s)\d+",
}
HEADER = ["± over seeds", "mean of subjects"]
CAPTION = (
    "A difference is the mean over runs of the same fold and seed; ± is half its 95 % interval (Student's). '± over "
    "seeds' is the randomness of training. The mean of subjects counts each test subject alike, however many sequences "
    "it has; its ± is that of who was recorded, and includes the randomness of training only where each subject is "
    "tested by a separate training (`loso`, `cross_actor`): elsewhere, read both together. Of twenty factors without "
    "effect, one is expected to have an interval that excludes 0."
)


class Difference(NamedTuple):
    """Points of accuracy by which a cell is above another, and half their 95 % intervals; NaN for what there is not."""

    points: float  # the mean over the runs
    over_seeds: float
    of_subjects: float  # the mean of the test subjects, each with the same weight
    over_subjects: float

    def cells(self) -> list[str]:
        """Three cells of a table, e.g. ["+1.20", "2.10", "+1.10 ± 0.90"]; "-" for what there is not."""
        seeds = "-" if np.isnan(self.over_seeds) else f"{self.over_seeds:.2f}"
        return ["-" if np.isnan(self.points) else _signed(self.points), seeds, self.over_people]

    @property
    def over_people(self) -> str:
        """The mean of the subjects with its interval, e.g. "+1.10 ± 0.90"; "-" for fewer than two subjects."""
        if np.isnan(self.over_subjects):
            return "-"
        return f"{_signed(self.of_subjects)} ± {self.over_subjects:.2f}"


def accuracy(record):
    """Test accuracy at the last epoch, in percent."""
    return 100 * record["last_epoch_test_accuracy"]


def by_subject(record):
    """{subject: the record, reduced to the subject's test sequences}; {} if the names do not identify subjects."""
    if record["dataset"] not in SUBJECT:
        return {}
    predictions = record["predictions"]
    matches = [re.search(SUBJECT[record["dataset"]], name) for name in predictions["name"]]
    if not all(matches):
        return {}
    subjects = np.array([match[0] for match in matches])
    parts = {}
    for subject in np.unique(subjects):
        of_subject = {name: np.array(values)[subjects == subject] for name, values in predictions.items()}
        right = np.mean(of_subject["true"] == of_subject["predicted"])
        parts[str(subject)] = {**record, "predictions": of_subject, "last_epoch_test_accuracy": right}
    return parts


def pairs(cell, other):
    """(record, its counterpart of the same fold and seed in the other cell), for all records that have one."""
    others = {(record["fold"], record["seed"]): record for record in other}
    return [(record, others[run]) for record in cell if (run := (record["fold"], record["seed"])) in others]


def difference(cell, other, of=accuracy):
    """How far a cell is above another, a `Difference`; all of it is NaN if no runs have the same fold and seed.

    The interval over seeds is NaN if a seed lacks a fold. of: record -> percent.
    """
    compared = pairs(cell, other)
    points, seeds, subjects = [], {}, {}
    for record, counterpart in compared:
        points.append(of(record) - of(counterpart))
        seeds.setdefault(record["seed"], []).append(points[-1])
        counterparts = by_subject(counterpart)
        for subject, part in by_subject(record).items():
            if subject in counterparts:
                subjects.setdefault(subject, []).append(of(part) - of(counterparts[subject]))
    folds = len({record["fold"] for record, _ in compared})
    whole = seeds.values() if all(len(points) == folds for points in seeds.values()) else ()
    of_subjects = [np.mean(points) for points in subjects.values()]
    return Difference(
        _mean(points),
        _half_interval([np.mean(points) for points in whole]),
        _mean(of_subjects),
        _half_interval(of_subjects),
    )


def _mean(values):
    return float(np.mean(values)) if values else np.nan


def _half_interval(means):
    return float(stats.t.ppf(0.975, len(means) - 1) * stats.sem(means)) if len(means) > 1 else np.nan


def _signed(value):
    # Rounding and adding 0 turns a mean of -1e-15 into "+0.00", not "-0.00".
    return f"{round(value, 2) + 0.0:+.2f}"
