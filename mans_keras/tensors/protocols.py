"""Evaluation protocols: a tensor file -> folds, each with a training and a test set.

A protocol is a function of a `store.Tensors`, or of anything with its columns, that returns a list of folds.
"""

import functools
import hashlib
import importlib.resources
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mans_keras.errors import InputError, listed
from mans_keras.skeletons import hdm05
from mans_keras.skeletons.sequence import Dropped

# Shahroudy et al., CVPR 2016.
NTU_TRAINING_SUBJECTS = (1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38)
NTU_TRAINING_CAMERAS = (2, 3)
# Liu et al., TPAMI 2019.
NTU_120_TRAINING_SUBJECTS = (
    *NTU_TRAINING_SUBJECTS,
    *(45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86),
    *(89, 91, 92, 93, 94, 95, 97, 98, 100, 103),
)
# The usual splits of NW-UCLA and UTD-MHAD.
NW_UCLA_TRAINING_VIEWS = (1, 2)
UTD_MHAD_TRAINING_SUBJECTS = (1, 3, 5, 7)


@dataclass(frozen=True)
class Fold:
    """One training of a protocol: train and test hold indices (n,) into the tensor file."""

    name: str
    train: np.ndarray
    test: np.ndarray


def _fold(name, is_train):
    return Fold(name, np.flatnonzero(is_train), np.flatnonzero(~is_train))


def loocv(tensors):
    """Leave one sequence out: the paper's protocol on UT-Kinect, as many folds as sequences."""
    digits = len(str(len(tensors) - 1))
    everything = np.arange(len(tensors))
    return [_fold(f"loocv-{index:0{digits}}", everything != index) for index in everything]


def _check_subjects(tensors, protocol):
    if len(unknown := tensors.name[tensors.subject < 0]):
        missing = f"{len(unknown)} of {len(tensors)} have none: {listed(unknown)}"
        raise InputError(f"{tensors.path}: {protocol} needs the subject of every sequence; {missing}")


def loso(tensors):
    """Leave one subject out: as many folds as subjects. Raises `InputError` if a sequence has no subject."""
    _check_subjects(tensors, "loso")
    return _loso_among(tensors, "loso", tensors.subject >= 0)


def loso_odd(tensors):
    """`loso` among the subjects with odd numbers: to choose settings before tests on the others."""
    return _loso_among(tensors, "loso_odd", tensors.subject % 2 == 1)


def loso_even(tensors):
    """`loso` among the subjects with even numbers: to choose settings before tests on the others."""
    return _loso_among(tensors, "loso_even", tensors.subject % 2 == 0)


def _loso_among(tensors, name, among):
    return [
        Fold(
            f"{name}-s{subject:02}",
            np.flatnonzero(among & (tensors.subject != subject)),
            np.flatnonzero(tensors.subject == subject),
        )
        for subject in np.unique(tensors.subject[among])
    ]


def odd_even(tensors):
    """Subjects with odd numbers train, those with even numbers test: one fold."""
    return [_fold("odd_even", tensors.subject % 2 == 1)]


def own_odd_even(tensors):
    """`odd_even` of your own recordings. Raises `InputError` if a sequence has no subject."""
    _check_subjects(tensors, "odd_even")
    return odd_even(tensors)


def cross_subject(tensors):
    """NTU RGB+D: 20 of the 40 subjects train: one fold."""
    return [_fold("cross_subject", np.isin(tensors.subject, NTU_TRAINING_SUBJECTS))]


def cross_view(tensors):
    """NTU RGB+D: cameras 2 and 3 train, camera 1 tests: one fold."""
    return [_fold("cross_view", np.isin(tensors.camera, NTU_TRAINING_CAMERAS))]


def ntu_120_cross_subject(tensors):
    """NTU RGB+D 120: 53 of the 106 subjects train: one fold."""
    return [_fold("cross_subject", np.isin(tensors.subject, NTU_120_TRAINING_SUBJECTS))]


def cross_setup(tensors):
    """NTU RGB+D 120: setups with even numbers train, those with odd numbers test: one fold.

    Raises `InputError` for a sequence whose name does not begin with its setup, as `S001` does.
    """
    for name in tensors.name:
        if not re.match(r"S\d{3}C", name):
            raise InputError(f"{tensors.path}: {name} does not begin with its setup, such as S001")
    return [_fold("cross_setup", np.array([int(name[1:4]) % 2 == 0 for name in tensors.name]))]


def nw_ucla_cross_view(tensors):
    """NW-UCLA: views 1 and 2 train, view 3 tests: one fold."""
    return [_fold("cross_view", np.isin(tensors.camera, NW_UCLA_TRAINING_VIEWS))]


def utd_mhad_cross_subject(tensors):
    """UTD-MHAD: subjects 1, 3, 5 and 7 train, the others test: one fold."""
    return [_fold("cross_subject", np.isin(tensors.subject, UTD_MHAD_TRAINING_SUBJECTS))]


def _split(name):
    """The lines of a file with a split, without its comments."""
    text = importlib.resources.files("mans_keras.tensors").joinpath("splits", name).read_text()
    return [line for line in text.splitlines() if not line.startswith("#")]


def hdm05_kfold(tensors):
    """HDM05: ten folds, stratified by its 130 classes; those of a class do not depend on the other classes.

    Raises `InputError` for a sequence whose name is not HDM05's.
    """
    digits = dict(line.split() for line in _split("hdm05_folds.txt"))
    fold, seen = np.empty(len(tensors), int), defaultdict(int)
    for index in np.argsort(tensors.name):
        try:
            _, action = hdm05.parse_name(tensors.name[index])
        except Dropped as reason:
            raise InputError(f"{tensors.path}: {tensors.name[index]}: {reason}") from None
        fold[index] = int(digits[action][seen[action] % len(digits[action])])
        seen[action] += 1
    return [_fold(f"kfold-{number}", fold != number) for number in range(10)]


