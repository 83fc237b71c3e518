import itertools
import json
from types import SimpleNamespace

import h5py
import keras
import pytest
from helpers import run, script, tensor_file
from matplotlib.transforms import Bbox

from experiments import compared, paper, table5_comparison, table5_overview
from experiments.compared import behind, measured, measured_table, picture, rates, speed
from experiments.compared.operations import multiplications
from mans_keras.errors import InputError


def record(name, accuracy, fold=0, **values):
    right = round(10 * accuracy)
    return {
        "experiment": measured.EXPERIMENT,
        "dataset": "ut_kinect",
        "protocol": "loso",
        "fold": f"loso-s{fold:02}",
        "model": name,
        "variant": name,
        "arguments": {},
        "recipe": {"name": "best", "learning_rate": 0.05},
        "epochs": 100,
        "batch": 8,
        "seed": 0,
        "precision": "float32",
        "tensors": "digest",
        "backend": "tensorflow",
        "scale": 50,
        "layout": "resize",
        "coordinates": "upright",
        "fingerprint": [1.0, 2.0],
        "class_names": ["a", "b"],
        "parameters": 1_234_567,
        "diverged": False,
        "last_epoch_test_accuracy": accuracy,
        "best_epoch_test_accuracy": 1.0,
        "predictions": {"true": [1] * 10, "predicted": [1] * right + [0] * (10 - right)},
        **values,
    }


COMMITTED_RATES = measured.RATES


@pytest.fixture(autouse=True)
def rates_file(tmp_path, monkeypatch):
    """No rate is chosen yet; a test may choose one by writing this file."""
    monkeypatch.setattr(measured, "RATES", tmp_path / "rates.json")
    return measured.RATES


def rows_of(records, speed=()):
    _, header, rows = measured_table.table(records, "loso", dict(speed))
    return {row[0]: dict(zip(header, row, strict=True)) for row in rows}


HCN = {"arguments": {"joints": 20, "bodies": 1}, "class_names": list("abcdefghij")}
RECORDS = [record("hcn", 0.8, **HCN), record("hcn", 0.9, fold=1, **HCN)]
SPEED = {
    "batch": 8,
    "joints": 20,
    "classes": 10,
    "device": "a CPU",
    "backends": ["jax"],
    "methods": {"hcn": {"training": 4.25, "latency": 1.5}},
}


def test_a_measured_row_has_its_accuracy_size_and_speed():
    row = rows_of(RECORDS, SPEED)["HCN (Li et al., 2018)"]
    counted = multiplications(compared.build("hcn", 10, **HCN["arguments"]))
    assert row["#param"] == "1,234,567" and row["multiplications"] == f"{counted / 1e6:.1f}M"
    assert row["training, ms a sequence"] == "4.2" and row["latency of one, ms"] == "1.5"
    assert row["ut_kinect loso, last epoch"] == "85.00 ± 7.07" and row["runs"] == "2 folds"


def test_of_several_backends_on_one_device_the_fastest_counts(tmp_path, monkeypatch):
    def measured_as(training, latency, device="a CPU"):
        of_method = {"hcn": {"training": training, "latency": latency}}
        return {"batch": 8, "joints": 20, "classes": 10, "device": device, "methods": of_method}

    monkeypatch.setattr(speed, "measure", lambda: measured_as(3.0, 1.0))
    speed.path(tmp_path).parent.mkdir(parents=True)
    speed.path(tmp_path).write_text(json.dumps({"other": measured_as(2.0, 4.0), "old": measured_as(1.0, 1.0, "a GPU")}))
    speed.run(SimpleNamespace(results=tmp_path))
    read = speed.read(tmp_path)
    assert read["methods"] == {"hcn": {"training": 2.0, "latency": 1.0}}
    assert read["backends"] == ["other", keras.backend.backend()]


def test_every_row_that_was_not_run_says_why():
    rows = rows_of(RECORDS)
    assert rows["VA-LSTM (Zhang et al., 2017)"]["ut_kinect loso, last epoch"] == "not run: no record yet"
    assert rows["GCA-LSTM (Liu et al., 2017a)"]["ut_kinect loso, last epoch"].startswith("not run: built on ST-LSTM")
    assert rows["GCA-LSTM (Liu et al., 2017a)"]["quoted, loocv"] == "99.00"


def test_a_rate_that_nobody_chose_is_said_to_be_the_recipes_own(rates_file):
    line = "none is chosen yet: HCN (Li et al., 2018)"
    assert line in measured_table.table(RECORDS, "loso", {})[0]
    rates_file.write_text('{"hcn": {"rate": 0.05}}')
    assert line not in measured_table.table(RECORDS, "loso", {})[0]


def test_records_by_another_rate_than_the_chosen_one_are_in_no_row(rates_file):
    other = record("hcn", 0.1, fold=2, **HCN, recipe={"name": "best", "learning_rate": 0.01})
    assert measured.cells([*RECORDS, other], "loso")["hcn"] == RECORDS
    rates_file.write_text('{"hcn": {"rate": 0.01}}')
    assert measured.cells([*RECORDS, other], "loso")["hcn"] == [other]


