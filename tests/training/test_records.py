"""Damaged records: each is refused with its file and field, and the tables of the others are made."""

import contextlib
import copy
import json
import os

import mutations
import numpy as np
import pytest
from helpers import run, tensor_file
from limits import limited
from test_reports import record
from test_training import make_run

from experiments import attention_gain, attention_weights, headline, per_class
from mans_keras.errors import InputError
from mans_keras.reports import page, tables
from mans_keras.tensors.store import Tensors
from mans_keras.training.records import read_record

WEIGHTS = {"mean": 0.5, "over_frames": 0.01, "lowest": 0.4, "highest": 0.6}
# field -> what a damaged file may hold there; None: the field is missing
DAMAGE = {
    "recipe": [None, "best", []],
    "recipe.name": [None, 3],
    "recipe.plateau": [3],
    "recipe.alpha": ["16", 10**9],
    "arguments": [None, {"units": 10**10}, []],
    "model": [None, ["mans-9"]],
    "seed": [None, "0", -1, 10**30, True],
    "epochs": [None, 10**12, 1.5],
    "scale": ["50", 0],
    "diverged": [None, "no"],
    "parameters": [None, "850,000"],
    "last_epoch_test_accuracy": ["0.5", 50, float("nan")],
    "best_epoch": [None, 200],
    "class_names": [None, "walk, run", [], [1, 2], ["walk"], [""] * 5000],
    "history": [None, []],
    "history.test_accuracy": [None, 0.5, [], ["0.5", "0.5"], [0.5], [0.5] * 101],
    "predictions": [None, [0, 1]],
    "predictions.name": [None, [0, 1, 2, 3], ["one"]],
    "predictions.true": [[0, 1, 1, 2], [0, 1, 1, -1], [0.0, 1.0, 1.0, 1.0], ["0", "1", "1", "1"], [0]],
    "attention": [0.5, {}, {"mean": 0.5}, {"mean": "0.5", "over_frames": 0.1, "lowest": 0.4, "highest": 0.6}],
    "coordinates": [None, 1],
    "note": ["\ud800", {"\udfff": 1}, float("inf"), 10**300, json.loads("[" * 50 + "]" * 50)],
}


def damaged(field, value):
    made = copy.deepcopy(record())
    group, _, name = field.rpartition(".")
    values = made[group] if group else made
    values.pop(name, None)
    return made if value is None else made | {field: value} if not group else made | {group: {**values, name: value}}


@pytest.mark.parametrize("field, value", [(field, value) for field, values in DAMAGE.items() for value in values])
def test_a_damaged_field_is_named_with_its_file(tmp_path, field, value):
    path = tmp_path / "r.json"
    path.write_text(json.dumps(damaged(field, value)))
    with pytest.raises(InputError, match=r"r\.json") as refused:
        read_record(path)
    assert field.partition(".")[0] in str(refused.value) and len(str(refused.value)) < 1000


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff", b"9" * 5000, b"null", b"", b" " * 2**24 + b"1"]
)
def test_a_file_that_holds_no_record_is_named(tmp_path, content):
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(InputError, match=r"r\.json is not a"):
        read_record(tmp_path / "r.json")


def test_a_pipe_is_no_record(tmp_path):
    os.mkfifo(tmp_path / "r.json")
    with pytest.raises(InputError, match="a pipe"):
        read_record(tmp_path / "r.json")


@pytest.mark.parametrize(
    "change, message",
    [
        ({"arguments": {"units": 2048}}, "arguments must be .* no number beyond 1024.*2048"),
        ({"arguments": {"alpha": float("inf")}}, "arguments"),
        ({"epochs": 10**7}, "epochs must be .* from 1 to 1000000"),
        ({"seed": 2**32}, "seed"),
    ],
)
def test_a_run_whose_record_would_be_refused_is_not_planned(tmp_path, change, message):
    tensors = Tensors(tensor_file(tmp_path / "ut_kinect_50.h5", repetitions=1))
    with pytest.raises(InputError, match=f"{message}.*so the run is not trained"):
        make_run(tensors, **change)


@pytest.mark.slow
def test_a_damaged_record_is_left_out_of_the_table_of_the_others(tmp_path, capsys):
    folder = tmp_path / "table4_ablation/ut_kinect/mans-9"
    folder.mkdir(parents=True)
    for seed in (0, 1):
        (folder / f"odd_even-seed{seed}.json").write_text(json.dumps(record(seed=seed)))
    (folder / "odd_even-seed\n2.json").write_text("[" * 100_000)
    assert [made["seed"] for made in tables.records(tmp_path, "table4_ablation", "ut_kinect")] == [0, 1]
    assert capsys.readouterr().err.count("\n") == 1

    for script in (headline, attention_gain):
        done = run(script.main, "--results", tmp_path)
        assert done.returncode == 0 and r"odd_even-seed\n2.json is not a readable record" in done.stderr


def mutants(random, count):
    """Records with one value replaced by another kind, or removed."""
    strange = [None, True, -1, 0, 10**30, 1e300, float("nan"), "", "\ud800", "x" * 10_000, [], {}, [[]], {"a": []}]
    for _ in range(count):
        made = copy.deepcopy(record(attention=WEIGHTS))
        place, values = made, list(made)
        while True:
            key = values[random.integers(len(values))]
            if not isinstance(place[key], (dict, list)) or not place[key] or random.random() < 0.3:
                break
            place = place[key]
            values = list(place) if isinstance(place, dict) else list(range(len(place)))
        if random.random() < 0.3:
            del place[key]
        else:
            place[key] = strange[random.integers(len(strange))]
        yield made


@pytest.mark.slow
def test_records_of_broken_bytes_are_refused_or_whole(tmp_path):
    accepted, path = 0, tmp_path / "r.json"
    for mutant in mutations.mutants(json.dumps(record(), indent=1).encode(), 2000):
        path.write_bytes(mutant)
        with contextlib.suppress(InputError):
            accepted += read_record(path).keys() >= record().keys() - {"fingerprint"}
    assert accepted > 10


@pytest.mark.slow
def test_mutated_records_are_refused_or_give_every_table_and_page(tmp_path):
    accepted, number = 0, 500 * mutations.FACTOR
    for made in mutants(np.random.default_rng(0), number):
        path = tmp_path / "headline/ut_kinect/mans-9/r.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(made))
        try:
            with limited():
                read = read_record(path)
        except InputError:
            continue
        accepted += 1
        uses = [per_class.table, attention_gain.table, lambda _: headline.records(tmp_path, "ut_kinect")]
        uses += [attention_weights.table] if "attention" in read else []
        for use in uses:
            with contextlib.suppress(InputError), limited():
                use([read, record(seed=7, attention=WEIGHTS)])
        if accepted <= 5:  # a page takes half a second
            page.of_record(read)
    assert 0.05 < accepted / number < 0.5
