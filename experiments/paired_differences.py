"""Compare the records of two cells of a table, run by run: mean difference and 95 % intervals."""

import re

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
HEADER = ["± over seeds", "± over subjects"]
CAPTION = (
    "A difference is the mean over runs of the same fold and seed; ± is half its 95 % interval (Student's). '± over "
    "seeds' is the randomness of training. '± over subjects', from the mean of each test subject, is that of who was "
    "recorded; it includes the randomness of training only where each subject is tested by a separate training "
    "(`loso`, `cross_actor`): elsewhere, read both together. Of twenty factors without effect, one is expected "
    "to have an interval that excludes 0."
)


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
    """[mean difference in points, ± over seeds, ± over subjects] of a cell to another, e.g. ["+1.20", "2.10", "-"].

    Runs of the same fold and seed are compared. "-" stands where there are none, where there are fewer than two
    subjects or seeds, or where a seed lacks a fold. of: record -> percent.
    """
    compared = pairs(cell, other)
    if not compared:
        return ["-"] * 3
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
    # Rounding and adding 0 turns a mean of -1e-15 into "+0.00", not "-0.00".
    return [f"{round(np.mean(points), 2) + 0.0:+.2f}", _half_interval(whole), _half_interval(subjects.values())]


def _half_interval(groups):
    means = [np.mean(points) for points in groups]
    if len(means) < 2:
        return "-"
    return f"{stats.t.ppf(0.975, len(means) - 1) * stats.sem(means):.2f}"
