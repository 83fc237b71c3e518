import numpy as np
import pytest
from helpers import tensor_file

from mans_keras import protocols
from mans_keras.errors import InputError
from mans_keras.store import Tensors


@pytest.fixture
def ut_kinect(tmp_path):
    return Tensors(tensor_file(tmp_path / "ut_kinect_50.h5"))


@pytest.fixture
def ntu(tmp_path):
    return Tensors(tensor_file(tmp_path / "ntu.h5", "ntu_rgbd", subjects=(1, 3, 35, 40), cameras=(1, 2, 3)))


@pytest.mark.parametrize("name", protocols.PROTOCOLS["ut_kinect"])
def test_the_folds_of_ut_kinect_part_the_sequences(ut_kinect, name):
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


def test_odd_subjects_train_and_even_ones_test(ut_kinect):
    (fold,) = protocols.folds(ut_kinect, "odd_even")
    assert set(ut_kinect.subject[fold.train]) == {1, 3}
    assert set(ut_kinect.subject[fold.test]) == {2, 4}


def test_cross_subject_and_cross_view_are_ntus(ntu):
    (subject,) = protocols.folds(ntu, "cross_subject")
    (view,) = protocols.folds(ntu, "cross_view")
    assert set(ntu.subject[subject.train]) == {1, 35} and set(ntu.subject[subject.test]) == {3, 40}
    assert set(ntu.camera[view.train]) == {2, 3} and set(ntu.camera[view.test]) == {1}


def test_an_unknown_protocol_names_the_known_ones(ut_kinect):
    with pytest.raises(InputError, match="no protocol 'cross_view': it has loocv, loso, odd_even"):
        protocols.folds(ut_kinect, "cross_view")


def test_a_fold_with_an_empty_side_is_refused(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "t.h5", subjects=(2, 4)))
    with pytest.raises(InputError, match="odd_even has no sequence to train"):
        protocols.folds(tensors, "odd_even")
