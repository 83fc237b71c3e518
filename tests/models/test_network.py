"""What a model knows about its preparation."""

import keras
import numpy as np
import pytest

from mans_keras import MANs9
from mans_keras.models.network import MemoryAttentionNetwork

PREPARATION = {
    "dataset": "own",
    "class_names": ["wave", "clap"],
    "scale": 8,
    "layout": "resize",
    "coordinates": "raw",
    "bodies": 1,
    "joints": 20,
    "frames": 30,
    "body": None,
}


@pytest.fixture
def model():
    inputs = keras.Input((8, 8, 3))
    return MemoryAttentionNetwork(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs)))


def test_a_new_model_has_no_preparation():
    assert MANs9(2, (8, 8, 3), tarm=False).preparation is None


def test_the_preparation_is_a_copy_of_what_was_given(model):
    given = dict(PREPARATION)
    model.preparation = given
    given["scale"] = 9
    model.preparation["layout"] = "pad"
    assert model.preparation == PREPARATION and type(model.preparation) is dict
    model.preparation = None
    assert model.preparation is None


@pytest.mark.parametrize("file", ["m.h5", "m.keras"])
@pytest.mark.parametrize("lacks", [(), ("dataset", "frames")], ids=["whole", "of-an-older-file"])
def test_the_preparation_is_saved(model, tmp_path, file, lacks):
    model.preparation = {name: value for name, value in PREPARATION.items() if name not in lacks}
    model.save(tmp_path / file)
    assert keras.models.load_model(tmp_path / file).preparation == model.preparation


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class_names": ["wave"]}, "class_names must be 2 names"),
        ({"class_names": ["wave", 1]}, "class_names must be 2 names"),
        ({"scale": 50}, "scale is 50, and the model takes 8 x 8"),
        ({"scale": "8"}, "scale can't be '8'"),
        ({"bodies": 0}, "at least one body"),
        ({"joints": True}, "joints can't be True"),
        ({"layout": None}, "layout can't be None"),
        ({"coordinates": "turned"}, "is 'turned', not one of raw, hip, body, upright, released"),
        ({"body": []}, "body can't be"),
        ({"frames": "30"}, "frames can't be '30'"),
    ],
    ids=str,
)
def test_a_preparation_that_makes_no_sense_is_refused(model, change, message):
    with pytest.raises(ValueError, match=message):
        model.preparation = {**PREPARATION, **change}
    assert model.preparation is None


def test_a_preparation_without_a_part_is_refused(model):
    for name in ("class_names", "scale", "layout", "coordinates", "bodies", "joints", "body"):
        with pytest.raises(ValueError, match=f"lacks '{name}'"):
            model.preparation = {key: value for key, value in PREPARATION.items() if key != name}


def test_what_is_no_dictionary_is_refused(model):
    with pytest.raises(ValueError, match="must be a dictionary"):
        model.preparation = "{}"


@pytest.mark.parametrize("file", ["m.h5", "m.keras"])
def test_a_loaded_model_trains_on_as_if_it_had_not_been_saved(model, tmp_path, file):
    x, label = np.random.default_rng(0).normal(size=(4, 8, 8, 3)), np.eye(2)[[0, 1, 0, 1]]
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), keras.losses.MeanSquaredError())
    model.run_eagerly = True
    model.train_on_batch(x, label)
    model.save(tmp_path / "m.h5")
    model.save(tmp_path / file)
    loaded = keras.models.load_model(tmp_path / file)
    loaded.run_eagerly = True
    for network in (model, loaded):
        network.train_on_batch(x, label)
    for weight, same in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)
