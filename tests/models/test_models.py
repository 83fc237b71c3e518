"""The models: parameter counts, Table 2's sizes, layers that can be saved, arguments."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers, ops

import mans_keras
from mans_keras import MANs, MANs9

ABLATIONS = {
    "paper": {},
    "B-no-attention": {"attention": None},
    "C-song": {"attention": "song"},
    "A-no-tarm": {"tarm": False},
}
BEYOND_THE_PAPER = {name: {"attention": name} for name in ("frozen", "weighted", "gate")}
PARAMETERS = {  # at 60 classes, in the order of ABLATIONS
    "MANs9": (858_933, 857_874, 957_333, 688_572),
    "MANs33": (3_082_293, 3_081_234, 3_180_693, 2_911_932),
    "MANs61": (5_676_213, 5_675_154, 5_774_613, 5_505_852),
    "MANsResNet18": (12_003_942, 11_984_412, 12_379_935, 11_216_892),
    "MANsDenseNet161": (27_611_526, 27_591_996, 27_987_519, 26_824_476),
}
TABLE_2 = {"MANs9": 2, "MANs33": 8, "MANs61": 15}  # blocks in each of its two rows
TABLE_5 = {"MANs9": 0.8, "MANs33": 3.1, "MANs61": 5.7, "MANsResNet18": 12.0, "MANsDenseNet161": 27.6}  # millions


def random_input(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def call(model, x, training=False):
    return ops.convert_to_numpy(model(x, training=training))


@pytest.mark.parametrize(("attention", "count"), [("frozen", 858_933), ("weighted", 859_125), ("gate", 858_069)])
def test_parameter_count_beyond_the_paper(attention, count):
    assert MANs9(60, attention=attention).count_params() == count


LARGE = ("MANs33", "MANs61", "MANsDenseNet161")  # seconds each
# The ablations change the TARMs alone, and these are the same in all models of a scale.
BUILT = [*itertools.product(("MANs9", "MANsResNet18"), ABLATIONS), *((name, "paper") for name in LARGE)]
QUICK = {"gru_initializer": "zeros", "conv_initializer": "zeros"}  # random weights take time


def slow_if_large(name):
    return [pytest.mark.slow] if name in LARGE else []


@pytest.fixture(
    scope="module", params=[pytest.param(case, marks=slow_if_large(case[0]), id="-".join(case)) for case in BUILT]
)
def paper_model(request):
    """Name, ablation and the model itself, at its own scale with 60 classes."""
    name, ablation = request.param
    return name, ablation, getattr(mans_keras, name)(60, **ABLATIONS[ablation], **QUICK)


def test_parameter_count(paper_model):
    name, ablation, model = paper_model
    assert model.count_params() == PARAMETERS[name][list(ABLATIONS).index(ablation)]


def operations(model):
    for operation in model.operations:
        yield operation
        if isinstance(operation, keras.Model):
            yield from operations(operation)


def assert_only_layers(model):
    """Every node is a layer that any process can load: of Keras, or registered by this package; and no Lambda."""
    for operation in operations(model):
        assert isinstance(operation, layers.Layer), operation
        assert not isinstance(operation, layers.Lambda), operation
        name = keras.saving.get_registered_name(type(operation))
        assert type(operation).__module__.startswith("keras.") or name.startswith("mans_keras>"), operation


def test_nodes_are_layers_that_load(paper_model):
    assert_only_layers(paper_model[2])


def test_no_model_is_missing():
    public = {name for name in mans_keras.__all__ if name.startswith("MANs") and name != "MANs"}
    assert public == set(PARAMETERS) == set(TABLE_5)


@pytest.mark.parametrize("name", TABLE_5)
def test_counts_are_those_of_table_5(name):
    """The paper cuts 0.859 to 0.8, so to 0.06 million."""
    assert PARAMETERS[name][0] / 1e6 == pytest.approx(TABLE_5[name], abs=0.06)


def conv(kernel, inputs, outputs, bias=True):
    return kernel * kernel * inputs * outputs + bias * outputs


def dense(inputs, outputs):
    return (inputs + 1) * outputs


def batch_norm(channels):
    return 4 * channels


def three_tarms(frames, joints, units, ablation):
    if ablation == "A-no-tarm":
        return 0
    bidirectional_gru = 2 * 3 * (2 * units * units + 2 * units)
    attention = {
        "paper": dense(frames, frames // 16) + dense(frames // 16, frames),
        "B-no-attention": 0,
        "C-song": 4 * dense(2 * units, units) + dense(2 * units, 1),
    }
    return 3 * (dense(joints, units) + bidirectional_gru + dense(units, joints) + attention[ablation])


def stacked_blocks(blocks):
    """Table 2 with `blocks` blocks in each of its two rows."""
    stem = conv(5, 3, 64) + batch_norm(64)
    first = 2 * blocks * conv(3, 64, 64) + (2 * blocks - 1) * batch_norm(64)
    second = conv(3, 64, 128) + (2 * blocks - 1) * (conv(3, 128, 128) + batch_norm(128))
    return stem + first + batch_norm(64) + second + conv(1, 64, 128) + batch_norm(128) + dense(128, 60)


def resnet18():
    count = conv(7, 3, 64, bias=False) + batch_norm(64) + dense(512, 60)
    for inputs, outputs in ((64, 64), (64, 128), (128, 256), (256, 512)):
        count += conv(3, inputs, outputs, bias=False) + 3 * conv(3, outputs, outputs, bias=False)
        count += 4 * batch_norm(outputs)
        if inputs != outputs:
            count += conv(1, inputs, outputs, bias=False) + batch_norm(outputs)
    return count


def densenet161():
    count, channels = conv(7, 3, 96, bias=False) + batch_norm(96), 96
    for layers_of_block in (6, 12, 36, 24):
        for _ in range(layers_of_block):
            count += batch_norm(channels) + conv(1, channels, 192, bias=False)
            count += batch_norm(192) + conv(3, 192, 48, bias=False)
            channels += 48
        if layers_of_block != 24:
            count += batch_norm(channels) + conv(1, channels, channels // 2, bias=False)
            channels //= 2
    return count + batch_norm(channels) + dense(channels, 60)


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_counts_follow_from_the_papers(ablation):
    small, large = three_tarms(50, 50, 64, ablation), three_tarms(224, 224, 128, ablation)
    derived = {
        "MANs9": small + stacked_blocks(2),
        "MANs33": small + stacked_blocks(8),
        "MANs61": small + stacked_blocks(15),
        "MANsResNet18": large + resnet18(),
        "MANsDenseNet161": large + densenet161(),
    }
    assert derived == {name: counts[list(ABLATIONS).index(ablation)] for name, counts in PARAMETERS.items()}


@pytest.mark.parametrize(
    "name, blocks",
    [pytest.param(name, blocks, marks=slow_if_large(name)) for name, blocks in TABLE_2.items()],
)
def test_sizes_are_those_of_table_2(name, blocks):
    model = getattr(mans_keras, name)(60, **QUICK)
    sizes = {
        "tarm_x": (50, 50),
        "stem_conv": (25, 25, 64),
        "average_pool": (128,),
        "softmax": (60,),
    }
    for block in range(1, blocks + 1):
        sizes[f"stage1_block{block}_add"] = (25, 25, 64)
        sizes[f"stage2_block{block}_add"] = (13, 13, 128)
    assert {layer: model.get_layer(layer).output.shape[1:] for layer in sizes} == sizes
    kernels = [layer.kernel_size for layer in model.layers if isinstance(layer, layers.Conv2D)]
    assert (kernels.count((5, 5)), kernels.count((3, 3)), kernels.count((1, 1))) == (1, 4 * blocks, 1)


def backbone(image):
    """A small CNN for what concerns the TARMs alone."""
    return layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))


def test_each_coordinate_reaches_its_channel_and_the_output():
    model = MANs(backbone, 5, (8, 8, 3), units=8, alpha=4)
    image = keras.Model(model.input, model.get_layer("image").output)
    x = random_input(2, 8, 8, 3)
    before, output = call(image, x), call(model, x)
    for coordinate in range(3):
        other = x.copy()
        other[..., coordinate] += random_input(2, 8, 8)
        changed = np.any(call(image, other) != before, axis=(0, 1, 2))
        assert changed.tolist() == [channel == coordinate for channel in range(3)]
        assert np.any(call(model, other) != output)


def test_without_tarm_the_stcm_sees_the_input():
    model = MANs9(5, (8, 8, 3), tarm=False)
    assert model.get_layer("stem_conv").input is model.input


def test_dropout_is_active_in_training_only():
    model = MANs(backbone, 5, (8, 8, 3), units=8, alpha=4, dropout=0.5)
    image = keras.Model(model.input, model.get_layer("image").output)
    x = random_input(2, 8, 8, 3)
    np.testing.assert_array_equal(call(image, x), call(image, x))
    assert np.any(call(image, x, training=True) != call(image, x, training=True))


def test_without_dropout_training_draws_nothing():
    model = MANs(backbone, 5, (8, 8, 3), units=8, alpha=4, dropout=0)
    image = keras.Model(model.input, model.get_layer("image").output)
    x = random_input(2, 8, 8, 3)
    np.testing.assert_array_equal(call(image, x, training=True), call(image, x))


@pytest.mark.parametrize("l2", [0, 0.5])
def test_l2_is_on_the_kernels_of_grus_and_convolutions(l2):
    model = MANs9(5, (8, 8, 3), units=8, alpha=4, l2=l2)
    kernels = [
        ops.convert_to_numpy(weight)
        for weight in model.trainable_weights
        if weight.path.endswith("kernel") and ("gru" in weight.path or len(weight.shape) == 4)
    ]
    assert len(kernels) == 3 * 4 + 10
    assert sum(float(loss) for loss in model.losses) == pytest.approx(l2 * sum(np.sum(k**2) for k in kernels), rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MobileNetV2", "EfficientNetV2B0"])
def test_application_is_a_backbone(name):
    model = MANs(name, 5, (32, 32, 3), units=8, alpha=4)
    assert_only_layers(model)
    assert not any(isinstance(operation, layers.Rescaling) for operation in operations(model))
    model.run_eagerly = True  # to compile it takes longer
    probabilities = model.predict_on_batch(random_input(2, 32, 32, 3))
    assert probabilities.shape == (2, 5)
    assert np.all(probabilities > 0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"classes": 1}, "classes=1 must be an integer of at least 2"),
        ({"classes": 2.5}, "classes=2.5 must be an integer"),
        ({"classes": "60"}, "classes='60' must be an integer"),
        ({"input_shape": (50, 50)}, "not .frames, joints, 3."),
        ({"input_shape": (50, 50, 2)}, "not .frames, joints, 3."),
        ({"input_shape": (0, 50, 3)}, "not .frames, joints, 3."),
        ({"units": 0}, "units=0 must be an integer of at least 1"),
        ({"alpha": 0}, "alpha=0 .* 1 to 50"),
        ({"alpha": 51}, "alpha=51 .* 1 to 50"),
        ({"attention": "spatial"}, "'spatial' is not known: it must be 'residual', 'song'"),
        ({"dropout": 1}, "dropout=1 must be at least 0 and below 1"),
        ({"dropout": -0.1}, "dropout=-0.1 must be at least 0 and below 1"),
        ({"l2": -1e-4}, "l2=-0.0001 must not be negative"),
    ],
    ids=str,
)
def test_wrong_argument_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MANs9(**{"classes": 5, **arguments})


def test_unknown_backbone_is_refused_with_the_known_names():
    with pytest.raises(ValueError, match=r"no 'ResNet-19'.*MobileNetV2"):
        MANs("ResNet-19", 5)


def test_a_model_takes_a_name():
    assert MANs9(5, (8, 8, 3), units=8, alpha=4, name="mine").name == "mine"


def test_alpha_is_free_where_it_is_not_used():
    MANs9(5, (8, 8, 3), units=8, alpha=16, attention=None)
    MANs9(5, (8, 8, 3), units=8, alpha=16, tarm=False)
