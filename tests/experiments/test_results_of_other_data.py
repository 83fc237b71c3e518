"""The prose about attention, and about other data sets than UT-Kinect, against the records."""

import json
import re

from scipy.stats import ttest_rel
from test_results_page import prose, records

from experiments import attention_gain, attention_weights, paired_differences, readme_tables, table5_overview
from experiments.compared import measured, rates, speed
from mans_keras.reports import tables


def test_what_the_prose_says_of_the_recipes_on_utd_mhad_is_the_records():
    (released,) = [r for r in records("table4_ablation", "mans-9", "cross_subject", "utd_mhad") if r["seed"] == 0]
    by_best = {r["variant"]: r for r in tables.records(readme_tables.RESULTS / "best", "table4_ablation", "utd_mhad")}
    best = by_best["mans-9"]
    assert best["tensors"] == released["tensors"]
    others = [paired_differences.difference([best], [of_row]) for of_row in by_best.values() if of_row is not best]
    gains = [float(gain) for gain, _, _ in others]
    assert len(gains) == 4 and all(0 < float(gain) < float(over_people) for gain, _, over_people in others)
    assert f"ends highest there, {min(gains):.2f} to {max(gains):.2f} points above the others" in prose()
    ends = [f"{paired_differences.accuracy(record):.2f}" for record in (best, released)]
    gain, _, over_subjects = paired_differences.difference([best], [released])
    assert float(gain) > float(over_subjects)
    assert f"it ends at {ends[0]}, and `released` at {ends[1]} on the same tensors with the same seed" in prose()
    (paper,) = tables.records(readme_tables.RESULTS / "paper", "table4_ablation", "utd_mhad")
    assert (paper["variant"], paper["coordinates"]) == ("mans-9", "raw")
    assert f"`paper` ends at {paired_differences.accuracy(paper):.2f} there, on its own `raw`" in prose()
    assert f"the difference is beyond chance ({gain} ± {over_subjects})" in prose()


def test_what_the_prose_says_of_the_recipes_on_hdm05_is_the_records():
    released = records("table4_ablation", "mans-9", "cross_actor", "hdm05")
    best = tables.records(readme_tables.RESULTS / "best", "table4_ablation", "hdm05")
    assert {record["variant"] for record in best} == {"mans-9"}
    assert {record["seed"] for record in [*released, *best]} == {0}
    assert {record["coordinates"] for record in released} == {"body"}
    ends = [f"{tables.accuracies(cell, 'last').mean():.2f}" for cell in (best, released)]
    gain, _, over_subjects = paired_differences.difference(best, released)
    assert 0 < float(gain) < float(over_subjects)
    assert f"`best` ends at {ends[0]}, and `released` at {ends[1]} on other tensors (coordinates `body`)" in prose()
    assert f"over the five actors that is within chance ({gain} ± {over_subjects})" in prose()
    paper = tables.records(readme_tables.RESULTS / "paper", "table4_ablation", "hdm05")
    assert {(record["variant"], record["coordinates"]) for record in paper} == {("mans-9", "raw")}
    gain, _, over_subjects = paired_differences.difference(best, paper)
    assert float(gain) > float(over_subjects)
    end = tables.accuracies(paper, "last").mean()
    assert f"`paper` ends at {end:.2f} there, on `raw` coordinates: `best` is" in prose()
    assert f"above it beyond chance over the actors ({gain} ± {over_subjects})" in prose()


def test_what_the_prose_says_of_the_recipes_on_nw_ucla_is_the_records():
    released = records("table4_ablation", "mans-9", "cross_view", "nw_ucla")
    best = of_nw_ucla_by_best()["mans-9"]
    assert len(best) == 2 and best[0]["tensors"] == released[0]["tensors"]
    gain, over_seeds, over_people = paired_differences.difference(best, released)
    assert 0 < float(gain) < float(over_people)
    end = tables.accuracies(best, "last").mean()
    assert f"`best` ends at {end:.2f}, and `released` with the same seeds {float(gain):.2f} lower, within" in prose()
    assert f"(± {over_seeds} over the seeds, ± {over_people} over the ten people)." in prose()
    (paper,) = tables.records(readme_tables.RESULTS / "paper", "table4_ablation", "nw_ucla")
    assert (paper["variant"], paper["coordinates"]) == ("mans-9", "raw")
    assert f"`paper` ends at {paired_differences.accuracy(paper):.2f} there, on `raw` coordinates, which" in prose()


