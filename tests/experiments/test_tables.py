"""Tables 2, 3 and 5, Figure 3 and the classes of a record, from records made up here."""

import functools

import keras
import numpy as np
import pytest
from test_reports import record

import mans_keras
from experiments import (
    attention_gain,
    common,
    headline,
    per_class,
    table_parts,
)
from experiments import figure3_convergence as figure3
from experiments import table2_architectures as table2
from experiments import table3_alpha as table3
from experiments import table4_ablation as table4
from experiments import table5_comparison as table5
from mans_keras.errors import InputError
from mans_keras.models import attention, extensions
from mans_keras.models.fingerprint import fingerprint
from mans_keras.reports import tables
from mans_keras.training.records import write_record
from mans_keras.training.run import MODELS


def curve(*training_errors):
    accuracy = [1 - error for error in training_errors]
    return {"train_accuracy": accuracy, "test_accuracy": [value / 2 for value in accuracy]}


@pytest.mark.slow
def test_the_networks_as_built_are_those_of_table_2():
    models = {"MANs-9": mans_keras.MANs9(60), "MANs-33": mans_keras.MANs33(60), "MANs-61": mans_keras.MANs61(60)}
    title, header, rows = table2.table(models)
    assert title.startswith("Table 2, as built; 0 cells differ")
    assert header[2:4] == ["MANs-9, paper", "MANs-9"]
    assert all(built == quoted for row in rows for quoted, built in zip(row[2::2], row[3::2], strict=True))


def test_cells_that_differ_from_table_2_are_marked():
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


@pytest.mark.parametrize("dataset", ["nw_ucla", "utd_mhad"])
def test_tables_on_a_dataset_that_the_paper_does_not_have_say_so(dataset):
    history = curve(0.5, 0.1, 0.1)
    made = record(protocol="loso", dataset=dataset, parameters=1, recipe={"name": "released"}, history=history)
    for table in (table3, table4, table5, figure3, headline):
        title, *_ = table.table([made])
        assert f"\nThe paper has no numbers for {dataset}." in title and "Below" not in title
        assert "no numbers" not in table.table([{**made, "dataset": "ut_kinect"}])[0]
    (row,) = headline.table([made])[2]
    assert row[6:9] == ["-", "50.00", "-"]


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
    predictions = {"true": [0, 0, 0, 1], "predicted": [0, 1, 1, 1]}
    made = [record(predictions=predictions), record(predictions=predictions, seed=1)]
    assert tables.confusion(made).tolist() == [[2, 4], [0, 2]]
    _, _, rows = per_class.table(made)
    assert rows == [["walk", 6, "33.33", "100.00", "run (4)"], ["run", 2, "100.00", "33.33", "-"]]


def test_titles_of_classes_and_curves_mark_the_synthetic_recordings():
    made = record(dataset="synthetic", history=curve(0.5, 0.1, 0.1), epochs=3)
    for title in (per_class.table([made])[0], figure3.table([made])[0], figure3.draw([made]).get_suptitle()):
        assert "SYNTHETIC recordings, " in title
    assert "SYNTHETIC" not in per_class.table([record()])[0]


def test_records_of_other_classes_are_not_counted_together():
    with pytest.raises(InputError, match="class_names"):
        per_class.table([record(), record(class_names=["a", "b"])])


def test_records_of_other_protocols_or_tensors_are_not_counted_together():
    for other in ({"protocol": "loso"}, {"tensors": "others"}):
        with pytest.raises(InputError, match=next(iter(other))):
            per_class.table([record(), record(**other)])


def test_no_attention_can_take_the_name_of_a_row_without_attention():
    assert tuple(table4.WITHOUT_ATTENTION) == attention.NAMES_WITHOUT_ATTENTION


OWN_ATTENTION = """
import keras
from mans_keras import attention

@attention("mine")
class Mine(keras.layers.Layer):
    def call(self, x):
        return keras.ops.sigmoid(keras.ops.mean(x, axis=-1, keepdims=True))
"""


def test_a_newly_registered_attention_has_a_row_of_table_4(tmp_path, monkeypatch):
    monkeypatch.setattr(extensions, "EXTENSIONS", {})
    monkeypatch.setattr(attention, "ATTENTIONS", dict(attention.ATTENTIONS))
    monkeypatch.setattr(extensions, "ATTENTIONS", attention.ATTENTIONS)
    (tmp_path / "own.py").write_text(OWN_ATTENTION)
    assert "mine" not in table4.settings()
    assert table4.chosen_settings(["residual", str(tmp_path / "own.py")]) == ["residual", "mine"]
    assert table4.settings()[:4] == list(table4.OF_THE_PAPER) and table4.settings()[-1] == "mine"
    assert table4.variants(["mans-9"], ["mine"]) == [("mans-9-mine", "mans-9", {"attention": "mine"})]


