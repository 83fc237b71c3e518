import io

import pytest

from mans_keras.training import machine


@pytest.mark.parametrize(("devices", "told"), [(1, "NVIDIA H100"), (2, "2 x NVIDIA H100")])
def test_an_accelerator_is_told_by_its_name_and_number(monkeypatch, devices, told):
    monkeypatch.setattr(machine, "gpu", lambda: "NVIDIA H100")
    assert machine.device(devices) == told


@pytest.mark.parametrize(("allowed", "told"), [({3}, "1 core"), ({0, 3}, "2 cores")])
def test_a_processor_is_told_with_the_cores_that_this_process_may_use(monkeypatch, allowed, told):
    monkeypatch.setattr(machine, "gpu", lambda: None)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda process: allowed, raising=False)
    name, _, cores = machine.device().rpartition(", ")
    assert name and cores == told


def test_generations_of_one_name_are_told_apart(monkeypatch):
    told = "processor : 0\ncpu family : 25\nmodel : 17\nmodel name : AMD EPYC\n\nprocessor : 1\nmodel name : other\n"
    monkeypatch.setattr(machine, "gpu", lambda: None)
    monkeypatch.setattr(machine, "open", lambda path: io.StringIO(told), raising=False)
    assert machine.device(number=1) == "AMD EPYC (cpu family 25, model 17), 1 core"


def test_a_processor_that_linux_does_not_name_is_told_by_its_kind(monkeypatch):
    def missing(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(machine, "gpu", lambda: None)
    monkeypatch.setattr(machine, "open", missing, raising=False)
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    monkeypatch.setattr(machine.platform, "machine", lambda: "arm64")
    assert machine.device().startswith("arm64, ")
