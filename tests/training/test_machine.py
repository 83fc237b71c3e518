import io

import pytest

from mans_keras.training import machine


@pytest.mark.parametrize(("devices", "name"), [(1, "NVIDIA H100"), (2, "2 x NVIDIA H100")])
def test_accelerators_have_their_name_and_number(monkeypatch, devices, name):
    monkeypatch.setattr(machine, "gpu", lambda: "NVIDIA H100")
    assert machine.device(devices) == name


@pytest.mark.parametrize(("allowed", "number"), [({3}, "1 core"), ({0, 3}, "2 cores")])
def test_a_processor_has_its_name_and_the_cores_that_this_process_may_use(monkeypatch, allowed, number):
    monkeypatch.setattr(machine, "gpu", lambda: None)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda process: allowed, raising=False)
    name, _, cores = machine.device().rpartition(", ")
    assert name and cores == number


def test_generations_of_one_name_differ_in_their_numbers(monkeypatch):
    cpuinfo = "processor : 0\ncpu family : 25\nmodel : 17\nmodel name : AMD EPYC\n\nprocessor : 1\nmodel name : other\n"
    monkeypatch.setattr(machine, "gpu", lambda: None)
    monkeypatch.setattr(machine, "open", lambda path: io.StringIO(cpuinfo), raising=False)
    assert machine.device(number=1) == "AMD EPYC (cpu family 25, model 17), 1 core"


def test_a_processor_that_linux_does_not_name_has_the_name_of_its_kind(monkeypatch):
    def missing(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(machine, "gpu", lambda: None)
    monkeypatch.setattr(machine, "open", missing, raising=False)
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    monkeypatch.setattr(machine.platform, "machine", lambda: "arm64")
    assert machine.device().startswith("arm64, ")
