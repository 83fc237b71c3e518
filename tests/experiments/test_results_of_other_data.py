"""The prose about attention, and about other data sets than UT-Kinect, against the records."""

import json
import re

from scipy.stats import ttest_rel
from test_results_page import prose, records

from experiments import attention_weights, paired_differences, readme_tables, table5_overview
from experiments.compared import measured, rates, speed
from mans_keras.reports import tables


def test_what_the_prose_says_of_the_recipes_on_utd_mhad_is_the_records():
    (released,) = [r for r in records("table4_ablation", "mans-9", "cross_subject", "utd_mhad") if r["seed"] == 0]
    by_best = {r["variant"]: r for r in tables.records(readme_tables.RESULTS / "best", "table4_ablation", "utd_mhad")}
    best = by_best["mans-9"]
    assert best["tensors"] == released["tensors"]
    others = [paired_differences.difference([best], [of_row]) for of_row in by_best.values() if of_row is not best]
    gains = [gain.points for gain in others]
    assert len(gains) == 5 and all(0 < gain.of_subjects < gain.over_subjects for gain in others)
    assert f"ends highest there, {min(gains):.2f} to {max(gains):.2f} points above the others" in prose()
    ends = [f"{paired_differences.accuracy(record):.2f}" for record in (best, released)]
    gain = paired_differences.difference([best], [released])
    assert gain.of_subjects > gain.over_subjects
    assert f"it ends at {ends[0]}, and `released` at {ends[1]} on the same tensors with the same seed" in prose()
    (paper,) = tables.records(readme_tables.RESULTS / "paper", "table4_ablation", "utd_mhad")
    assert (paper["variant"], paper["coordinates"]) == ("mans-9", "raw")
    assert f"`paper` ends at {paired_differences.accuracy(paper):.2f} there, on its own `raw`" in prose()
    assert f"the difference is beyond chance ({gain.over_people})" in prose()


def test_what_the_prose_says_of_the_recipes_on_hdm05_is_the_records():
    released = records("table4_ablation", "mans-9", "cross_actor", "hdm05")
    best = tables.records(readme_tables.RESULTS / "best", "table4_ablation", "hdm05")
    assert {record["variant"] for record in best} == {"mans-9"}
    assert {record["seed"] for record in [*released, *best]} == {0}
    assert {record["coordinates"] for record in released} == {"body"}
    ends = [f"{tables.accuracies(cell, 'last').mean():.2f}" for cell in (best, released)]
    gain = paired_differences.difference(best, released)
    assert 0 < gain.of_subjects < gain.over_subjects
    assert f"`best` ends at {ends[0]}, and `released` at {ends[1]} on other tensors (coordinates `body`)" in prose()
    assert f"over the five actors that is within chance ({gain.over_people})" in prose()
    paper = tables.records(readme_tables.RESULTS / "paper", "table4_ablation", "hdm05")
    assert {(record["variant"], record["coordinates"]) for record in paper} == {("mans-9", "raw")}
    gain = paired_differences.difference(best, paper)
    assert gain.of_subjects > gain.over_subjects
    end = tables.accuracies(paper, "last").mean()
    assert f"`paper` ends at {end:.2f} there, on `raw` coordinates: `best` is" in prose()
    assert f"above it beyond chance over the actors ({gain.over_people})" in prose()


def test_what_the_prose_says_of_the_recipes_on_nw_ucla_is_the_records():
    released = records("table4_ablation", "mans-9", "cross_view", "nw_ucla")
    best = of_nw_ucla_by_best()["mans-9"]
    assert len(best) == 2 and best[0]["tensors"] == released[0]["tensors"]
    gain = paired_differences.difference(best, released)
    assert 0 < gain.points < gain.over_seeds and 0 < gain.of_subjects < gain.over_subjects
    end = tables.accuracies(best, "last").mean()
    assert f"`best` ends at {end:.2f}, and `released` with the same seeds {gain.points:.2f} lower, within" in prose()
    assert f"(± {gain.over_seeds:.2f} over the seeds; {gain.over_people} in the mean of the ten people)." in prose()
    (paper,) = tables.records(readme_tables.RESULTS / "paper", "table4_ablation", "nw_ucla")
    assert (paper["variant"], paper["coordinates"]) == ("mans-9", "raw")
    assert f"`paper` ends at {paired_differences.accuracy(paper):.2f} there, on `raw` coordinates, which" in prose()