def test_a_recorded_attention_has_a_row_even_where_it_is_not_registered():
    _, _, rows = table4.table([record(), record("mans-9-mine", last=0.9, arguments={"attention": "mine"})])
    assert [row[0] for row in rows] == ["MANs-9", "MANs-9 (attention mine)"] and rows[-1][3] == "90.00"
    _, _, rows = attention_gain.table([record(), record("mans-9-mine", last=0.4, arguments={"attention": "mine"})])
    assert [row[1:3] for row in rows] == [["MANs-9 (attention mine)", "+10.00"]]


def test_a_table_names_the_records_that_are_not_of_the_network_of_most_of_their_model():
    usual, other = {"fingerprint": [0.5, 0.0]}, {"fingerprint": [0.5, 1.0]}
    made = [record(seed=seed, **usual) for seed in (0, 1)]
    title, *_ = table4.table([*made, record(seed=2, **other)])
    assert "MIXES NETWORKS: records of mans-9 are of another network" in title
    made += [record("pad", layout="pad", seed=0, **other)]
    assert "records of pad are" in table_parts.networks(made)[0]
    title, *_ = table4.table([record(seed=seed, fingerprint=[0.5, 0.00005 * seed]) for seed in (0, 1)])
    assert "MIXES" not in title
    assert table_parts.networks([{**record(), "fingerprint": None}, record(seed=1)])


def test_the_headline_has_each_run_on_the_tensors_of_the_defaults_or_of_the_recipes_source_once(tmp_path):
    released, best = {"recipe": {"name": "released"}}, {"recipe": {"name": "best"}}
    made = {
        "table4_ablation/mans-9/a": record("mans-9", last=0.8, **released),
        "effects/mans-9/a": record("mans-9", last=0.8, experiment="effects", **released),
        "effects/mans-9/b": record("mans-9", last=0.9, seed=1, experiment="effects", **released),
        "effects/best/a": record("best", last=1.0, **best),
        "effects/printed-labels/a": record("printed-labels", last=0.1, **released),
        "effects/pad/a": record("pad", last=0.4, layout="pad", **released),
        "effects/released-pad/a": record("released-pad", last=0.6, coordinates="released", layout="pad", **released),
        "effects/best/b": record("best", "loso_odd", last=0.1, **best),
        "table5_measured/rate-0.01-mans-9/a": record("best", last=0.1, recipe={"name": "best", "learning_rate": 0.01}),
        "table4_ablation/mans-9-song/a": record("mans-9-song", last=0.1, arguments={"attention": "song"}, **released),
    }
    for name, content in made.items():
        experiment, variant, run = name.split("/")
        write_record(tmp_path / experiment / "ut_kinect" / variant / f"{run}.json", content)
    title, _, rows = headline.table(headline.records(tmp_path, "ut_kinect"))
    assert [[*row[:3], *row[5:9]] for row in rows] == [
        ["MANs-9", "released", "body, pad", "odd_even", "100.00 (loocv)", "40.00", "-60.00"],
        ["MANs-9", "released", "body, resize", "odd_even", "100.00 (loocv)", "85.00 ± 7.07", "-15.00"],
        ["MANs-9", "released", "released, pad", "odd_even", "100.00 (loocv)", "60.00", "-40.00"],
        ["MANs-9", "best", "body, resize", "odd_even", "100.00 (loocv)", "100.00", "+0.00"],
    ]
    assert title.startswith("Below the paper in 3 of 4 rows, by up to 60.00 points.\n")


def test_the_headline_does_not_choose_between_two_trainings_of_one_run(tmp_path):
    for experiment, last in (("table4_ablation", 0.8), ("effects", 0.7)):
        made = record(last=last, experiment=experiment, recipe={"name": "released"})
        write_record(tmp_path / experiment / "ut_kinect/mans-9/a.json", made)
    with pytest.raises(InputError, match="effects and table4_ablation have different records of one run"):
        headline.records(tmp_path, "ut_kinect")


@pytest.mark.slow
def test_a_table_names_records_of_another_network_than_the_code_builds(tmp_path, monkeypatch, capsys):
    small = functools.partial(mans_keras.MANs9, input_shape=(16, 16, 3), units=8)
    monkeypatch.setitem(MODELS, "mans-9", small)
    values = {"alpha": 4, "gru_initializer": "orthogonal", "conv_initializer": "he_normal"}
    made = {"recipe": {"name": "released", **values}, "backend": keras.backend.backend()}
    present = record(fingerprint=fingerprint(functools.partial(small, **values)), **made)
    stcm = record("mans-9-stcm", arguments={"tarm": False}, **made)
    elsewhere = record("mans-9-song", backend="another", recipe=made["recipe"])
    own = record("mans-9-own", arguments={"attention": "not registered"}, **made)
    written = tmp_path / "table4_ablation/ut_kinect/table4_ablation.md"
    common.show_table(written.parent, "table4_ablation", [present, elsewhere, own], table4.table)
    assert "MIXES NETWORKS" not in written.read_text()
    assert capsys.readouterr().out.splitlines()[-2].endswith("on this Keras backend: mans-9-own, mans-9-song")
    common.show_table(written.parent, "table4_ablation", [present, stcm], table4.table)
    assert "MIXES NETWORKS: records of mans-9-stcm are of another network" in written.read_text()
    assert "Not checked" not in capsys.readouterr().out
