import numpy as np
import pytest
from helpers import tensor_file

from mans_keras.errors import InputError
from mans_keras.skeletons.sequence import DATASETS
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors


def test_every_known_data_set_has_protocols_and_a_default_among_them():
    assert set(protocols.PROTOCOLS) == set(DATASETS)
    assert all(set(protocols.defaults(dataset)) <= set(protocols.of_dataset(dataset)) for dataset in DATASETS)


@pytest.fixture
def ut_kinect(tmp_path):
    return Tensors(tensor_file(tmp_path / "ut_kinect_50.h5"))


@pytest.fixture
def ntu(tmp_path):
    return Tensors(tensor_file(tmp_path / "ntu.h5", "ntu_rgbd", subjects=(1, 3, 35, 40), cameras=(1, 2, 3)))


@pytest.mark.parametrize("name", ("loocv", "loso", "odd_even"))
def test_every_fold_of_ut_kinect_has_each_sequence_on_one_side(ut_kinect, name):
    for fold in protocols.folds(ut_kinect, name):
        np.testing.assert_array_equal(np.sort(np.concatenate([fold.train, fold.test])), np.arange(24))


def test_loocv_tests_every_sequence_once(ut_kinect):
    folds = protocols.folds(ut_kinect, "loocv")
    assert [fold.test.tolist() for fold in folds] == [[index] for index in range(24)]
    assert len({fold.name for fold in folds}) == 24


def test_loso_tests_one_subject_a_fold(ut_kinect):
    folds = protocols.folds(ut_kinect, "loso")
    assert [set(ut_kinect.subject[fold.test]) for fold in folds] == [{1}, {2}, {3}, {4}]
    assert folds[0].name == "loso-s01"


@pytest.mark.parametrize(("protocol", "subjects"), [("loso_odd", [1, 3]), ("loso_even", [2, 4])])
def test_settings_are_chosen_among_half_of_the_subjects(ut_kinect, protocol, subjects):
    folds = protocols.folds(ut_kinect, protocol)
    assert [set(ut_kinect.subject[fold.test]) for fold in folds] == [{subject} for subject in subjects]
    assert [set(ut_kinect.subject[fold.train]) for fold in folds] == [{subject} for subject in reversed(subjects)]


@pytest.mark.parametrize("dataset", ["ut_kinect", "synthetic"])
def test_odd_subjects_train_and_even_ones_test(tmp_path, dataset):
    tensors = Tensors(tensor_file(tmp_path / f"{dataset}_50.h5", dataset))
    (fold,) = protocols.folds(tensors, "odd_even")
    assert set(tensors.subject[fold.train]) == {1, 3}
    assert set(tensors.subject[fold.test]) == {2, 4}


def test_cross_subject_and_cross_view_are_ntus(ntu):
    (subject,) = protocols.folds(ntu, "cross_subject")
    (view,) = protocols.folds(ntu, "cross_view")
    assert set(ntu.subject[subject.train]) == {1, 35} and set(ntu.subject[subject.test]) == {3, 40}
    assert set(ntu.camera[view.train]) == {2, 3} and set(ntu.camera[view.test]) == {1}


@pytest.fixture
def own(tmp_path):
    return Tensors(tensor_file(tmp_path / "own.h5", "moves", subjects=(1, 2, 3, 4)))


def test_a_data_set_of_your_own_has_four_protocols(own):
    with pytest.raises(
        InputError, match="moves has no protocol 'loocv': its protocols are holdout, kfold, loso, odd_even"
    ):
        protocols.folds(own, "loocv")
    assert protocols.defaults("moves") == ("holdout",) and protocols.defaults("ut_kinect") == ("loocv",)


def test_holdout_keeps_seven_tenths_of_each_class_for_training(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "own.h5", "moves", subjects=range(10), repetitions=1))
    (fold,) = protocols.folds(tensors, "holdout")
    assert np.bincount(tensors.label[fold.train]).tolist() == [7, 7, 7]
    assert np.bincount(tensors.label[fold.test]).tolist() == [3, 3, 3]


def test_kfold_tests_every_sequence_once_and_every_class_in_each_fold(own):
    folds = protocols.folds(own, "kfold")
    assert [fold.name for fold in folds] == [f"kfold-{number}" for number in range(8)]
    np.testing.assert_array_equal(np.sort(np.concatenate([fold.test for fold in folds])), np.arange(24))
    for fold in folds:
        assert sorted(own.label[fold.test]) == [0, 1, 2]
        assert not set(fold.train) & set(fold.test)


def test_kfold_has_at_most_ten_folds(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "own.h5", "moves", subjects=range(12), repetitions=1))
    assert sorted(len(fold.test) for fold in protocols.folds(tensors, "kfold")) == [3] * 4 + [4] * 6


@pytest.mark.parametrize("protocol", ["holdout", "kfold"])
def test_only_names_and_labels_decide_the_folds(own, tmp_path, protocol):
    other = Tensors(tensor_file(tmp_path / "o.h5", "moves", subjects=(4, 3, 2, 1), seed=1))
    one, two = (
        [set(tensors.name[fold.test]) for fold in protocols.folds(tensors, protocol)] for tensors in (own, other)
    )
    assert one == two


def test_a_holdout_stays_what_it_was(own):
    (fold,) = protocols.folds(own, "holdout")
    assert own.name[fold.test].tolist() == [
        "s01_c-1_e0_standUp",
        "s02_c-1_e1_walk",
        "s02_c-1_e1_sitDown",
        "s03_c-1_e0_walk",
        "s03_c-1_e1_sitDown",
        "s04_c-1_e1_standUp",
    ]


def test_a_class_of_one_sequence_has_no_kfold(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "own.h5", "moves", subjects=(1,), repetitions=1))
    with pytest.raises(InputError, match="two sequences of every class"):
        protocols.folds(tensors, "kfold")


@pytest.mark.parametrize("protocol", ["loso", "odd_even"])
def test_sequences_that_have_no_subject_are_named(tmp_path, protocol):
    tensors = Tensors(tensor_file(tmp_path / "own.h5", "moves", subjects=(-1, 2)))
    with pytest.raises(InputError, match=protocol + r" needs .* 6 of 12 have none: (s-1_[^,]+, ){5}\.\.\.$"):
        protocols.folds(tensors, protocol)


def test_an_unknown_protocol_names_the_known_ones(ut_kinect):
    with pytest.raises(InputError, match="no protocol 'cross_view': its protocols are loocv, loso, odd_even"):
        protocols.folds(ut_kinect, "cross_view")


def test_a_fold_with_an_empty_side_is_refused(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "t.h5", subjects=(2, 4)))
    with pytest.raises(InputError, match="odd_even has no sequence to train"):
        protocols.folds(tensors, "odd_even")
