"""What a run runs on, as its record tells it."""

import contextlib
import itertools
import os
import platform

import keras
import numpy as np

import mans_keras


def gpu():
    """The name of the accelerator that the backend runs on, or None."""
    if keras.backend.backend() == "jax":
        import jax

        found = jax.devices()[0]
        return None if found.platform == "cpu" else found.device_kind
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(found[0]).get("device_name", "GPU") if found else None


def device(devices=1, number=None):
    """What a run runs on, e.g. "AMD EPYC (cpu family 25, model 17), 2 cores", or "2 x NVIDIA H100".

    number: of cores, None for those that this process may use.
    """
    accelerator = gpu()
    if accelerator:
        return f"{devices} x {accelerator}" if devices > 1 else accelerator
    number = number or cores()
    return f"{_processor()}, {number} core{'s' if number > 1 else ''}"


def _processor():
    """Its name and, on Linux, its family and model numbers: one name may cover several generations."""
    told = {}
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in itertools.takewhile(str.strip, lines):
            name, _, value = line.partition(":")
            told[name.strip()] = value.strip()
    name = told.get("model name") or platform.processor() or platform.machine()
    generation = ", ".join(f"{part} {told[part]}" for part in ("cpu family", "model") if part in told)
    return f"{name} ({generation})" if generation else name


def cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def versions():
    """Of everything that a number may depend on."""
    backend = __import__(keras.backend.backend())
    return {
        "python": platform.python_version(),
        "mans_keras": mans_keras.__version__,
        "keras": keras.__version__,
        backend.__name__: backend.__version__,
        "numpy": np.__version__,
    }