def rows_of_table_4(dataset):
    """{row of Table 4: its records with the recipe `released`}."""
    rows = {}
    for record in tables.records(readme_tables.RESULTS, "table4_ablation", dataset):
        rows.setdefault(record["variant"], []).append(record)
    return rows


def of_nw_ucla_by_best():
    """{row of Table 4: its records by the recipe `best` on NW-UCLA, by their seeds}."""
    rows = {}
    made = tables.records(readme_tables.RESULTS / "best", "table4_ablation", "nw_ucla")
    for record in sorted(made, key=lambda record: record["seed"]):
        rows.setdefault(record["variant"], []).append(record)
    return rows


def test_what_the_prose_says_of_attention_on_nw_ucla_by_best_is_the_records():
    rows = of_nw_ucla_by_best()
    ours, without = (rows.pop(name) for name in ("mans-9", "mans-9-no-attention"))
    assert [len(row) for row in (ours, without, *rows.values())] == [2, 2, 1, 1, 1, 1]
    of_table4 = tables.records(readme_tables.RESULTS, "table4_ablation", "nw_ucla")
    variants = {record["variant"] for record in of_table4}
    of_rows = ([paired_differences.accuracy(r) for r in of_table4 if r["variant"] == row] for row in variants)
    least = min(map(paired_differences.accuracy, sum(rows.values(), [*ours, *without])))
    assert least > max(sum(of_row) / len(of_row) for of_row in of_rows)

    first, second = (paired_differences.difference([without[seed]], [ours[seed]]) for seed in (0, 1))
    assert first.of_subjects > first.over_subjects
    assert f"ended {first.points:.2f} points above MANs-9, beyond chance over the people" in prose()
    assert f"the second ended {-second.points:.2f} below." in prose()
    gain = paired_differences.difference(without, ours)
    assert 0 < gain.of_subjects < gain.over_subjects
    both = f"± {gain.over_seeds:.2f} over the two seeds; {gain.over_people} in the mean of the people"
    assert f"In the mean it is {gain.points:.2f} above, within chance ({both})" in prose()
    of_one = {row: paired_differences.difference(cell, ours) for row, cell in rows.items()}
    least, most = (end(apart.points for apart in of_one.values()) for end in (min, max))
    assert f"have one seed each, {-least:.2f} below to {most:.2f} above MANs-9." in prose()
    beyond_chance = [row for row, apart in of_one.items() if abs(apart.of_subjects) > apart.over_subjects]
    gate = of_one["mans-9-gate"]
    assert beyond_chance == ["mans-9-gate"] and gate.points == most
    assert f"beyond chance over the people ({gate.over_people}), and the others' is not." in prose()
    assert f"MANs-9 ends {gain.points:.2f} points below the model without attention (two seeds)" in prose()
    assert f"and {most:.2f} below the sigmoid gate (one seed), beyond chance over the people." in prose()


def test_what_the_prose_says_of_attention_on_utd_mhad_is_the_records():
    cells = rows_of_table_4("utd_mhad")
    assert {len(cell) for cell in cells.values()} == {3}
    ours = cells.pop("mans-9")
    gains = {row: paired_differences.difference(ours, cell) for row, cell in cells.items()}
    assert len(gains) == 5 and all(abs(gain.of_subjects) < gain.over_subjects for gain in gains.values())
    assert [row for row, gain in gains.items() if abs(gain.points) >= gain.over_seeds] == ["mans-9-frozen"]
    frozen, without = gains["mans-9-frozen"], gains["mans-9-no-attention"]
    assert f"never trained is behind by {frozen.points:.2f} ± {frozen.over_seeds:.2f}, just beyond chance." in prose()
    ends = [list(map(paired_differences.accuracy, cell)) for cell in (ours, cells["mans-9-frozen"])]
    assert 0.045 < ttest_rel(*ends).pvalue < 0.05
    assert f"MANs-9 is {without.points:+.2f} ± {without.over_seeds:.2f} above the model without attention." in prose()
    assert f"Over four people, no: {without.over_people}." in prose()
    the_papers = 83.01 - 81.41  # MANs-9 over no attention on NTU RGB+D, cross-subject
    assert without.over_seeds < the_papers < without.over_subjects
    assert f"attention, {the_papers:.2f} points on NTU RGB+D" in prose()
    alone = gains.pop("mans-9-stcm").points
    others = [gain.points for gain in gains.values()]
    assert alone < 0 < min(others) and f"ends highest, {-alone:.2f} points above MANs-9" in prose()
    assert f"which is {min(others):.2f} to {max(others):.2f} points above the other rows" in prose()
    least, _, most = sorted(map(paired_differences.accuracy, cells["mans-9-stcm"]))
    assert f"The seed alone moves the STCM from {least:.2f} to {most:.2f}." in prose()


