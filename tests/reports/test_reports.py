import json

import pytest
from helpers import tensor_file
from matplotlib.figure import Figure
from test_training import make_run

from experiments import table4_ablation as table4
from mans_keras.errors import InputError
from mans_keras.reports import record_plots, tables
from mans_keras.tensors.store import Tensors


def record(variant="mans-9", protocol="odd_even", last=0.5, best=0.75, **changes):
    return {
        "dataset": "ut_kinect",
        "model": "mans-9",
        "variant": variant,
        "protocol": protocol,
        "last_epoch_test_accuracy": last,
        "best_epoch_test_accuracy": best,
        "best_epoch": 1,
        "history": {
            "train_loss": [1.0, 0.5],
            "train_accuracy": [0.25, 0.75],
            "test_loss": [1.0, 0.5],
            "test_accuracy": [best, last],
        },
        "parameters": 850_000,
        "epochs": 100,
        "batch": 8,
        "recipe": {"name": "paper"},
        "precision": "float32",
        "backend": "tensorflow",
        "experiment": "table4_ablation",
        "tensors": "abc",
        "arguments": {},
        "coordinates": "body",
        "layout": "resize",
        "scale": 50,
        "fingerprint": [0.5, 0.5],
        "seed": 0,
        "diverged": False,
        "fold": protocol,
        "class_names": ["walk", "run"],
        "predictions": {
            "name": ["s01_e01_walk", "s01_e01_run", "s02_e01_run", "s02_e02_run"],
            "true": [0, 1, 1, 1],
            "predicted": [0, 0, 1, 1],
        },
        **changes,
    }


def test_several_seeds_give_mean_and_sample_deviation():
    assert tables.mean_and_deviation([record(last=0.5), record(last=0.7, seed=1)], "last") == "60.00 ± 14.14"
    assert tables.mean_and_deviation([record(last=0.75)], "last") == "75.00"


def test_the_deviation_over_seeds_is_that_of_their_means():
    cell = [record(last=last, fold=fold, seed=seed) for last, fold, seed in
            ((0.0, "a", 0), (1.0, "b", 0), (0.2, "a", 1), (1.0, "b", 1))]  # fmt: skip
    assert tables.mean_and_deviation(cell, "last") == "55.00 ± 7.07"


def test_there_is_no_deviation_while_a_seed_lacks_folds():
    cell = [record(last=last, fold=fold, seed=seed) for last, fold, seed in
            ((0.0, "a", 0), (1.0, "b", 0), (0.2, "a", 1), (1.0, "b", 1), (0.0, "a", 2))]  # fmt: skip
    assert tables.mean_and_deviation(cell, "last") == "44.00"
    assert tables.mean_and_deviation(cell[:4], "last") == "55.00 ± 7.07"


def test_a_run_that_diverged_is_counted():
    assert tables.number_of_runs([record(), record(seed=1, diverged=True)]) == "2 seeds, 1 diverged"


def test_folds_of_a_single_sequence_have_no_deviation():
    single = {"true": [0], "predicted": [0]}
    cell = [record(last=last, fold=str(last), predictions=single) for last in (0.0, 1.0)]
    assert tables.mean_and_deviation(cell, "last") == "50.00"


def test_a_cell_without_records_says_not_run():
    assert tables.results([], quoted=50.0) == ["not run", "-", "not run", "0"]


def test_a_result_has_its_difference_to_the_paper():
    assert tables.results([record(last=0.5)], quoted=52.5) == ["50.00", "-2.50", "75.00", "1"]


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([("a", 0), ("b", 0)], "2 folds"),
        ([("a", 0), ("a", 1)], "2 seeds"),
        ([("a", 0), ("a", 1), ("b", 0), ("b", 1)], "2 folds x 2 seeds"),
        ([("a", 0), ("a", 1), ("b", 0)], "3 runs of 2 folds x 2 seeds"),
    ],
)
def test_the_number_of_runs_names_folds_and_seeds(runs, text):
    assert tables.number_of_runs([record(fold=fold, seed=seed) for fold, seed in runs]) == text


@pytest.mark.parametrize("change", [{"tensors": "other"}, {"protocol": "loso"}, {"backend": "jax"}])
def test_records_of_different_settings_are_not_averaged(change):
    with pytest.raises(InputError, match=f"differ in {next(iter(change))}"):
        tables.accuracies([record(), record(**change)], "last")


@pytest.mark.parametrize("change", [{"epochs": 3}, {"recipe": {"name": "released"}}, {"precision": "mixed_bfloat16"}])
def test_records_of_different_settings_are_not_in_one_table(change):
    with pytest.raises(InputError, match=f"differ in {next(iter(change))}"):
        table4.table([record("mans-9-stcm"), record(**change)])


