"""`mans export`: a saved model for other runtimes."""

import functools
from pathlib import Path

import click

from mans_keras.cli.common import EXTENSION, SAVED_MODEL, show


@click.command("export")
@SAVED_MODEL
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--batch", type=click.IntRange(1), help="A fixed number of tensors per call. Default: any number.")
@click.option(
    "--raw",
    is_flag=True,
    help="OUT.onnx takes a recording's joints (frames, joints, 3) in metres, any number of frames: the preparation is "
    "part of it. Joints that are missing in some frames must be filled in before, unlike for mans predict.",
)
@EXTENSION
def command(model, out, batch, raw):
    """Write MODEL in another format: OUT.tflite (LiteRT), OUT.onnx (ONNX), or a folder OUT (SavedModel).

    Its input is named joints, its output probabilities. The input is a prepared tensor: the Python file
    OUT_preprocess.py, written next to it, makes it from a recording and needs NumPy alone. The result is kept only if
    it gives the same scores as Keras. Then both are timed.
    """
    from mans_keras.recognition import export as exports
    from mans_keras.recognition.recognizer import load

    network = load(model)
    run = exports.export(network, out, batch, raw)
    show(f"{out}: the scores of Keras, to {exports.TOLERANCE:g}")
    if raw:
        in_keras = functools.partial(exports.of_recording, network)
        _print_times("a recording of 60 frames", run, in_keras, exports.random_recording(network, 60))
        return
    for count in (batch,) if batch else (1, 32):
        x = exports.random_tensors(network, count)
        _print_times(f"{count} at once", run, network.predict_on_batch, x)


def _print_times(what, run, in_keras, x):
    from mans_keras.recognition.export import milliseconds

    exported, keras = (milliseconds(function, x) for function in (run, in_keras))
    show(f"  {what}: {exported:.1f} ms, Keras {keras:.1f} ms (median)")
