"""A Keras model -> SavedModel, LiteRT or ONNX, checked against Keras before the file gets its name."""

import contextlib
import json
import logging
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np

from mans_keras import files, quiet
from mans_keras.errors import InputError
from mans_keras.models.recurrence import complete_onnx, onnx_nodes, plain_loops
from mans_keras.recognition.raw_input import with_preparation
from mans_keras.skeletons import joint_names
from mans_keras.tensors import preprocess_file
from mans_keras.tensors.transforms import to_tensor

FORMATS = {"": "tf_saved_model", ".tflite": "litert", ".onnx": "onnx"}
TOLERANCE = 1e-4
INPUT, OUTPUT = "joints", "probabilities"
LENGTHS = (5, 40, 130)  # frames of the recordings by which an export with its preparation is checked
PREPARATION = "mans_keras"  # the key of ONNX' metadata_props


Runner = Callable[[np.ndarray], np.ndarray]  # x (batch, T, N, 3) float32 -> scores (batch, classes)


def export(model: keras.Model, out: str | Path, batch: int | None = None, raw: bool = False) -> Runner:
    """Write a model in another format. It is kept only if it gives Keras' scores there.

    The input is named "joints", the output "probabilities". If the model has a `preparation` (how to prepare a
    recording, and the classes), it is stored with the export, as JSON: `OUT.tflite.json` next to a LiteRT file,
    `preparation.json` in a SavedModel's folder, `mans_keras` among the metadata_props of an ONNX file. Next to it is a
    Python file of NumPy alone that prepares a recording: `OUT_preprocess.py`, or `preprocess.py` in the folder.

    Args:
        model: any functional Keras model of one input of a fixed size and one output; trained by anybody.
        out: ends with `.tflite` (LiteRT) or `.onnx` (ONNX), or has no suffix: a folder (SavedModel).
        batch: the fixed number of tensors in a call; None: any number.
        raw: put the preparation into the ONNX graph, which then takes one recording in metres, (frames, joints, 3), or
            (frames, bodies, joints, 3) if the model knows two bodies, and gives (1, classes). See `raw_input`.

    Returns: the `runner` of the file. Raises `InputError`, and leaves nothing behind, if the model can't be converted,
    or if a score is more than `TOLERANCE` from Keras'; `OSError` if the disk is full.
    """
    out = Path(out)
    kind = out.suffix
    _check_model(model)
    if raw and kind != ".onnx":
        raise InputError(f"--raw is for ONNX only: {out} must end with .onnx, or leave out --raw")
    if raw and batch:
        raise InputError("--raw takes one recording at a time: leave out --batch")
    _check_out(out, kind)
    written = with_preparation(model, INPUT) if raw else model
    files.make_folder(out.parent)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
            part = Path(folder) / out.name
            _convert(written, part, kind, batch)
            if kind == ".onnx":
                _complete_onnx(part, "frames" if raw else "batch")
            _store_preparation(model, part, kind, raw)
            (_check_recordings if raw else _check_scores)(model, part, kind, batch)
            made = sorted(Path(folder).iterdir())
            if out.is_dir():  # a folder can't be replaced in one step, but moved away in one
                os.replace(out, f"{part}.before")
            for old in _of_the_export_before(out, kind):
                old.unlink(missing_ok=True)
            for path in made:
                os.replace(path, out.with_name(path.name))
    except OSError as error:
        if error.errno not in files.FULL:
            raise
        raise OSError(files.write_error(out, error)) from None
    return runner(out)


def _check_model(model):
    """Raise `InputError` unless `model` takes one tensor of a fixed size and gives one tensor."""
    if keras.backend.backend() != "tensorflow":
        raise InputError("only Keras on TensorFlow exports: leave KERAS_BACKEND unset")
    if [len(getattr(model, ends, None) or ()) for ends in ("inputs", "outputs")] != [1, 1]:
        raise InputError(f"{model.name} can't be exported: only functional models of one input and one output can")
    if None in model.input_shape[1:]:
        raise InputError(f"{model.name} can't be exported: its input {model.input_shape[1:]} has no fixed size")


