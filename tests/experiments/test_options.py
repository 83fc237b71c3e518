"""The command line of the scripts: --help, and options with several values."""

import importlib
import re

import click
import pytest
from click.testing import CliRunner
from helpers import ROOT
from test_rooms import SCRIPTS

from experiments import compared, options, paper

OF_RUNS = {"data", "protocol", "epochs", "seeds", "folds", "jobs", "devices", "ray", "logs", "results"}
OF_RUNS |= {"mixed-precision", "retrain"}
OF_A_TABLE = OF_RUNS | {"dataset", "recipe", "models"}
OPTIONS = {
    "attention_gain": {"dataset", "results"},
    "attention_weights": {"dataset", "results"},
    "benchmark": {"results"},
    "benchmark_answers": {"results"},
    "benchmark_compared": {"results"},
    "benchmark_data_prep": {"files", "results"},
    "benchmark_growth": {"results"},
    "benchmark_tarm": {"results"},
    "benchmark_xla": {"results"},
    "departures": {"dataset", "results"},
    "effects": {"factors"} | OF_RUNS,
    "figure3_convergence": OF_A_TABLE,
    "headline": {"dataset", "results"},
    "other_sensors": {"results"},
    "per_class": {"out"},
    "readme_tables": set(),
    "summary": {"dataset", "results"},
    "table2_architectures": {"classes", "models", "results"},
    "table3_alpha": OF_A_TABLE,
    "table4_ablation": {"settings"} | OF_A_TABLE,
    "table5_comparison": {"methods", "measured", "choose-rates", "measure-speed"} | OF_A_TABLE,
    "table5_overview": {"dataset", "results"},
}


def test_every_script_is_in_this_test():
    assert sorted(OPTIONS) == SCRIPTS


@pytest.mark.parametrize("name", OPTIONS)
def test_help_names_the_options_of_the_script_and_no_others(name):
    printed = CliRunner().invoke(importlib.import_module(f"experiments.{name}").main, ["--help"])
    assert printed.exit_code == 0
    _, listed = printed.output.split("\nOptions:\n")
    assert set(re.findall(r"^  (?:-h, )?--([\w-]+)", listed, flags=re.MULTILINE)) == OPTIONS[name] | {"help"}


def test_git_ignores_the_tables_of_scripts_that_read_the_records_of_others():
    read_only = [name for name in SCRIPTS if "command_of_records(" in (ROOT / f"experiments/{name}.py").read_text()]
    ignored = re.findall(r"^experiments/results/\*\*/(\w+)/$", (ROOT / ".gitignore").read_text(), flags=re.MULTILINE)
    assert read_only == ignored


def values(*arguments, parameters=()):
    """The values that a command with these parameters gets from a command line."""
    given = []
    command = options.command("A command.", *parameters)(given.append)
    assert command.main(list(arguments), standalone_mode=False) == 0
    return given[0]


def test_an_option_takes_several_values_up_to_the_next_option():
    arguments = ["--models", "mans-9", "mans-33", "--folds", "0-2", "7", "--seeds", "2"]
    args = values(*arguments, parameters=options.of_a_table("mans-61"))
    assert (args.models, args.seeds) == (("mans-9", "mans-33"), 2)
    assert args.folds == (range(3), range(7, 8))


def test_an_option_with_several_values_may_also_be_repeated_or_left_out():
    parameters = options.of_a_table("mans-61", folds=["0"])
    assert values("--models", "mans-9", "--models", "mans-33", parameters=parameters).models == ("mans-9", "mans-33")
    args = values(parameters=parameters)
    assert args.models == ("mans-61",) and args.folds == (range(1),)


def test_an_argument_may_come_before_an_option_with_several_values():
    parameters = [click.Argument(["raw"]), click.Option(["--factors"], multiple=True)]
    args = values("RAW", "--factors", "a", "b", parameters=parameters)
    assert (args.raw, args.factors) == ("RAW", ("a", "b"))
    assert values("--factors", "a", "b", "--", "RAW", parameters=parameters).raw == "RAW"


@pytest.mark.parametrize(
    "arguments", [["--models"], ["--models", "--seeds", "2"], ["--folds", "3-1"], ["--folds", "a"]]
)
def test_a_missing_or_wrong_value_is_a_usage_error(arguments):
    command = options.command("A command.", *options.of_a_table("mans-9"))(print)
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2 and arguments[0] in done.stderr.splitlines()[-1]


def test_the_folder_of_the_tensors_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("MANS_DATA", "elsewhere")
    assert values(parameters=options.of_runs()).data.name == "elsewhere"


def test_the_models_to_choose_from_are_those_that_can_be_trained():
    from mans_keras.training.run import MODELS

    assert list(paper.TABLE5) == [name for name in MODELS if name not in compared.METHODS]  # another test adds those
