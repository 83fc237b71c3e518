import json
import sys

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import ROOT, SHARED, tiny_model

from mans_keras.cli import main
from mans_keras.errors import InputError
from mans_keras.recognition import export as exports
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons import ut_kinect

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow exports")
KINDS = ["saved", "m.tflite", "m.onnx"]


def _needs(name):
    if name.endswith(".onnx"):
        for module in ("onnx", "onnxruntime", "tf2onnx"):
            pytest.importorskip(module, reason="the extra 'export' is not installed")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Without TARMs, whose loops take most of a conversion: the real sequences go through a model that has them."""
    return tiny_model(tmp_path_factory.mktemp("export") / "tiny.h5", tarm=False)


@pytest.fixture(scope="module")
def recognizer(model):
    return Recognizer(model)


def _told(path):
    """The preparation that went with an export."""
    if path.suffix == ".onnx":
        import onnx

        return json.loads({one.key: one.value for one in onnx.load(path).metadata_props}["mans_keras"])
    return json.loads((path / "preparation.json" if path.is_dir() else path.with_name(f"{path.name}.json")).read_text())


def _declared_batch(path):
    """What an export says of the first size of its input; none of them refuses another in all cases."""
    if path.suffix == ".onnx":
        import onnxruntime

        return onnxruntime.InferenceSession(path).get_inputs()[0].shape[0]
    import tensorflow as tf

    if path.suffix == ".tflite":
        return tf.lite.Interpreter(str(path)).get_input_details()[0]["shape_signature"][0]
    return tf.saved_model.load(str(path)).signatures["serving_default"].structured_input_signature[1]["joints"].shape[0]


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize("name", KINDS)
def test_mans_export_writes_the_batch_that_was_asked_for(model, recognizer, tmp_path, name):
    _needs(name)
    out = tmp_path / "new" / name
    done = CliRunner().invoke(main, ["export", str(model), str(out), "--batch", "1"])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[0] == f"{out}: the scores of Keras, to 0.0001"
    assert "1 at once: " in done.output and "32 at once" not in done.output
    assert _declared_batch(out) == 1
    x = exports.random_tensors(recognizer, 2)
    np.testing.assert_allclose(exports.runner(out)(x[1:]), recognizer.scores(x)[0][1:], atol=1e-5)
    assert _told(out) == recognizer.preparation
    assert {one.name for one in out.parent.iterdir()} <= {name, f"{name}.json"}


@pytest.mark.skipif(not (SHARED / "data/ut_kinect").is_dir(), reason="the real UT-Kinect is not beside the checkout")
@pytest.mark.parametrize("name", KINDS)
def test_on_real_sequences_each_export_gives_keras_scores(tmp_path, name):
    _needs(name)
    recognizer = Recognizer(ROOT / "experiments/results/trained/mans9_ut_kinect.h5")
    sequences = ut_kinect.relabelled(ut_kinect.segments(SHARED / "data/ut_kinect"))[20:40]
    x = np.stack([recognizer.tensor(ut_kinect.read(one).joints) for one in sequences])
    run = exports.export(recognizer, tmp_path / name)
    assert _declared_batch(tmp_path / name) != 1
    for count in (20, 1):
        np.testing.assert_allclose(run(x[:count]), recognizer.scores(x[:count])[0], atol=1e-4)
    assert _told(tmp_path / name)["class_names"] == list(ut_kinect.CLASS_NAMES)


@pytest.fixture
def converted_wrongly(monkeypatch):
    """In place of a conversion: a file that is there, and whatever it is asked, all classes alike."""
    monkeypatch.setattr(exports, "_convert", lambda model, path, kind, batch: path.write_text("model"))
    monkeypatch.setattr(exports, "runner", lambda path: lambda x: np.full((len(x), 3), 1 / 3, np.float32))


def test_a_file_with_other_scores_is_not_left_behind(recognizer, converted_wrongly, tmp_path):
    (tmp_path / "m.tflite").write_text("from before")
    with pytest.raises(InputError, match=r"the \.tflite .* gives other scores than Keras"):
        exports.export(recognizer, tmp_path / "m.tflite")
    assert [one.name for one in tmp_path.iterdir()] == ["m.tflite"]
    assert (tmp_path / "m.tflite").read_text() == "from before"


def test_a_file_that_does_not_run_is_not_left_behind(recognizer, monkeypatch, tmp_path):
    monkeypatch.setattr(exports, "_convert", lambda model, path, kind, batch: path.write_text("garbage"))
    with pytest.raises(InputError, match=r"the \.tflite that was made of the model does not run"):
        exports.export(recognizer, tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else_is_not_overwritten(recognizer, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match="a folder of something else"):
        exports.export(recognizer, tmp_path)
    with pytest.raises(InputError, match="a SavedModel is a folder"):
        (tmp_path / "saved").write_text("")
        exports.export(recognizer, tmp_path / "saved")
    assert (tmp_path / "thesis.tex").read_text() == "x"


def test_what_cannot_be_exported_is_one_line(model, monkeypatch, tmp_path):
    def complaint(out):
        done = CliRunner().invoke(main, ["export", str(model), str(tmp_path / out)])
        assert done.exit_code == 1 and done.output.count("\n") == 1, done.output
        return done.output

    assert "must end with .tflite or .onnx" in complaint("m.pt")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "pip install -e '.[export]'" in complaint("m.onnx")
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    assert "leave KERAS_BACKEND unset" in complaint("m.tflite")
