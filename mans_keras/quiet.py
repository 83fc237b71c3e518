"""Importing TensorFlow in silence: it tells of missing GPUs below Python, and no setting of its own stops that."""

import contextlib
import os


@contextlib.contextmanager
def stderr():
    """Nothing that is written to file descriptor 2 shows; an exception passes. TensorFlow tells only fatal errors."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