def test_the_papers_gains_lie_within_the_interval_of_no_attention_on_ut_kinect():
    cells = (records("table4_ablation", variant, "odd_even") for variant in ("mans-9", "mans-9-no-attention"))
    ours = paired_differences.difference(*cells)
    (quoted,) = re.findall(r"the paper's gains over it on NTU RGB\+D, ([\d.]+) and ([\d.]+)", prose())
    gains = [float(gain) for gain in quoted]
    assert gains == [round(83.01 - 81.41, 2), round(90.66 - 89.84, 2)]  # of Table 4
    assert all(abs(gain - ours.points) < ours.over_seeds for gain in gains)


def test_what_the_prose_says_of_attention_on_nw_ucla_is_the_records():
    cells = rows_of_table_4("nw_ucla")
    ends = {row: tables.accuracies(cell, "last") for row, cell in cells.items()}
    assert {len(end) for end in ends.values()} == {3} and len(ends) == 6
    assert {len(record["predictions"]["true"]) for cell in cells.values() for record in cell} == {464}
    ours = cells["mans-9"]
    assert max(ends, key=lambda row: ends[row].mean()) == "mans-9"
    assert f"highest, at {ends['mans-9'].mean():.2f}." in prose()

    rows = ("stcm", "no-attention", "song", "frozen", "gate")
    gains = [paired_differences.difference(ours, cells[f"mans-9-{row}"]) for row in rows]
    assert [gain.points > gain.over_seeds for gain in gains] == [1, 0, 0, 1, 0]
    assert [gain.of_subjects > gain.over_subjects for gain in gains] == [1, 1, 0, 1, 0]
    stcm, without, song, frozen, gate = gains
    of_seeds = {id(gain): f"{gain.points:+.2f} ± {gain.over_seeds:.2f}" for gain in gains}
    for sentence in (
        f"STCM alone ({of_seeds[id(stcm)]} points over the seeds, {stcm.over_people} in the mean of the ten people)",
        f"random weights that are never trained ({of_seeds[id(frozen)]}, {frozen.over_people}).",
        f"the model without attention beyond chance over the people ({without.over_people}), but not",
        f"over the seeds ({of_seeds[id(without)]}).",
        f"above the gate ({of_seeds[id(gate)]}, {gate.over_people}) or",
        f"STA-LSTM's attention ({of_seeds[id(song)]}, {song.over_people}).",
        f"alone](#nw-ucla) by {stcm.points:.2f} points, and above attention that is never trained by",
        f"never trained by {frozen.points:.2f}, both beyond chance",
        f"above the model without attention by {without.points:.2f} points, beyond chance over the people, but not",
    ):
        assert sentence in prose()
    assert 0.045 < ttest_rel(ends["mans-9"], ends["mans-9-stcm"]).pvalue < 0.05  # only just
    each = ends["mans-9"] - ends["mans-9-no-attention"]
    assert f"the three seeds ({min(each):.2f} to {max(each):.2f} points)." in prose()
    untrained = paired_differences.difference(cells["mans-9-frozen"], cells["mans-9-no-attention"])
    assert untrained.over_subjects < untrained.of_subjects and untrained.points < untrained.over_seeds
    assert f"by {untrained.points:.2f} points, beyond chance over the people ({untrained.over_people})," in prose()
    assert f"not over the seeds (± {untrained.over_seeds:.2f})." in prose()
    assert f"already gains {untrained.points:.2f} of the {without.points:.2f} points." in prose()
    the_papers = 90.66 - 89.84  # MANs-9 over no attention on NTU RGB+D, cross-view
    intervals = ((gain.over_seeds, gain.over_subjects) for gain in (without, stcm, frozen))
    assert all(the_papers < min(of_gain) for of_gain in intervals)
    assert f"same protocol, {the_papers:.2f} points on NTU RGB+D" in prose()

    rows = attention_weights.table(attention_weights.records(readme_tables.RESULTS, "nw_ucla"))[2]
    (weights,) = (row for row in rows if row[1] == "MANs-9")
    assert abs(float(weights[2]) - 0.5) < 0.02 and float(weights[3]) < 0.02