def of_nw_ucla_by_best():
    """{row of Table 4: its records by the recipe `best` on NW-UCLA, by their seeds}."""
    rows = {}
    made = tables.records(readme_tables.RESULTS / "best", "table4_ablation", "nw_ucla")
    for record in sorted(made, key=lambda record: record["seed"]):
        rows.setdefault(record["variant"], []).append(record)
    return rows


def test_what_the_prose_says_of_attention_on_nw_ucla_by_best_is_the_records():
    rows = of_nw_ucla_by_best()
    ours, without, alone = (rows.pop(name) for name in ("mans-9", "mans-9-no-attention", "mans-9-stcm"))
    assert not rows and [len(row) for row in (ours, without, alone)] == [2, 2, 1]
    of_table4 = tables.records(readme_tables.RESULTS, "table4_ablation", "nw_ucla")
    variants = {record["variant"] for record in of_table4}
    of_rows = ([paired_differences.accuracy(r) for r in of_table4 if r["variant"] == row] for row in variants)
    least = min(map(paired_differences.accuracy, [*ours, *without, *alone]))
    assert least > max(sum(of_row) / len(of_row) for of_row in of_rows)

    first, second = (paired_differences.difference([without[seed]], [ours[seed]]) for seed in (0, 1))
    assert float(first[0]) > float(first[2])
    assert f"ended {float(first[0]):.2f} points above MANs-9, beyond chance over the people" in prose()
    assert f"the second ended {-float(second[0]):.2f} below." in prose()
    gain, over_seeds, over_people = paired_differences.difference(without, ours)
    assert 0 < float(gain) < float(over_people)
    both = (
        f"{float(gain):.2f} above, within chance (± {over_seeds} over the two seeds, ± {over_people} over the people)"
    )
    assert f"In the mean it is {both}" in prose()
    of_one, _, over_people = paired_differences.difference(alone, ours)
    assert 0 < float(of_one) < float(over_people)
    assert f"the STCM alone with its one seed ({float(of_one):.2f} ± {over_people})." in prose()
    assert f"MANs-9 ends {float(gain):.2f} points below the model without attention (two seeds)" in prose()
    assert f"and {float(of_one):.2f} below the STCM alone (one seed), both within chance." in prose()


def test_what_the_prose_says_of_attention_on_utd_mhad_is_the_records():
    _, _, rows = attention_gain.table(tables.records(readme_tables.RESULTS, "table4_ablation", "utd_mhad"))
    assert [row[5] for row in rows] == 5 * ["3 seeds"]
    gains = {row[1]: [float(value) for value in row[2:5]] for row in rows}
    assert all(abs(gain) < over_people for gain, _, over_people in gains.values())
    frozen = "MANs-9 (attention frozen at random)"
    assert [name for name, (gain, over_seeds, _) in gains.items() if abs(gain) >= over_seeds] == [frozen]
    gain, over_seeds, _ = gains[frozen]
    assert f"never trained is behind by {gain:.2f} ± {over_seeds:.2f}, just beyond chance." in prose()
    ours, untrained = (
        [paired_differences.accuracy(r) for r in records("table4_ablation", row, "cross_subject", "utd_mhad")]
        for row in ("mans-9", "mans-9-frozen")
    )
    assert 0.045 < ttest_rel(ours, untrained).pvalue < 0.05
    without, over_seeds, over_people = gains["MANs-9 (no attention)"]
    assert f"MANs-9 is {without:+.2f} ± {over_seeds:.2f} above the model without attention." in prose()
    assert f"Over four people, no: ± {over_people:.2f}." in prose()
    the_papers = 83.01 - 81.41  # MANs-9 over no attention on NTU RGB+D, cross-subject
    assert over_seeds < the_papers < over_people and f"attention, {the_papers:.2f} points on NTU RGB+D" in prose()
    alone, *others = [gain for gain, _, _ in gains.values()]
    assert f"ends highest, {-alone:.2f} points above MANs-9" in prose()
    assert f"which is {min(others):.2f} to {max(others):.2f} points above the other rows" in prose()
    of_seeds = map(paired_differences.accuracy, records("table4_ablation", "mans-9-stcm", "cross_subject", "utd_mhad"))
    least, _, most = sorted(of_seeds)
    assert f"The seed alone moves the STCM from {least:.2f} to {most:.2f}." in prose()


