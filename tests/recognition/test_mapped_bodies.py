"""Recordings of other sensors, asked of a model of Kinect v1's joints."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import standing_body, tiny_model
from test_joint_mapping import body_of

from mans_keras.cli import main
from mans_keras.errors import InputError
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.reports import record_plots
from mans_keras.skeletons import recording, synthetic
from mans_keras.skeletons.joint_mapping import AZURE, MEDIAPIPE
from mans_keras.skeletons.sequence import KINECT_1_NAMES


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    return tiny_model(folder / "m.h5", names=KINECT_1_NAMES, tarm=False, bodies=1, coordinates="upright")


@pytest.fixture(scope="module")
def recognizer(path):
    return Recognizer(path)


@pytest.fixture
def azure_csv(tmp_path):
    """A CSV file whose columns name the joints of Azure Kinect."""
    body = body_of(AZURE)[:, 0]
    with open(tmp_path / "azure.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"{name}_{axis}" for name in AZURE for axis in "xyz"])
        writer.writerows(body.reshape(len(body), -1))
    return tmp_path / "azure.csv"


def test_mans_predict_says_that_the_body_was_mapped(path, azure_csv, eager):
    done = CliRunner().invoke(main, ["predict", str(path), str(azure_csv)])
    assert done.exit_code == 0, done.output
    note = f"{azure_csv}: the body was mapped to the model's 20 joints: 17 by name, 3 computed"
    assert note in done.stderr
    done = CliRunner().invoke(main, ["predict", str(path), str(azure_csv), "--json"])
    (first, *_) = json.loads(done.stdout)["notes"]
    assert first.startswith("the body was mapped")


def test_a_picture_of_scores_over_time_says_that_the_body_was_mapped(path, azure_csv, monkeypatch, tmp_path, eager):
    titles, real = [], record_plots.scores_over_time

    def noted(*arguments):
        titles.append(arguments[-1])
        return real(*arguments)

    monkeypatch.setattr(record_plots, "scores_over_time", noted)
    done = CliRunner().invoke(main, ["stream", str(path), str(azure_csv), "--plot", str(tmp_path / "s.png")])
    assert done.exit_code == 0, done.output
    (title,) = titles
    assert title.startswith("azure.csv, another sensor's body: ")


def test_the_tensor_is_nearly_that_of_the_models_own_joints(recognizer, azure_csv):
    own = recognizer.tensor(recognizer.read(standing_body()))
    assert np.abs(recognizer.tensor(recognizer.read(azure_csv)) - own).max() < 0.12  # metres: the trunk's joints


def test_an_array_of_another_sensors_number_of_joints_is_mapped(recognizer):
    content = recognizer.parsed(body_of(MEDIAPIPE))
    assert content.joints.shape == (6, 1, 20, 3)
    assert "its 33 joints have no names and were taken for those of MediaPipe" in content.notes()[0]


def test_kinect_v2s_joints_are_mapped_in_the_same_way_with_names_and_without(recognizer, tmp_path):
    file = synthetic.write(tmp_path, synthetic.names()[0])
    content = recognizer.parsed(file)
    how = "17 by name, 3 computed (HipCenter, Spine, ShoulderCenter)"
    assert content.notes()[0] == f"the body was mapped to the model's 20 joints: {how}"
    joints = recording.read(file).joints
    np.save(tmp_path / "unnamed.npy", joints)
    unnamed = recognizer.parsed(tmp_path / "unnamed.npy")
    np.testing.assert_allclose(unnamed.joints, content.joints)
    assert (content.joints[:, 0, 3:] == joints[:, :, 3:20].swapaxes(0, 1)).all(axis=(1, 2, 3)).any()
    assert how in unnamed.notes()[0]


def test_what_can_not_be_mapped_is_refused_as_before(recognizer):
    with pytest.raises(InputError, match="array: 7 joints, where the model expects 20"):
        recognizer.parsed(np.ones((5, 7, 3)) + np.arange(7)[:, None] / 10)