def test_rows_of_several_backends_are_named():
    other = record("mans-9", 0.9, backend="jax")
    cells = measured.cells([*RECORDS, other], "loso")
    assert measured_table.backends(cells) == ["Trained with jax MANs-9; with tensorflow HCN."]
    assert measured_table.backends(cells | {"mans-9": []}) == []
    assert measured_table.backends({"hcn": [*RECORDS, other]}) == ["Trained with jax HCN; with tensorflow HCN."]


def test_the_overview_has_a_column_for_each_data_set_with_records():
    other = record("hcn", 0.5, **HCN, dataset="nw_ucla", protocol="cross_view", tensors="other")
    _, header, rows = table5_overview.table([*RECORDS, other])
    row = dict(zip(header, next(row for row in rows if row[0].startswith("HCN")), strict=True))
    assert row["UT-Kinect `loso`"] == "85.00 ± 7.07 (2 folds)" and row["NW-UCLA `cross_view`"] == "50.00 (1)"
    assert "HDM05 `cross_actor`" not in row
    parameters = compared.build("hcn", 10, joints=20).count_params()
    assert row["#param"] == f"{parameters / 1e6:.2f}M"


def test_the_table_of_rates_has_what_each_was_chosen_by(rates_file):
    low = record("hcn", 0.5, protocol="loso_odd", recipe={"name": "best", "learning_rate": 0.002})
    rates.write("hcn", {"rate": 0.05})
    _, header, rows = rates.table([*RECORDS, low])
    assert [dict(zip(header, row, strict=True)) for row in rows] == [
        {
            "Method": "HCN (Li et al., 2018)",
            "rate 0.002": "50.00 (1)",
            "rate 0.01": "not run",
            "rate 0.05": "85.00 (2)",
            "chosen": 0.05,
        }
    ]


def test_all_methods_of_table_5_are_measured_or_left_quoted_with_a_reason():
    titles = {method.title for method in compared.METHODS.values()}
    assert paper.PUBLISHED.keys() <= titles | compared.LEFT_QUOTED.keys()
    assert not titles & compared.LEFT_QUOTED.keys()


def test_the_best_rate_is_chosen_and_the_recipes_own_of_equal_ones():
    assert rates.choose({0.01: 80.0, 0.05: 79.0, 0.2: 10.0}) == 0.01
    assert rates.choose({0.01: 80.0, 0.05: 80.0, 0.2: 80.0}) == 0.05


def test_rates_are_compared_by_all_sequences_of_their_runs():
    assert rates.accuracy([record("hcn", 0.8), record("hcn", 0.9)]) == pytest.approx(85)


def test_each_rate_is_tried_on_all_people_of_each_half(tmp_path, monkeypatch, rates_file):
    tensor_file(tmp_path / "ut_kinect_50.h5", subjects=range(1, 11), repetitions=1)
    runs = []
    monkeypatch.setattr(rates.common, "run_missing", lambda args, planned, tensors: runs.extend(planned))
    monkeypatch.setattr(rates, "read_record", lambda path: record("hcn", 0.8))
    monkeypatch.setattr(rates, "record_path", lambda results, run: "")
    done = run(table5_comparison.main, "--choose-rates", "--methods", "hcn", "--data", tmp_path)
    assert done.returncode == 0, done.stderr
    tried = {(run.recipe.learning_rate, run.fold.name) for run in runs}
    folds = [f"loso_{'odd' if subject % 2 else 'even'}-s{subject:02}" for subject in range(1, 11)]
    assert tried == set(itertools.product(rates.CHOICES, folds))
    assert json.loads(rates_file.read_text())["hcn"]["runs"] == len(folds)


def test_the_picture_has_a_dot_for_each_method_with_records():
    figure = picture.draw(measured.cells(RECORDS, "loso"), {}, "ut_kinect")
    sizes, latencies = figure.axes
    assert [text.get_text() for text in sizes.texts] == ["HCN"]
    assert [text.get_text() for text in latencies.texts] == ["not measured"]


def test_no_label_of_the_picture_covers_another_or_a_dot():
    numbers = {
        "hierarchical-rnn": (0.32, 0.8621, 5.0),
        "deep-lstm": (0.54, 0.8491, 3.6),
        "two-stream-rnn": (1.27, 0.8642, 5.9),
        "sta-lstm": (0.37, 0.6875, 3.2),
        "va-lstm": (0.36, 0.8685, 2.8),
        "hcn": (0.77, 0.8190, 3.5),
        "mans-9": (0.85, 0.8944, 10.3),
    }
    cells = {name: [record(name, of[1], parameters=1e6 * of[0])] for name, of in numbers.items()}
    speeds = {"methods": {name: {"latency": latency} for name, (_, _, latency) in numbers.items()}}
    figure = picture.draw(cells, speeds, "nw_ucla")
    figure.draw_without_rendering()  # with the sizes that a reader sees
    for axes in figure.axes:
        dots = [axes.transData.transform(dot.lines[0].get_xydata()[0]) for dot in axes.containers]
        boxes = [label.get_window_extent() for label in axes.texts if label.get_text()]
        assert len(boxes) == len(dots) == len(numbers)
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
        assert not any(box.count_contains(dots) for box in boxes)


