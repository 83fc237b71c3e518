"""The preparation of a recording as a part of a model, and as a Python file next to an export."""

import ast
from dataclasses import asdict

import keras
import numpy as np
import pytest
from helpers import standing_body, tiny_model

from mans_keras.errors import InputError
from mans_keras.recognition.raw_input import Preparation, with_preparation
from mans_keras.recognition.recognizer import load
from mans_keras.skeletons.sequence import KINECT_1
from mans_keras.tensor_kinds import COORDINATES, LAYOUTS
from mans_keras.tensors import preprocess_file
from mans_keras.tensors.transforms import to_tensor

SCALE = 50


def preparation(coordinates="upright", layout="resize", bodies=1):
    settings = {"class_names": ["walk", "run"], "scale": SCALE, "layout": layout, "coordinates": coordinates}
    return settings | {"bodies": bodies, "joints": 20, "body": asdict(KINECT_1), "joint_names": []}


def recording(frames, bodies=1):
    """(frames, bodies, 20, 3): the first body is absent at the start, a second one at the end."""
    joints = np.stack([standing_body(frames, facing=40 * body) for body in range(bodies)], axis=1)
    joints += np.random.default_rng(0).normal(scale=0.02, size=joints.shape)
    joints[: frames // 4, 0] = 0
    joints[-(frames // 4) :, 1:] = 0
    return joints.astype(np.float32)


@pytest.mark.parametrize("coordinates", ["raw", "hip", "upright"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bodies", [1, 2])
def test_the_layer_gives_the_tensor_that_training_saw(coordinates, layout, bodies):
    layer = Preparation(preparation(coordinates, layout, bodies), dtype="float64")
    for frames in (8, 31, SCALE, 120):
        joints = recording(frames, bodies)
        expected = to_tensor(joints.astype(float), SCALE, layout, coordinates, KINECT_1)
        given = keras.ops.convert_to_numpy(layer(joints if bodies > 1 else joints[:, 0]))
        np.testing.assert_allclose(given, expected[None], atol=1e-6)


def test_a_second_body_that_never_appears_is_zeros():
    joints = recording(20, 2)
    joints[:, 1] = 0
    given = keras.ops.convert_to_numpy(Preparation(preparation(bodies=2), dtype="float64")(joints))
    np.testing.assert_allclose(
        given[0], to_tensor(joints.astype(float), SCALE, "resize", "upright", KINECT_1), atol=1e-6
    )


def test_a_recording_without_a_body_is_no_number():
    given = Preparation(preparation(), dtype="float64")(np.zeros((9, 20, 3), np.float32))
    assert np.isnan(given).all()


def test_coordinates_that_a_graph_can_not_express_are_refused(tmp_path):
    model = load(tiny_model(tmp_path / "m.h5", coordinates="body", tarm=False))
    with pytest.raises(InputError, match="not body: leave out --raw, and prepare recordings by the Python file"):
        with_preparation(model, "joints")
    model.preparation = None
    with pytest.raises(InputError, match="does not say how its recordings were prepared"):
        with_preparation(model, "joints")


@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_file_of_numpy_alone_gives_the_tensor_that_training_saw(coordinates, layout):
    text = preprocess_file.source(preparation(coordinates, layout, bodies=2))
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert {getattr(node, "module", None) or node.names[0].name for node in imports} == {"__future__", "types", "numpy"}
    module = {"__name__": "preprocess"}
    exec(compile(text, "preprocess.py", "exec"), module)
    for frames in (8, 120):
        joints = recording(frames, 2).astype(float)
        expected = to_tensor(joints, SCALE, layout, coordinates, KINECT_1)
        np.testing.assert_array_equal(module["tensor"](joints), expected)
    body = recording(9)[:, 0].astype(float)
    assert module["tensor"](body).shape == (SCALE, SCALE, 3)
    assert module["CLASS_NAMES"] == ("walk", "run")


@pytest.mark.parametrize(
    "joints", [np.zeros((5, 20, 3)), np.ones((5, 19, 3)), np.ones((5, 3, 20, 3)), np.full((5, 20, 3), np.nan)]
)
def test_that_file_refuses_what_is_no_recording(joints):
    module = {"__name__": "preprocess"}
    exec(preprocess_file.source(preparation(bodies=2)), module)
    with pytest.raises(ValueError):
        module["tensor"](joints)
