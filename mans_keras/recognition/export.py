"""A saved model -> SavedModel, LiteRT or ONNX, checked against Keras before anybody gets to see it."""

import contextlib
import json
import logging
import os
import shutil
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import keras
import numpy as np
from keras import ops

from mans_keras import quiet
from mans_keras.errors import InputError
from mans_keras.models.tarm import TARM

FORMATS = {"": "tf_saved_model", ".tflite": "litert", ".onnx": "onnx"}
TOLERANCE = 1e-4
INPUT = "joints"
PREPARATION = "mans_keras"  # the key of ONNX' metadata_props


def export(recognizer, out, batch=None):
    """Write the network of an `inference.Recognizer` in another format, once it gives Keras' scores there.

    How to prepare a recording and what the classes are goes with it, as JSON: `OUT.tflite.json` beside a LiteRT file,
    `preparation.json` in a SavedModel's folder, `mans_keras` among the metadata_props of an ONNX file.

    Args:
        out: ends with `.tflite` (LiteRT) or `.onnx` (ONNX), or has no suffix: a folder (SavedModel).
        batch: the fixed number of tensors of a call; None: any number.

    Returns: the `runner` of what was written. Raises `InputError`, and leaves nothing behind, if it can't be converted
    or if a score is more than `TOLERANCE` from Keras'.
    """
    out = Path(out)
    kind = out.suffix
    if kind not in FORMATS:
        raise InputError(f"{out} must end with .tflite or .onnx, or have no suffix: a folder, for a SavedModel")
    if keras.backend.backend() != "tensorflow":
        raise InputError("only Keras on TensorFlow exports: leave KERAS_BACKEND unset")
    if kind == ".onnx":
        _onnx()
    if out.is_dir() and not (kind == "" and (out / "saved_model.pb").is_file()) and any(out.iterdir()):
        raise InputError(f"{out} is a folder of something else")
    if out.is_file() and kind == "":
        raise InputError(f"{out} is a file, and a SavedModel is a folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
        made = Path(folder) / out.name
        _convert(recognizer.model, made, kind, batch)
        told = [made, *_tell(recognizer, made, kind)]
        _check(recognizer, made, kind, batch)
        if out.is_dir():
            shutil.rmtree(out)
        for one in told:
            os.replace(one, out.with_name(one.name))
    return runner(out)


def runner(path):
    """x (batch, T, N, 3) float32 -> scores (batch, classes), by the runtime of an exported file."""
    path = Path(path)
    kind = path.suffix
    if kind == ".onnx":
        _, onnxruntime = _onnx()
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return lambda x: session.run(None, {INPUT: x})[0]
    import tensorflow as tf

    if kind == ".tflite":
        with quiet.stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tf.lite becoming a package of its own
            run = tf.lite.Interpreter(str(path)).get_signature_runner()
            run(**{INPUT: np.zeros([max(size, 1) for size in _shape(run)], np.float32)})  # here it tells of XNNPACK
        return lambda x: next(iter(run(**{INPUT: x}).values()))
    loaded = tf.saved_model.load(str(path))
    run = loaded.signatures["serving_default"]

    def of_saved_model(x):
        assert loaded  # a signature alone does not keep the weights
        return next(iter(run(**{INPUT: tf.constant(x)}).values())).numpy()

    return of_saved_model


def milliseconds(run, x, repetitions=20):
    """The median time of `run(x)` after one call of warming up."""
    run(x)
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run(x)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def random_tensors(recognizer, count):
    """(count, T, N, 3) float32 noise about as large as a body, the same each time."""
    shape = (count, *recognizer.model.input_shape[1:])
    return np.random.default_rng(0).normal(scale=0.5, size=shape).astype(np.float32)


@keras.saving.register_keras_serializable("mans_keras")
class LoopedTARM(TARM):
    """A TARM whose recurrence is a plain loop over Keras' GRU cell, for inference.

    The converters have no other: of the lists of tensors in `keras.ops.scan`, which is faster, LiteRT knows only those
    of a fixed batch, and tf2onnx none.
    """

    def memory(self, x, training=None):
        return self._states(self.forward_gru, x) + ops.flip(self._states(self.backward_gru, ops.flip(x, 1)), 1)

    def _states(self, gru, x):
        frames = x.shape[1]
        places = ops.reshape(ops.arange(frames), (frames, 1, 1))
        x = ops.transpose(x, (1, 0, 2))
        first = ops.zeros_like(x[0])  # which has K features, as the state

        def step(t, h, states):
            h, _ = gru.cell(ops.take(x, t, axis=0), [h], training=False)
            return t + 1, h, ops.where(places == t, h, states)

        start = (ops.convert_to_tensor(0), first, ops.zeros_like(x))
        states = ops.while_loop(lambda t, *_: t < frames, step, start)[2]
        return ops.transpose(states, (1, 0, 2))


def _convert(model, path, kind, batch):
    """Let Keras write `model` at `path`."""
    if kind:
        looped = keras.models.clone_model(model, clone_function=_looped)
        looped.set_weights(model.get_weights())
        model = looped
    signature = [keras.InputSpec(shape=(batch, *model.input_shape[1:]), dtype="float32", name=INPUT)]
    try:
        with _silence():
            model.export(path, format=FORMATS[kind], verbose=False, input_signature=signature)
    except Exception as error:  # the converters raise almost anything
        raise InputError(f"{model.name} can't be converted to {path.suffix or 'SavedModel'}: {_line(error)}") from None


def _looped(layer):
    kind = LoopedTARM if type(layer) is TARM else type(layer)
    return kind.from_config(layer.get_config())


@contextlib.contextmanager
def _silence():
    """Converters tell of each step; what goes wrong they raise, or the check finds."""
    logging.disable(logging.ERROR)
    try:
        with quiet.stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _tell(recognizer, made, kind):
    """Write the preparation into what was made, or beside it; returns the paths of files beside it."""
    text = json.dumps(recognizer.preparation)
    if kind == "":
        (made / "preparation.json").write_text(text + "\n")
    elif kind == ".tflite":
        beside = made.with_name(f"{made.name}.json")
        beside.write_text(text + "\n")
        return [beside]
    else:
        onnx, _ = _onnx()
        model = onnx.load(made)
        onnx.helper.set_model_props(model, {PREPARATION: text})
        onnx.save(model, made)
    return []


def _check(recognizer, made, kind, batch):
    """Raise `InputError` unless what was made runs and gives Keras' scores."""
    x = random_tensors(recognizer, batch or 3)
    expected = recognizer.scores(x)[0]
    try:
        found = runner(made)(x)
    except Exception as error:  # so do the runtimes
        raise InputError(
            f"the {kind or 'SavedModel'} that was made of the model does not run: {_line(error)}"
        ) from None
    if found.shape != expected.shape or not np.abs(found - expected).max() <= TOLERANCE:
        raise InputError(f"the {kind or 'SavedModel'} that was made of the model gives other scores than Keras")


def _line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _shape(run):
    return run.get_input_details()[INPUT]["shape"]


def _onnx():
    """The modules onnx and onnxruntime."""
    try:
        import onnx
        import onnxruntime
        import tf2onnx  # noqa: F401  Keras asks for it only when all else is done
    except ModuleNotFoundError as error:
        raise InputError(f"ONNX needs {error.name}: pip install -e '.[export]'") from None
    return onnx, onnxruntime