def test_no_label_of_the_picture_covers_a_bar_if_there_is_room():
    numbers = {"hierarchical-rnn": (0.32, 0.97), "va-lstm": (0.36, 0.94), "deep-lstm": (0.54, 0.96)}
    cells = {
        name: [record(name, mean + fold, int(100 * fold) + 9, parameters=1e6 * millions) for fold in (-0.04, 0.04)]
        for name, (millions, mean) in numbers.items()
    }
    figure = picture.draw(cells, {}, "ut_kinect")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    ends = [axes.transData.transform(bar.lines[2][0].get_segments()[0]) for bar in axes.containers]
    bars = [Bbox(end).padded(1) for end in ends]
    assert len(bars) == 3 and all(bar.height > 10 for bar in bars)
    assert not any(label.get_window_extent().count_overlaps(bars) for label in axes.texts if label.get_text())


def test_how_far_mans_is_above_a_network_is_over_the_subjects_and_only_of_the_same_runs():
    names = {"name": [f"s{subject:02}_e01_{action}" for subject in (1, 2) for action in ("walk", "run")]}
    labels = {**names, "true": [1, 1, 1, 1]}
    ours = record("mans-9", 1, predictions={**labels, "predicted": [1, 1, 1, 1]})
    others = [record("hcn", 0.75, predictions={**labels, "predicted": [0, 1, 1, 1]}), record("hcn", 0, fold=1)]
    _, header, rows = behind.table([ours, *others])
    # 50 and 0 points: t(0.975, 1) 35.36 / sqrt(2)
    assert header[1:] == ["UT-Kinect `loso`"] and rows == [["HCN (Li et al., 2018)", "+25.00 ± 317.66 (1)"]]


@pytest.mark.slow
def test_a_row_is_trained_in_a_process_and_stands_in_the_table(tmp_path, monkeypatch):
    tensor_file(tmp_path / "ut_kinect_50.h5", subjects=(1, 2), repetitions=1)
    arguments = ["--measured", "--dataset", "ut_kinect", "--data", tmp_path, "--methods", "hcn"]
    arguments += ["--epochs", "1", "--folds", "0", "--jobs", "2"]
    done = script("experiments/table5_comparison.py", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 to train" in done.stdout
    table = tmp_path / "results/best-epochs-1/table5_measured/ut_kinect/table5_measured.md"
    assert table.read_text() in done.stdout and table.with_suffix(".png").exists()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(measured, "RATES", COMMITTED_RATES)  # as in the process
    assert "0 to train" in run(table5_comparison.main, *arguments).stdout


def test_tensors_that_hold_no_joints_are_refused(tmp_path):
    with h5py.File(tensor_file(tmp_path / "ut_kinect_50.h5"), "a") as file:
        file.attrs["layout"] = "pad"
    with pytest.raises(InputError, match="these have layout pad and 20 joints"):
        measured.open_tensors(SimpleNamespace(data=tmp_path), "ut_kinect")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--measured", "--models", "mans-9"], "--measured does not use --models"),
        (["--measured", "--recipe", "best"], "--measured does not use --recipe"),
        (["--choose-rates", "--protocol", "loso"], "--choose-rates does not use --protocol"),
        (["--measure-speed", "--methods", "hcn", "--epochs", "1"], "--measure-speed does not use --epochs, --methods"),
        (["--methods", "hcn"], "--methods needs --measured or --choose-rates"),
        (["--measured", "--measure-speed"], "--measured and --measure-speed do different things"),
    ],
)
def test_an_option_that_does_not_apply_to_what_is_asked_for_is_refused(tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    done = run(table5_comparison.main, *arguments)
    assert done.returncode == 1 and complaint in done.stderr and not list(tmp_path.iterdir())


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="another backend always compiles")
@pytest.mark.parametrize(("name", "xla"), [("st-gcn", False), ("hierarchical-rnn", True)])
def test_xla_compiles_the_networks_that_it_makes_faster(name, xla):
    compared.register()
    assert speed.compiled(name).jit_compile is xla


def test_the_speed_is_measured_whatever_the_environment_says_of_the_tensors(tmp_path, monkeypatch):
    of_method = {"hcn": {"training": 3.0, "latency": 1.0}}
    monkeypatch.setattr(speed, "measure", lambda: {"device": "a CPU", "methods": of_method})
    monkeypatch.setenv("MANS_DATA", "elsewhere")
    done = run(table5_comparison.main, "--measure-speed", "--results", tmp_path)
    assert done.returncode == 0 and "hcn: training 3.0 ms" in done.stdout
