"""Many runs on a Ray cluster: a run a task, on whichever machine has room; the records come back to this one.

Every machine needs this package. A run that is lost with its machine starts again on another one.
"""

import contextlib
import threading

import keras

from mans_keras.errors import InputError
from mans_keras.models.extensions import EXTENSIONS, run_extension
from mans_keras.training import machine
from mans_keras.training.train_run import train_run

CORES = 1  # of a run on a machine without GPU: these small networks gain little from a second one


def _train(run, tensors, told, backend, devices, extensions):
    if keras.backend.backend() != backend:
        raise InputError(f"a machine of the cluster runs {keras.backend.backend()}, not {backend}: set KERAS_BACKEND")
    threads = None
    if backend == "tensorflow" and not machine.gpu():
        import tensorflow as tf

        threads = CORES
        with contextlib.suppress(RuntimeError):  # this process has trained before, and keeps its threads
            tf.config.threading.set_intra_op_parallelism_threads(threads)
    for extension in extensions.items():
        run_extension(*extension)
    record, _ = train_run(
        run, tensors, on_epoch=lambda epoch, logs: told.put((run, epoch, logs["val_accuracy"])), devices=devices
    )
    return {**record, "device": machine.device(devices, threads)}


def results(runs, tensors, address, tell, devices=1):
    """Yield (run, record) of each run as it is done on the cluster at `address` ("auto": the one this machine is in).

    tell: called with (run, epoch, test accuracy) after each epoch, anywhere. devices: GPUs a run; on a cluster without
    GPUs a run takes `CORES` cores. The tensors are sent once, to the cluster's object store, and must fit there.

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
        except (ConnectionError, ValueError) as error:
            raise InputError(f"no Ray cluster at {address} ({error})") from None
    has_gpus = ray.cluster_resources().get("GPU", 0) >= devices
    needs = {"num_gpus": devices} if has_gpus else {"num_cpus": CORES}
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    told = Queue(actor_options={"num_cpus": 0, "scheduling_strategy": here})

    def listen():
        while (message := told.get()) is not None:
            tell(message)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    task = ray.remote(max_retries=-1, **needs)(_train)
    samples = ray.put(tensors.in_memory())
    waiting = {task.remote(run, samples, told, keras.backend.backend(), devices, EXTENSIONS): run for run in runs}
    try:
        while waiting:
            (done, *_), _ = ray.wait(list(waiting))
            try:
                record = ray.get(done)
            except ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, InputError):
                    raise InputError(str(error.cause)) from None
                raise
            yield waiting.pop(done), record
    finally:
        for lost in waiting:
            ray.cancel(lost, force=True)
        told.put(None)
        listener.join()
        told.shutdown()
