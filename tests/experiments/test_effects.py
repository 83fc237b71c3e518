"""Effects, gains and departures, from records made up here."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import ut_kinect_folder
from test_reports import record

from experiments import (
    attention_gain,
    attention_weights,
    departures,
    effects,
    paired_differences,
)
from experiments import table4_ablation as table4
from mans_keras.errors import InputError
from mans_keras.skeletons import ut_kinect
from mans_keras.training.records import write_record


@pytest.mark.parametrize(("dataset", "name"), [("nw_ucla", "a01_s{}_e00_v03"), ("utd_mhad", "a10_s{}_t1")])
def test_names_in_the_other_datasets_identify_the_subject(dataset, name):
    predictions = {"name": [name.format(subject) for subject in ("2", "10")], "true": [0, 1], "predicted": [0, 0]}
    parts = paired_differences.by_subject(record(dataset=dataset, predictions=predictions))
    assert {subject: part["last_epoch_test_accuracy"] for subject, part in parts.items()} == {"2": 1, "10": 0}


def test_an_effect_is_the_mean_of_paired_differences_with_students_interval():
    baseline = [record("mans-9", last=last, seed=seed) for seed, last in enumerate((0.80, 0.84, 0.70))]
    hip = [record("hip", last=last, seed=seed, coordinates="hip") for seed, last in enumerate((0.81, 0.86, 0.73))]
    *_, rows = effects.table([*baseline, *hip])
    assert [[*row[1:3], *row[4:7]] for row in rows] == [
        ["the default settings", "", "78.00 ± 7.21", "", ""],
        ["coordinates", "hip", "80.00 ± 6.56", "+2.00", "2.48"],  # t(0.975, 2) 1 / sqrt(3)
    ]


def test_the_interval_over_subjects_is_that_of_their_own_differences():
    names = [f"s0{subject}_e01_{action}" for subject in (1, 2, 3) for action in ("walk", "run")]
    labels = {"name": names, "true": [0, 1, 0, 1, 0, 1]}
    better = record(predictions={**labels, "predicted": [0, 1, 0, 1, 0, 0]})
    default = record(predictions={**labels, "predicted": [1, 1, 0, 1, 0, 0]})
    # Differences of 50, 0 and 0 points: t(0.975, 2) 28.87 / sqrt(3).
    assert paired_differences.difference([better], [default]).cells()[1:] == ["-", "+16.67 ± 71.71"]


def test_each_subject_counts_alike_however_many_sequences_it_has():
    names = ["s01_e01_walk", "s01_e01_run", "s01_e02_run", "s02_e01_walk"]
    labels = {"name": names, "true": [0, 1, 1, 0]}
    better = record(last=1, predictions={**labels, "predicted": [0, 1, 1, 0]})
    default = record(last=0.75, predictions={**labels, "predicted": [0, 1, 1, 1]})
    gain = paired_differences.difference([better], [default])
    assert (gain.points, gain.of_subjects) == (25, 50)


def test_an_effect_of_nothing_is_not_below_zero():
    accuracies = ((0.07, 0.05), (0.06, 0.06))  # 100 * 0.07 is above 7, by rounding
    default, changed = ([record(last=last, seed=seed) for seed, last in enumerate(cell)] for cell in accuracies)
    assert paired_differences.difference(changed, default).cells()[0] == "+0.00"


def test_runs_without_a_counterpart_do_not_count_in_a_difference():
    cell = [record(last=0.9), record(last=0.1, seed=1), record(last=0.1, fold="other")]
    assert paired_differences.difference(cell, [record(last=0.5)]).cells()[:2] == ["+40.00", "-"]
    assert paired_differences.difference(cell, []).cells() == ["-"] * 3


def test_while_a_seed_lacks_folds_there_is_no_interval_over_seeds():
    runs = [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2)]
    changed, default = ([record(fold=fold, seed=seed, last=last) for fold, seed in runs] for last in (0.9, 0.5))
    assert paired_differences.difference(changed, default).cells()[:2] == ["+40.00", "-"]
    assert paired_differences.difference(changed[:4], default).cells()[:2] == ["+40.00", "0.00"]


def test_records_of_other_settings_than_their_factors_are_refused():
    with pytest.raises(InputError, match="records of hip have coordinates raw, but the factor has hip now"):
        effects.table([record("mans-9"), record("hip", coordinates="raw")])


def test_all_factors_differ_from_the_baseline_and_from_each_other():
    assert len({str(replace(factor, label=())) for factor in effects.FACTORS.values()}) == len(effects.FACTORS)


def test_the_effects_share_the_records_of_table_4():
    rows = {name: arguments for name, _, arguments in table4.variants(["mans-9"], table4.settings())}
    shared = [name for name in effects.FACTORS if name.startswith("mans-9")]
    assert {name: effects.FACTORS[name].arguments for name in shared} == {name: rows[name] for name in shared}
    assert len(shared) == 7


def test_the_gain_of_attention_is_over_each_other_row_of_table_4():
    made = [record(last=last, seed=seed) for seed, last in enumerate((0.80, 0.84, 0.70))]
    made += [record("mans-9-stcm", last=last, seed=seed) for seed, last in enumerate((0.79, 0.82, 0.67))]
    _, _, rows = attention_gain.table([*made, record("mans-9-no-attention", last=0.9)])
    assert rows == [
        ["odd_even", "STCM-9 (CNNs)", "+2.00", "2.48", "+0.00 ± 0.00", "3 seeds"],
        ["odd_even", "MANs-9 (no attention)", "-10.00", "-", "+0.00 ± 0.00", "1"],
    ]


def test_the_classes_that_differ_only_in_time_have_their_own_accuracy():
    names = ["wave", *(name for pair in attention_gain.TIME_ONLY_PAIRS for name in pair)]
    predictions = {"true": [0, 0, 1, 2, 3, 4], "predicted": [1, 1, 1, 1, 3, 4]}
    assert attention_gain.of_time_only_classes(record(class_names=names, predictions=predictions)) == 75


def test_the_tensors_of_a_factor_are_those_that_it_names(tmp_path):
    sources = ut_kinect.segments(ut_kinect_folder(tmp_path / "raw"))
    opened = effects.tensors(sources, tmp_path, effects.FACTORS["hip"].preparation)
    assert (opened.coordinates, opened.layout) == ("hip", "resize")
    others = effects.tensors(sources[:1], tmp_path, effects.FACTORS["hip"].preparation)
    assert len(others.name) == 1 < len(opened.name)


def test_labels_are_corrected_except_for_the_factors_of_other_labels(tmp_path, monkeypatch):
    sources = ut_kinect.segments(ut_kinect_folder(tmp_path / "raw"))
    number = {"printed": 1, "corrected": 2, "modified": 3}
    monkeypatch.setattr(ut_kinect, "relabelled", lambda sources, labels: sources[: number[labels]])
    made = [
        len(effects.tensors(sources, tmp_path, effects.FACTORS[name].preparation))
        for name in ("printed-labels", "mans-9", "modified-labels")
    ]
    assert made == [1, 2, 3]


def test_repeated_frames_are_kept_in_the_effect_of_that_name(tmp_path):
    raw = ut_kinect_folder(tmp_path / "raw")
    joints = raw / "joints_s01_e01.txt"
    number, *numbers = joints.read_text().splitlines()[2].split()
    repeated = " ".join([number, *(str(float(value) + 1) for value in numbers)])
    joints.write_text(f"{repeated}\n{joints.read_text()}")
    made = [
        effects.tensors(ut_kinect.segments(raw), tmp_path, effects.FACTORS[name].preparation)
        for name in ("mans-9", "all-rows")
    ]
    first, second = (tensors.read([0]) for tensors in made)
    assert np.abs(first - second).max() > 0.1


def test_the_gain_of_attention_has_the_number_of_compared_runs():
    mans = [record("mans-9", last=0.9, seed=seed) for seed in (0, 1)]
    stcm = [record("mans-9-stcm", last=0.8, seed=seed) for seed in (0, 1, 2)]
    *_, rows = attention_gain.table([*mans, *stcm])
    assert [(row[2], row[-1]) for row in rows] == [("+10.00", "2 seeds")]


def test_departures_name_factors_of_the_effects_and_the_gain_of_each():
    named = [name for departure in departures.DEPARTURES for name in departure.factors]
    assert len(set(named)) == len(named) and set(named) <= set(effects.FACTORS)
    made = [record(last=0.5), record("pad", last=0.25)]
    _, _, rows = departures.table(made)
    assert {row[0]: row[-1] for row in rows}["size"] == "layout pad: -25.00 (odd_even)"
    assert {row[0]: row[-1] for row in rows}["batch"] == "not measured"


def test_records_of_no_factor_are_refused():
    with pytest.raises(InputError, match="records of mans-9-other-attention belong to no factor"):
        effects.table([record("mans-9"), record("mans-9-other-attention")])


def test_attention_weights_are_those_of_all_runs_of_a_row():
    def run(variant, seed, mean, lowest, highest):
        varies = {"mean": mean, "over_frames": 0.01, "lowest": lowest, "highest": highest}
        return record(variant, seed=seed, attention=varies)

    made = [run("mans-9", 0, 0.4, 0.1, 0.6), run("mans-9", 1, 0.5, 0.2, 0.9), run("mans-9-gate", 0, 0.7, 0.5, 0.8)]
    _, header, rows = attention_weights.table(made)
    assert rows == [
        ["odd_even", "MANs-9", "0.450", "0.010", "0.100", "0.900", "2 seeds"],
        ["odd_even", "MANs-9 (sigmoid gate per frame)", "0.700", "0.010", "0.500", "0.800", "1"],
    ]
    assert len(header) == len(rows[0])


def test_records_without_attention_weights_are_left_out(tmp_path):
    varies = {"mean": 0.5, "over_frames": 0.01, "lowest": 0.4, "highest": 0.6}
    for seed, fields in enumerate([{}, {"attention": varies}]):
        folder = tmp_path / "table4_ablation/ut_kinect/mans-9"
        write_record(folder / f"odd_even-seed{seed}.json", record(seed=seed, **fields))
    assert [record["seed"] for record in attention_weights.records(tmp_path, "ut_kinect")] == [1]
