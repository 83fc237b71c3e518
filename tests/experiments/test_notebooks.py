"""Every notebook runs from top to bottom, on the repository's records and on what it makes itself."""

import os
import runpy
import sys

import nbformat
import pytest
from helpers import ROOT, SHARED
from nbclient import NotebookClient

from experiments import figure3_convergence as figure3
from mans_keras.recognition.recognizer import Recognizer
from mans_keras.reports import tables

NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
# What the tests change in a notebook: the tour's 720 recordings are 72 here, and its epochs two.
SMALL_SYNTHETIC = """
from mans_keras.skeletons import synthetic
synthetic.SUBJECTS, synthetic.REPETITIONS = (1, 6), (2,)
from data_prep.synthetic import main
main()
"""
CHANGES = {
    "tour": {
        'ROOT / "data_prep/synthetic.py"': f'"-c", {SMALL_SYNTHETIC!r}',
        "epochs=12": "epochs=1",
        "epochs=2)": "epochs=1)",
    }
}


def test_every_notebook_is_tested():
    assert NOTEBOOKS == ["attention", "figure3", "tour"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs(name, monkeypatch):
    if name == "attention" and not (SHARED / "data/ut_kinect").is_dir():
        pytest.skip("UT-Kinect's recordings are not in ../shared")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", nbformat.NO_CONVERT)
    for before, after in CHANGES.get(name, {}).items():
        (cell,) = [cell for cell in notebook.cells if before in cell.source]
        cell.source = cell.source.replace(before, after)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]  # no warning
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_committed_outputs_are_small_and_without_errors(name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    assert path.stat().st_size < 400_000
    cells = [cell for cell in nbformat.read(path, nbformat.NO_CONVERT).cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs and all(output.output_type != "error" for output in outputs)
    assert not [output for output in outputs if output.get("name") == "stderr"]  # no warning


def test_the_committed_table_of_figure_3_is_made_from_the_records():
    _, header, rows = figure3.table(figure3.records(ROOT / "experiments/results", "ut_kinect"))
    cells = nbformat.read(ROOT / "notebooks/figure3.ipynb", nbformat.NO_CONVERT).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    texts = [output.get("data", {}).get("text/markdown", "") for output in outputs]
    assert any(tables.markdown(header, rows) in text for text in texts)


@pytest.mark.slow
def test_the_shipped_model_recognizes_the_synthetic_person_who_waves(tmp_path, monkeypatch, eager):
    recordings = [tmp_path / f"{number}.npy" for number in range(1, 4)]
    for number, recording in enumerate(recordings, start=1):
        monkeypatch.setattr(sys, "argv", ["synthetic_wave.py", str(recording), str(number)])
        runpy.run_path(str(ROOT / "notebooks/synthetic_wave.py"), run_name="__main__")
    predictions = Recognizer(ROOT / "experiments/results/trained/mans9_ut_kinect.h5").predict(recordings)
    answers = [prediction.top(1)[0] for prediction in predictions]
    assert [name for name, _ in answers] == ["waveHands"] * 3
    assert min(score for _, score in answers) > 0.9
