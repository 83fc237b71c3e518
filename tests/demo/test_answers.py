"""What the page of `mans demo` shows, without the page."""

from types import SimpleNamespace

import numpy as np
import pytest

from mans_keras.demo import answers
from mans_keras.skeletons import recording
from mans_keras.skeletons.sequence import KINECT_1_NAMES, KINECT_2_NAMES
from mans_keras.skeletons.synthetic import examples


@pytest.mark.parametrize("names", [KINECT_1_NAMES, KINECT_2_NAMES])
def test_a_synthetic_example_gets_the_order_of_the_models_joints(tmp_path, names):
    model = SimpleNamespace(joints=len(names))
    path = answers.example("claps", model, tmp_path)
    content = recording.read(path, len(names), False, names[::-1])
    joints = examples.record("claps", joints=len(names))[:, ::-1]
    np.testing.assert_allclose(content.joints[:, 0], joints, atol=1e-4)
