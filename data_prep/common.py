"""Imported first by every script here."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # products this small only wait for other threads: --jobs is faster

from mans_keras.errors import exit_code
from mans_keras.tensors.prepare import argument_parser, write_tensors

__all__ = ["argument_parser", "exit_code", "write_tensors"]
