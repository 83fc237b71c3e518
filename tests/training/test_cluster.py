import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import PATH

from mans_keras.training import records

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="Ray is not installed: pip install -e '.[ray]'"),
]

PROGRAMS = Path(__file__).with_name("ray_programs.py")


def begin(program, *arguments, **environment):
    """One of the programs, in a process whose output can be read."""
    return subprocess.Popen(
        [sys.executable, str(PROGRAMS), program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PATH), **environment},
    )


def printed(process):
    """The answer that a program printed among what Ray prints, when it has ended well."""
    output, messages = process.communicate(timeout=600)
    assert process.returncode == 0, output + messages
    (answer,) = [line for line in output.splitlines() if line.startswith("answer: ")]
    return json.loads(answer.removeprefix("answer: "))


def test_an_address_without_a_cluster_is_one_clear_error(tensors):
    of_this_machine, of_an_address = printed(begin("without_a_cluster", tensors.path))
    assert of_this_machine.startswith("no Ray cluster at auto (") and "\n" not in of_this_machine
    assert of_an_address.startswith("no Ray cluster at 127.0.0.1:9 (") and "\n" not in of_an_address


def test_a_run_that_is_refused_is_not_cancelled_after_its_end(tensors):
    # a process that does so is now and then aborted by Ray
    assert printed(begin("refused_runs", tensors.path)) == ["64 devices are too many: there are 1", False]


def test_if_the_head_is_lost_the_command_ends_with_what_to_do_and_finished_runs_have_records(tensors, tmp_path):
    head = begin("head")
    address = head.stdout.readline().strip()
    command = begin("three_runs", tensors.path, tmp_path, address, RAY_gcs_rpc_server_reconnect_timeout_s="20")
    while not list(tmp_path.rglob("*.json")) and command.poll() is None:
        time.sleep(0.1)
    head.communicate("lose it\n", timeout=300)
    output, messages = command.communicate(timeout=300)
    assert command.returncode == 1 and "run the same command again" in messages, output + messages
    assert "Traceback" not in messages
    epochs = [records.read_record(path)["epochs"] for path in tmp_path.rglob("*.json")]
    assert epochs in ([3], [3, 3])  # a second run may have ended before the head was lost


def test_with_a_machine_killed_midway_every_record_is_there_and_none_twice(tensors, tmp_path):
    seen = printed(begin("two_machines", tensors.path, tmp_path))
    assert seen["message"] == "64 devices are too many: there are 1"
    assert len(seen["begun"]) == 4, "the run on the killed machine began a second time"
    assert sorted(seen["returned"]) == [0, 1, 2]
    written = [json.loads(path.read_text()) for path in tmp_path.rglob("*.json")]
    assert sorted(record["seed"] for record in written) == [0, 1, 2]
    assert all(len(record["history"]["train_loss"]) == 6 for record in written)
    assert all(record["device"].endswith(", 1 core") for record in written)
