import json
import threading

import pytest
from helpers import tensor_file
from test_training import make_run

from mans_keras.errors import InputError
from mans_keras.tensors.store import Tensors
from mans_keras.training import cluster, runs

pytestmark = pytest.mark.slow
ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")


@pytest.fixture
def tensors(tmp_path):
    return Tensors(tensor_file(tmp_path / "ut_kinect_50.h5"))


@pytest.fixture
def two_nodes():
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def test_with_a_node_killed_midway_every_record_is_there_and_none_twice(tensors, tmp_path, two_nodes, monkeypatch):
    planned = [make_run(tensors, seed=seed, epochs=20, arguments={"tarm": False}) for seed in range(3)]
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
    records = [json.loads(path.read_text()) for path in tmp_path.rglob("*.json")]
    assert sorted(record["seed"] for record in records) == [0, 1, 2]
    assert all(len(record["history"]["train_loss"]) == 20 for record in records)
    assert all(record["device"].endswith(", 1 core") for record in records)


def test_what_a_machine_can_not_do_is_one_clear_error(tensors):
    ray.init(num_cpus=1, log_to_driver=False)
    try:
        with pytest.raises(InputError, match=r"^64 devices are too many: there are 1$"):
            list(cluster.results([make_run(tensors)], tensors, "auto", on_epoch=print, devices=64))
    finally:
        ray.shutdown()


@pytest.mark.parametrize("address", ["auto", "127.0.0.1:9"])
def test_an_address_without_a_cluster_is_one_clear_error(tensors, address):
    with pytest.raises(InputError, match=f"^no Ray cluster at {address} .*$"):
        next(cluster.results([make_run(tensors)], tensors, address, on_epoch=print))