def test_models_of_both_scales_are_in_one_table(tmp_path):
    tensors = Tensors(tensor_file(tmp_path / "ut_kinect_50.h5"))
    both = []
    for model, scale in (("mans-9", 50), ("mans-densenet161", 224)):
        recipe = json.loads(json.dumps(make_run(tensors, model=model).settings()["recipe"]))
        both.append(record(model, model=model, recipe=recipe, scale=scale))
    assert both[0]["recipe"]["gru_dropout"] != both[1]["recipe"]["gru_dropout"]
    _, _, rows = table4.table(both)
    assert [row[0] for row in rows] == ["MANs-9", "MANs (DenseNet-161)"]
    with pytest.raises(InputError, match="differ in recipe"):
        table4.table([*both, record("mans-9-stcm", recipe={**both[0]["recipe"], "gru_dropout": 0.1})])


def test_table4_has_the_papers_numbers_in_each_row():
    made = [record("mans-9-stcm", last=0.8), record("mans-9", last=0.9, best=0.95)]
    title, header, rows = table4.table(made, settings=table4.OF_THE_PAPER)
    assert header[3:] == ["ut_kinect odd_even, last epoch", "to the paper", "best epoch on test", "runs"]
    assert rows == [
        ["STCM-9 (CNNs)", 81.31, 89.78, "80.00", "-", "75.00", "1"],
        ["MANs-9 (no attention)", 81.41, 89.84, "not run", "-", "not run", "0"],
        ["MANs-9 (other temporal attention)", 81.94, 90.12, "not run", "-", "not run", "0"],
        ["MANs-9", 83.01, 90.66, "90.00", "-10.00", "95.00", "1"],
    ]
    assert title.startswith("Below the paper: MANs-9, odd_even: 90.00 where the paper has 100.00 (Table 5, loocv).")
    assert "not run: there is no record of this row by this protocol." in title


def test_a_row_of_table4_that_nobody_asked_for_and_that_has_no_record_is_not_there():
    title, _, rows = table4.table([record("mans-9-stcm"), record()], ["mans-9"], ["residual"])
    assert [row[0] for row in rows] == ["STCM-9 (CNNs)", "MANs-9"]
    assert "not run" not in title


def test_rows_beyond_the_paper_are_in_the_table_if_they_were_run():
    _, _, rows = table4.table([record("mans-9-frozen"), record()])
    assert [row[0] for row in rows] == ["MANs-9", "MANs-9 (attention frozen at random)"]
    assert rows[-1][1:4] == ["-", "-", "50.00"]


def test_table4_compares_with_ntu_only_results_on_ntu():
    title, *_ = table4.table([record("mans-9-stcm", protocol="cross_view", last=0.8, dataset="ntu_rgbd")])
    assert title.startswith("Below the paper: STCM-9 (CNNs), cross_view: 80.00 where the paper has 89.78")
    title, *_ = table4.table([record("mans-9-stcm", protocol="cross_view", last=0.9, dataset="ntu_rgbd")])
    assert "Below" not in title


def test_table4_compares_other_models_with_table_5_of_the_same_protocol():
    title, *_ = table4.table([record("mans-33", "cross_view", model="mans-33", dataset="ntu_rgbd")])
    assert "MANs-33, cross_view: 50.00 where the paper has 90.94 (Table 5, cross_view)" in title


def test_an_own_data_set_is_compared_with_no_number_of_the_paper():
    title, header, _ = table4.table([record(protocol="holdout", dataset="moves", last=0.1)])
    assert "Below" not in title and "other recordings" in title
    assert header[3] == "moves holdout, last epoch"


def test_synthetic_rows_are_labelled_as_such():
    title, header, _ = table4.table([record(protocol="cross_view", dataset="synthetic")])
    assert "SYNTHETIC" in title
    assert header[3] == "synthetic cross_view, last epoch"


def test_a_table_is_written_as_markdown_and_csv(tmp_path):
    text = tables.write_table(tmp_path, "t", "Title.", ["a", "b"], [["x, y", 1.5]])
    assert text == (tmp_path / "t.md").read_text() == "Title.\n\n| a    | b   |\n|------|-----|\n| x, y | 1.5 |\n"
    assert (tmp_path / "t.csv").read_text() == 'a,b\n"x, y",1.5\n'


def test_a_figure_keeps_the_dots_of_its_name(tmp_path):
    assert record_plots.save(Figure(), tmp_path / "m.h5-classes") == [tmp_path / "m.h5-classes.png"]
    assert record_plots.save(Figure(), tmp_path / "growth.png") == [tmp_path / "growth.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["growth.png", "m.h5-classes.png"]
