"""The rows of the benchmarks. No test asserts a time."""

import csv
import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest
from helpers import ROOT, run

from experiments import benchmark_answers, benchmark_compared, benchmark_tarm, compared, paper, timing
from experiments.compared import speed


def test_our_time_is_measured_against_theirs():
    training, latency = np.array([[0.2, 0.4]] * 3), np.array([[0.03, 0.02]] * 3)
    step, answer = benchmark_compared.rows(benchmark_compared.figures("ours", "theirs"), training, latency)
    assert step == [
        "training step, ours over theirs, batch 8",
        "at most 1",
        "0.50",
        "met",
        "200.0 over 400.0 ms; 40.0 and 20.0 sequences a second",
    ]
    assert answer[0] == "latency of one, ours over theirs"
    assert answer[2:4] == ["1.50", "NOT MET"] and answer[4].startswith("30.0 over 20.0 ms; 33.3 and 50.0")


def test_without_torchvision_its_rows_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark_compared, "in_process", lambda function, *_: [])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = run(benchmark_compared.main, "--results", tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [line for line in (tmp_path / "compared.md").read_text().splitlines() if "torchvision is not" in line]
    assert len(rows) == 4 and all("not measured" in row and "pip install -e '.[benchmark]'" in row for row in rows)


@pytest.mark.slow
def test_a_network_of_torchvision_is_trained_and_answers():
    pytest.importorskip("torchvision", reason="torchvision is not installed", exc_type=Exception)
    x = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype("float32")
    step, answers, answer = benchmark_compared.torch_functions("resnet18", 5, x)
    before = answer()
    np.testing.assert_allclose(answers()[:1], before, atol=1e-5)
    step()
    assert before.shape == (1, 5) and before.sum() == pytest.approx(1, abs=1e-5)
    assert np.abs(answer() - before).max() > 1e-4


def test_a_command_that_fails_is_not_timed():
    with pytest.raises(subprocess.CalledProcessError):
        benchmark_answers.run([sys.executable, "-c", "raise SystemExit(3)"])


def test_the_commands_seconds_are_named_one_by_one(tmp_path, monkeypatch):
    parts = (4.0, 0.2, 0.6, 0.01, 0.3, 1.5)
    monkeypatch.setattr(benchmark_answers, "in_process", lambda *_: parts)
    monkeypatch.setattr(benchmark_answers, "in_turn", lambda *_, rounds: np.array([[6.0, 4.0]] * rounds))
    row = benchmark_answers.predicting(tmp_path, rounds=3)
    assert row[1:4] == ["at most 1.3", "1.50", "NOT MET"]
    assert row[4].startswith("6.00 over 4.00 s: importing TensorFlow 4.00, the other imports 0.20, loading the model")
    assert row[4].endswith("its scores 0.30, Python and the command 0.89; a picture would take 1.50 more")


@pytest.mark.slow
def test_the_stages_of_the_command_are_measured(tmp_path):
    recording = benchmark_answers.write_recording(tmp_path)
    seconds = timing.in_process(benchmark_answers.stages, recording, tmp_path / "a.png")
    assert len(seconds) == len(benchmark_answers.STAGES) + 1 and min(seconds) > 0
    assert (tmp_path / "a.png").exists()


@pytest.mark.slow
def test_each_export_is_measured_against_keras(tmp_path, monkeypatch):
    from mans_keras.recognition import export

    shapes = []

    def exported(model, path, **settings):
        return lambda x: shapes.append((path.name, x.shape))

    monkeypatch.setattr(export, "export", exported)
    rows = benchmark_answers.exports(tmp_path, rounds=1)
    assert [row[0].split(", ", 1)[1] for row in rows] == [
        "ONNX, over Keras",
        "ONNX, --batch 1, over Keras",
        "LiteRT, over Keras",
        "LiteRT, --batch 1, over Keras",
        "ONNX, --raw, from joints, over Keras",
    ]
    assert set(shapes) >= {("one.onnx", (1, 50, 50, 3)), ("raw.onnx", (60, 20, 3))}


def test_a_part_is_the_difference_of_two_networks():
    names = {name for _, networks in benchmark_tarm.PARTS for name in networks}
    seconds = {name: np.full(3, 0.05) for name in names} | {"MANs-9": np.full(3, 0.1), "STCM-9": np.full(3, 0.08)}
    processor = {name: 2 * value for name, value in seconds.items()}
    rows = {row[0]: row[1:] for row in benchmark_tarm.table(seconds, processor)}
    assert rows["whole step"] == ["100.0", "100%", "200.0", "MANs-9"]
    assert rows["all that the TARMs add"] == ["20.0", "20%", "40.0", "MANs-9 less STCM-9"]


@pytest.mark.slow
def test_each_part_has_its_network():
    networks = benchmark_tarm.networks()
    assert set(networks) == {name for _, of_part in benchmark_tarm.PARTS for name in of_part}
    layers = {name: {layer.name for layer in network.layers} for name, network in networks.items()}
    assert "stem_conv" in layers["MANs-9 without GRUs"] and "stem_conv" not in layers["TARMs alone"]
    assert "tarm_x" in layers["TARMs alone"] and "tarm_x" not in layers["STCM-9 with the image's gradient"]
    weights = [networks[name].count_params() for name in ("MANs-9", "MANs-9 without GRUs")]
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_the_page_says_how_much_the_compared_networks_compute():
    from experiments.compared.operations import multiplications
    from mans_keras.training.run import MODELS

    ours = multiplications(MODELS["mans-9"](speed.CLASSES))
    theirs = [compared.build(name, speed.CLASSES, joints=speed.JOINTS, bodies=1) for name in ("sgn", "st-gcn")]
    sgn, st_gcn = (multiplications(model) / ours for model in theirs)
    assert round(st_gcn) == 6
    page = (ROOT / "experiments/results/benchmark/README.md").read_text()
    assert f"it computes {100 * (1 - sgn):.0f} % less. ST-GCN computes six times as much as MANs-9" in page


def _measured(name):
    """{first cell: the row} of a committed table of a benchmark."""
    with open(ROOT / f"experiments/results/benchmark/{name}.csv", newline="") as file:
        return {tuple(row[:2]) if name == "gpu" else row[0]: row for row in csv.reader(file)}


def test_what_the_page_says_of_half_precision_on_a_gpu_is_the_table():
    rows = _measured("gpu")
    assert {model for model, _ in rows} == {"model", "mans-9", "mans-resnet18"}
    steps = {key: float(row[3]) for key, row in rows.items() if key[0] != "model"}
    gains = [steps[model, "mixed_bfloat16"] / steps[model, "float32"] - 1 for model in ("mans-9", "mans-resnet18")]
    page = " ".join((ROOT / "experiments/results/benchmark/README.md").read_text().split())
    sentence = "Half precision gains {:.0f} % with MANs-9, and {:.0f} % with MANs (ResNet-18)"
    assert sentence.format(*(100 * gain for gain in gains)) in page


def test_the_compared_networks_use_xla_where_it_was_measured_to_be_faster():
    rows = _measured("xla")
    assert rows.keys() - {"network"} == {*paper.TABLE5, *compared.METHODS}
    for name, method in compared.METHODS.items():
        assert method.xla == (float(rows[name][3]) < 1) == (rows[name][-1] == "XLA"), name


def test_what_the_page_says_of_torchvisions_networks_is_the_table():
    rows = [row for figure, row in _measured("compared").items() if "torchvision" in figure and "step" in figure]
    resnet, densenet = (float(row[2]) for row in rows)
    pairs = (re.findall(r"without gradients: ([\d.,]+) over ([\d.,]+) ms", row[-1])[0] for row in rows)
    forward = [float(ours.replace(",", "")) / float(theirs.replace(",", "")) for ours, theirs in pairs]
    page = " ".join((ROOT / "experiments/results/benchmark/README.md").read_text().split())
    assert resnet > 1.1 and forward[0] <= 1
    assert "ResNet-18 takes longer to train than torchvision's, though not without gradients" in page
    assert 0.95 < densenet < 1.05 and "DenseNet-161 takes as long as torchvision's." in page
