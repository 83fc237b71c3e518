"""What a network answers, untrained, on a fixed input: a few numbers that its record keeps.

They change with the network's arithmetic and with the way in which its weights are drawn. They do not change when code
is moved, renamed or documented, nor, to `TOLERANCE`, with the processor. What only training does (dropout, gradients,
the optimiser, the changes of sequences) is not in them.
"""

import keras
import numpy as np

from mans_keras.models.tarm import TARM

CLASSES = 10
TOLERANCE = 1e-4


def fingerprint(build):
    """The answer of the network that `build(CLASSES)` makes, its weights drawn from seed 0, as a list of numbers.

    Seed, classes and input are the same for all runs, so that records of other seeds, folds and data sets can be
    compared. First come the logits, centred and divided by the largest, since those of a deep untrained network are
    large; the logarithm of the largest; then F_A of every 17th frame in each TARM. What is not finite is 0. Computed on
    the CPU, whatever the run uses.
    """
    keras.backend.clear_session()
    with keras.device("cpu:0"):
        keras.utils.set_random_seed(0)
        model = build(CLASSES)
        x = _input(model.input_shape[1:])
        model.layers[-1].activation = keras.activations.linear
        logits = keras.ops.convert_to_numpy(model(x, training=False))[0].astype(float)
        tarms = [layer for layer in model.layers if isinstance(layer, TARM) and layer.attention is not None]
        attention = [
            keras.ops.convert_to_numpy(tarm.attention_weights(x[..., axis]))[0, ::17, 0]
            for axis, tarm in enumerate(tarms)
        ]
    logits -= logits.mean()
    largest = np.abs(logits).max()
    with np.errstate(invalid="ignore", divide="ignore"):
        answer = np.concatenate([logits / largest, [np.log(largest)], *attention]).astype(float)
    return np.nan_to_num(answer, posinf=0, neginf=0).round(6).tolist()


def _input(shape):
    """(1, frames, joints, 3) float32: waves of another length for each coordinate."""
    frame, joint, axis = np.ix_(*map(np.arange, shape))
    return (3 * (np.sin(0.3 * (axis + 1) * frame) + np.cos(0.7 * joint + axis * frame / 5)))[None].astype("float32")


def same(ours, theirs):
    """Whether two fingerprints are of one network; what is no list of numbers, e.g. None, is of none."""
    for numbers in (ours, theirs):
        if not isinstance(numbers, list) or not all(isinstance(number, (int, float)) for number in numbers):
            return False
    return len(ours) == len(theirs) > 0 and bool(np.allclose(ours, theirs, rtol=0, atol=TOLERANCE))
