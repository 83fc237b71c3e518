import json
import subprocess
import sys

import h5py
import keras
import pytest
from helpers import PATH, script, tensor_file

import mans_keras
from experiments import table4_ablation
from mans_keras.models import attention, extensions
from mans_keras.training.run import MODELS


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
    assert message.startswith("Error: ") and message.count("\n") == 1, message
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
    assert done.stderr.startswith("Error: results has no records for this table, dataset ut_kinect")


OWN_ATTENTION = """
import keras
from mans_keras import attention

@attention("own")
class OwnAttention(keras.layers.Layer):
    def call(self, x):
        return keras.ops.sigmoid(keras.ops.mean(x, axis=-1, keepdims=True))
"""


def small_mans(classes, **options):
    """Trains and compiles far sooner than MANs-9, for which it stands."""
    return mans_keras.MANs(keras.layers.GlobalAveragePooling2D(), classes, (50, 50, 3), units=4, **options)


@pytest.fixture
def small_data(tmp_path, monkeypatch, eager):
    """The arguments of Table 4 for two subjects and one epoch; `small_mans` stands for MANs-9.

    In the same folder is `own.py`, which registers the attention "own".
    """
    monkeypatch.setitem(MODELS, "mans-9", small_mans)
    monkeypatch.setattr(extensions, "EXTENSIONS", {})
    monkeypatch.setattr(attention, "ATTENTIONS", dict(attention.ATTENTIONS))
    monkeypatch.setattr(extensions, "ATTENTIONS", attention.ATTENTIONS)
    tensor_file(tmp_path / "ut_kinect_50.h5", subjects=(1, 2), repetitions=1)
    (tmp_path / "own.py").write_text(OWN_ATTENTION)
    return ["--dataset", "ut_kinect", "--data", ".", "--protocol", "odd_even", "--epochs", "1", "--jobs", "1"]


# In a process of its own, since TensorFlow warns only once that it compiles several networks.
TABLE4 = """
import sys
sys.path[:0] = {path!r}
from test_commands import MODELS, small_mans, table4_ablation
MODELS["mans-9"] = small_mans
table4_ablation.main()
"""


@pytest.mark.slow
def test_table4_trains_rows_once_and_prints_them_next_to_the_papers(tmp_path, table4, small_data, capsys):
    arguments = [*small_data, "--settings", "stcm", "residual"]
    command = [sys.executable, "-c", TABLE4.format(path=PATH), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 runs of 1 epoch on" in done.stdout and "2 to train" in done.stdout
    assert "rows of DenseNet-161 are left out: --models mans-densenet161 trains" in done.stdout.splitlines()[-1]
    assert "WARNING:tensorflow" not in done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row[0].strip() for row in rows[1:]] == ["STCM-9 (CNNs)", "MANs-9"]
    assert not any("not run" in row[3] for row in rows)
    assert rows[-1][1].strip() == "83.01"
    records = sorted((tmp_path / "results").rglob("*.json"))
    assert len({json.loads(path.read_text())["parameters"] for path in records}) == len(records) == 2
    assert (tmp_path / "results/epochs-1/table4_ablation/ut_kinect/table4_ablation.md").read_text() in done.stdout

    table4(*arguments)
    again = capsys.readouterr().out
    assert "2 recorded, 0 to train" in again
    first, second = (out[out.index("Below") : out.index("The rows of")] for out in (done.stdout, again))
    assert first == second


@pytest.mark.slow
def test_an_attention_in_a_file_of_ones_own_is_trained_and_has_its_row(tmp_path, table4, small_data, capsys):
    assert table4(*small_data, "--settings", "own.py") == 0
    out = capsys.readouterr().out
    (row,) = [line for line in out.splitlines() if line.startswith("| MANs-9 (attention own)")]
    assert row.split(" | ")[-1].strip("| ") == "1" and "Not checked" not in out
    assert (tmp_path / "results/epochs-1/table4_ablation/ut_kinect/mans-9-own/odd_even-seed0.json").exists()
