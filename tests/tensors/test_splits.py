"""Splits that are files: HDM05's folds, SYSU-3D's halvings; and the runs of Table 4 that use them."""

import sys

import numpy as np
import pytest
from helpers import standing_body
from test_reports import record

from experiments import common, table4_ablation
from mans_keras.errors import InputError
from mans_keras.skeletons import hdm05, sysu_3d
from mans_keras.skeletons.sequence import Sequence
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors
from mans_keras.tensors.writer import Writer


def tensors(folder, dataset, class_names, samples):
    """A tensor file of zeros; samples: (name, label, subject) each."""
    path = folder / f"{dataset}_50.h5"
    settings = {"class_names": class_names, "scale": 50, "layout": "resize", "coordinates": "body"}
    with Writer(path, dataset=dataset, **settings) as writer:
        for name, label, subject in samples:
            writer.add(np.zeros((50, 50, 3)), Sequence(name, standing_body()[:, None], label, subject))
    return Tensors(path)


def hdm05_tensors(folder, actions=("squat1Reps", "clap1Reps", "clap5Reps"), repetitions=5):
    samples = [
        (f"HDM_{actor}_{action}_{repetition:03}_120", label, subject)
        for label, action in enumerate(actions)
        for subject, actor in enumerate(hdm05.ACTORS, start=1)
        for repetition in range(repetitions)
    ]
    return tensors(folder, "hdm05", actions, samples)


def sysu_3d_tensors(folder, subjects=range(1, 41)):
    samples = [(f"{subject}_video{video}", video - 1, subject) for subject in subjects for video in (1, 12)]
    return tensors(folder, "sysu_3d", sysu_3d.CLASS_NAMES, samples)


def test_each_class_of_hdm05_has_its_digits():
    digits = dict(line.split() for line in protocols._split("hdm05_folds.txt"))
    assert set(digits) == set(hdm05.MERGED)
    for row in digits.values():
        assert [sorted(row[at : at + 10]) for at in range(0, 100, 10)] == [list("0123456789")] * 10


def test_ten_folds_test_every_sequence_once_and_every_class_equally(tmp_path):
    data = hdm05_tensors(tmp_path)
    folds = protocols.folds(data, "kfold")
    assert [fold.name for fold in folds] == [f"kfold-{number}" for number in range(10)]
    np.testing.assert_array_equal(np.sort(np.concatenate([fold.test for fold in folds])), np.arange(75))
    for fold in folds:
        assert not set(fold.train) & set(fold.test) and len(fold.train) + len(fold.test) == 75
        assert set(np.bincount(data.label[fold.test], minlength=3)) <= {2, 3}


def test_a_class_has_the_same_folds_whichever_other_classes_there_are(tmp_path):
    tested = []
    for number, actions in enumerate([("squat1Reps", "clap1Reps"), ("cartwheelLHandStart1Reps", "clap1Reps")]):
        (tmp_path / str(number)).mkdir()
        data = hdm05_tensors(tmp_path / str(number), actions)
        folds = protocols.folds(data, "kfold")
        tested.append([[name for name in data.name[fold.test] if "clap" in name] for fold in folds])
    assert tested[0] == tested[1]


def test_folds_do_not_depend_on_the_order_in_the_file(tmp_path):
    names = hdm05_tensors(tmp_path).name
    shuffled = tensors(tmp_path, "hdm05", ["all"], [(name, 0, 1) for name in names[::-1]])
    straight = tensors(tmp_path / "straight", "hdm05", ["all"], [(name, 0, 1) for name in names])
    for one, other in zip(protocols.folds(shuffled, "kfold"), protocols.folds(straight, "kfold"), strict=True):
        assert set(shuffled.name[one.test]) == set(straight.name[other.test])


def test_a_name_that_is_not_hdm05s_is_named(tmp_path):
    with pytest.raises(InputError, match=r"hdm05_50\.h5: dance_01: its name is not"):
        protocols.folds(tensors(tmp_path, "hdm05", ["dance"], [("dance_01", 0, 1)]), "kfold")


def test_cross_actor_tests_one_actor_a_fold(tmp_path):
    data = hdm05_tensors(tmp_path)
    folds = protocols.folds(data, "cross_actor")
    assert [fold.name for fold in folds] == [f"cross_actor-{actor}" for actor in range(1, 6)]
    assert [set(data.subject[fold.test]) for fold in folds] == [{1}, {2}, {3}, {4}, {5}]
    assert all(len(fold.train) == 60 for fold in folds)


def test_30_halvings_of_the_subjects(tmp_path):
    data = sysu_3d_tensors(tmp_path)
    folds = protocols.folds(data, "halves")
    assert len({tuple(fold.train) for fold in folds}) == len({fold.name for fold in folds}) == 30
    for fold in folds:
        train, test = set(data.subject[fold.train]), set(data.subject[fold.test])
        assert len(train) == len(test) == 20 and train | test == set(range(1, 41))


def test_too_few_subjects_to_halve_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"fold halves-\d\d has no sequence to (train|test)"):
        protocols.folds(sysu_3d_tensors(tmp_path, subjects=(1, 2)), "halves")


@pytest.mark.parametrize(("make", "batch", "folds"), [(hdm05_tensors, 20, 10), (sysu_3d_tensors, 8, 30)])
def test_table4_plans_the_papers_protocol(tmp_path, monkeypatch, make, batch, folds):
    data = make(tmp_path)
    planned = []
    monkeypatch.setattr("mans_keras.training.runs.execute", lambda runs, *_, **__: planned.extend(runs))
    monkeypatch.setattr(common, "show_table", lambda *_: None)
    arguments = ["table4", "--dataset", data.dataset, "--data", str(tmp_path), "--results", str(tmp_path / "results")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as end:
        table4_ablation.main()
    assert end.value.code == 0
    assert len(planned) == 4 * folds and len({(run.variant, run.fold.name) for run in planned}) == 4 * folds
    assert {(run.protocol, run.batch) for run in planned} == {(protocols.PAPER_PROTOCOLS[data.dataset][0], batch)}


@pytest.mark.parametrize(("classes", "is_smaller"), [(11, True), (65, False), (130, True)])
def test_table4_says_how_many_classes_of_hdm05_there_were(classes, is_smaller):
    made = record("mans-9", "kfold", dataset="hdm05", class_names=["c"] * classes)
    title, *_ = table4_ablation.table([made])
    assert (f"{classes} classes, where the paper has 65" in title) == is_smaller
