"""The networks, steps and tensor files that the benchmarks measure."""

import contextlib
import tempfile
from pathlib import Path
from unittest import mock

import keras
import numpy as np
from keras import ops

from mans_keras.models import mans as models
from mans_keras.models import tarm
from mans_keras.skeletons import ntu
from mans_keras.skeletons.sequence import KINECT_2, Sequence
from mans_keras.tensors.store import Tensors
from mans_keras.tensors.writer import Writer
from mans_keras.training import network, recipes
from mans_keras.training.batches import Batches
from mans_keras.training.run import Run

CLASSES = 60
TENSORS = {
    "dataset": "ntu_rgbd",
    "class_names": ntu.CLASS_NAMES,
    "layout": "resize",
    "coordinates": "body",
    "body": KINECT_2,
}


class PlainTARM(tarm.TARM):
    """A TARM that calls Keras' GRU layers as they are, without `mans_keras.models.recurrence`."""

    def memory(self, x, training=None):
        backward = self.backward_gru(x, training=training)
        return self.forward_gru(x, training=training) + ops.flip(backward, axis=1)


def build(model="mans-9", plain=False, precision="float32", **arguments):
    """A model, compiled as `training` compiles it; plain: with `PlainTARM`."""
    keras.config.set_dtype_policy(precision)
    run = Run("", "ntu_rgbd", "", None, model, "", arguments, recipes.RELEASED, 1, 8, 0, precision, "")
    with mock.patch.object(models, "TARM", PlainTARM) if plain else contextlib.nullcontext():
        built = network.build(run, CLASSES)
    keras.config.set_dtype_policy("float32")
    return built


def noise(model, batch):
    """(batch, frames, joints, 3) float32, as a model takes it."""
    return np.random.default_rng(0).normal(size=(batch, *model.input_shape[1:])).astype("float32")


def stepping(model, batch):
    """A function that trains a model for one step on noise. The model has made its first step, which compiles it."""
    x, classes = noise(model, batch), model.output_shape[-1]
    y = np.eye(classes, dtype="float32")[np.random.default_rng(1).integers(0, classes, batch)]

    def step():
        model.train_on_batch(x, y)

    step()
    return step


def save(model, path):
    """Save a model of `CLASSES` classes so that a `Recognizer` takes it; returns the path."""
    scale = model.input_shape[1]
    with tempfile.TemporaryDirectory() as folder:
        model.preparation = Tensors(write_tensors(Path(folder, f"one_{scale}.h5"), scale, 1)).preparation()
    model.save(path, include_optimizer=False)
    return path


def write_tensors(path, scale, samples):
    """Write a tensor file of noise; returns its path."""
    noise = np.random.default_rng(0).normal(size=(scale, scale, 3))
    sequence = Sequence("noise", np.ones((1, 1, 25, 3)), 0)
    with Writer(path, scale=scale, **TENSORS) as writer:
        for _ in range(samples):
            writer.add(noise, sequence)
    return path


def batches_of(path, batch):
    """The shuffled batches of a tensor file, as a training has them."""
    tensors = Tensors(path)
    labels = keras.utils.to_categorical(tensors.label, CLASSES)
    return Batches(tensors.samples(np.arange(len(tensors))), labels, batch, seed=0)
