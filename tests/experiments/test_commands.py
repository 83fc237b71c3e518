import json
import sys

import h5py
import pytest
from helpers import script, tensor_file

from experiments import table4_ablation

TABLE4 = "experiments/table4_ablation.py"


@pytest.fixture
def table4(tmp_path, monkeypatch):
    """Run Table 4's script from `tmp_path`, in this process; returns its exit code."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["table4_ablation.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as exited:
            table4_ablation.main()
        return exited.value.code

    return run


def _is_one_line(code, message, complaint):
    assert code == 1
    assert message.startswith("error: ") and message.count("\n") == 1, message
    assert complaint in message


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--dataset", "ut_kinect", "--protocol", "cross_view"],
            "no protocol 'cross_view': its protocols are loocv, loso, odd_even",
        ),
        (["--dataset", "kinetics"], "own_data.py RAW . --name kinetics --scale 50 makes kinetics_50.h5"),
        (
            ["--dataset", "moves", "--protocol", "loocv"],
            "no protocol 'loocv': its protocols are holdout, kfold, loso, odd_even",
        ),
        (["--dataset", "ntu_rgbd"], "ntu_rgbd_50.h5 is missing"),
        (
            ["--dataset", "ut_kinect", "--protocol", "loso", "--folds", "2-9"],
            "--folds: the folds of this protocol are 0-3",
        ),
        (["--dataset", "synthetic"], "holds ut_kinect at scale 50, not what its name says"),
    ],
)
def test_an_impossible_experiment_ends_with_one_line(tmp_path, table4, capsys, arguments, complaint):
    for file, dataset in (("ut_kinect", "ut_kinect"), ("synthetic", "ut_kinect"), ("moves", "moves")):
        tensor_file(tmp_path / f"{file}_50.h5", dataset)
    code = table4("--data", ".", *arguments)
    _is_one_line(code, capsys.readouterr().err, complaint)
    assert not (tmp_path / "results").exists()


def test_tensors_of_another_schema_end_with_one_line(tmp_path, table4, capsys):
    with h5py.File(tensor_file(tmp_path / "ut_kinect_50.h5"), "a") as file:
        file.attrs["schema_version"] = 99
    code = table4("--dataset", "ut_kinect", "--data", tmp_path)
    _is_one_line(code, capsys.readouterr().err, "schema version 99")


@pytest.mark.parametrize(
    ("option", "known"), [("--models", "mans-densenet161"), ("--recipe", "released"), ("--settings", "frozen")]
)
def test_an_unknown_choice_names_the_known_ones(table4, capsys, option, known):
    assert table4(option, "nonsense") == 2
    assert known in capsys.readouterr().err.splitlines()[-1]


def test_a_failing_script_prints_one_line_and_has_an_exit_code(tmp_path):
    done = script("experiments/headline.py", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: results has no records for this table, dataset ut_kinect")


@pytest.mark.slow
def test_table4_trains_rows_once_and_prints_them_next_to_the_papers(tmp_path, table4, capsys):
    tensor_file(tmp_path / "ut_kinect_50.h5", subjects=(1, 2), repetitions=1)
    arguments = [TABLE4, "--dataset", "ut_kinect", "--data", tmp_path, "--protocol", "odd_even", "--epochs", "1"]
    arguments += ["--settings", "stcm", "residual", "--jobs", "1"]
    done = script(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 to train" in done.stdout
    assert "rows of DenseNet-161 are left out: --models mans-densenet161 trains" in done.stdout.splitlines()[-1]
    assert not done.stderr.count("WARNING")
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row[0].strip() for row in rows[1:]] == ["STCM-9 (CNNs)", "MANs-9"]
    assert not any("not run" in row[3] for row in rows)
    assert rows[-1][1].strip() == "83.01"
    records = sorted((tmp_path / "results").rglob("*.json"))
    assert len({json.loads(path.read_text())["parameters"] for path in records}) == len(records) == 2
    assert (tmp_path / "results/epochs-1/table4_ablation/ut_kinect/table4_ablation.md").read_text() in done.stdout

    table4(*arguments[1:])
    again = capsys.readouterr().out
    assert "2 recorded, 0 to train" in again
    first, second = (out[out.index("Below") : out.index("The rows of")] for out in (done.stdout, again))
    assert first == second


OWN_ATTENTION = """
import keras
from mans_keras import attention

@attention("own")
class OwnAttention(keras.layers.Layer):
    def call(self, x):
        return keras.ops.sigmoid(keras.ops.mean(x, axis=-1, keepdims=True))
"""


@pytest.mark.slow
def test_an_attention_in_a_file_of_ones_own_is_trained_and_has_its_row(tmp_path):
    tensor_file(tmp_path / "ut_kinect_50.h5", subjects=(1, 2), repetitions=1)
    (tmp_path / "own.py").write_text(OWN_ATTENTION)
    arguments = ["--dataset", "ut_kinect", "--data", tmp_path, "--protocol", "odd_even", "--epochs", "1"]
    done = script(TABLE4, *arguments, "--settings", "own.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("| MANs-9 (attention own)")]
    assert row.split(" | ")[-1].strip("| ") == "1" and "Not checked" not in done.stdout
    assert (tmp_path / "results/epochs-1/table4_ablation/ut_kinect/mans-9-own/odd_even-seed0.json").exists()
