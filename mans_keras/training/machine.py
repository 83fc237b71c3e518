"""The machine of a run, as its record describes it."""

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

        first = jax.devices()[0]
        return None if first.platform == "cpu" else first.device_kind
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU") if gpus else None


def device(devices=1, number=None):
    """The devices of a run, e.g. "AMD EPYC (cpu family 25, model 17), 2 cores", or "2 x NVIDIA H100".

    number: of cores; None means all that this process may use.
    """
    accelerator = gpu()
    if accelerator:
        return f"{devices} x {accelerator}" if devices > 1 else accelerator
    number = number or cores()
    return f"{_processor()}, {number} core{'s' if number > 1 else ''}"


def _processor():
    """The processor's name and, on Linux, its family and model numbers, since one name may mean several generations."""
    properties = {}
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in itertools.takewhile(str.strip, lines):
            name, _, value = line.partition(":")
            properties[name.strip()] = value.strip()
    name = properties.get("model name") or platform.processor() or platform.machine()
    generation = ", ".join(f"{part} {properties[part]}" for part in ("cpu family", "model") if part in properties)
    return f"{name} ({generation})" if generation else name


def cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def versions():
    """The versions of everything that a result may depend on."""
    backend = __import__(keras.backend.backend())
    return {
        "python": platform.python_version(),
        "mans_keras": mans_keras.__version__,
        "keras": keras.__version__,
        backend.__name__: backend.__version__,
        "numpy": np.__version__,
    }
