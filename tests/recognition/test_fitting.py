"""Recordings and tensors that fit a model, or do not: bodies, joints by name, classes by name."""

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import ACTIONS, ROOT, standing_body, tensor_file, tiny_model

from mans_keras import cli
from mans_keras.errors import InputError
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.sequence import KINECT_1_NAMES

pytestmark = pytest.mark.usefixtures("eager")
ALPHABETICAL = sorted(range(20), key=KINECT_1_NAMES.__getitem__)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "m.h5", bodies=1, names=KINECT_1_NAMES, tarm=False)


@pytest.fixture(scope="module")
def recognizer(model):
    return Recognizer(model)


def mans(*arguments):
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def table(path, names, body):
    header = ",".join(f"{name}_{axis}" for name in names for axis in "xyz")
    np.savetxt(path, body.reshape(len(body), -1), delimiter=",", header=header, comments="")
    return path


def test_joints_in_another_order_are_brought_into_the_models(recognizer, tmp_path):
    path = table(
        tmp_path / "a.csv", [KINECT_1_NAMES[joint] for joint in ALPHABETICAL], standing_body()[:, ALPHABETICAL]
    )
    np.testing.assert_allclose(recognizer.read(path)[:, 0], standing_body())


def test_joints_that_the_model_does_not_know_are_left_out_and_reported(model, tmp_path):
    joints = np.arange(1, 9 * 25 * 3 + 1).reshape(9, 1, 25, 3) / 1000
    joints[:, 0, [0, 1, 20, *range(3, 20)]] = standing_body(9)
    skeleton_file.write(tmp_path / "a.skeleton", joints, body_ids=[1])
    read = Recognizer(model).read(tmp_path / "a.skeleton")[:, 0]
    np.testing.assert_allclose(read[:, 3:], standing_body(9)[:, 3:], rtol=1e-5)  # the trunk's joints are computed
    done = mans("predict", model, tmp_path / "a.skeleton")
    assert done.exit_code == 0
    assert "a.skeleton: left out: the joints Neck, HandTipLeft, ThumbLeft, HandTipRight, ThumbRight" in done.stderr


def test_other_names_are_refused_and_the_missing_ones_listed(recognizer, tmp_path):
    names = ["tail" if name == "Head" else name for name in KINECT_1_NAMES]
    with pytest.raises(InputError, match=r"(?i)a\.csv: the file has no joint named Head: its joints are HipCenter"):
        recognizer.read(table(tmp_path / "a.csv", names, standing_body()))


def test_old_models_of_known_data_sets_know_their_joints_too():
    assert Recognizer(ROOT / "experiments/results/trained/mans9_ut_kinect.h5").joint_names == KINECT_1_NAMES


@pytest.mark.slow
@pytest.mark.parametrize("command", ["predict", "stream"])
def test_bodies_that_are_left_out_are_reported(model, tmp_path, command):
    both = np.stack([standing_body(8), standing_body(8) + 3], axis=1)
    both[:3, 1] = 0
    np.save(tmp_path / "a.npy", both)
    assert "a.npy: 1 body is left out, seen in 5 of 8 frames" in mans(command, model, tmp_path / "a.npy").stderr


def tensors(path, bodies=1, **attributes):
    with h5py.File(tensor_file(path, scale=8), "a") as file:
        file.attrs.update({"bodies": bodies, **attributes})
    return path


def test_tensors_of_other_bodies_are_refused_with_the_option_that_helps(model, tmp_path):
    done = mans("evaluate", model, tensors(tmp_path / "t.h5", bodies=2))
    assert "bodies 2, the model expects 1: prepare it with --bodies 1" in done.stderr


@pytest.mark.slow
def test_tensors_whose_joints_have_another_order_are_refused(model, tmp_path):
    names = [f"joint_names {name}" for name in KINECT_1_NAMES]
    done = mans("evaluate", model, tensors(tmp_path / "t.h5", joint_names=names[::-1]))
    assert done.exit_code == 1 and "its joints are joint_names FootRight" in done.stderr
    done = mans("evaluate", model, tensors(tmp_path / "u.h5", joint_names=[name.upper() for name in KINECT_1_NAMES]))
    assert done.exit_code == 0


@pytest.mark.slow
def test_classes_are_compared_by_name(model, tmp_path):
    path = tensors(tmp_path / "t.h5")
    expected = mans("evaluate", model, path).stdout
    with h5py.File(path, "a") as file:
        order = np.argsort(ACTIONS)
        file.attrs["class_names"] = [ACTIONS[label] for label in order]
        file["label"][:] = np.argsort(order)[file["label"][:]]
    assert sorted(mans("evaluate", model, path).stdout.splitlines()) == sorted(expected.splitlines())


def test_classes_that_the_model_does_not_know_are_refused_by_name(model, tmp_path):
    path = tensors(tmp_path / "t.h5", class_names=["walk", "fly", "standUp"])
    assert "the model does not know its classes fly; it knows walk, sitDown" in mans("evaluate", model, path).stderr
