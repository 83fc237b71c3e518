"""What test_cluster.py runs in processes of their own: Ray can end a process whose cluster is lost.

TINY is an extension, so each machine runs it before it trains. Epochs of the tiny model are too short to lose a machine
in, so each begins with a second's sleep.
"""

import json
import sys
import threading

from helpers import PATH
from test_training import make_run

from mans_keras.errors import InputError
from mans_keras.models.extensions import EXTENSIONS
from mans_keras.tensors.store import Tensors
from mans_keras.training import cluster, runs

import ray  # isort: skip - Ray reads a variable that mans_keras.training.cluster sets
from ray.cluster_utils import Cluster  # isort: skip

TINY = f"""
import sys, time
sys.path[:0] = {PATH!r}
from mans_keras.training.checkpoint import Checkpoint
from mans_keras.training.run import MODELS
from test_training import tiny_model

MODELS["mans-9"] = tiny_model
Checkpoint.on_epoch_begin = lambda self, epoch, logs: time.sleep(1)
"""
EXTENSIONS["tiny.py"] = TINY


def answer(value):
    print("answer:", json.dumps(value), flush=True)


def error_of(tensors, address, runs=1, **options):
    """The message with which runs on a cluster are refused."""
    try:
        next(cluster.results([make_run(tensors)] * runs, tensors, address, on_epoch=print, **options))
    except InputError as error:
        return str(error)
    return None


def without_a_cluster(tensors):
    """Answers with the message of each address."""
    answer([error_of(tensors, address) for address in ("auto", "127.0.0.1:9")])


def refused_runs(tensors):
    """Answers with the message when four runs ask for too many devices, and whether one is cancelled after its end."""
    ray.init("local", num_cpus=1, log_to_driver=False)
    ended, cancelled = [], []

    def watched(function, tasks):
        def call(task, **options):
            tasks.append(task)
            return function(task, **options)

        return call

    ray.get, ray.cancel = watched(ray.get, ended), watched(ray.cancel, cancelled)
    message = error_of(tensors, "auto", runs=4, devices=64)
    answer([message, any(task in cancelled for task in ended)])


def head():
    """A cluster of one machine; its address is printed, and it is lost when a line comes in."""
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    print(made.address, flush=True)
    sys.stdin.readline()
    made.remove_node(made.head_node, allow_graceful=False)


def three_runs(tensors, results, address):
    """Trains three runs on the cluster at an address."""
    runs.execute([make_run(tensors, seed=seed) for seed in range(3)], tensors, results, jobs=1, ray=address)


def two_machines(tensors, results):
    """Answers with the message for too many devices, the seeds whose first epoch ended, and those that came back.

    The second machine is killed when two runs have ended their first epoch.
    """
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    doomed = made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False)
    message = error_of(tensors, "auto", devices=64)
    begun, returned, real = [], [], cluster.results
    kill = threading.Thread(target=made.remove_node, args=(doomed,), kwargs={"allow_graceful": False})

    def watched(planned, tensors, address, on_epoch, devices):
        def note(sent):
            run, epoch, _ = sent
            if epoch == 1:
                begun.append(run.seed)
                if len(begun) == 2:
                    kill.start()
            on_epoch(sent)

        for run, record in real(planned, tensors, address, note, devices):
            returned.append(run.seed)
            yield run, record

    cluster.results = watched
    planned = [make_run(tensors, seed=seed, epochs=6) for seed in range(3)]
    runs.execute(planned, tensors, results, jobs=1, ray="auto")
    kill.join()
    answer({"message": message, "begun": begun, "returned": returned})
    ray.shutdown()
    made.shutdown()


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    globals()[name](*(Tensors(text) if text.endswith(".h5") else text for text in arguments))
