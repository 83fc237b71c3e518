"""A saved Keras model -> the model, if it is what it seems: no code is run, and no memory taken for what is not there.

The sizes that a file states are checked first. Then Keras builds the network without its weights, reads the weights
that the file holds, and compares them with the network's; only then is memory taken for the network.
"""

import math
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import keras

from mans_keras.errors import InputError

MAX_BYTES = 2**30  # of all weights, with an optimiser's; the largest network here, DenseNet-161, has 0.1 GiB
MAX_CONFIG = 16 * 2**20  # bytes; DenseNet-161 has 0.5 MiB
MAX_VALUES = 2**26  # that a layer may compute of one recording


def load(path: str | Path) -> keras.Model:
    """A saved Keras model, `.h5` or `.keras`, loaded without running any code from its file.

    Raises `InputError`, and says why, if it can't be loaded, if its weights are not all finite numbers, or if it is
    beyond `MAX_BYTES`, `MAX_CONFIG` or `MAX_VALUES`.
    """
    if not Path(path).is_file():
        raise InputError(f"{path} does not exist")
    try:
        _check_file(path)
        # A thread, since Keras notes for each thread which variables still need their values.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(_load, path).result()
    except Exception as error:  # Keras raises almost anything on a broken or foreign file
        # Keras wraps what a layer raises in the layer's whole configuration, and puts it last.
        reason = str(error).rpartition("Exception encountered: ")[2].strip().splitlines() or [type(error).__name__]
        raise InputError(f"{path} is not a model that can be loaded safely: {reason[0][:500]}") from None


def _check_file(path):
    """Raise `ValueError` if a file states larger contents than a model has, or refers to other files."""
    if not zipfile.is_zipfile(path):
        with h5py.File(path) as file:
            if len(file.attrs.get("model_config", "")) > MAX_CONFIG:
                raise ValueError("its configuration is too large")
            _check_weights(file)
        return
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_BYTES + MAX_CONFIG:
            raise ValueError(f"it inflates to more than {MAX_BYTES >> 30} GiB")
        for part in archive.infolist():
            if part.filename.endswith(".json") and part.file_size > MAX_CONFIG:
                raise ValueError("its configuration is too large")
            if part.filename.endswith(".h5"):
                with archive.open(part) as stored, h5py.File(stored) as file:
                    _check_weights(file)


def _check_weights(file):
    sizes = []

    def visit(name, item):
        if isinstance(item, h5py.Group):
            links = (item.get(name, getlink=True) for name in item)
            if not all(isinstance(link, h5py.HardLink) for link in links):
                raise ValueError(f"{name} links to another place")
        elif item.is_virtual or item.external:
            raise ValueError(f"{name} is stored in another file")
        else:
            sizes.append(item.nbytes)

    visit("/", file)
    file.visititems(visit)
    if sum(sizes) > MAX_BYTES:
        raise ValueError(f"its weights inflate to more than {MAX_BYTES >> 30} GiB")


def _load(path):
    # In this scope Keras builds variables without values, and keeps those that it reads in the scope.
    with keras.StatelessScope(initialize_variables=False) as scope:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    stored = [scope.get_current_value(weight) for weight in model.weights]
    for weight, value in zip(model.weights, stored, strict=True):
        if value is None:
            raise ValueError(f"the weight {weight.path} is missing")
        if not keras.ops.all(keras.ops.isfinite(value)):
            raise ValueError(f"a value of {weight.path} is not finite")
    for layer in model.layers:
        for output in keras.tree.flatten(layer.output):
            if math.prod(size or 1 for size in output.shape) > MAX_VALUES:
                raise ValueError(f"its layer {layer.name} computes {output.shape[1:]} values of a recording")
    with keras.StatelessScope():
        pass  # when the last scope ends, Keras gives all variables their first values, e.g. the seeds of dropout
    for weight, value in zip(model.weights, stored, strict=True):
        weight.assign(value)
    return model
