"""Imported first by every script here: prepares recordings without Keras, which takes seconds and 700 MB to import."""

import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # products this small only wait for other threads: --jobs is faster
sys.modules.setdefault("keras", None)  # makes `import keras` fail, which mans_keras/__init__.py allows for

from mans_keras.errors import exit_code  # noqa: E402
from mans_keras.prepare import argument_parser, write_tensors  # noqa: E402

__all__ = ["argument_parser", "exit_code", "write_tensors"]
