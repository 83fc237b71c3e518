"""The network of a run: untrained, its fingerprint, and compiled with the recipe's optimiser and loss."""

import contextlib
import functools
import json
from dataclasses import asdict

import keras

from mans_keras.models.attention import class_of
from mans_keras.models.fingerprint import fingerprint
from mans_keras.training import recipes
from mans_keras.training.machine import gpu
from mans_keras.training.run import MODELS, SCALES, WITHOUT_XLA, Run

# The values of a recipe that change the untrained network.
NETWORK_VALUES = ("alpha", "gru_dropout", "l2", "gru_initializer", "conv_initializer")


def network(run: Run, classes: int) -> keras.Model:
    """The untrained network of a run, not compiled."""
    recipe = run.recipe
    return MODELS[run.model](
        classes,
        **{"alpha": recipe.alpha, "dropout": recipe.gru_dropout[SCALES[run.model]], **run.arguments},
        l2=recipe.l2,
        gru_initializer=recipe.gru_initializer,
        conv_initializer=recipe.conv_initializer,
    )


_fingerprints = {}


def fingerprint_of(run: Run) -> list[float]:
    """The `fingerprint` of a run's network, as its record keeps it; a process computes it once."""
    recipe = {name: value for name, value in asdict(run.recipe).items() if name in NETWORK_VALUES}
    # An attention may be defined again under its name, e.g. in a notebook.
    attention = class_of(run.arguments.get("attention"))
    key = (MODELS[run.model], attention, json.dumps([run.arguments, recipe], sort_keys=True))
    if key not in _fingerprints:
        with dtype_policy("float32"):
            _fingerprints[key] = fingerprint(functools.partial(network, run))
    return _fingerprints[key]


def build(run: Run, classes: int, devices: int = 1, steps: int = 1) -> keras.Model:
    """The compiled model of a run. devices: how many train it; steps: in each epoch."""
    recipe = run.recipe
    model = network(run, classes)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = recipes.for_dataset(recipe.batch_norm_momentum, run.dataset)
            layer.synchronized = devices > 1
    rate = recipe.learning_rate
    if recipe.cosine:
        rate = keras.optimizers.schedules.CosineDecay(rate, decay_steps=run.epochs * steps)
    averaged = {"use_ema": True, "ema_momentum": recipe.weight_average} if recipe.weight_average else {}
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=recipe.momentum, nesterov=recipe.nesterov, **averaged),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=["accuracy"],
        jit_compile=_with_xla(run.model, devices),
    )
    if devices == 1:
        # If the first step had to do this, TensorFlow would trace the step twice.
        model.optimizer.build(model.trainable_variables)
        nothing = keras.ops.zeros((1, classes))
        model.compute_metrics(None, nothing, nothing)
        model.reset_metrics()
    return model


def _with_xla(model, devices):
    """The `jit_compile` that makes a network's steps fastest."""
    # JAX always compiles; with TensorFlow on a GPU, the GRUs' cuDNN kernels exclude XLA.
    if keras.backend.backend() != "tensorflow" or gpu() or devices > 1:
        return "auto"
    return model not in WITHOUT_XLA


@contextlib.contextmanager
def dtype_policy(precision):
    """Layers that are made in this block have this precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