def test_what_the_prose_says_of_other_networks_is_the_records():
    cells = {
        dataset: measured.cells([r for r in of_all if r["dataset"] == dataset], measured.PROTOCOLS[dataset])
        for of_all in [table5_overview.records(readme_tables.RESULTS)]
        for dataset in measured.PROTOCOLS
    }
    behind = {
        (name, dataset): paired_differences.difference(of_method["mans-9"], of_method[name])
        for dataset, of_method in cells.items()
        for name in of_method
        if of_method[name] and name != "mans-9"
    }
    assert all((gain.points < 0) == (key in {("sgn", "hdm05"), ("sgn", "nw_ucla")}) for key, gain in behind.items())
    assert "MANs-9 is ahead of all others that were trained." in prose()
    assert "SGN comes nearest: it keeps up on three of four data sets." in prose()
    beyond_chance = {key for key, gain in behind.items() if gain.of_subjects > gain.over_subjects}
    elsewhere = {("sta-lstm", "hdm05"), ("hcn", "hdm05")}
    elsewhere |= {(name, "nw_ucla") for name in ("sta-lstm", "va-lstm", "deep-lstm")}
    elsewhere |= {key for key in behind if key[1] == "utd_mhad"} - {("sgn", "utd_mhad")}
    near = {("hierarchical-rnn", "ut_kinect"), ("two-stream-rnn", "ut_kinect")}
    assert beyond_chance == elsewhere | {key for key in behind if key[1] == "ut_kinect"} - near
    (points,) = {f"{behind[key].points:.2f}" for key in near}
    for sentence in (
        f"on UT-Kinect over all but the hierarchical and the two-stream RNNs, which end {points} points below each",
        "on HDM05 over STA-LSTM and HCN, - on NW-UCLA over STA-LSTM, VA-LSTM and the Deep LSTM, - on UTD-MHAD over",
        f"`best` was made, it ends {behind['sgn', 'ut_kinect'].points:.2f} points below, beyond chance.",
    ):
        assert sentence in prose()
    ahead = [-behind["sgn", name].points for name in ("hdm05", "nw_ucla")]
    below = behind["sgn", "utd_mhad"].points
    assert "on HDM05 and NW-UCLA it ends {:.2f} and {:.2f} points above it".format(*ahead) in prose()
    assert f"on UTD-MHAD {below:.2f} points below, all within chance" in prose()
    near = [behind[name, "nw_ucla"].points for name in ("hierarchical-rnn", "two-stream-rnn", "deep-lstm")]
    assert max(near) < min(behind[name, "nw_ucla"].points for name in ("hcn", "va-lstm"))
    assert f"on NW-UCLA they end {min(near):.2f} to {max(near):.2f} points below," in prose()
    assert "below, with a twelfth to a quarter of the multiplications" in prose()
    (of_hcn,) = cells["nw_ucla"]["hcn"]
    right = [part["last_epoch_test_accuracy"] for part in paired_differences.by_subject(of_hcn).values()]
    assert (
        min(right) == 0
        and "HCN's interval is wide there because it misclassifies all ten sequences of one person" in prose()
    )
    in_training = (
        f"{100 * cells['utd_mhad'][name][0]['history']['train_accuracy'][-1]:.0f}" for name in ("hcn", "sta-lstm")
    )
    assert f"they classify {' and '.join(in_training)} % right." in prose()
    sizes = {row[0].partition(" ")[0]: float(row[2].removesuffix("M")) for row in overview_rows() if row[2] != "-"}
    shares = [sizes["MANs-9"] / sizes[name] for name in ("Hierarchical", "Deep", "Two-stream")]
    parameters = {row[0].partition(" ")[0]: float(row[1].removesuffix("M")) for row in overview_rows()}
    assert parameters["SGN"] < parameters["MANs-9"] and sizes["SGN"] < sizes["MANs-9"]
    assert "chance, with fewer parameters and multiplications." in prose()
    assert 11.5 < shares[0] < 12.5 and 3.5 < shares[-1] < 4.5 and shares == sorted(shares, reverse=True)


