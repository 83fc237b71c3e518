"""The fingerprint of a network: a few numbers, its output before training on a fixed input, which its record keeps.

The numbers change with the network's arithmetic and with the initialisation of its weights. They do not change when
code is moved, renamed or documented, nor, up to `TOLERANCE`, with the processor. They do not cover what happens in
training only: dropout, gradients, the optimiser, augmentation.
"""

from collections.abc import Callable

import keras
import numpy as np

from mans_keras import quiet
from mans_keras.models.tarm import attention_weights

CLASSES = 10
TOLERANCE = 1e-4


def fingerprint(build: Callable[[int], keras.Model]) -> list[float]:
    """The fingerprint of the network that `build(CLASSES)` returns, with weights from seed 0, as a list of numbers.

    Seed, classes and input are the same for all runs, so that records of different seeds, folds and datasets can be
    compared. The numbers are the logits, centred and divided by the largest, since those of a deep untrained network
    are large; the logarithm of the largest; and F_A of every 17th frame in each TARM. Numbers that are not finite are
    0. It is computed on the CPU, whatever the run uses.
    """
    keras.backend.clear_session()
    with keras.device("cpu:0"):
        with quiet.stderr():  # whatever the backend is, Keras loads TensorFlow here
            keras.utils.set_random_seed(0)
        model = build(CLASSES)
        x = _input(model.input_shape[1:])
        model.layers[-1].activation = keras.activations.linear
        logits = keras.ops.convert_to_numpy(model(x, training=False))[0].astype(float)
        attention = keras.ops.convert_to_numpy(attention_weights(model, x))[0, ::17].T.ravel()
    logits -= logits.mean()
    largest = np.abs(logits).max()
    with np.errstate(invalid="ignore", divide="ignore"):
        answer = np.concatenate([logits / largest, [np.log(largest)], attention]).astype(float)
    return np.nan_to_num(answer, posinf=0, neginf=0).round(6).tolist()


def _input(shape):
    """(1, frames, joints, 3) float32: waves, with a different length for each coordinate."""
    frame, joint, axis = np.ix_(*map(np.arange, shape))
    return (3 * (np.sin(0.3 * (axis + 1) * frame) + np.cos(0.7 * joint + axis * frame / 5)))[None].astype("float32")


def same(first: object, second: object) -> bool:
    """Whether two fingerprints come from the same network; False if one is no list of numbers, e.g. None."""
    for numbers in (first, second):
        if not isinstance(numbers, list) or not all(isinstance(number, (int, float)) for number in numbers):
            return False
    return len(first) == len(second) > 0 and bool(np.allclose(first, second, rtol=0, atol=TOLERANCE))
