"""`mans export`: a saved model for other runtimes."""

from pathlib import Path

import click

from mans_keras.cli.common import EXTENSION, SAVED_MODEL, show


@click.command("export")
@SAVED_MODEL
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--batch", type=click.IntRange(1), help="A fixed number of tensors per call. Default: any number.")
@EXTENSION
def command(model, out, batch):
    """Write MODEL in another format: OUT.tflite (LiteRT), OUT.onnx (ONNX), or a folder OUT (SavedModel).

    The result is kept only if it gives the same scores as Keras. Then both are timed.
    """
    from mans_keras.recognition import export as exports
    from mans_keras.recognition.recognizer import load

    network = load(model)
    run = exports.export(network, out, batch)
    show(f"{out}: the scores of Keras, to {exports.TOLERANCE:g}")
    for count in (batch,) if batch else (1, 32):
        x = exports.random_tensors(network, count)
        exported, in_keras = (exports.milliseconds(function, x) for function in (run, network.predict_on_batch))
        show(f"  {count} at once: {exported:.1f} ms, Keras {in_keras:.1f} ms (median)")
