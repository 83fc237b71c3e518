"""Tables 2, 3 and 5, Figure 3 and the classes of a record, from records made up here."""

import importlib
import sys

import numpy as np
import pytest
from helpers import ROOT
from test_reports import record

import mans_keras
from mans_keras import reports
from mans_keras.errors import InputError

sys.path.insert(0, str(ROOT / "experiments"))
table2, table3, table5, figure3, per_class = map(
    importlib.import_module,
    ("table2_architectures", "table3_alpha", "table5_comparison", "figure3_convergence", "per_class"),
)


def curve(*training_errors):
    accuracy = [1 - error for error in training_errors]
    return {"train_accuracy": accuracy, "test_accuracy": [value / 2 for value in accuracy]}


def test_mans_9_as_built_is_table_2s():
    models = {"MANs-9": mans_keras.MANs9(60), "MANs-33": mans_keras.MANs33(60), "MANs-61": mans_keras.MANs61(60)}
    title, header, rows = table2.table(models)
    assert title.startswith("Table 2, as built; 0 cells differ")
    assert header[2:4] == ["MANs-9, paper", "MANs-9"]
    assert all(ours == theirs for row in rows for theirs, ours in zip(row[2::2], row[3::2], strict=True))


def test_a_model_that_is_not_table_2s_is_marked():
    other = mans_keras.MANs9(60, units=32)
    title, _, rows = table2.table({"MANs-9": other, "MANs-33": mans_keras.MANs33(60), "MANs-61": other})
    assert rows[0][3] == "32x2 (differs)"
    assert [row[7] for row in rows[2:4]] == ["[3x3, 64; 3x3, 64] x 2 (differs)", "[3x3, 128; 3x3, 128] x 2 (differs)"]
    assert "4 cells differ" in title


def test_operations_are_those_counted_by_hand():
    model = mans_keras.MANs9(60, (4, 6, 3), units=5, alpha=2)
    dense, gru, attention = 4 * 2 * (6 * 5) * 2, 2 * 4 * 3 * 2 * (5 * 5 + 5 * 5), 2 * (4 * 2) * 2
    stem = 2 * 25 * 3 * 64 * (2 * 3)
    first, second = 4 * 2 * 9 * 64 * 64 * (2 * 3), 2 * 9 * 64 * 128 * 2 + 3 * 2 * 9 * 128 * 128 * 2
    rest = 2 * 64 * 128 * 2 + 2 * 128 * 60
    assert table2.flops(model) == 3 * (dense + gru + attention) + stem + first + second + rest


def test_table3_has_a_row_an_alpha():
    records = [record("mans-9-alpha4", last=0.6), record("mans-9", last=0.7)]
    title, _, rows = table3.table(records)
    assert [row[0] for row in rows] == [4, 8, 16, 32]
    assert [row[3] for row in rows] == ["60.00", "not run", "70.00", "not run"]
    assert "Below the paper" not in title and "compare the order" in title


def test_table3_compares_the_papers_model_on_the_papers_data():
    made = record("mans-resnet18", "kfold", model="mans-resnet18", dataset="hdm05", last=0.9)
    title, _, rows = table3.table([made])
    assert rows[2][4] == "-9.23"
    assert title.startswith("Below the paper: alpha 16, kfold: 90.00 where the paper has 99.23 (Table 3)")


def test_table5_quotes_the_published_methods_above_ours():
    title, header, rows = table5.table([record(protocol="loso", last=0.9, parameters=850_000)])
    assert header[:4] == ["Method", "#param, paper", "#param", "paper, ut_kinect loocv"]
    assert len(rows) == 11 + 5
    assert rows[8][:4] == ["GCA-LSTM (Liu et al., 2017a), quoted", "-", "-", 99.00]
    assert rows[11] == ["MANs-9", "0.8M", "0.85M", 100.0, "90.00", "-10.00", "75.00", "1"]
    assert rows[12] == ["MANs-33", "3.1M", "not run", 100.0, "not run", "-", "not run", "0"]
    assert title.startswith("Below the paper: MANs-9, loso: 90.00 where the paper has 100.00 (Table 5, loocv)")


def test_table5_on_other_recordings_compares_nothing():
    title, header, rows = table5.table([record(protocol="cross_view", dataset="synthetic", parameters=1)])
    assert header[3:5] == ["paper, ntu_rgbd cross_subject", "paper, ntu_rgbd cross_view"]
    assert rows[11][6] == "-"
    assert "SYNTHETIC" in title and "other recordings" in title and "Below" not in title


@pytest.mark.parametrize(
    ("errors", "epoch"),
    [
        ((0.5, 0.3, 0.105, 0.1, 0.1), 3),
        ((0.1, 0.3, 0.1, 0.1), 3),
        ((0.5, 0.4, 0.3), None),
        ((0.1, 0.1), 1),
    ],
)
def test_convergence_is_where_the_training_error_stays_near_its_least(errors, epoch):
    assert figure3.convergence({"history": curve(*errors)}) == epoch


def test_figure3_has_a_curve_a_row_and_an_epoch_of_convergence():
    made = [record(variant, history=curve(0.5, 0.1, 0.1), epochs=3) for variant in ("mans-9-stcm", "mans-9")]
    _, _, rows = figure3.table(made)
    assert rows == [["STCM-9 (CNNs)", 30, "2", "55.00", "25.00", "1"], ["MANs-9", 26, "2", "55.00", "25.00", "1"]]
    figure = figure3.draw(made)
    assert [axes.get_title() for axes in figure.axes] == ["Training error", "Testing error"]
    assert [line.get_label() for line in figure.axes[0].lines] == ["STCM-9 (CNNs)", "MANs-9"]
    np.testing.assert_allclose(figure.axes[1].lines[1].get_ydata(), [75, 55, 55])


def test_a_diverged_run_has_a_curve_up_to_where_it_ended():
    history = {"train_accuracy": [0.5, None], "test_accuracy": [0.5, 0.1]}
    figure = figure3.draw([record("mans-9", history=history, epochs=4)])
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [50, np.nan, np.nan, np.nan])


def test_classes_of_several_records_are_counted_together():
    told = {"true": [0, 0, 0, 1], "predicted": [0, 1, 1, 1]}
    made = [record(predictions=told), record(predictions=told, seed=1)]
    assert reports.confusion(made).tolist() == [[2, 4], [0, 2]]
    _, _, rows = per_class.table(made)
    assert rows == [["walk", 6, "33.33", "100.00", "run (4)"], ["run", 2, "100.00", "33.33", "-"]]


def test_records_of_other_classes_are_not_counted_together():
    with pytest.raises(InputError, match="class_names"):
        per_class.table([record(), record(class_names=["a", "b"])])
