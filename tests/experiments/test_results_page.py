"""The committed pages and tables: they say what the committed records say."""

import functools
import re

import keras
import numpy as np
import pytest
from helpers import ROOT

from experiments import compared, paired_differences, paper, readme_tables, table_parts
from mans_keras.reports import tables
from mans_keras.training import recipes
from mans_keras.training.records import read_record


@pytest.fixture(scope="module", autouse=True)
def read_once():
    """The committed records, which no test changes, are read and checked once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "read_record", functools.cache(read_record))
        yield


TABLES = [table for page in readme_tables.PAGES for table in readme_tables.MARKED.findall(page.read_text())]


@pytest.mark.parametrize(("marker", "text"), TABLES, ids=[marker for marker, _ in TABLES])
def test_a_table_is_what_the_committed_records_say(marker, text):
    assert text == readme_tables.text(marker)


ROOTS = (readme_tables.RESULTS, *(readme_tables.RESULTS / recipe for recipe in recipes.RECIPES))
WRITTEN = [path for root in ROOTS for path in root.glob("*/*/*.md") if path.stem == path.parts[-3]]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: " ".join(path.parts[-3:-1]))
def test_a_written_table_is_what_the_committed_records_say(path, tmp_path):
    table = readme_tables.table(path.stem, path.parent.name, path.parents[2])
    tables.write_table(tmp_path, path.stem, *table)
    for name in (path.name, f"{path.stem}.csv"):
        assert (tmp_path / name).read_text() == path.with_name(name).read_text()


@pytest.mark.parametrize("path", sorted((readme_tables.RESULTS / "trained").glob("*.json")), ids=lambda path: path.stem)
def test_the_card_of_a_trained_model_is_what_the_committed_records_say(path):
    assert path.with_suffix(".md").read_text() == readme_tables.card(path)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="another backend draws other weights")
def test_the_committed_records_are_of_the_networks_that_the_code_builds():
    compared.register()
    made = [read_record(path) for path in readme_tables.RESULTS.rglob("*-seed*.json")]
    trained = [record for record in made if record["backend"] == "tensorflow"]
    assert len(trained) > 200 and table_parts.compared_with_the_code(trained) == (set(), set())


def test_there_are_tables_to_compare():
    assert {marker.strip() for marker, _ in TABLES} >= {
        "table4_ablation ut_kinect",
        "table4_ablation synthetic",
        "headline ut_kinect",
        "effects ut_kinect",
        "attention_gain ut_kinect",
        "attention_gain utd_mhad best",
        "figure3_convergence ut_kinect",
    }


def records(experiment, variant, protocol, dataset="ut_kinect"):
    in_folder = tables.records(readme_tables.RESULTS, experiment, dataset)
    return [record for record in in_folder if (record["variant"], record["protocol"]) == (variant, protocol)]


def prose():
    return " ".join((readme_tables.RESULTS / "README.md").read_text().split())


def wrong(record):
    return sum(map(int.__ne__, record["predictions"]["true"], record["predictions"]["predicted"]))


def test_the_numbers_in_the_prose_of_the_results_are_those_of_the_records():
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
    by_sequence = records("effects", "mans-9", "loocv")
    at_the_end = [record for record in by_sequence if record["last_epoch_test_accuracy"] == 1]
    by_choice = [
        record for record in by_sequence if record["best_epoch_test_accuracy"] == 1 and record not in at_the_end
    ]
    (pull,), (carry,) = by_choice, [record for record in by_sequence if record["best_epoch_test_accuracy"] == 0]
    by_best = records("effects", "best", "loso")
    of_seeds = [sum(wrong(record) for record in by_best if record["seed"] == seed) for seed in (0, 1, 2)]
    assert len(by_best) == 30
    by_half = [wrong(record) for record in records("effects", "best", "odd_even")]
    tested = {name: records("effects", name, "loso_odd") for name in ("best", "best-body")}
    upright, body = ({record["fold"]: wrong(record) for record in of_factor} for of_factor in tested.values())
    ahead = sum(upright[fold] < body[fold] for fold in upright)
    ((before, after),) = [
        100 * np.array(record["history"]["test_accuracy"][-2:])
        for record in records("table4_ablation", "mans-9", "cross_subject", "synthetic")
        if record["history"]["test_accuracy"][-2] - record["last_epoch_test_accuracy"] > 0.1
    ]
    networks = [records("table5_comparison", f"mans-{n}", "loso") for n in (9, 33, 61)]
    right = [199 - sum(map(wrong, network)) for network in networks]
    assert right[0] == right[1]
    deepest = paired_differences.difference(networks[2], networks[0])
    halves = {
        model: f"{tables.summarize(records('table5_comparison', model, 'odd_even'), 'last')[0]:.2f}"
        for model in paper.TABLE5
    }
    assert list(halves) == ["mans-9", "mans-33", "mans-61", "mans-resnet18", "mans-densenet161"]
    assert min(halves.values()) == halves["mans-9"] and max(halves.values()) == halves["mans-resnet18"]
    with_resnet, without_dropout = (
        paired_differences.difference(other, records("table4_ablation", "mans-9", "odd_even"))
        for other in (
            records("table4_ablation", "mans-resnet18", "odd_even"),
            records("effects", "no-gru-dropout", "odd_even"),
        )
    )
    assert with_resnet.points > with_resnet.over_seeds and with_resnet.of_subjects < with_resnet.over_subjects
    of_seed_0 = [
        paired_differences.difference(
            records("table5_comparison", model, "odd_even"), records("table4_ablation", "mans-9", "odd_even")
        )
        for model in ("mans-33", "mans-61", "mans-densenet161")
    ]
    assert all(0 < gain.of_subjects < gain.over_subjects for gain in of_seed_0)
    least, most = (end(gain.points for gain in of_seed_0) for end in (min, max))
    chosen, last, released = (
        tables.summarize(records("effects", variant, "loso"), which)[0]
        for variant, which in (("paper-raw", "best"), ("paper-raw", "last"), ("mans-9", "best"))
    )
    assert chosen > released
    for sentence in (
        f"{len(at_the_end)} of the {len(by_sequence)} sequences are classified correctly at the last epoch",
        f"is right after {sum(pull['history']['test_accuracy']):.0f} of its {pull['epochs']} epochs",
        f"a `{pull['predictions']['name'][0].split('_')[-1]}`, is right",
        f"a `{carry['predictions']['name'][0].split('_')[-1]}`, never is",
        f"{199 - len(by_sequence)} of `loocv`'s 199 folds",
        "`best` misclassifies {}, {} and {} of the 199 sequences with its three seeds".format(
            *map(words.__getitem__, of_seeds)
        ),
        f"{words[min(of_seeds)]} to {words[max(of_seeds)]} of 199 by `loso` (three seeds)",
        f"{words[min(by_half)]} to {words[max(by_half)]} of 99 by `odd_even` ({words[len(by_half)]} seeds)",
        f"`upright` is better than `body` on {words[ahead]} of the five odd subjects",
        f"as many sequences correctly as MANs-9, {right[0]} of 199 each. MANs-61 has {right[2]}, which is",
        f"within chance over the subjects ({deepest.over_people} points)",
        f"end between {halves['mans-9']} (MANs-9, five seeds) and {halves['mans-resnet18']} (ResNet-18, three seeds)",
        f"turns {last:.2f} into {chosen:.2f}. That is more than",
        f"ResNet-18 is {with_resnet.points:.2f} ± {with_resnet.over_seeds:.2f} points above MANs-9, just beyond chance",
        f"over the five people it is not ({with_resnet.over_people}).",
        f"MANs-9 without GRU dropout is {without_dropout.points:.2f} points above MANs-9.",
        f"The others are {least:.2f} to {most:.2f} points above it with one seed, within chance.",
        f"fell from {before:.0f} to {after:.0f} % in its last epoch",
    ):
        assert sentence in prose()


def away_from_the_default(factor, protocol="odd_even"):
    return paired_differences.difference(records("effects", factor, protocol), records("effects", "mans-9", protocol))


def test_effects_that_the_prose_calls_unseen_are_as_small_as_it_says():
    assert "less than 1.1 points either way, by the seeds" in prose() and "could hide up to five points" in prose()
    narrow = ["all-rows", "no-l2", "mans-9-frozen"]
    wide = [
        "printed-labels",
        "modified-labels",
        "no-recurrent-l2",
        "glorot",
        "constant",
        "cosine",
        "mans-9-song",
        "mans-9-gate",
    ]
    for factor in (*narrow, *wide, "mans-9-no-attention"):
        effect = away_from_the_default(factor)
        assert abs(effect.points) < effect.over_seeds
        assert abs(effect.points) + effect.over_seeds < (1.1 if factor in narrow else 5)


def by_subject(factor):
    return {
        subject: paired_differences.accuracy(part)
        for record in records("effects", factor, "loso")
        for subject, part in paired_differences.by_subject(record).items()
    }


def test_comparisons_in_the_prose_are_those_of_the_records():
    released = by_subject("mans-9")
    apart = {
        factor: [accuracy - released[subject] for subject, accuracy in by_subject(factor).items()]
        for factor in ("upright", "no-gru-dropout", "raw")
    }
    assert [len(points) for points in apart.values()] == [10, 10, 10]
    assert np.sum(np.sign(apart["upright"]) == 1) == 9
    assert "beyond chance over the subjects, on nine of ten" in prose()
    assert [np.sum(np.sign(apart["no-gru-dropout"]) == sign) for sign in (1, -1)] == [5, 1]
    assert (
        f"ahead by {np.mean(apart['no-gru-dropout']):.2f} points, on five subjects of ten, and behind on one" in prose()
    )
    assert f"up to {np.abs(apart['raw']).max():.0f} points away from it on a subject" in prose()
    behind = paired_differences.difference(records("effects", "paper-raw", "loso"), records("effects", "raw", "loso"))
    assert f"beyond chance over the subjects ({behind.over_people})" in prose()
    chosen, _ = tables.summarize(records("effects", "raw", "loso"), "best")
    assert f"`released` on the same coordinates reaches {chosen:.2f} in that way" in prose()
    without, stcm = (records("effects", factor, "odd_even") for factor in ("no-gru-dropout", "mans-9-stcm"))
    below = paired_differences.difference(without, stcm)
    assert f"the STCM is {below.points:.2f} ± {below.over_seeds:.2f} points below it, over seeds" in prose()


def test_what_the_prose_says_of_alpha_on_hdm05_is_the_records():
    mistakes = {}
    for record in tables.records(readme_tables.RESULTS, "table3_alpha", "hdm05"):
        if record["model"] == "mans-9":
            mistakes.setdefault(record["fold"], []).append(wrong(record))
    assert [(len(each), len(set(each))) for each in mistakes.values()] == [(4, 1)] * 3
    assert "On three of HDM05's five folds, MANs-9 classifies as many" in prose()


def test_what_the_prose_says_of_figure_3_is_the_records():
    table = readme_tables.text("figure3_convergence ut_kinect")
    epochs = re.findall(r"^\|[^|]+\| +\d+ +\| ([^|]+) \|", table, flags=re.MULTILINE)
    each = [epoch.strip() for cell in epochs for epoch in cell.split(",")]
    assert f"Of the {len(each)} runs, {each.count('-')} never settle" in prose()
    (tested,) = {len(record["predictions"]["true"]) for record in records("effects", "no-gru-dropout", "odd_even")}
    trained = (199 - tested) // 8 * 8
    assert f"an epoch has {trained} sequences" in prose() and f"one sequence is {100 / trained:.2f} points" in prose()

    def fitted(variant):
        return {
            record["seed"]: np.argmax(np.array(record["history"]["train_accuracy"]) >= 0.95)
            for record in records("effects", variant, "odd_even")
        }

    without, stcm = fitted("no-gru-dropout"), fitted("mans-9-stcm")
    assert sum(without[seed] < stcm[seed] for seed in stcm) == 4 and len(stcm) == 5
    assert "sooner than the STCM with four seeds of five" in prose()


def test_what_the_prose_says_of_scale_224_is_the_records():
    mans = records("table4_ablation", "mans-resnet18", "odd_even")
    gains = [
        paired_differences.difference(mans, records("table4_ablation", f"mans-resnet18-{setting}", "odd_even"))
        for setting in ("stcm", "no-attention", "song")
    ]
    points, seeds = [gain.points for gain in gains], [gain.over_seeds for gain in gains]
    assert f"by {min(points):.2f} to {max(points):.2f} points" in prose()
    assert "wider than ± 11" in prose() and min(seeds) > 11
    last, _ = tables.summarize(mans, "last")
    nine, _ = tables.summarize(records("table4_ablation", "mans-9", "odd_even"), "last")
    assert f"MANs (ResNet-18) ends at {last:.2f} (three seeds), MANs-9 at {nine:.2f} (five seeds)" in prose()
    assert {record["device"] for record in mans} == {"NVIDIA H200"} and {record["backend"] for record in mans} == {
        "jax"
    }
    best = tables.records(readme_tables.RESULTS / "best", "table4_ablation", "ut_kinect")
    best.sort(key=lambda record: record["seed"])
    tested = [f"{100 * record['last_epoch_test_accuracy']:.2f}" for record in best]
    trained = [f"{100 * record['history']['train_accuracy'][-1]:.1f}" for record in best]
    assert f"end at {tested[0]}, {tested[1]} and {tested[2]}, and at" in prose()
    assert f"{trained[0]}, {trained[1]} and {trained[2]} % of the training" in prose()


def test_what_the_prose_says_of_densenet_161_is_the_records():
    mans = records("table4_ablation", "mans-densenet161", "odd_even")
    assert f"MANs (DenseNet-161) at {tables.summarize(mans, 'last')[0]:.2f} (one seed)" in prose()
    gains = [
        paired_differences.difference(mans, records("table4_ablation", f"mans-densenet161-{setting}", "odd_even"))
        for setting in ("stcm", "no-attention", "song")
    ]
    assert [gain.cells()[0] for gain in gains] == ["+0.00", "+1.01", "+3.03"]
    assert "level with the STCM alone, and 1.01 and 3.03 points above" in prose()
    assert all(gain.of_subjects < gain.over_subjects for gain in gains)
    assert f"(± {min(gain.over_subjects for gain in gains):.2f} at the least)" in prose()


def test_what_the_prose_says_of_alpha_with_resnet_18_is_the_records():
    cells = {}
    for record in tables.records(readme_tables.RESULTS, "table3_alpha", "hdm05"):
        if record["model"] == "mans-resnet18":
            cells.setdefault(record["variant"], []).append(record)
    means = {variant: tables.summarize(cell, "last")[0] for variant, cell in cells.items()}
    assert max(means, key=means.get) == "mans-resnet18"  # alpha 16
    assert f"between {min(means.values()):.2f} and {max(means.values()):.2f}, alpha 16 is highest" in prose()
    for cell in cells.values():
        assert len(cell) == 5
        if cell is not cells["mans-resnet18"]:
            apart = paired_differences.difference(cell, cells["mans-resnet18"])
            assert abs(apart.of_subjects) < apart.over_subjects


def test_what_the_prose_says_of_the_released_codes_tensors_is_the_records():
    by_subject, by_seed, padded = (
        away_from_the_default(f"released-{layout}", protocol)
        for layout, protocol in (("resize", "loso"), ("resize", "odd_even"), ("pad", "odd_even"))
    )
    number = {4: "four", 5: "five"}[len(records("effects", "released-pad", "odd_even"))]
    for sentence in (
        f"level with `body` by `loso` ({by_subject.over_people} points over the subjects). "
        f"By `odd_even` they are behind over {number} seeds ({by_seed.points:.2f} ± {by_seed.over_seeds:.2f}), "
        f"but not over the subjects ({by_seed.over_people})",
        f"even subjects: {padded.points:.2f} ± {padded.over_seeds:.2f} points over {number} seeds, on each of the five",
    ):
        assert sentence in prose()
    assert abs(by_subject.of_subjects) < by_subject.over_subjects
    assert by_seed.over_seeds < abs(by_seed.points) and abs(by_seed.of_subjects) < by_seed.over_subjects
    (own_loso, own), (raw_loso, raw) = (
        [tables.summarize(records("effects", name, protocol), "last")[0] for protocol in ("loso", "odd_even")]
        for name in ("released-pad", "paper-raw")
    )
    assert f"`paper` ends at {raw_loso:.2f} by `loso` and {raw:.2f} by `odd_even`, on raw" in prose()
    assert f"`released` ends at {own_loso:.2f} and {own:.2f} on tensors made as in the released code" in prose()
    first_page = " ".join((ROOT / "README.md").read_text().split())
    assert f"reach {raw_loso:.0f} and {own_loso:.0f} % by `loso`, on their own coordinates" in first_page
    level = away_from_the_default("released-pad", "loso")
    assert f"level with the default: {level.over_people} points" in prose()
    assert abs(level.of_subjects) < level.over_subjects
    padded, default = (by_subjects(records("effects", name, "odd_even")) for name in ("released-pad", "mans-9"))
    assert len(padded) == 5 and all(padded[subject] < default[subject] for subject in padded)


def by_subjects(cell):
    """{subject: mean accuracy over a cell's records}."""
    of_subject = {}
    for record in cell:
        for subject, part in paired_differences.by_subject(record).items():
            of_subject.setdefault(subject, []).append(paired_differences.accuracy(part))
    return {subject: np.mean(accuracies) for subject, accuracies in of_subject.items()}


def test_the_first_page_names_the_share_of_upright_coordinates():
    page = " ".join((ROOT / "README.md").read_text().split())
    default, _ = tables.summarize(records("effects", "mans-9", "loso"), "last")
    assert f"reach 77 and 85 % by `loso`, on their own coordinates, the default settings {default:.0f} %. Half" in page
    assert "Half or more of what `best` gains over these comes from the coordinates `upright` alone" in page
    for protocol in ("loso", "odd_even"):
        upright, best = (away_from_the_default(factor, protocol).points for factor in ("upright", "best"))
        assert upright >= best / 2


def test_learned_attention_is_compared_with_frozen_as_precisely_as_the_page_says():
    frozen = records("table4_ablation", "mans-9-frozen", "odd_even")
    gain = paired_differences.difference(records("table4_ablation", "mans-9", "odd_even"), frozen)
    assert f"(± {gain.over_seeds:.2f} points over seeds)" in prose() and abs(gain.points) < gain.over_seeds
