import json
from dataclasses import asdict

import h5py
import numpy as np
import pytest
from helpers import tensor_file
from mutations import mutants

from mans_keras.errors import InputError
from mans_keras.skeletons.sequence import KINECT_1, KINECT_1_NAMES
from mans_keras.tensors import protocols
from mans_keras.tensors.store import Tensors


def test_samples_come_back_in_the_order_asked_for(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "t.h5"))
    with h5py.File(tmp_path / "t.h5") as file:
        x = file["x"][:]
    np.testing.assert_array_equal(tensors.read([5, 2, 2]), x[[5, 2, 2]])
    assert len(tensors) == len(x) == 24


def test_a_fold_is_the_samples_and_classes_of_both_sides(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "t.h5"))
    (expected,) = protocols.folds(tensors, "odd_even")
    for (x, y), indices in zip(tensors.fold("odd_even"), (expected.train, expected.test), strict=True):
        np.testing.assert_array_equal(x, tensors.read(indices))
        np.testing.assert_array_equal(y, tensors.label[indices])
        assert x.dtype == np.float32 and x.shape == (12, 50, 50, 3) and y.dtype == np.int64


def test_a_fold_is_taken_by_its_number_from_0_or_by_its_name(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "t.h5"))
    for fold in (2, "loso-s03"):
        (_, y_train), (x_test, _) = tensors.fold("loso", fold)
        assert len(y_train) == 18
        np.testing.assert_array_equal(x_test, tensors.read(np.flatnonzero(tensors.subject == 3)))


@pytest.mark.parametrize("fold", [None, 4, -1, "loso-s09"])
def test_a_fold_that_the_protocol_does_not_have_is_refused_with_those_that_it_has(tmp_path, fold):
    with pytest.raises(InputError, match=r"loso has 4 folds.*a number from 0 to 3, or a name: loso-s01, loso-s02"):
        Tensors(tensor_file(tmp_path / "t.h5")).fold("loso", fold)


@pytest.mark.slow
def test_keras_fits_and_evaluates_a_fold(tmp_path):
    import keras

    train, test = Tensors(tensor_file(tmp_path / "t.h5")).fold("odd_even")
    model = keras.Sequential(
        [keras.Input(train[0].shape[1:]), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(*train, validation_data=test, verbose=0).history
    np.testing.assert_allclose(history["val_loss"], model.evaluate(*test, verbose=0)[0], rtol=1e-5)


def test_the_preparation_is_what_a_model_needs_of_its_recordings_as_json(tmp_path):
    preparation = Tensors(tensor_file(tmp_path / "t.h5", body=KINECT_1)).preparation()
    assert json.loads(json.dumps(preparation)) == {
        "dataset": "ut_kinect",
        "class_names": ["walk", "sitDown", "standUp"],
        "scale": 50,
        "layout": "resize",
        "coordinates": "body",
        "bodies": 1,
        "joints": 20,
        "joint_names": [],
        "frames": 6,
        "body": json.loads(json.dumps(asdict(KINECT_1))),
    }


def test_what_mirrors_the_bodies_of_your_own_data_set_is_in_its_digest(tmp_path):
    one, other = (
        Tensors(tensor_file(tmp_path / f"{n}.h5", "moves", body=body)).digest()
        for n, body in enumerate((None, KINECT_1))
    )
    assert one != other


def test_the_digest_ignores_rounding_but_not_a_millimetre(tmp_path):
    digests = []
    for number, change in enumerate((0, 1e-9, 1e-3)):
        path = tensor_file(tmp_path / f"{number}.h5")
        with h5py.File(path, "a") as file:
            file["x"][0] = 0  # a zero may be 1e-17 on another processor
            file["x"][0, 5:] += change
        digests.append(Tensors(path).digest())
    assert digests[0] == digests[1] != digests[2]


def test_the_digest_follows_the_contents_and_nothing_else(tmp_path):
    digests = [Tensors(tensor_file(tmp_path / f"{n}.h5", seed=seed)).digest() for n, seed in enumerate((0, 0, 1))]
    assert digests[0] == digests[1] != digests[2]
    with h5py.File(tmp_path / "0.h5", "a") as file:
        file["subject"][3] = 7
    assert Tensors(tmp_path / "0.h5").digest() != digests[0]


def _missing_column(file):
    del file["camera"]


def _short_column(file):
    del file["label"]
    file["label"] = [0]


def _foreign_label(file):
    file["label"][0] = 3


def _too_few_names(file):
    file.attrs["joint_names"] = ["head", "neck"]


def _scalar_column(file):
    del file["label"]
    file["label"] = 0


def _other_schema(file):
    file.attrs["schema_version"] = 99


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (_missing_column, "lacks camera"),
        (_short_column, "does not fit"),
        (_scalar_column, "breaks the contract"),
        (_too_few_names, "names 2 joints, and its bodies have 20"),
        (_foreign_label, "outside the 3 classes"),
        (_other_schema, "schema version 99, but this mans_keras reads 1 and 2"),
    ],
)
def test_a_file_that_breaks_the_contract_is_refused(tmp_path, damage, complaint):
    with h5py.File(tensor_file(tmp_path / "t.h5"), "a") as file:
        damage(file)
    with pytest.raises(InputError, match=complaint):
        Tensors(tmp_path / "t.h5")


@pytest.mark.slow
def test_broken_tensor_files_are_read_or_refused(tmp_path):
    content = tensor_file(tmp_path / "t.h5", repetitions=1, scale=8).read_bytes()
    outcomes = {"read": 0, "refused": 0}
    for mutant in mutants(content, 500):
        (tmp_path / "t.h5").write_bytes(mutant)
        try:
            tensors = Tensors(tmp_path / "t.h5")
            assert tensors.read(range(len(tensors))).shape == (len(tensors), 8, 8, 3)
            outcomes["read"] += 1
        except (InputError, OSError):
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 10


def test_a_file_that_is_no_hdf5_is_refused(tmp_path):
    (tmp_path / "t.h5").write_text("no tensors")
    with pytest.raises(InputError, match="not a readable HDF5 file"):
        Tensors(tmp_path / "t.h5")
    with pytest.raises(InputError, match="does not exist"):
        Tensors(tmp_path / "none.h5")


def test_files_of_schema_1_are_read_with_the_names_of_known_data_sets(tmp_path):
    path = tensor_file(tmp_path / "t.h5")
    digest = Tensors(path).digest()
    with h5py.File(path, "a") as file:
        file.attrs["schema_version"] = 1
        del file.attrs["joint_names"]
    assert Tensors(path).joint_names == KINECT_1_NAMES and Tensors(path).digest() == digest


def test_the_names_of_own_joints_are_part_of_the_digest(tmp_path):
    path = tensor_file(tmp_path / "t.h5", "moves")
    digests = {Tensors(path).digest()}
    names = [f"joint{number}" for number in range(20)]
    for order in (1, -1):
        with h5py.File(path, "a") as file:
            file.attrs["joint_names"] = names[::order]
        digests.add(Tensors(path).digest())
    assert len(digests) == 3 and Tensors(path).preparation()["joint_names"] == names[::-1]
