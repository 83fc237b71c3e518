"""Attentions of one's own: by a registered name, as a layer, from a file; saved and loaded."""

import json
import re

import keras
import numpy as np
import pytest
from helpers import ROOT
from keras import layers, ops

import mans_keras
from mans_keras import TARM, MANs9
from mans_keras.errors import InputError
from mans_keras.models import extensions
from mans_keras.models.attention import ATTENTIONS, as_config, attention, build_attention

SMALL = {"classes": 3, "input_shape": (8, 8, 3), "units": 4, "alpha": 2, "dropout": 0}
POLICY = keras.DTypePolicy("float32")


@keras.saving.register_keras_serializable("tests")
class Scaled(layers.Layer):
    """A score of each frame, times a constant; without `build`, as one writes it in a notebook."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.score = layers.Dense(1)

    def call(self, x):
        return self.factor * self.score(x)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Named(Scaled):
    """The same, to be registered by a name."""


SOURCE = """
from keras import layers
from mans_keras import attention

@attention("mean")
class MeanAttention(layers.Layer):
    def call(self, x):
        return x[..., :1] * 0 + x.shape[-1]
"""


@pytest.fixture(autouse=True)
def registries(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(extensions, "EXTENSIONS", {})
    before, keras_before = dict(ATTENTIONS), dict(keras.saving.get_custom_objects())
    yield
    for registry, entries in ((ATTENTIONS, before), (keras.saving.get_custom_objects(), keras_before)):
        registry.clear()
        registry.update(entries)


def random_input(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def small_model(own):
    return keras.Sequential([keras.Input((8, 6)), TARM(4, alpha=2, attention=own)])


def answer(model):
    return ops.convert_to_numpy(model(random_input(2, 8, 6), training=False))


def test_there_are_five_attentions_by_name():
    assert list(ATTENTIONS) == ["residual", "song", "frozen", "weighted", "gate"]


def test_every_attention_of_the_package_is_a_name_of_the_package_and_in_the_docstring_of_the_networks():
    for name, kind in ATTENTIONS.items():
        assert getattr(mans_keras, kind.__name__) is kind
        assert f'"{name}"' in mans_keras.MANs.__doc__


def test_a_registered_class_gets_what_its_init_asks_for():
    seen = []

    @attention("asks")
    class Asks(layers.Layer):
        def __init__(self, units, alpha, **kwargs):
            super().__init__(**kwargs)
            seen.append((units, alpha, self.name, self.dtype_policy.name))

        def call(self, x):
            return x[..., :1]

    build_attention("asks", (None, 8, 4), 2, keras.DTypePolicy("mixed_bfloat16"))
    assert seen == [(4, 2, "attention", "mixed_bfloat16")]


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "stcm", "no-attention"])
def test_a_name_that_no_folder_of_records_can_have_is_refused(name):
    with pytest.raises(ValueError, match=r"records are filed under the name|row of Table 4 without attention"):
        attention(name)


def test_another_class_of_a_known_name_is_refused_and_the_same_class_defined_again_is_not():
    def define(name, class_name):
        kind = type(class_name, (layers.Layer,), {"call": lambda self, x: x[..., :1], "__module__": __name__})
        return attention(name)(kind)

    define("own", "Own")
    again = define("own", "Own")
    assert ATTENTIONS["own"] is again
    with pytest.raises(ValueError, match=r"Other, attention 'own': .*Own has this name"):
        define("own", "Other")
    with pytest.raises(ValueError, match=r"GateAttention has this name"):
        define("mine", "GateAttention")


def test_each_tarm_has_its_own_copy_of_a_layer():
    given = Scaled(factor=2.5, name="given")
    given(random_input(1, 20, 7))  # another shape than in the model
    model = MANs9(**SMALL, attention=given)
    copies = [model.get_layer(f"tarm_{axis}").attend for axis in "xyz"]
    assert len({id(layer) for layer in (given, *copies)}) == 4
    assert [layer.factor for layer in copies] == [2.5] * 3
    paths = [weight.path for layer in copies for weight in layer.trainable_weights]
    assert len(set(paths)) == 6 and all("/attention/" in path for path in paths)


def test_the_memory_is_multiplied_by_the_layers_output():
    for factor in (0.0, 1.0):
        keras.utils.set_random_seed(0)
        tarm = TARM(4, attention=Scaled(factor))
        x = random_input(2, 8, 6)
        output = ops.convert_to_numpy(tarm(x))
        weighted = tarm.memory(tarm.reduce_joints(x)) * tarm.attention_weights(x)
        expected = x + ops.convert_to_numpy(tarm.restore_joints(weighted))
        np.testing.assert_allclose(output, expected, atol=1e-6)
        assert np.allclose(output, x) == (factor == 0)


@pytest.mark.parametrize("layer", [layers.Dense(2), layers.Flatten(), layers.GlobalAveragePooling1D(keepdims=True)])
def test_a_layer_of_another_output_shape_is_refused(layer):
    with pytest.raises(ValueError, match=rf"{type(layer).__name__} gives \(None, .* must give \(None, 8, 1\)"):
        MANs9(**SMALL, attention=layer)


def test_a_layer_that_keras_could_not_load_is_refused():
    class Unregistered(layers.Layer):
        pass

    with pytest.raises(ValueError, match=r"register_keras_serializable.* above class Unregistered"):
        as_config(Unregistered())


@pytest.mark.parametrize("wrong", ["spatial", 3, ["gate"], ATTENTIONS["gate"]])
def test_what_is_no_attention_is_refused(wrong):
    with pytest.raises(
        ValueError, match="is not known: it must be 'residual', 'song', 'frozen', 'weighted', 'gate', None, or a"
    ):
        as_config(wrong)


@pytest.mark.parametrize("file", ["m.h5", "m.keras"])
@pytest.mark.parametrize(("own", "factor"), [(Scaled(2.5), 2.5), ("named", 1)], ids=["layer", "name"])
def test_a_saved_model_with_an_own_attention_loads_where_it_is_registered(tmp_path, own, factor, file):
    attention("named")(Named)
    model = small_model(own)
    model.save(tmp_path / file)
    loaded = keras.models.load_model(tmp_path / file)
    np.testing.assert_array_equal(answer(loaded), answer(model))
    assert loaded.layers[0].attend.factor == factor


@pytest.mark.parametrize("file", ["m.h5", "m.keras"])
@pytest.mark.parametrize(
    ("own", "message"),
    [
        (Scaled(), "class tests>Scaled, which Keras does not know here: first run the code"),
        ("named", "'named' is not known: .*load_extension"),
    ],
    ids=["layer", "name"],
)
def test_a_saved_model_says_which_attention_is_missing(tmp_path, monkeypatch, own, message, file):
    attention("named")(Named)
    small_model(own).save(tmp_path / file)
    del ATTENTIONS["named"]
    del keras.saving.get_custom_objects()["tests>Scaled"]
    monkeypatch.delitem(globals(), "Scaled")  # where Keras looks, too
    with pytest.raises((ValueError, TypeError), match=message):
        keras.models.load_model(tmp_path / file)


def test_files_from_before_the_classes_were_renamed_load():
    model = keras.Sequential([keras.Input((8, 4)), ATTENTIONS["residual"](alpha=2), ATTENTIONS["gate"]()])
    config = json.dumps(keras.saving.serialize_keras_object(model))
    old = config.replace("ResidualAttention", "TemporalAttention").replace("GateAttention", "FrameGate")
    loaded = keras.saving.deserialize_keras_object(json.loads(old))
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in model.layers]


def test_an_extension_registers_its_attention_and_is_kept_for_other_processes(tmp_path):
    path = tmp_path / "mean.py"
    path.write_text(SOURCE)
    assert mans_keras.load_extension(path) == ["mean"]
    assert {str(path): SOURCE} == extensions.EXTENSIONS
    assert type(small_model("mean").layers[0].attend) is ATTENTIONS["mean"]
    extensions.run_extension(str(path), SOURCE)  # again, as in a process that has it already


def test_the_attention_on_the_page_is_a_whole_file_and_gives_what_the_gate_gives(tmp_path):
    page = (ROOT / "mans_keras/README.md").read_text()
    path = tmp_path / "my_attention.py"
    path.write_text(re.search(r"```python\n(# my_attention\.py\n.*?)```", page, flags=re.DOTALL)[1])
    assert mans_keras.load_extension(path) == ["mine"]
    mine, gate = small_model("mine"), small_model("gate")
    gate.set_weights(mine.get_weights())
    np.testing.assert_array_equal(answer(mine), answer(gate))


@pytest.mark.parametrize(
    "source, message",
    [
        ("import keras\n", "registers no attention"),
        ("\n\nsyntax error", "own.py, line 3: SyntaxError"),
        ("import nothing_of_this_name", "own.py, line 1: ModuleNotFoundError: No module named"),
        ("def f():\n    1 / 0\nf()", "own.py, line 2: ZeroDivisionError"),
        (SOURCE.replace('"mean"', '"gate"'), "own.py, line 5: ValueError: MeanAttention, attention 'gate': .*"),
        (None, "can't be read"),
    ],
)
def test_a_file_that_registers_nothing_or_fails_is_an_input_error_with_its_line(tmp_path, source, message):
    path = tmp_path / "own.py"
    if source is not None:
        path.write_text(source)
    with pytest.raises(InputError, match=message):
        mans_keras.load_extension(path)
    assert extensions.EXTENSIONS == {}
