import json
import runpy

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import ROOT, SHARED, side_by_side, standing_body
from limits import full_disk
from test_model_file import small_network

from mans_keras.cli import main
from mans_keras.errors import InputError
from mans_keras.recognition import export as exports
from mans_keras.recognition.recognizer import Recognizer, load
from mans_keras.skeletons import ut_kinect
from mans_keras.skeletons.sequence import KINECT_1_NAMES

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow exports")
KINDS = ["saved", "m.tflite", "m.onnx"]


def _needs(name):
    if name.endswith(".onnx"):
        for module in ("onnx", "onnxruntime", "tf2onnx"):
            pytest.importorskip(module, reason="the extra 'export' is not installed")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Without TARMs, whose loops take most of a conversion: the real sequences go through a model that has them."""
    path = tmp_path_factory.mktemp("export") / "small.h5"
    small_network(attentions=()).save(path)
    return path


@pytest.fixture(scope="module")
def model(path):
    return load(path)


@pytest.fixture(scope="module")
def bare_model():
    """A plain Keras model, without a preparation."""
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, keras.layers.Dense(3, "softmax")(keras.layers.Flatten()(inputs)))


def _stored_preparation(export):
    """The preparation that went with an export, None if there is none."""
    if export.suffix == ".onnx":
        import onnx

        properties = {entry.key: entry.value for entry in onnx.load(export).metadata_props}
        return json.loads(properties["mans_keras"]) if "mans_keras" in properties else None
    file = export / "preparation.json" if export.is_dir() else export.with_name(f"{export.name}.json")
    return json.loads(file.read_text()) if file.exists() else None


def _declared_batch(export):
    """The first size of an export's input, as its file declares it: not every runtime refuses another."""
    if export.suffix == ".onnx":
        import onnxruntime

        return onnxruntime.InferenceSession(export).get_inputs()[0].shape[0]
    import tensorflow as tf

    if export.suffix == ".tflite":
        return tf.lite.Interpreter(str(export)).get_input_details()[0]["shape_signature"][0]
    signature = tf.saved_model.load(str(export)).signatures["serving_default"]
    return signature.structured_input_signature[1]["joints"].shape[0]


def _names(export):
    """(input names, output names) of an export, as its file declares them."""
    if export.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(export)
        return [value.name for value in session.get_inputs()], [value.name for value in session.get_outputs()]
    import tensorflow as tf

    if export.suffix == ".tflite":
        (signature,) = tf.lite.Interpreter(str(export)).get_signature_list().values()
        return signature["inputs"], signature["outputs"]
    signature = tf.saved_model.load(str(export)).signatures["serving_default"]
    return list(signature.structured_input_signature[1]), list(signature.structured_outputs)


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize("name", [*(pytest.param(name, marks=pytest.mark.slow) for name in KINDS[:2]), KINDS[2]])
def test_mans_export_writes_the_batch_that_was_asked_for(path, model, tmp_path, name):
    _needs(name)
    out = tmp_path / "new" / name
    done = CliRunner().invoke(main, ["export", str(path), str(out), "--batch", "1"])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[0] == f"{out}: the scores of Keras, to 0.0001"
    assert "1 at once: " in done.output and "32 at once" not in done.output
    assert _declared_batch(out) == 1
    x = exports.random_tensors(model, 2)
    np.testing.assert_allclose(exports.runner(out)(x[1:]), model.predict_on_batch(x)[1:], atol=1e-5)
    assert _stored_preparation(out) == model.preparation
    assert {file.name for file in out.parent.iterdir()} <= {name, f"{name}.json", "m_preprocess.py"}
    assert _names(out) == (["joints"], ["probabilities"])
    file = out / "preprocess.py" if out.is_dir() else out.with_name("m_preprocess.py")
    module = runpy.run_path(str(file))
    recognizer, joints = Recognizer(path), standing_body(9)
    np.testing.assert_array_equal(module["tensor"](joints), recognizer.tensor(recognizer.read(joints)))


