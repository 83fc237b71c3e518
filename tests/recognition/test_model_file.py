"""Hostile model files: refused in one line, before memory is taken for what they claim."""

import contextlib
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import asdict
from random import Random

import h5py
import keras
import mutations
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import ACTIONS, PATH, ROOT, standing_body, tensor_file
from limits import limited

from mans_keras import TARM, cli
from mans_keras.errors import InputError
from mans_keras.models.mans import MemoryAttentionNetwork
from mans_keras.recognition.model_file import load
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.skeletons.sequence import KINECT_1


def small_network(bodies=2, coordinates="body", attentions=("residual",)):
    """A network of a TARM for each attention, one after the other, and a preparation: MANs-9 loads far more slowly."""
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Reshape((8, 24))(inputs)
    for attention in attentions:
        x = TARM(2, 2, attention)(x)
    model = MemoryAttentionNetwork(inputs, keras.layers.Dense(3, "softmax")(keras.layers.Flatten()(x)))
    preparation = {"class_names": ACTIONS, "scale": 8, "layout": "resize", "coordinates": coordinates}
    model.preparation = preparation | {"bodies": bodies, "joints": 20, "body": asdict(KINECT_1)}
    return model


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "m.h5"
    small_network().save(path)
    return path


@pytest.fixture
def copied(intact, tmp_path):
    return shutil.copy(intact, tmp_path / "m.h5")


def edited(path, change):
    """The model file after `change` of its configuration."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config["config"])
        file.attrs["model_config"] = json.dumps(config)
    return path


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"scale": -1}, "scale"),
        ({"scale": "8"}, "scale"),
        ({"scale": 10**9}, "scale"),
        ({"layout": "spiral"}, "layout"),
        ({"coordinates": "polar"}, "coordinates"),
        ({"class_names": ["a", "b"]}, "class_names"),
        ({"class_names": list("abcdefghi")}, "class_names"),
        ({"class_names": ["a", "b", None]}, "class_names"),
        ({"bodies": 10**9}, "bodies"),
        ({"joints": 10**9}, "joints"),
        ({"frames": float("nan")}, "frames"),
        ({"frames": -3}, "frames"),
        ({"joint_names": 3}, "joint_names"),
        ({"joint_names": ["hip"] * 20}, "joint_names"),
        ({"joint_names": ["hip"]}, "joint_names"),
        ({"body": {"joints": 20}}, "body"),
        ({"body": None}, "which joints are hips"),
    ],
)
def test_a_hostile_preparation_is_refused(copied, change, complaint):
    edited(copied, lambda config: config["preparation"].update(change))
    with pytest.raises(InputError, match=rf"m\.h5 .*{complaint}"):
        Recognizer(copied)


@pytest.mark.parametrize("part", ["class_names", "scale", "layout", "coordinates", "bodies", "joints", "body"])
def test_a_preparation_that_lacks_a_part_is_refused(copied, part):
    edited(copied, lambda config: config["preparation"].pop(part))
    with pytest.raises(InputError, match=f"lacks '{part}'"):
        Recognizer(copied)


@pytest.mark.parametrize(
    "change", [{"torso": [0, 20]}, {"left_hip": "12"}, {"mirrored": [0] * 20}, {"tail": 3}, {"feet": [1]}]
)
def test_a_body_of_other_joints_is_refused(copied, change):
    edited(copied, lambda config: config["preparation"]["body"].update(change))
    with pytest.raises(InputError, match=f"body .*{next(iter(change))}"):
        Recognizer(copied)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(tmp_path, value):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(2, name="softmax")(inputs))
    model.layers[-1].kernel.assign([[0, value], [0, 0]])
    for name in ("m.h5", "m.keras"):
        model.save(tmp_path / name)
        with pytest.raises(InputError, match="softmax/kernel is not finite"):
            load(tmp_path / name)


def test_a_loaded_model_gives_the_scores_of_the_saved_one(intact):
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    np.testing.assert_array_equal(load(intact)(x), keras.models.load_model(intact, compile=False)(x))


@pytest.mark.parametrize("change", [{"scale": -1}, {"class_names": ["a", "b"]}, {"joints": 10**9}])
def test_each_command_refuses_a_hostile_model_in_one_line(copied, tmp_path, change):
    edited(copied, lambda config: config["preparation"].update(change))
    np.save(tmp_path / "r.npy", standing_body())
    tensors = tensor_file(tmp_path / "t.h5", repetitions=1)
    before = sorted(tmp_path.iterdir())
    for command, *arguments in (
        ["summary"],
        ["predict", tmp_path / "r.npy"],
        ["stream", tmp_path / "r.npy"],
        ["evaluate", tensors],
        ["export", tmp_path / "m.onnx"],
    ):
        done = CliRunner().invoke(cli.main, [command, str(copied), *map(str, arguments)])
        assert done.exit_code == 1 and done.output.count("\n") == 1, (command, done.output)
        assert "m.h5 is not a model that can be loaded safely" in done.output and next(iter(change)) in done.output
    assert sorted(tmp_path.iterdir()) == before


STRANGE = [None, True, -1, 0, 1.5, 10**6, 10**30, float("nan"), "", "relu", "x" * 10_000, [], {}, [[]], {"a": []}]


def broken_config(config, random):
    """The configuration of a model with one value replaced by another kind, or removed."""
    place, keys = config, list(config)
    while True:
        key = random.choice(keys)
        if not isinstance(place[key], (dict, list)) or not place[key] or random.random() < 0.1:
            break
        place = place[key]
        keys = list(place) if isinstance(place, dict) else range(len(place))
    if random.random() < 0.3:
        del place[key]
    else:
        place[key] = random.choice(STRANGE)
    return config


def broken_models(folder, number):
    """Yield `number * FACTOR` model files of each kind: broken bytes, `.h5` and `.keras`, and broken configurations."""
    model = small_network()
    random, path = Random(0), folder / "broken.h5"
    for name in ("m.h5", "m.keras"):
        model.save(folder / name)
        content, path = (folder / name).read_bytes(), (folder / name).with_stem("broken")
        for mutant in mutations.broken(content, number * mutations.FACTOR, random):
            path.write_bytes(mutant)
            yield path
    path = folder / "broken.h5"
    for _ in range(number * mutations.FACTOR):
        shutil.copy(folder / "m.h5", path)
        yield edited(path, lambda config: broken_config(config, random))


def try_broken_models(folder, number):
    """Load each of `broken_models`, and use what is loaded. Prints how many were refused and how many loaded."""
    outcomes = {"refused": 0, "loaded": 0}
    joints = standing_body()
    for path in broken_models(folder, number):
        with limited(2**30, 20):
            try:
                recognizer = Recognizer(path)
            except InputError as error:
                assert "MemoryError" not in str(error) and len(str(error)) < 1000 and "\n" not in str(error), error
                outcomes["refused"] += 1
                continue
            with contextlib.suppress(InputError):  # e.g. more joints than the body has
                x = recognizer.tensor(recognizer.read(joints))
                assert np.isfinite(recognizer.model(x[None])).all()
            outcomes["loaded"] += 1
    print(json.dumps(outcomes))


# In a process of its own, since HDF5 might crash it.
TRY = """
import sys
sys.path[:0] = {path!r}
import mutations
from pathlib import Path
from test_model_file import try_broken_models
mutations.FACTOR = int(sys.argv[2])
try_broken_models(Path(sys.argv[1]), 100)
"""


@pytest.mark.slow
def test_broken_models_are_refused_in_one_line_or_give_scores(tmp_path):
    command = [sys.executable, "-c", TRY.format(path=PATH), str(tmp_path), str(mutations.FACTOR)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes = json.loads(done.stdout.splitlines()[-1])
    assert sum(outcomes.values()) == 300 * mutations.FACTOR and min(outcomes.values()) > 10


# Loads a file in a process that may take 1 GiB more than it has after its imports.
LIMITED = """
import resource, sys
import numpy as np
import keras
from mans_keras.recognition.model_file import load
keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]).predict_on_batch(np.zeros((1, 2)))  # starts the threads
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
for path in sys.argv[1:]:
    try:
        load(path)
        print("loaded")
    except ValueError as error:
        print(error)