def cross_actor(tensors):
    """HDM05: leave one actor out: as many folds as actors."""
    return [_fold(f"cross_actor-{actor}", tensors.subject != actor) for actor in np.unique(tensors.subject)]


def sysu_3d_halves(tensors):
    """SYSU-3D: 30 ways to halve the subjects, one half trains: 30 folds."""
    halves = [[int(subject) for subject in line.split()] for line in _split("sysu_3d_halves.txt")]
    return [_fold(f"halves-{number:02}", np.isin(tensors.subject, half)) for number, half in enumerate(halves)]


def _by_class(tensors):
    """The indices of each class that has sequences, in an order that depends only on the names."""
    digests = np.array([hashlib.sha256(name.encode()).hexdigest() for name in tensors.name])
    order = np.argsort(digests, kind="stable")
    return [order[tensors.label[order] == label] for label in np.unique(tensors.label)]


def own_kfold(tensors):
    """Ten folds, or as many as the smallest class has sequences; each tests the same share of every class.

    Raises `InputError` if a class has a single sequence.
    """
    classes = _by_class(tensors)
    number = min(10, *map(len, classes))
    if number < 2:
        raise InputError(f"{tensors.path}: kfold needs at least two sequences of every class")
    # Dealt class after class without a break, so that the sizes of the folds differ by at most one.
    dealt = np.concatenate(classes)
    fold_of = np.empty(len(tensors), int)
    fold_of[dealt] = np.arange(len(dealt)) % number
    return [_fold(f"kfold-{fold}", fold_of != fold) for fold in range(number)]


def own_holdout(tensors):
    """70 % of each class train and 30 % test: one fold. A class with only one sequence trains."""
    is_train = np.ones(len(tensors), bool)
    for indices in _by_class(tensors):
        is_train[indices[: (3 * len(indices) + 5) // 10]] = False
    return [_fold("holdout", is_train)]


ALL = "all"


def everything(tensors) -> Fold:
    """All sequences train and none tests: for a model to use, after the same training was tested on a fold.

    Raises `InputError` if a split that came with the data has the name of this protocol.
    """
    if ALL in tensors.splits:
        raise InputError(f"{tensors.path} has a split named {ALL!r}, which is the name for training on everything")
    return Fold(ALL, np.arange(len(tensors)), np.arange(0))


# The paper's protocols come first; the paper has neither NW-UCLA nor UTD-MHAD.
PROTOCOLS = {
    "ntu_rgbd": {"cross_subject": cross_subject, "cross_view": cross_view},
    "ntu_rgbd_120": {"cross_subject": ntu_120_cross_subject, "cross_setup": cross_setup},
    # odd_even, too, so that a command for UT-Kinect can be tried without any data.
    "synthetic": {"cross_subject": cross_subject, "cross_view": cross_view, "odd_even": odd_even},
    "hdm05": {"kfold": hdm05_kfold, "cross_actor": cross_actor},
    "sysu_3d": {"halves": sysu_3d_halves},
    "ut_kinect": {
        "loocv": loocv,
        "loso": loso,
        "odd_even": odd_even,
        "loso_odd": loso_odd,
        "loso_even": loso_even,
    },
    "nw_ucla": {"cross_view": nw_ucla_cross_view, "loso": loso},
    "utd_mhad": {"cross_subject": utd_mhad_cross_subject, "loso": loso},
}
# These use half of the subjects: settings are chosen with them, no result comes from them.
FOR_CHOOSING = ("loso_odd", "loso_even")
PAPER_PROTOCOLS = {
    "ntu_rgbd": ("cross_subject", "cross_view"),
    "synthetic": ("cross_subject", "cross_view"),
    "hdm05": ("kfold",),
    "sysu_3d": ("halves",),
    "ut_kinect": ("loocv",),
}
# Of a data set of your own; the first is the default.
OWN_PROTOCOLS = {"holdout": own_holdout, "kfold": own_kfold, "loso": loso, "odd_even": own_odd_even}


def of_dataset(dataset: str) -> dict[str, Callable]:
    """The protocols of a data set: {name: function}."""
    return PROTOCOLS.get(dataset, OWN_PROTOCOLS)


def of_tensors(tensors) -> dict[str, Callable]:
    """The protocols of a tensor file: those of its data set, and the splits that came with the data.

    A split of the file counts before a protocol of the same name.
    """
    return of_dataset(tensors.dataset) | {
        name: functools.partial(_came_with_the_data, name=name) for name in tensors.splits
    }


def _came_with_the_data(tensors, name):
    split = tensors.splits[name]
    return [Fold(name, np.flatnonzero(split == 1), np.flatnonzero(split == 0))]


def defaults(dataset: str) -> tuple[str, ...]:
    """The names of the protocols that run by default: the paper's, or else the first."""
    return PAPER_PROTOCOLS.get(dataset, tuple(of_dataset(dataset))[:1])


def folds(tensors, protocol: str) -> list[Fold]:
    """The folds of a protocol by name.

    Raises `InputError` if the data set has no such protocol, or if a fold has no sequence to train or none to test.
    """
    known = of_tensors(tensors)
    if protocol not in known:
        raise InputError(f"{tensors.dataset} has no protocol {protocol!r}: its protocols are {', '.join(known)}")
    result = known[protocol](tensors)
    for fold in result:
        if not len(fold.train) or not len(fold.test):
            empty = "test" if len(fold.train) else "train"
            raise InputError(f"{tensors.path}: fold {fold.name} has no sequence to {empty}")
    return result
