"""What a model knows about its preparation."""

import keras
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
