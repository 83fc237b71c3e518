"""The networks, steps and tensor files that the benchmarks measure."""

import contextlib
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


def stepping(model, batch):
    """A function that trains a model for one step on noise. The model has made its first step, which compiles it."""
    random = np.random.default_rng(0)
    x = random.normal(size=(batch, *model.input_shape[1:])).astype("float32")
    y = np.eye(CLASSES, dtype="float32")[random.integers(0, CLASSES, batch)]

    def step():
        model.train_on_batch(x, y)

    step()
    return step


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
