import os
import sys

from helpers import PATH

sys.path[:0] = [folder for folder in PATH if folder not in sys.path]

import mutations  # noqa: E402 - after the folders of the tests are known

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Most of the time would go into optimising code that runs a few times.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")

# Begun last, one of them would keep one process busy for minutes and the other waiting.
LONGEST = ("jax_backend", "saving", "checkpoint", "runs", "notebooks", "cluster", "commands", "export")


def pytest_addoption(parser):
    parser.addoption("--fuzz", type=int, default=1, metavar="N", help="try N times as many broken files in each fuzzer")


def pytest_configure(config):
    mutations.FACTOR = config.getoption("fuzz")


def pytest_collection_modifyitems(items):
    order = [f"test_{name}" for name in LONGEST]
    items.sort(key=lambda item: order.index(item.module.__name__) if item.module.__name__ in order else len(order))
