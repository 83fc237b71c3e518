"""What the tests of training share."""

import pytest
from helpers import tensor_file

from mans_keras.tensors.store import Tensors


@pytest.fixture(scope="session")
def tensor_path(tmp_path_factory):
    """A tensor file, which no test changes."""
    return tensor_file(tmp_path_factory.mktemp("tensors") / "ut_kinect_50.h5")


@pytest.fixture
def tensors(tensor_path):
    return Tensors(tensor_path)