def overview_rows():
    return table5_overview.table(table5_overview.records(readme_tables.RESULTS))[2]


def test_what_the_page_says_of_the_faster_backend_is_what_was_measured():
    kept = json.loads(speed.path(readme_tables.RESULTS).read_text())
    with_jax, with_tensorflow = kept["jax"]["methods"], kept["tensorflow"]["methods"]
    ratios = {name: with_tensorflow[name]["training"] / with_jax[name]["training"] for name in measured.NAMES}
    faster = [1 / ratios[name] for name in ("hcn", "st-gcn", "sgn", "mans-9")]
    page = " ".join((readme_tables.ROOT / "experiments/README.md").read_text().split())
    by_tensorflow = f"MANs-9 train {min(faster):.1f} to {max(faster):.1f} times as fast with TensorFlow as with JAX."
    assert f"HCN, ST-GCN, SGN and {by_tensorflow}" in page
    by_jax = f"RNNs train {ratios['hierarchical-rnn']:.1f} times as fast with `KERAS_BACKEND=jax`; for the other four"
    assert f"The hierarchical {by_jax} the backend matters little." in page
    assert all(0.8 < ratios[name] < 1.25 for name in ("deep-lstm", "two-stream-rnn", "sta-lstm", "va-lstm"))


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
    ends = (min(rates.CHOICES), max(rates.CHOICES))
    lowest, highest = ({name for name, choice in choices.items() if choice["rate"] == end} for end in ends)
    assert lowest == {"sgn"} and highest == {"sta-lstm", "two-stream-rnn", "mans-9"}
    assert "STA-LSTM, the two-stream RNNs and MANs-9 were best with the highest rate, SGN with the lowest" in prose()
    assert {choice["runs"] for choice in choices.values()} == {10}
    assert "tried on all ten folds of `loso_odd` and `loso_even`" in prose()


def test_what_the_prose_says_of_another_rate_is_the_records():
    tried = tables.records(readme_tables.RESULTS / "best", rates.EXPERIMENT, rates.DATASET)
    on_four = [r for r in tried if r["model"] == "va-lstm" and r["fold"][-2:] in ("01", "02", "03", "04")]
    of_rates = {rate: [r for r in on_four if r["recipe"]["learning_rate"] == rate] for rate in rates.CHOICES}
    assert {len(cell) for cell in of_rates.values()} == {4}
    assert rates.choose({rate: rates.accuracy(cell) for rate, cell in of_rates.items()}) == 0.05
    assert measured.rate_of("va-lstm") == 0.01 and "VA-LSTM's was 0.05, on all ten it is 0.01: with 0.05" in prose()
    of_all, ends, gains = table5_overview.records(readme_tables.RESULTS), [], []
    for dataset in ("hdm05", "nw_ucla", "utd_mhad"):
        of_dataset = [record for record in of_all if record["dataset"] == dataset]
        higher = [r for r in of_dataset if (r["model"], r["recipe"]["learning_rate"]) == ("va-lstm", 0.05)]
        chosen = measured.cells(of_dataset, measured.PROTOCOLS[dataset])["va-lstm"]
        ends.append(tables.summarize(higher, "last")[0])
        gains.append(paired_differences.difference(higher, chosen).points)
    assert "0.05 it ends at {:.2f} on HDM05, {:.2f} on NW-UCLA and {:.2f} on UTD-MHAD,".format(*ends) in prose()
    assert "which is {:.2f} and {:.2f} points higher, and {:.2f} lower.".format(*gains[:2], -gains[2]) in prose()


def test_what_the_prose_says_of_weighted_units_is_the_records():
    weighted = records("effects", "mans-9-weighted", "odd_even")
    of_the_same_seeds = [r for r in records("table4_ablation", "mans-9", "odd_even") if r["seed"] < len(weighted)]
    over_frames = [r["attention"]["over_frames"] for r in weighted if "attention" in r]
    assert len(over_frames) == 4 and f"is {min(over_frames):.3f} to {max(over_frames):.3f}, in the four" in prose()
    gain = paired_differences.difference(weighted, of_the_same_seeds)
    assert len(weighted) == 5 and 0.9 * gain.over_seeds < gain.points < gain.over_seeds
    assert f"({gain.points:+.2f} ± {gain.over_seeds:.2f} points over five seeds)" in prose()
