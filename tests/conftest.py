import functools
import os
import shutil
import sys

import pytest
from helpers import PATH

sys.path[:0] = [folder for folder in PATH if folder not in sys.path]

import mutations  # noqa: E402 - after the folders of the tests are known

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Most of the time would go into optimising code that runs a few times.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")

# Begun last, one of them would keep one process busy for minutes and the other waiting.
LONGEST = ("jax_backend", "saving", "processes", "checkpoint", "notebooks", "cluster", "commands", "export")


def pytest_addoption(parser):
    parser.addoption("--fuzz", type=int, default=1, metavar="N", help="try N times as many broken files in each fuzzer")


def pytest_configure(config):
    mutations.FACTOR = config.getoption("fuzz")


def pytest_collection_modifyitems(items):
    order = [f"test_{name}" for name in LONGEST]
    items.sort(key=lambda item: order.index(item.module.__name__) if item.module.__name__ in order else len(order))


@pytest.fixture
def eager():
    """TensorFlow compiles no function in this test: of a network that answers a few times, compiling is most work."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def imported_as(monkeypatch):
    """`imported_as(name, module)`: in this test, importing this name gives the module, or fails if it is None."""
    return functools.partial(monkeypatch.setitem, sys.modules)


@pytest.fixture(scope="module")
def tab():
    """A tab of a browser, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (.[test])")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = next(filter(None, map(shutil.which, names)), None)
    if not program:
        pytest.skip(f"no browser is installed: none of {', '.join(names)}")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser.new_page(color_scheme="light")
        browser.close()


@pytest.fixture
def without_xla(monkeypatch):
    """A step of MANs-9 is not compiled by XLA: of a short training that would be most of the time."""
    from mans_keras.training import network

    monkeypatch.setattr(network, "WITHOUT_XLA", ("mans-9",))


@pytest.fixture
def tiny(monkeypatch, without_xla):
    """Runs of MANs-9 train the tiny model in its place."""
    from test_training import tiny_model

    from mans_keras.training.run import MODELS

    monkeypatch.setitem(MODELS, "mans-9", tiny_model)
