"""Models and every ablation, saved, give the same numbers in a fresh process, and train on as if never saved."""

import hashlib
import inspect
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from test_attention import Scaled
from test_models import ABLATIONS, BEYOND_THE_PAPER
from test_own_backbone import own_backbone

import mans_keras

pytestmark = pytest.mark.slow
OPTIONS = ABLATIONS | BEYOND_THE_PAPER | {"own-attention": {"attention": Scaled(factor=2.5)}}
CASES = [
    *((name, "paper") for name in ("MANs9", "MANsResNet18", "MANsDenseNet161", "MobileNetV2")),
    # Ablations change the TARMs, which all models have. (MANs-33 and MANs-61 repeat the layers of MANs-9.)
    *(("own-backbone", ablation) for ablation in OPTIONS if ablation != "paper"),
]
FORMATS = ["m.h5", "m.keras", "m.weights.h5"]  # .h5 first: Keras 3.15 alone then forgets the optimizer in .keras


def build(name, **options):
    """A small model: 8 frames and joints, or 32 where the CNN halves them five times, or 4 where it hardly does."""
    size = {"MANsDenseNet161": 32, "MobileNetV2": 32, "own-backbone": 4}.get(name, 8)
    options = {"classes": 5, "input_shape": (size, size, 3), "units": 8, "alpha": 4, "dropout": 0.0, **options}
    if name.startswith("MANs"):
        return getattr(mans_keras, name)(**options)
    return mans_keras.MANs(own_backbone if name == "own-backbone" else name, **options)


def state(model):
    """A digest of every weight and, once compiled, of the optimizer's state."""
    variables = model.weights + (model.optimizer.variables if model.compiled else [])
    digest = hashlib.sha256()
    for variable in variables:
        digest.update(keras.ops.convert_to_numpy(variable).tobytes())
    return len(variables), digest.hexdigest()


def observe(model):
    """The model's state and its output for a fixed batch."""
    model.run_eagerly = True  # cheaper than compiling for one batch
    x = np.random.default_rng(0).normal(size=(2, *model.input_shape[1:])).astype("float32")
    return {"state": state(model), "output": model.predict_on_batch(x).tolist()}


def train(model, whole_step):
    """The state after one more step on a fixed batch; without `whole_step`, gradients are the weights themselves."""
    if whole_step:
        model.run_eagerly = True
        x = np.random.default_rng(1).normal(size=(2, *model.input_shape[1:])).astype("float32")
        loss = float(model.train_on_batch(x, np.array([0, 1])))
        return {"loss": loss, "trained": state(model)}
    weights = model.trainable_variables
    model.optimizer.apply([weight.value for weight in weights], weights)
    return {"trained": state(model)}


def is_whole_step(name):
    """Whether a model takes a whole step: one is enough to see that its gradients are those of before."""
    return name == "MANs9"


READER = "\n".join(
    [
        "import hashlib, json, sys, traceback, numpy as np, mans_keras, keras",
        "from keras import layers",
        *map(inspect.getsource, (Scaled, state, observe, train)),
        inspect.cleandoc(
            """
            for line in sys.stdin:
                path, whole_step = json.loads(line)
                answer = {}
                try:
                    if path.endswith(".weights.h5"):  # into the model before it, which was trained on
                        model.load_weights(path)
                        answer |= observe(model)
                    else:
                        model = keras.models.load_model(path)
                        answer |= observe(model)
                        answer |= train(model, whole_step)
                except Exception:
                    answer["error"] = traceback.format_exc()
                print(json.dumps(answer), flush=True)
            """
        ),
    ]
)


@pytest.fixture(scope="module")
def reader():
    """A process that loads files by their names. It knows no more than Keras, `mans_keras` and an own attention."""
    command = [sys.executable, "-c", READER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request, reader, tmp_path_factory):
    """What a model gives that was trained for a step and saved, and what the reader makes of each of its files."""
    name, ablation = request.param
    model = build(name, **OPTIONS[ablation])
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy")
    train(model, is_whole_step(name))
    folder = tmp_path_factory.mktemp(f"{name}-{ablation}")
    for file in FORMATS:
        save = model.save_weights if file.endswith(".weights.h5") else model.save
        save(folder / file)
        print(json.dumps([str(folder / file), is_whole_step(name)]), file=reader.stdin, flush=True)
    expected = {**observe(model), **train(model, is_whole_step(name))}  # while the reader reads
    loaded = {file: json.loads(reader.stdout.readline()) for file in FORMATS}
    for file in FORMATS:
        (folder / file).unlink()
    return json.loads(json.dumps(expected)), loaded


@pytest.mark.parametrize("file", FORMATS)
def test_loaded_model_gives_the_same_output(case, file):
    expected, loaded = case
    assert loaded[file].get("output") == expected["output"], loaded[file].get("error")


@pytest.mark.parametrize("file", ["m.h5", "m.keras"])
def test_loaded_model_trains_on(case, file):
    expected, loaded = case
    assert loaded[file] == expected


def test_step_changes_weights_and_optimizer(case):
    expected, _ = case
    assert expected["trained"][0] == expected["state"][0]
    assert expected["trained"][1] != expected["state"][1]