def _check_out(out, kind):
    """Raise `InputError` if an export of this kind can't be written to `out`."""
    if kind not in FORMATS:
        raise InputError(f"{out} must end with .tflite or .onnx, or have no suffix: a folder, for a SavedModel")
    if kind == ".onnx":
        _onnx()
    if out.is_dir() and not (kind == "" and (out / "saved_model.pb").is_file()) and any(out.iterdir()):
        raise InputError(f"{out} is a folder of something else")
    if out.is_file() and kind == "":
        raise InputError(f"{out} is a file, and a SavedModel is a folder")


def runner(path: str | Path) -> Runner:
    """The function x (batch, T, N, 3) float32 -> scores (batch, classes) of an exported file, by its runtime."""
    path = Path(path)
    kind = path.suffix
    if kind == ".onnx":
        _, onnxruntime = _onnx()
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return lambda x: session.run(None, {INPUT: x})[0]
    import tensorflow as tf

    if kind == ".tflite":
        with quiet.stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tf.lite is to become a package of its own
            run = tf.lite.Interpreter(str(path)).get_signature_runner()
            run(
                **{INPUT: np.zeros([max(size, 1) for size in _shape(run)], np.float32)}
            )  # the first call reports XNNPACK
        return lambda x: next(iter(run(**{INPUT: x}).values()))
    loaded = tf.saved_model.load(str(path))
    run = loaded.signatures["serving_default"]

    def of_saved_model(x):
        assert loaded  # a signature alone does not keep the weights
        return next(iter(run(**{INPUT: tf.constant(x)}).values())).numpy()

    return of_saved_model


def milliseconds(run: Runner, x: np.ndarray, repetitions: int = 20) -> float:
    """The median time of `run(x)` after one call of warming up."""
    run(x)
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run(x)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def random_tensors(model: keras.Model, count: int) -> np.ndarray:
    """(count, *input shape) float32 noise about as large as a body, the same each time."""
    return np.random.default_rng(0).normal(scale=0.5, size=(count, *model.input_shape[1:])).astype(np.float32)


def _convert(model, path, kind, batch):
    """Let Keras write `model` at `path`."""
    signature = [keras.InputSpec(shape=(batch, *model.input_shape[1:]), dtype="float32", name=INPUT)]
    named = keras.Model(model.input, {OUTPUT: model.output})
    recurrence = {"": contextlib.nullcontext, ".tflite": plain_loops, ".onnx": onnx_nodes}[kind]
    try:
        # a plain Keras model may have TARMs, too, and does not ask for the loops itself
        with _silence(), recurrence():
            named.export(path, format=FORMATS[kind], verbose=False, input_signature=signature)
    except Exception as error:  # the converters raise almost anything
        for code in files.FULL:
            if os.strerror(code) in str(error):
                raise OSError(code, os.strerror(code)) from None
        raise InputError(f"{model.name} can't be converted to {path.suffix or 'SavedModel'}: {_line(error)}") from None


@contextlib.contextmanager
def _silence():
    """Converters report each step. What goes wrong they raise, or the check of the scores notices."""
    logging.disable(logging.ERROR)
    try:
        with quiet.stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _json_of(tflite):
    """Where the preparation of a LiteRT file is stored, which has no place for it inside."""
    return tflite.with_name(f"{tflite.name}.json")


def _preprocess_of(out):
    """Where the Python file that prepares recordings is, for an export in one file."""
    return out.with_name(f"{out.stem}_preprocess.py")


def _of_the_export_before(out, kind):
    """The files next to an export in one file; m.tflite and m.onnx share the Python file."""
    if not kind:
        return []
    other = ".onnx" if kind == ".tflite" else ".tflite"
    return [_json_of(out)] if out.with_suffix(other).exists() else [_json_of(out), _preprocess_of(out)]