"""


def larger_layer(path):
    """Its softmax layer is to have ten thousand million units."""

    def change(config):
        next(layer for layer in config["layers"] if layer["class_name"] == "Dense")["config"]["units"] = 10**10
        config.pop("preparation")

    return edited(path, change)


def larger_output(path):
    """A layer repeats its input until it fills the memory; it has no weights."""
    inputs = keras.Input((8,))
    keras.Model(inputs, keras.layers.RepeatVector(10**9)(inputs)).save(path)


def inflating(path):
    """A kernel of 3 GB, stored in a few MB."""
    with h5py.File(path, "r+") as file:
        file["model_weights"].create_dataset(
            "zeros", (3, 2**28), "f4", chunks=(1, 2**24), compression="gzip", fillvalue=0
        )
        file["model_weights/zeros"][0, : 2**24] = 0


def inflating_zip(path):
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Dense(2)(inputs)).save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("padding", "w") as padding:
        for _ in range(1100):
            padding.write(bytes(2**20))


def linked(path):
    with h5py.File(path, "r+") as file:
        file["model_weights/away"] = h5py.ExternalLink("/etc/passwd", "/")


@pytest.mark.slow
def test_what_a_file_claims_takes_no_memory(intact, tmp_path):
    made = {
        "units.h5": (larger_layer, "not a model that can be loaded safely"),
        "output.keras": (larger_output, "computes"),
        "inflates.h5": (inflating, "inflate to more than 1 GiB"),
        "inflates.keras": (inflating_zip, "inflates to more than 1 GiB"),
        "links.h5": (linked, "links to another place"),
    }
    for name, (make, _) in made.items():
        if name.endswith(".h5"):
            shutil.copy(intact, tmp_path / name)
        make(tmp_path / name)
        assert (tmp_path / name).stat().st_size < 8 * 2**20
    paths = [str(tmp_path / name) for name in made] + [str(intact)]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *paths], capture_output=True, text=True, cwd=ROOT, timeout=300
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == len(paths), done.stderr
    for line, (name, (_, complaint)) in zip(lines, made.items(), strict=False):
        assert name in line and complaint in line
    assert lines[-1] == "loaded"
