"""Backbones of one's own: a function, or a Keras model."""

import keras
import numpy as np
import pytest
from keras import layers
from test_models import assert_only_layers, call, random_input

from mans_keras import MANs


def own_backbone(image):
    x = layers.Conv2D(4, 3, strides=2, activation="relu", name="own_conv")(image)
    return layers.GlobalAveragePooling2D(name="own_pool")(x)


def own_model():
    image = keras.Input((8, 8, 3))
    return keras.Model(image, own_backbone(image), name="Own-CNN")


@pytest.mark.slow
@pytest.mark.parametrize("file", ["m.h5", "m.keras"])
@pytest.mark.parametrize("backbone", [own_backbone, own_model], ids=["function", "model"])
def test_a_backbone_of_ones_own_gives_the_features_and_is_saved(tmp_path, backbone, file):
    backbone = backbone() if backbone is own_model else backbone
    model = MANs(backbone, 5, (8, 8, 3), units=4, alpha=2)
    assert_only_layers(model)
    assert model.get_layer("softmax").input.shape == (None, 4)
    x = random_input(2, 8, 8, 3)
    model.save(tmp_path / file)
    np.testing.assert_array_equal(call(keras.models.load_model(tmp_path / file), x), call(model, x))


def test_a_function_sees_the_image_after_the_tarms():
    model = MANs(own_backbone, 5, (8, 8, 3), units=4, alpha=2)
    assert model.get_layer("own_conv").input is model.get_layer("image").output


def test_a_model_as_a_backbone_keeps_its_weights():
    backbone = own_model()
    before = backbone.get_weights()
    model = MANs(backbone, 5, (8, 8, 3), tarm=False)
    assert model.get_layer("Own-CNN") is backbone
    for weight, same in zip(backbone.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, same)


@pytest.mark.parametrize("backbone", [lambda image: image, lambda image: layers.Flatten, lambda image: None])
def test_a_backbone_that_gives_no_features_is_refused(backbone):
    with pytest.raises(ValueError, match=r"the backbone gives .* must give features \(batch, channels\)"):
        MANs(backbone, 5, (8, 8, 3), tarm=False)


@pytest.mark.parametrize(
    ("backbone", "name"),
    [("MobileNetV2", "mans_mobilenetv2"), ("blocks-9", "mans_blocks_9"), (own_backbone, "mans_own_backbone")],
)
def test_a_model_is_named_after_its_backbone(backbone, name):
    assert MANs(backbone, 5, (32, 32, 3), tarm=False).name == name
