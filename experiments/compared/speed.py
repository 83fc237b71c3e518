"""The speed of the networks: a training step, and the classification of one sequence. Measured on a quiet machine."""

import json
from pathlib import Path

import numpy as np

from experiments import compared
from experiments.compared import measured
from mans_keras.files import replacing
from mans_keras.training import recipes

JOINTS, CLASSES, BATCH = 20, 10, 8
ROUNDS = 15


def path(results):
    """Where the speed of all methods is kept: {Keras backend: what `measure` returns}, all of one device."""
    return Path(results, recipes.BEST.name, measured.EXPERIMENT, "speed.json")


def read(results):
    """The speed of the methods, each number that of the faster backend of those measured; {} if none was.

    backends: their names; methods: {name: {"training", "latency"}}; the rest as `measure` returns it.
    """
    kept = json.loads(path(results).read_text()) if path(results).exists() else {}
    if not kept:
        return {}
    several = [of_backend["methods"] for of_backend in kept.values()]
    fastest = {
        name: {what: min(methods[name][what] for methods in several) for what in several[0][name]}
        for name in several[0]
        if all(name in methods for methods in several)
    }
    return {**next(iter(kept.values())), "backends": list(kept), "methods": fastest}


def compiled(name):
    """The network of a method, or MANs-9, compiled as the recipe `best` does it."""
    from mans_keras.training import network
    from mans_keras.training.run import Run

    arguments = {} if name == measured.OURS else {"joints": JOINTS, "bodies": 1}
    run = Run("", "ut_kinect", "", None, name, name, arguments, recipes.BEST, 1, BATCH, 0, "float32", "")
    return network.build(run, CLASSES)


def measure():
    """The milliseconds of all methods a sequence, measured in turn: batch, joints, classes, device, methods."""
    from experiments.timing import in_turn, medians
    from mans_keras.training import machine

    compared.register()
    random = np.random.default_rng(0)
    x = random.normal(size=(BATCH, compared.SCALE, compared.SCALE, 3)).astype("float32")
    y = np.eye(CLASSES, dtype="float32")[random.integers(0, CLASSES, BATCH)]
    models = [compiled(name) for name in measured.NAMES]
    training = medians(in_turn(*(lambda m=m: m.train_on_batch(x, y) for m in models), rounds=ROUNDS)) / BATCH
    latency = medians(in_turn(*(lambda m=m: m.predict_on_batch(x[:1]) for m in models), rounds=ROUNDS))
    milliseconds = {
        name: {"training": round(1e3 * float(step), 2), "latency": round(1e3 * float(sequence), 2)}
        for name, step, sequence in zip(measured.NAMES, training, latency, strict=True)
    }
    device = machine.device(1)
    return {"batch": BATCH, "joints": JOINTS, "classes": CLASSES, "device": device, "methods": milliseconds}


def run(args):
    """Measure all methods with the present Keras backend, and keep it beside other backends on the same device."""
    from mans_keras.models import keras  # without the messages of TensorFlow

    now = measure()
    before = json.loads(path(args.results).read_text()) if path(args.results).exists() else {}
    kept = {backend: old for backend, old in before.items() if old["device"] == now["device"]}
    path(args.results).parent.mkdir(parents=True, exist_ok=True)
    with replacing(path(args.results)) as part:
        part.write_text(json.dumps({**kept, keras.backend.backend(): now}, indent=1) + "\n")
    for name, values in now["methods"].items():
        print(f"{name}: training {values['training']:.1f} ms a sequence, one sequence {values['latency']:.1f} ms")