def test_an_export_names_the_joints_of_a_model_that_has_their_data_set_alone(model, tmp_path, monkeypatch):
    _needs("m.onnx")
    monkeypatch.setattr(model, "preparation", model.preparation | {"dataset": "ut_kinect"})
    exports.export(model, tmp_path / "m.onnx")
    assert _stored_preparation(tmp_path / "m.onnx")["joint_names"] == list(KINECT_1_NAMES)
    assert runpy.run_path(str(tmp_path / "m_preprocess.py"))["JOINT_NAMES"] == KINECT_1_NAMES


@pytest.mark.parametrize("bodies", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_raw_takes_a_recording_of_any_length_and_gives_keras_scores_by_onnxruntime_alone(tmp_path, bodies):
    _needs("m.onnx")
    path = tmp_path / "m.h5"
    small_network(bodies, "upright", attentions=()).save(path)
    done = CliRunner().invoke(main, ["export", str(path), str(tmp_path / "m.onnx"), "--raw"])
    assert done.exit_code == 0, done.output
    assert "a recording of 60 frames: " in done.output
    assert _names(tmp_path / "m.onnx") == (["joints"], ["probabilities"])
    assert not (tmp_path / "m_preprocess.py").exists()
    for file in ("m.tflite", "m_preprocess.py"):
        (tmp_path / file).touch()
    exports.export(load(path), tmp_path / "m.onnx", raw=True)
    assert (tmp_path / "m_preprocess.py").exists()  # m.tflite needs it
    import onnxruntime

    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    recognizer = Recognizer(path)
    for frames in (6, 77):
        joints = standing_body(frames) if bodies == 1 else side_by_side(frames)
        (scores,) = session.run(["probabilities"], {"joints": joints.astype(np.float32)})
        (expected,) = recognizer.predict([joints])
        np.testing.assert_allclose(scores, expected.scores[None], atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["m.tflite", "--raw"], "--raw is for ONNX only"),
        (["m.tflite", "--raw", "--batch", "2"], "--raw is for ONNX only"),
        (["m.onnx", "--raw", "--batch", "2"], "--raw takes one recording at a time: leave out --batch"),
    ],
)
def test_raw_is_for_onnx_of_one_recording(path, tmp_path, options, message):
    done = CliRunner().invoke(main, ["export", str(path), str(tmp_path / options[0]), *options[1:]])
    assert done.exit_code == 1 and message in done.output
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize("name", KINDS)
def test_a_model_without_preparation_is_exported_without_one(bare_model, tmp_path, name):
    _needs(name)
    (tmp_path / "m.tflite.json").write_text('"of an export before"')
    run = exports.export(bare_model, tmp_path / name)
    x = exports.random_tensors(bare_model, 2)
    np.testing.assert_allclose(run(x), bare_model.predict_on_batch(x), atol=1e-5)
    assert _stored_preparation(tmp_path / name) is None


@pytest.mark.slow
@pytest.mark.parametrize("attention", ["residual", "song", None])
def test_plain_keras_writes_onnx_that_runs_and_agrees(tmp_path, attention):
    _needs("m.onnx")
    made = small_network(attentions=[attention])
    made(exports.random_tensors(made, 1))  # Keras exports no model that was never called
    made.export(tmp_path / "m.onnx", format="onnx", verbose=False)
    import onnxruntime

    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    x = 10 * exports.random_tensors(made, 3)
    for count in (3, 1):
        (scores,) = session.run(None, {session.get_inputs()[0].name: x[:count]})
        np.testing.assert_allclose(scores, made(x[:count]), atol=1e-4)


@pytest.mark.slow
def test_a_plain_keras_model_with_a_tarm_is_exported(tmp_path):
    _needs("m.onnx")
    from mans_keras import TARM

    inputs = keras.Input((8, 5))
    made = keras.Model(inputs, TARM(4, 2, name="tarm")(inputs))
    run = exports.export(made, tmp_path / "m.onnx")
    import onnx

    kinds = [node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node]
    assert kinds.count("GRU") == 2 and "Loop" not in kinds  # a loop is many times slower
    x = exports.random_tensors(made, 2)
    np.testing.assert_allclose(run(x), made.predict_on_batch(x), atol=1e-5)


