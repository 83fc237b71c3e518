"""What effects.py and attention_gain.py share: one cell's records against another's, run by run."""

import re

import numpy as np
from scipy import stats

# Where the name of a sequence tells its subject.
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
    "A difference is the mean over runs of the same fold and seed; ± is half its 95 % interval (Student's). Over seeds "
    "it knows of chance in training; over subjects, by each test subject's mean, of chance in who was recorded, and of "
    "that in training only if each subject is tested by a training of its own (`loso`, `cross_actor`): elsewhere it "
    "says little without the other. Of twenty factors without effect, one has an interval without 0 in it."
)


def accuracy(record):
    """Test accuracy at the last epoch, in percent."""
    return 100 * record["last_epoch_test_accuracy"]


def by_subject(record):
    """{subject: the record with the test sequences of this subject alone}; {} where names do not tell subjects."""
    if record["dataset"] not in SUBJECT:
        return {}
    predictions = record["predictions"]
    subjects = np.array([re.search(SUBJECT[record["dataset"]], name)[0] for name in predictions["name"]])
    found = {}
    for subject in np.unique(subjects):
        theirs = {name: np.array(values)[subjects == subject] for name, values in predictions.items()}
        right = np.mean(theirs["true"] == theirs["predicted"])
        found[str(subject)] = {**record, "predictions": theirs, "last_epoch_test_accuracy": right}
    return found


def pairs(cell, other):
    """Each of a cell's records with the other cell's of the same fold and seed, where there is one."""
    others = {(record["fold"], record["seed"]): record for record in other}
    return [(ours, others[run]) for ours in cell if (run := (ours["fold"], ours["seed"])) in others]


def difference(cell, other, of=accuracy):
    """[by how many points a cell's runs are above the other's, ± over seeds, ± over subjects]: ["+1.2", "2.1", "-"].

    Runs of the same fold and seed are compared. "-": there are none, or fewer than two subjects or seeds, or one of the
    seeds lacks a fold. of: record -> percent.
    """
    compared = pairs(cell, other)
    if not compared:
        return ["-"] * 3
    points, seeds, subjects = [], {}, {}
    for ours, theirs in compared:
        points.append(of(ours) - of(theirs))
        seeds.setdefault(ours["seed"], []).append(points[-1])
        parts = by_subject(theirs)
        for subject, part in by_subject(ours).items():
            subjects.setdefault(subject, []).append(of(part) - of(parts[subject]))
    folds = len({ours["fold"] for ours, _ in compared})
    whole = seeds.values() if all(len(points) == folds for points in seeds.values()) else ()
    # rounded and 0 added: a mean of -1e-15 is no "-0.00"
    return [f"{round(np.mean(points), 2) + 0.0:+.2f}", _half_interval(whole), _half_interval(subjects.values())]


def _half_interval(groups):
    means = [np.mean(points) for points in groups]
    if len(means) < 2:
        return "-"
    return f"{stats.t.ppf(0.975, len(means) - 1) * stats.sem(means):.2f}"
