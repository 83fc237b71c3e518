import importlib
import re
import sys

import pytest
from helpers import ROOT
from test_models import PARAMETERS

from mans_keras import reports

sys.path.insert(0, str(ROOT / "experiments"))
readme_tables = importlib.import_module("readme_tables")
README = (ROOT / "README.md").read_text()
TABLES = [table for page in readme_tables.PAGES for table in readme_tables.MARKED.findall(page.read_text())]


@pytest.mark.parametrize(("experiment", "dataset", "shown"), TABLES, ids=[" ".join(table[:2]) for table in TABLES])
def test_a_table_is_what_the_committed_records_say(experiment, dataset, shown):
    assert shown == readme_tables.shown(experiment, dataset)


WRITTEN = [path for path in readme_tables.RESULTS.glob("*/*/*.md") if path.stem == path.parts[-3]]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: " ".join(path.parts[-3:-1]))
def test_a_written_table_is_what_the_committed_records_say(path, tmp_path):
    reports.write_table(tmp_path, path.stem, *readme_tables.table(path.stem, path.parent.name))
    for name in (path.name, f"{path.stem}.csv"):
        assert (tmp_path / name).read_text() == path.with_name(name).read_text()


def test_there_are_tables_to_compare():
    assert {table[:2] for table in TABLES} >= {
        ("table4_ablation", "ut_kinect"),
        ("table4_ablation", "synthetic"),
        ("headline", "ut_kinect"),
        ("effects", "ut_kinect"),
        ("attention_gain", "ut_kinect"),
        ("figure3_convergence", "ut_kinect"),
    }


def test_parameter_counts_are_those_of_the_models():
    shown = dict(re.findall(r"^\| `(MANs\w+)` \|.*?\| ([\d,]+) \| [\d.]+M \|$", README, flags=re.MULTILINE))
    assert len(shown) == 5
    for name, count in shown.items():
        assert int(count.replace(",", "")) == PARAMETERS[name][0]


def test_ci_runs_the_test_command_of_the_readme():
    command = "pip install -e '.[test]' && pytest"
    assert f"    {command}\n" in README
    assert f"\n{command}\n" in (ROOT / ".ci/run").read_text()


def test_the_scripts_that_the_readme_names_are_there():
    scripts = set(re.findall(r"python ((?:experiments|data_prep)/\w+\.py)", README))
    assert scripts and all((ROOT / script).is_file() for script in scripts)
