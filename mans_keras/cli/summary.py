"""`mans summary`: what a saved model is."""

import click

from mans_keras.cli.common import EXTENSION, SAVED_MODEL, show


@click.command("summary")
@SAVED_MODEL
@EXTENSION
def command(model):
    """Describe a saved MODEL and the recordings that it expects."""
    from mans_keras.models.tarm import TARM
    from mans_keras.recognition.recognizer import Recognizer

    recognizer = Recognizer(model)
    network = recognizer.model
    show(f"{network.name}: {network.count_params():,} parameters, {len(recognizer.class_names)} classes")
    tarms = [layer for layer in network.layers if isinstance(layer, TARM)]
    if tarms:
        attention, layer = tarms[0].attention, tarms[0].attend
        name = attention if isinstance(attention, str) else attention["class_name"] if attention else "none"
        show(f"attention: {name}" + (f", alpha {layer.alpha}" if hasattr(layer, "alpha") else ""))
    else:
        show("attention: none, the network has no TARMs")
    show(f"recordings: {recognizer.bodies} x {recognizer.joints} joints, {recognizer.coordinates} coordinates")
    show(f"tensors: {recognizer.scale} x {recognizer.scale}, layout {recognizer.layout}")
    show("classes: " + ", ".join(recognizer.class_names))
    if recognizer.joint_names:
        show("joints: " + ", ".join(recognizer.joint_names))