def test_a_model_of_several_outputs_or_of_no_fixed_size_is_refused(tmp_path):
    inputs = keras.Input((None, 8, 3))
    for outputs, complaint in ([inputs, inputs], "one input and one output"), (inputs, r"\(None, 8, 3\) has no fixed"):
        with pytest.raises(InputError, match=complaint):
            exports.export(keras.Model(inputs, outputs), tmp_path / "saved")


@pytest.fixture(scope="module")
def real():
    """The shipped model, real sequences as its tensors, and its scores of them."""
    recognizer = Recognizer(ROOT / "experiments/results/trained/mans9_ut_kinect.h5")
    segments = ut_kinect.relabelled(ut_kinect.segments(SHARED / "data/ut_kinect"))[20:40]
    x = np.stack([recognizer.tensor(ut_kinect.read(segment).joints) for segment in segments])
    return recognizer.model, x, recognizer.scores(x)[0]


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "data/ut_kinect").is_dir(), reason="the real UT-Kinect is not beside the checkout")
@pytest.mark.parametrize("name", KINDS)
def test_on_real_sequences_each_export_gives_keras_scores(real, tmp_path, name):
    _needs(name)
    model, x, scores = real
    run = exports.export(model, tmp_path / name)
    assert _declared_batch(tmp_path / name) != 1
    for count in (20, 1):
        np.testing.assert_allclose(run(x[:count]), scores[:count], atol=1e-4)
    assert _stored_preparation(tmp_path / name)["class_names"] == list(ut_kinect.CLASS_NAMES)


@pytest.fixture
def converted_wrongly(monkeypatch):
    """A conversion to a file that gives all classes the same score, whatever the input."""
    monkeypatch.setattr(exports, "_convert", lambda model, path, kind, batch: path.write_text("model"))
    monkeypatch.setattr(exports, "runner", lambda path: lambda x: np.full((len(x), 3), 1 / 3, np.float32))


def test_a_file_with_other_scores_is_not_left_behind(model, converted_wrongly, tmp_path):
    (tmp_path / "m.tflite").write_text("from before")
    with pytest.raises(InputError, match=r"the \.tflite .* gives other scores than Keras"):
        exports.export(model, tmp_path / "m.tflite")
    assert [file.name for file in tmp_path.iterdir()] == ["m.tflite"]
    assert (tmp_path / "m.tflite").read_text() == "from before"


def test_a_file_that_does_not_run_is_not_left_behind(model, monkeypatch, tmp_path):
    monkeypatch.setattr(exports, "_convert", lambda model, path, kind, batch: path.write_text("garbage"))
    with pytest.raises(InputError, match=r"the \.tflite made of the model does not run"):
        exports.export(model, tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize("name", [*(pytest.param(name, marks=pytest.mark.slow) for name in KINDS[:2]), KINDS[2]])
def test_a_full_disk_leaves_the_old_export_and_the_message_says_what_to_do(bare_model, tmp_path, name):
    _needs(name)
    exports.export(bare_model, tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    bare_model.layers[-1].bias.assign([1, 2, 3])
    with pytest.raises(OSError, match=rf"{name} can't be written: File too large\. Make room there"), full_disk():
        exports.export(bare_model, tmp_path / name)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_folder_of_something_else_is_not_overwritten(model, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match="a folder of something else"):
        exports.export(model, tmp_path)
    with pytest.raises(InputError, match="a SavedModel is a folder"):
        (tmp_path / "saved").write_text("")
        exports.export(model, tmp_path / "saved")
    assert (tmp_path / "thesis.tex").read_text() == "x"


def test_what_cannot_be_exported_is_one_line(path, monkeypatch, imported_as, tmp_path):
    def complaint(out):
        done = CliRunner().invoke(main, ["export", str(path), str(tmp_path / out)])
        assert done.exit_code == 1 and done.output.count("\n") == 1, done.output
        return done.output

    assert "must end with .tflite or .onnx" in complaint("m.pt")
    imported_as("onnxruntime", None)
    assert "pip install -e '.[export]'" in complaint("m.onnx")
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    assert "leave KERAS_BACKEND unset" in complaint("m.tflite")
