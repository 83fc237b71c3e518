"""The card of a model, from records made up here."""

import pytest
from click.testing import CliRunner
from test_reports import record

from mans_keras import cli
from mans_keras.errors import InputError
from mans_keras.reports import model_card
from mans_keras.training.records import write_record


def complete(**changes):
    """A record with all that a record must have."""
    made = record(last=0.75, best=1.0)
    curves = {f"{side}_{value}": [0.5] for side in ("train", "test") for value in ("loss", "accuracy")}
    made |= {"model": "mans-9", "scale": 50, "coordinates": "upright", "layout": "resize", "precision": "float32"}
    made |= {"history": curves, "parameters": 850_000, "best_epoch": 1, "class_names": ["walk", "run"]}
    made |= {"predictions": {"name": list("abcd"), "true": [0, 0, 1, 1], "predicted": [0, 0, 1, 0]}}
    return made | {"sequences": {"train": 6, "test": 4}} | changes


def untested():
    none = dict.fromkeys(("last_epoch_test_accuracy", "best_epoch_test_accuracy", "best_epoch"))
    predictions = {"name": [], "true": [], "predicted": []}
    words = {"untested": "nothing tested it", "protocol": "all", "fold": "all"}
    return complete(**none, **words, predictions=predictions, sequences={"train": 10, "test": 0})


def test_the_card_of_a_tested_model_has_the_numbers_of_its_record():
    card = model_card.of_record(complete(), "m.h5")
    assert card.startswith("# m.h5: mans-9 on ut_kinect\n")
    for part in ("## Data", "## Protocol", "## Accuracy", "## Intended use", "## Limits"):
        assert f"\n{part}\n" in card
    assert "75.00% of 4 test sequences, at the last epoch" in card and "2 classes: walk, run" in card
    assert "10 sequences, 6 of them trained this model, 4 tested it" in card
    assert "| run   | 2         | 50.00  | 100.00" in card


def test_the_card_of_an_untested_model_names_no_accuracy_of_its_own():
    card = model_card.of_record(untested(), "m.h5")
    assert "Of this model: not known" in card and "%" not in card.split("## Accuracy")[1]
    card = model_card.of_record(untested(), "m.h5", [complete(), complete(seed=1)])
    assert "The same training, tested on sequences that were left out" in card
    row = next(line for line in card.splitlines() if line.startswith("| `odd_even` | People with odd numbers train"))
    assert "| 75.00 ± 0.00" in row and "| 2 seeds" in row


def test_a_class_with_a_line_break_and_a_bar_is_one_row_of_the_table():
    card = model_card.of_record(complete(class_names=["a|b\nc", "run"]), "m.h5")
    assert next(line for line in card.splitlines() if line.startswith("| a")).startswith(r"| a\|b\nc | 2 ")


def test_a_class_is_no_tag_and_no_code_wherever_the_card_names_it():
    card = model_card.of_record(complete(class_names=["<b>a", "`run`"]), "m.h5")
    assert r"2 classes: \<b\>a, \`run\`." in card
    assert next(line for line in card.splitlines() if line.startswith(r"| \<b\>a")).endswith("|")
    assert "<b>" not in card and " `run`" not in card


def test_the_card_says_who_tested_and_whether_the_recipe_was_made_on_these_people():
    card = model_card.of_record(complete(), "m.h5")
    assert "People with odd numbers train, those with even numbers test." in card
    assert model_card.MADE_HERE not in card
    best = complete(recipe={**complete()["recipe"], "name": "best"})
    assert model_card.MADE_HERE in model_card.of_record(best, "m.h5")
    assert model_card.MADE_HERE not in model_card.of_record(best | {"dataset": "mine"}, "m.h5")


def test_one_epoch_is_no_plural():
    assert "`, 1 epoch, batch" in model_card.of_record(complete(epochs=1), "m.h5")


def test_a_record_of_another_training_does_not_stand_for_the_accuracy():
    with pytest.raises(InputError, match="differs in epochs, coordinates: it says nothing about this model"):
        model_card.of_record(untested(), "m.h5", [complete(epochs=7, coordinates="body")])
    with pytest.raises(InputError, match="is not tested either"):
        model_card.of_record(untested(), "m.h5", [untested()])


def test_mans_report_writes_the_card_and_refuses_the_page_of_an_untested_model(tmp_path):
    def mans(*arguments):
        return CliRunner().invoke(cli.main, ["report", *map(str, arguments)])

    write_record(tmp_path / "m.h5.json", untested())
    write_record(tmp_path / "t.json", complete())
    done = mans(tmp_path / "m.h5.json", tmp_path / "card.md", "--tested", tmp_path / "t.json")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "card.md").read_text().startswith("# m.h5: mans-9")
    done = mans(tmp_path / "m.h5.json", tmp_path / "page.html")
    assert done.exit_code == 1 and "A page shows a test: write its card instead, OUT.md" in done.stderr
    done = mans(tmp_path / "t.json", tmp_path / "page.html", "--tested", tmp_path / "t.json")
    assert done.exit_code == 1 and "--tested is for a card" in done.stderr