def test_the_papers_gains_lie_within_the_interval_of_no_attention_on_ut_kinect():
    _, _, rows = attention_gain.table(tables.records(readme_tables.RESULTS, "table4_ablation", "ut_kinect"))
    (over_seeds,) = [(float(row[2]), float(row[3])) for row in rows if row[1] == "MANs-9 (no attention)"]
    (quoted,) = re.findall(r"the paper's gains over it on NTU RGB\+D, ([\d.]+) and ([\d.]+)", prose())
    gains = [float(gain) for gain in quoted]
    assert gains == [round(83.01 - 81.41, 2), round(90.66 - 89.84, 2)]  # of Table 4
    assert all(abs(gain - over_seeds[0]) < over_seeds[1] for gain in gains)


def test_what_the_prose_says_of_attention_on_nw_ucla_is_the_records():
    of_table4 = tables.records(readme_tables.RESULTS, "table4_ablation", "nw_ucla")
    assert all(len(record["predictions"]["true"]) == 464 for record in of_table4)
    cells = {}
    for record in of_table4:
        cells.setdefault(record["variant"].removeprefix("mans-9").removeprefix("-"), []).append(record)
    ends = {row: tables.accuracies(cell, "last") for row, cell in cells.items()}
    assert {len(end) for end in ends.values()} == {3} and len(ends) == 6
    assert max(ends, key=lambda row: ends[row].mean()) == "" and f"highest, at {ends[''].mean():.2f}." in prose()

    rows = {row[1]: row[2:5] for row in attention_gain.table(of_table4)[2]}
    (stcm, without, song, frozen, gate) = ([float(value) for value in row] for row in rows.values())
    assert [*rows][::3] == ["STCM-9 (CNNs)", "MANs-9 (attention frozen at random)"]
    assert [gain > over_seeds for gain, over_seeds, _ in (stcm, without, song, frozen, gate)] == [1, 0, 0, 1, 0]
    assert [gain > over_people for gain, _, over_people in (stcm, without, song, frozen, gate)] == [1, 1, 0, 1, 1]
    for sentence in (
        "STCM alone ({:+.2f} points, ± {:.2f} over the seeds, ± {:.2f} over the ten people)".format(*stcm),
        "random weights that are never trained ({:+.2f}, ± {:.2f}, ± {:.2f})".format(*frozen),
        "the model without attention ({0:+.2f} ± {2:.2f}) and".format(*without),
        "above the gate ({0:+.2f} ± {2:.2f}), but not over".format(*gate),
        f"over the seeds (± {without[1]:.2f} and ± {gate[1]:.2f}).",
        "within chance of STA-LSTM's attention ({:+.2f}, ± {:.2f}, ± {:.2f})".format(*song),
        f"alone](#nw-ucla) by {stcm[0]:.2f} points, and above attention that is never trained by {frozen[0]:.2f}, both",
        f"above the model without attention by {without[0]:.2f} points. It is so with each seed",
    ):
        assert sentence in prose()
    assert 0.045 < ttest_rel(ends[""], ends["stcm"]).pvalue < 0.05  # only just
    of_seeds = ends[""] - ends["no-attention"]
    assert f"but by {min(of_seeds):.2f} to {max(of_seeds):.2f} points, so this is within chance" in prose()
    untrained, over_seeds, over_people = paired_differences.difference(cells["frozen"], cells["no-attention"])
    assert float(over_people) < float(untrained) < float(over_seeds)
    assert f"by {float(untrained)} points, beyond chance over the people (± {over_people}), not over" in prose()
    assert f"not over the seeds (± {over_seeds})." in prose()
    assert without[0] / 2 < float(untrained) and f"most of these {without[0]:.2f} points come" in prose()
    the_papers = 90.66 - 89.84  # MANs-9 over no attention on NTU RGB+D, cross-view
    assert all(the_papers < interval for interval in (*without[1:], *stcm[1:], *frozen[1:]))
    assert f"same protocol, {the_papers:.2f} points on NTU RGB+D" in prose()

    rows = attention_weights.table(attention_weights.records(readme_tables.RESULTS, "nw_ucla"))[2]
    (weights,) = (row for row in rows if row[1] == "MANs-9")
    assert abs(float(weights[2]) - 0.5) < 0.02 and float(weights[3]) < 0.02


