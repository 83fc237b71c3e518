"""The tests of the models once more, with JAX in place of TensorFlow."""

import importlib.util
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import keras
import pytest

FILES = ["test_tarm.py", "test_recurrence.py", "test_models.py", "test_backbones.py", "test_fingerprint.py"]
FILES += ["test_saving.py"]
CODE = "import sys, keras, pytest; assert keras.backend.backend() == 'jax'; sys.exit(pytest.main(sys.argv[1:]))"


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="these tests run on JAX already")
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.slow
def test_models_on_jax(tmp_path):
    cheap_compilation = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    folder = Path(__file__).parent / "models"
    report = tmp_path / "report.xml"
    options = ["-p", "no:cacheprovider", f"--junit-xml={report}", f"--basetemp={tmp_path / 'files'}"]
    finished = subprocess.run(
        [sys.executable, "-c", CODE, *(str(folder / file) for file in FILES), *options],
        env={**os.environ, "KERAS_BACKEND": "jax", **cheap_compilation},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-20_000:] + finished.stderr[-5_000:]
    cases = list(ElementTree.parse(report).iter("testcase"))
    ran = {case.get("classname").split(".")[-1] for case in cases if case.find("skipped") is None}
    assert ran == {file.removesuffix(".py") for file in FILES}
    assert len(cases) > 100
