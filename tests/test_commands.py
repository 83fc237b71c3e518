import json

import h5py
import pytest
from helpers import script, tensor_file

TABLE4 = "experiments/table4_ablation.py"


def _fails_with_one_line(done, complaint):
    assert done.returncode != 0
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--dataset", "ut_kinect", "--protocol", "cross_view"],
            "no protocol 'cross_view': it has loocv, loso, odd_even",
        ),
        (["--dataset", "kinetics"], "own_data.py RAW . --name kinetics --scale 50 makes kinetics_50.h5"),
        (["--dataset", "moves", "--protocol", "odd_even"], "no protocol 'odd_even': it has holdout, kfold, loso"),
        (["--dataset", "ntu_rgbd"], "ntu_rgbd_50.h5 is missing"),
        (
            ["--dataset", "ut_kinect", "--protocol", "loso", "--folds", "2-9"],
            "--folds: the folds of this protocol are 0-3",
        ),
        (["--dataset", "synthetic"], "holds ut_kinect at scale 50, not what its name says"),
    ],
)
def test_an_impossible_experiment_is_one_line(tmp_path, arguments, complaint):
    for file, dataset in (("ut_kinect", "ut_kinect"), ("synthetic", "ut_kinect"), ("moves", "moves")):
        tensor_file(tmp_path / f"{file}_50.h5", dataset)
    _fails_with_one_line(script(TABLE4, "--data", ".", *arguments, cwd=tmp_path), complaint)
    assert not (tmp_path / "results").exists()


def test_tensors_of_another_schema_are_one_line(tmp_path):
    with h5py.File(tensor_file(tmp_path / "ut_kinect_50.h5"), "a") as file:
        file.attrs["schema_version"] = 2
    _fails_with_one_line(script(TABLE4, "--dataset", "ut_kinect", "--data", tmp_path), "schema version 2")


def test_an_unknown_model_or_recipe_names_the_known_ones(tmp_path):
    for option, known in (("--models", "mans-densenet161"), ("--recipe", "released")):
        done = script(TABLE4, "--data", tmp_path, option, "nonsense")
        assert done.returncode == 2 and "Traceback" not in done.stderr
        assert known in done.stderr.splitlines()[-1]


def test_table4_trains_four_rows_once_and_prints_them_beside_the_paper(tmp_path):
    tensor_file(tmp_path / "ut_kinect_50.h5", subjects=(1, 2), repetitions=1)
    arguments = [TABLE4, "--dataset", "ut_kinect", "--data", tmp_path, "--protocol", "odd_even", "--epochs", "1"]
    done = script(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 to train" in done.stdout and "Left out: the four 224x224 rows" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0].strip("| ") for row in rows[1:]] == [
        "STCM-9 (CNNs)",
        "MANs-9 (no attention)",
        "MANs-9 (other temporal attention)",
        "MANs-9",
    ]
    assert "83.01" in rows[-1]
    records = sorted((tmp_path / "results").rglob("*.json"))
    parameters = [json.loads(path.read_text())["parameters"] for path in records]
    assert len(set(parameters)) == 4
    assert (tmp_path / "results/table4_ablation/ut_kinect/table4_ablation.md").read_text() in done.stdout

    again = script(*arguments, cwd=tmp_path)
    assert "4 recorded, 0 to train" in again.stdout
    assert done.stdout[done.stdout.index("Below") :] == again.stdout[again.stdout.index("Below") :]