def test_what_the_prose_says_of_other_networks_is_the_records():
    cells = {
        dataset: measured.cells([r for r in of_all if r["dataset"] == dataset], measured.PROTOCOLS[dataset])
        for of_all in [table5_overview.records(readme_tables.RESULTS)]
        for dataset in ("nw_ucla", "utd_mhad")
    }
    behind = {
        (name, dataset): paired_differences.difference(of_method["mans-9"], of_method[name])
        for dataset, of_method in cells.items()
        for name in of_method
        if of_method[name] and name != "mans-9"
    }
    assert {name for name, dataset in behind if dataset == "nw_ucla"} == {"va-lstm", "hcn"}
    beyond_chance = {key for key, (gain, _, chance) in behind.items() if float(gain) > float(chance)}
    assert beyond_chance == {(name, "utd_mhad") for name in ("va-lstm", "hcn", "sta-lstm")}
    by = {key: f"{float(gain):.2f} ± {chance}" for key, (gain, _, chance) in behind.items()}
    va, hcn, sta = (by[name, "utd_mhad"] for name in ("va-lstm", "hcn", "sta-lstm"))
    assert f"VA-LSTM by {va} points, HCN by {hcn}, STA-LSTM by {sta}." in prose()
    assert f"VA-LSTM is behind by {by['va-lstm', 'nw_ucla']} points, with less than a tenth" in prose()
    assert f"and HCN by {by['hcn', 'nw_ucla']}." in prose()
    in_training = (
        f"{100 * cells['utd_mhad'][name][0]['history']['train_accuracy'][-1]:.0f}" for name in ("hcn", "sta-lstm")
    )
    assert f"they classify {' and '.join(in_training)} % right." in prose()
    sizes = {row[0].partition(" ")[0]: float(row[2].removesuffix("M")) for row in overview_rows() if row[2] != "-"}
    assert sizes["VA-LSTM"] < sizes["MANs-9"] / 10


def overview_rows():
    return table5_overview.table(table5_overview.records(readme_tables.RESULTS))[2]


def test_what_the_page_says_of_the_faster_backend_is_what_was_measured():
    kept = json.loads(speed.path(readme_tables.RESULTS).read_text())
    with_jax, with_tensorflow = kept["jax"]["methods"], kept["tensorflow"]["methods"]
    ratios = {name: with_tensorflow[name]["training"] / with_jax[name]["training"] for name in measured.NAMES}
    recurrent = {"hierarchical-rnn", "deep-lstm", "two-stream-rnn", "sta-lstm", "va-lstm"}
    assert all(2 < ratios[name] < 3 if name in recurrent else ratios[name] < 1 for name in measured.NAMES)
    page = (readme_tables.ROOT / "experiments/README.md").read_text()
    assert "the five recurrent networks train two to three times as fast with `KERAS_BACKEND=jax`" in page


def test_the_chosen_rates_are_those_that_their_records_choose():
    records = tables.records(readme_tables.RESULTS / "best", rates.EXPERIMENT, rates.DATASET)
    choices = json.loads(measured.RATES.read_text())
    for name, choice in choices.items():
        cells = {
            rate: [r for r in records if (r["model"], r["recipe"]["learning_rate"]) == (name, rate)]
            for rate in rates.CHOICES
        }
        accuracies = {rate: round(rates.accuracy(cell), 2) for rate, cell in cells.items()}
        assert {str(rate): value for rate, value in accuracies.items()} == choice["accuracies"]
        assert choice["rate"] == rates.choose(accuracies)
        assert {len(cell) for cell in cells.values()} == {choice["runs"]}
    assert "va-lstm" in choices


def test_what_the_prose_says_of_weighted_units_is_the_records():
    weighted = records("effects", "mans-9-weighted", "odd_even")
    of_the_same_seeds = [r for r in records("table4_ablation", "mans-9", "odd_even") if r["seed"] < len(weighted)]
    attention = [r["attention"] for r in weighted if "attention" in r]
    lowest, highest = min(a["lowest"] for a in attention), max(a["highest"] for a in attention)
    assert (
        f"F_A goes from {lowest:.2f} to {highest:.2f}, and the accuracy is higher by just less than chance" in prose()
    )
    gain, over_seeds, _ = paired_differences.difference(weighted, of_the_same_seeds)
    assert len(weighted) == 5 and 0.9 * float(over_seeds) < float(gain) < float(over_seeds)
    assert f"({gain} ± {over_seeds} points over five seeds)" in prose()
