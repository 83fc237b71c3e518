"""The tests of what may differ with JAX in place of TensorFlow, once more."""

import importlib.util
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import keras
import pytest

# Loops, gradients, random numbers, convolutions, weights and optimisers in files, training and its checkpoints.
TESTS = [
    "models/test_recurrence.py",
    *(
        f"models/test_tarm.py::test_{what}_of_the_equations[(20, 7, 8)-{attention}]"
        for what in ("output_is_that", "gradients_are_those")
        for attention in ("residual", "song")
    ),
    "models/test_tarm.py::test_attention_is_trained[residual]",
    "models/test_tarm.py::test_dropout_acts_in_training_only",
    "models/test_models.py::test_each_coordinate_reaches_its_channel_and_the_output",
    "models/test_backbones.py::test_resnet18_to_its_first_smaller_stage_is_that_of_the_description[(63, 45)]",
    "models/test_fingerprint.py::test_it_is_the_same_after_other_random_numbers_were_drawn",
    "models/test_saving.py::test_loaded_model_trains_on[own-backbone-weighted-m.h5]",
    "models/test_saving.py::test_loaded_model_trains_on[own-backbone-weighted-m.keras]",
    "models/test_saving.py::test_loaded_model_gives_the_same_output[own-backbone-weighted-m.weights.h5]",
    "training/test_checkpoint.py::test_averaged_weights_and_changed_sequences_survive_an_interruption",
]
OF_TENSORFLOW = "test_grus_of_the_same_shapes_are_traced_once"
CODE = "import sys, keras, pytest; assert keras.backend.backend() == 'jax'; sys.exit(pytest.main(sys.argv[1:]))"


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="these tests run on JAX already")
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.slow
def test_models_and_training_on_jax(tmp_path):
    cheap_compilation = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    report = tmp_path / "report.xml"
    folder = Path(__file__).parent
    options = ["-n", "0", "-k", f"not {OF_TENSORFLOW}", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    options += [f"--basetemp={tmp_path / 'files'}"]
    finished = subprocess.run(
        [sys.executable, "-c", CODE, *(str(folder / test) for test in TESTS), *options],
        env={**os.environ, "KERAS_BACKEND": "jax", **cheap_compilation},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-20_000:] + finished.stderr[-5_000:]
    cases = list(ElementTree.parse(report).iter("testcase"))
    assert len(cases) > len(TESTS) and not [case.get("name") for case in cases if case.find("skipped") is not None]


QUIET = """
from mans_keras.models import keras, fingerprint
fingerprint.fingerprint(lambda classes: keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(),
                                                          keras.layers.Dense(classes, "softmax")]))
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.slow
def test_on_jax_nothing_is_printed_about_tensorflow():
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= {"KERAS_BACKEND": "jax"}
    finished = subprocess.run([sys.executable, "-c", QUIET], env=environment, capture_output=True, text=True)
    assert (finished.returncode, finished.stderr) == (0, "")
