"""`mans evaluate`: the accuracy of a saved model."""

import click

from mans_keras.cli.common import EXTENSION, FILE, SAVED_MODEL, show
from mans_keras.errors import InputError


def _choose_fold(folds, protocol, number):
    """One of the folds of a protocol; `InputError` if there is no such number."""
    if number >= len(folds):
        known = f"the folds of {protocol} are 0-{len(folds) - 1}" if len(folds) > 1 else f"{protocol} has one fold, 0"
        raise InputError(f"no fold {number}: {known}")
    return folds[number]


@click.command("evaluate")
@SAVED_MODEL
@click.argument("tensors", type=FILE)
@click.option("--protocol", help="Use only the test sequences of a fold. Default: all sequences.")
@click.option("--fold", type=click.IntRange(0), help="The fold of the protocol. Default: 0.")
@EXTENSION
def command(model, tensors, protocol, fold):
    """Print the accuracy of a saved MODEL on the sequences in TENSORS, class by class.

    Without --protocol these are all sequences, those that the model was trained on, too. TENSORS may have fewer classes
    than MODEL; they are compared by their names.
    """
    import numpy as np

    from mans_keras.recognition import fitting
    from mans_keras.recognition.recognizer import BATCH, Recognizer
    from mans_keras.tensors import protocols
    from mans_keras.tensors.store import Tensors

    recognizer, opened = Recognizer(model), Tensors(tensors)
    fitting.check(recognizer, opened, f"{tensors} does not fit {model}")
    if fold is not None and not protocol:
        raise InputError("--fold needs a --protocol")
    chosen = np.arange(len(opened))
    if protocol:
        chosen = _choose_fold(protocols.folds(opened, protocol), protocol, fold or 0).test
    x, label = opened.read(chosen), opened.label[chosen]
    place = np.array([recognizer.class_names.index(name) for name in opened.class_names])
    right = recognizer.model.predict(x, batch_size=BATCH, verbose=0).argmax(axis=-1) == place[label]
    for index, name in enumerate(opened.class_names):
        if (label == index).any():
            show(f"{right[label == index].mean():8.2%}  {name} ({(label == index).sum()})")
    which = "" if protocol else ", whether the model was trained on them or not"
    show(f"{right.mean():8.2%}  of {len(chosen)} sequences{which}")
