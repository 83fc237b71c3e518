"""Importing TensorFlow without its messages about missing GPUs, which no setting of TensorFlow stops."""

import contextlib
import logging
import os


def _is_not_about_tracing(record):
    return "triggered tf.function retracing" not in record.getMessage()


@contextlib.contextmanager
def stderr():
    """Hide all that is written to file descriptor 2; exceptions pass. Afterwards TensorFlow logs only fatal errors.

    Its warning about tracing again is hidden, too: several runs in one process can't do without.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stderr_before = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr_before, 2)
        os.close(stderr_before)
        logging.getLogger("tensorflow").addFilter(_is_not_about_tracing)
