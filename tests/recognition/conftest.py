"""A small UT-Kinect and a model of it, for the tests of what a model is asked."""

import pytest
from helpers import run, ut_kinect_folder
from test_training import make_run

from data_prep import ut_kinect
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.tensors.store import Tensors
from mans_keras.training.network import build


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A small UT-Kinect and a model of random weights with its preparation: raw/, ut_kinect_50.h5, m.h5, m.keras."""
    folder = tmp_path_factory.mktemp("inference")
    raw = ut_kinect_folder(folder / "raw")
    assert run(ut_kinect.main, raw, folder).returncode == 0
    tensors = Tensors(folder / "ut_kinect_50.h5")
    model = build(make_run(tensors), len(tensors.class_names))
    model.preparation = tensors.preparation()
    for name in ("m.h5", "m.keras"):
        model.save(folder / name, include_optimizer=False)
    return folder


@pytest.fixture(scope="session")
def recognizer(folder):
    return Recognizer(folder / "m.h5")
