import json
import sys

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import ROOT, SHARED, tiny_model

from mans_keras import export as exports
from mans_keras.cli import main
from mans_keras.errors import InputError
from mans_keras.inference import Recognizer
from mans_keras.skeletons import ut_kinect

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow exports")
KINDS = ["saved", "m.tflite", "m.onnx"]


def _needs(name):
    if name.endswith(".onnx"):
        for module in ("onnx", "onnxruntime", "tf2onnx"):
            pytest.importorskip(module, reason="the extra 'export' is not installed")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("export") / "tiny.h5")


@pytest.fixture(scope="module")
def recognizer(model):
    return Recognizer(model)


def _told(path):
    """The preparation that went with an export."""
    if path.suffix == ".onnx":
        import onnx

        return json.loads({one.key: one.value for one in onnx.load(path).metadata_props}["mans_keras"])
    return json.loads((path / "preparation.json" if path.is_dir() else path.with_name(f"{path.name}.json")).read_text())


@pytest.mark.parametrize("name", KINDS)
def test_mans_export_of_a_fixed_batch_takes_that_batch_and_no_other(model, recognizer, tmp_path, name):
    _needs(name)
    out = tmp_path / "new" / name
    done = CliRunner().invoke(main, ["export", str(model), str(out), "--batch", "1"])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[0] == f"{out}: the scores of Keras, to 0.0001"
    assert "1 at once: " in done.output and "32 at once" not in done.output
    run, x = exports.runner(out), exports.random_tensors(recognizer, 2)
    np.testing.assert_allclose(run(x[1:]), recognizer.scores(x)[0][1:], atol=1e-5)
    with pytest.raises(Exception, match=r"."):
        run(x)
    assert _told(out) == recognizer.preparation
    assert {one.name for one in out.parent.iterdir()} <= {name, f"{name}.json"}


@pytest.mark.skipif(not (SHARED / "data/ut_kinect").is_dir(), reason="the real UT-Kinect is not beside the checkout")
@pytest.mark.parametrize("name", KINDS)
def test_on_real_sequences_each_export_gives_keras_scores(tmp_path, name):
    _needs(name)
    recognizer = Recognizer(ROOT / "experiments/results/trained/mans9_ut_kinect.h5")
    sequences = ut_kinect.corrected(ut_kinect.segments(SHARED / "data/ut_kinect"))[20:40]
    x = np.stack([recognizer.tensor(ut_kinect.read(one).joints) for one in sequences])
    run = exports.export(recognizer, tmp_path / name)
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
    assert "pip install 'mans_keras[export]'" in complaint("m.onnx")
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    assert "leave KERAS_BACKEND unset" in complaint("m.tflite")
