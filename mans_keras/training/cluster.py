"""Many runs on a Ray cluster: each run is a task on a machine with room, and its record comes back to this machine.

Every machine needs this package. If a machine is lost, its runs start again on other machines.
"""

import contextlib
import os
import sys
import threading

import keras

from mans_keras.errors import InputError
from mans_keras.models.extensions import EXTENSIONS, run_extension
from mans_keras.training import machine
from mans_keras.training.train_run import train_run

# Ray tries 20 times, 30 s each, to reach an address where nobody answers. It reads this when it is imported.
os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")

CORES = 1  # for a run on a machine without GPU: a second core makes these small networks little faster


def _train(run, tensors, messages, backend, devices, extensions):
    if keras.backend.backend() != backend:
        raise InputError(f"a machine of the cluster runs {keras.backend.backend()}, not {backend}: set KERAS_BACKEND")
    threads = None
    if backend == "tensorflow" and not machine.gpu():
        import tensorflow as tf

        threads = CORES
        with contextlib.suppress(RuntimeError):  # a process that has trained before keeps its threads
            tf.config.threading.set_intra_op_parallelism_threads(threads)
    for extension in extensions.items():
        run_extension(*extension)
    record, _ = train_run(run, tensors, on_epoch=lambda epoch, logs: messages.put((run, epoch, logs)), devices=devices)
    return {**record, "device": machine.device(devices, threads)}


def results(runs, tensors, address, on_epoch, devices=1):
    """Yield (run, record) of each run when it is finished on the Ray cluster at `address`.

    Args:
        tensors: sent once, to the cluster's object store, which must have room for them.
        address: "auto" means the cluster that this machine belongs to.
        on_epoch: called with (run, epoch, logs) after each epoch on any machine.
        devices: GPUs of a run. On a cluster without GPUs a run takes `CORES` cores.

    Raises `InputError` if Ray is not installed, if there is no such cluster, or as `train_run` does there.
    """
    try:
        import ray
        from ray.util.queue import Queue
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
    except ImportError:
        raise InputError("--ray needs Ray: pip install -e '.[ray]'") from None
    if not ray.is_initialized():
        try:
            ray.init(address, log_to_driver=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason, _, _ = str(error).partition("\n")
            raise InputError(
                f"no Ray cluster at {address} ({reason}); if it asks for a token, set RAY_AUTH_MODE=token"
            ) from None
    has_gpus = ray.cluster_resources().get("GPU", 0) >= devices
    needs = {"num_gpus": devices} if has_gpus else {"num_cpus": CORES}
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    messages = Queue(actor_options={"num_cpus": 0, "scheduling_strategy": here})

    def listen():
        try:
            while (message := messages.get()) is not None:
                on_epoch(message)
        except ray.exceptions.RayError:  # if the head is lost, Ray ends this process after a minute
            print(
                f"the Ray cluster at {address} does not answer. If it is lost, run the same command again on another "
                "one: finished runs have their records",
                file=sys.stderr,
            )

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    train = ray.remote(max_retries=-1, **needs)(_train)
    samples = ray.put(tensors.in_memory())
    waiting = {train.remote(run, samples, messages, keras.backend.backend(), devices, EXTENSIONS): run for run in runs}
    try:
        while waiting:
            (finished, *_), _ = ray.wait(list(waiting))
            run = waiting.pop(finished)
            try:
                record = ray.get(finished)
            except ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, InputError):
                    raise InputError(str(error.cause)) from None
                raise
            yield run, record
    finally:
        # Ray aborts this process if a task is cancelled at the moment at which it ends. Runs that are refused for one
        # reason end together, so they get a second to do so.
        _, running = ray.wait(list(waiting), num_returns=len(waiting), timeout=1) if waiting else ([], [])
        for task in running:
            ray.cancel(task, force=True)
        with contextlib.suppress(ray.exceptions.RayError):
            messages.put(None)
        listener.join()
        with contextlib.suppress(ray.exceptions.RayError):
            messages.shutdown()