def _complete_onnx(path, axis):
    """Complete the GRUs of the ONNX file at `path`, and name the first axis of its input and output if it is free."""
    onnx, _ = _onnx()
    exported = onnx.load(path)
    complete_onnx(exported.graph)
    for end in (exported.graph.input[0], exported.graph.output[0]):
        size = end.type.tensor_type.shape.dim[0]
        if not size.dim_value:
            size.dim_param = axis
    onnx.save(exported, path)


def _store_preparation(model, path, kind, raw):
    """Write the model's preparation, if it has one, into the export at `path` or next to it, as data and as code."""
    preparation = getattr(model, "preparation", None)
    if not preparation:
        return
    if names := joint_names.of_dataset(preparation.get("dataset"), preparation["joints"]):
        preparation = {"joint_names": list(names), **preparation}  # older models do not name them
    text = json.dumps(preparation)
    if kind == ".onnx":
        onnx, _ = _onnx()
        exported = onnx.load(path)
        onnx.helper.set_model_props(exported, {PREPARATION: text})
        onnx.save(exported, path)
    else:
        file = _json_of(path) if kind else path / "preparation.json"
        file.write_text(text + "\n")
    if not raw:
        file = _preprocess_of(path) if kind else path / "preprocess.py"
        file.write_text(preprocess_file.source(preparation), encoding="utf-8")


def _check_scores(model, path, kind, batch):
    """Raise `InputError` unless the export at `path` runs and gives Keras' scores."""
    x = random_tensors(model, batch or 3)
    _compare(path, kind, [(x, model.predict_on_batch(x))])


def _check_recordings(model, path, kind, _):
    """As `_check_scores`, for an export that prepares recordings itself: of several lengths."""
    recordings = [random_recording(model, frames) for frames in LENGTHS]
    _compare(path, kind, [(joints, of_recording(model, joints)) for joints in recordings])


def random_recording(model: keras.Model, frames: int) -> np.ndarray:
    """Noise with the shape of a recording as an export with `raw` takes it, float32, the same each time."""
    bodies = () if model.preparation["bodies"] == 1 else (model.preparation["bodies"],)
    shape = (frames, *bodies, model.preparation["joints"], 3)
    return np.random.default_rng(frames).normal(scale=0.5, size=shape).astype(np.float32)


def of_recording(model: keras.Model, joints: np.ndarray) -> np.ndarray:
    """Keras' scores (1, classes) of a recording with the shape that an export with `raw` takes."""
    known = model.preparation
    body = known["body"] and SimpleNamespace(**known["body"])
    joints = joints.astype(float).reshape(-1, known["bodies"], known["joints"], 3)
    tensor = to_tensor(joints, known["scale"], known["layout"], known["coordinates"], body)
    return model.predict_on_batch(tensor[None])


def _compare(path, kind, pairs):
    """Raise `InputError` unless the export at `path` gives the expected scores for each (input, scores)."""
    try:
        run = runner(path)
        given = [run(x) for x, _ in pairs]
    except Exception as error:  # the runtimes, too, raise almost anything
        raise InputError(f"the {kind or 'SavedModel'} made of the model does not run: {_line(error)}") from None
    for scores, (_, expected) in zip(given, pairs, strict=True):
        if scores.shape != expected.shape or not np.abs(scores - expected).max() <= TOLERANCE:
            raise InputError(f"the {kind or 'SavedModel'} made of the model gives other scores than Keras")


def _line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _shape(run):
    return run.get_input_details()[INPUT]["shape"]


def _onnx():
    """The modules onnx and onnxruntime."""
    try:
        import onnx
        import onnxruntime
        import tf2onnx  # noqa: F401 - Keras needs it, but complains only at the end
    except ModuleNotFoundError as error:
        raise InputError(f"ONNX needs {error.name}: pip install -e '.[export]'") from None
    return onnx, onnxruntime
