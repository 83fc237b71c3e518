import importlib.util
import json
import os
import subprocess
import sys
import threading
import time

import pytest
from helpers import PATH
from test_training import make_run

from mans_keras.errors import InputError
from mans_keras.models.extensions import EXTENSIONS
from mans_keras.training import cluster, records, runs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="Ray is not installed: pip install -e '.[ray]'"),
]

# As an extension, each machine runs it before it trains. Epochs of the tiny model are too short to lose a machine in.
TINY = f"""
import sys, time
sys.path[:0] = {PATH!r}
from mans_keras.training.checkpoint import Checkpoint
from mans_keras.training.run import MODELS
from test_training import tiny_model

MODELS["mans-9"] = tiny_model
Checkpoint.on_epoch_begin = lambda self, epoch, logs: time.sleep(1)
"""


@pytest.fixture(autouse=True)
def on_each_machine(monkeypatch):
    monkeypatch.setitem(EXTENSIONS, "tiny.py", TINY)


# The order of the tests matters: a process can use one cluster only, and it begins to do so with `two_nodes`.
@pytest.mark.parametrize("address", ["auto", "127.0.0.1:9"])
def test_an_address_without_a_cluster_is_one_clear_error(tensors, address):
    with pytest.raises(InputError, match=f"^no Ray cluster at {address} .*$"):
        next(cluster.results([make_run(tensors)], tensors, address, on_epoch=print))


# Ray can end a process whose cluster is lost, so this process is not that of the tests.
PROGRAM = """
import sys
sys.path[:0] = {path!r}
from test_cluster import EXTENSIONS, TINY
from test_training import make_run
from mans_keras.training import runs
from mans_keras.tensors.store import Tensors

EXTENSIONS["tiny.py"] = TINY
tensors = Tensors(sys.argv[1])
runs.execute([make_run(tensors, seed=seed) for seed in range(3)], tensors, sys.argv[2], jobs=1, ray=sys.argv[3])
"""


@pytest.fixture
def one_node():
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield made
    made.shutdown()


def test_if_the_head_is_lost_the_command_ends_with_what_to_do_and_finished_runs_have_records(
    tensors, tmp_path, one_node
):
    command = [sys.executable, "-c", PROGRAM.format(path=PATH), str(tensors.path), str(tmp_path), one_node.address]
    environment = {**os.environ, "RAY_gcs_rpc_server_reconnect_timeout_s": "5"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    while not list(tmp_path.rglob("*.json")) and process.poll() is None:
        time.sleep(0.1)
    one_node.remove_node(one_node.head_node, allow_graceful=False)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 1 and "run the same command again" in output and "Traceback" not in output, output
    assert [records.read_record(path)["epochs"] for path in tmp_path.rglob("*.json")] == [3]


@pytest.fixture(scope="module")
def two_nodes():
    import ray
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def test_what_a_machine_can_not_do_is_one_clear_error(tensors, two_nodes):
    with pytest.raises(InputError, match=r"^64 devices are too many: there are 1$"):
        next(cluster.results([make_run(tensors)], tensors, "auto", on_epoch=print, devices=64))


def test_with_a_node_killed_midway_every_record_is_there_and_none_twice(tensors, tmp_path, two_nodes, monkeypatch):
    planned = [make_run(tensors, seed=seed, epochs=6) for seed in range(3)]
    doomed = next(node for node in two_nodes.list_all_nodes() if node is not two_nodes.head_node)
    begun, yielded, real = [], [], cluster.results
    kill = threading.Thread(target=two_nodes.remove_node, args=(doomed,), kwargs={"allow_graceful": False})

    def watched(runs, tensors, address, on_epoch, devices):
        def note(message):
            run, epoch, _ = message
            if epoch == 1:
                begun.append(run.seed)
                if len(begun) == 2:
                    kill.start()
            on_epoch(message)

        for run, record in real(runs, tensors, address, note, devices):
            yielded.append(run.seed)
            yield run, record

    monkeypatch.setattr(cluster, "results", watched)
    runs.execute(planned, tensors, tmp_path, jobs=1, ray="auto")
    kill.join()
    assert len(begun) == 4, "the run on the killed node began a second time"
    assert sorted(yielded) == [0, 1, 2]
    written = [json.loads(path.read_text()) for path in tmp_path.rglob("*.json")]
    assert sorted(record["seed"] for record in written) == [0, 1, 2]
    assert all(len(record["history"]["train_loss"]) == 6 for record in written)
    assert all(record["device"].endswith(", 1 core") for record in written)
