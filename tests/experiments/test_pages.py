"""The pages: their links, the scripts that they name, and what they say about the code."""

import re

import limits
import pytest
from helpers import ROOT
from test_models import PARAMETERS

from mans_keras.models import network
from mans_keras.recognition import model_file
from mans_keras.reports import record_plots
from mans_keras.skeletons import bounds, ut_kinect
from mans_keras.skeletons.formats import acclaim, matlab
from mans_keras.training import records

README = (ROOT / "README.md").read_text()
INSIDE = (ROOT / "mans_keras" / "README.md").read_text()
SAFETY = (ROOT / "mans_keras" / "SAFETY.md").read_text()
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("experiments/results/**/README.md")]
PAGES += [ROOT / "mans_keras" / "SAFETY.md"]


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not link.startswith("http"):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), link
            if anchor:
                assert anchor in anchors(target / "README.md" if target.is_dir() else target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_scripts_that_a_page_names_are_there(page):
    scripts = set(re.findall(r"python ((?:experiments|data_prep|notebooks)/\w+\.py)", page.read_text()))
    assert all((ROOT / script).is_file() for script in scripts)


def test_the_first_page_is_short():
    assert len(README.splitlines()) <= 130


def test_each_test_that_the_page_names_for_a_sentence_is_there():
    comments = re.findall(r"<!--(.*?)-->", SAFETY, flags=re.DOTALL)
    named = re.findall(r"(test_\w+\.py)(?:::(test_\w+))?", " ".join(comments))
    assert len(named) > 20
    for file, function in named:
        (path,) = (ROOT / "tests").rglob(file)
        assert f"def {function or 'test_'}" in path.read_text(), function


@pytest.mark.parametrize(
    "text, bound",
    [
        ("16 MiB; only regular files", bounds.MAX_BYTES >> 20),
        ("10,000 frames", bounds.MAX_FRAMES),
        ("2^20 numbers", bounds.MAX_NUMBERS.bit_length() - 1),
        ("100 m |", bounds.MAX_METRES),
        ("256 KiB", acclaim.MAX_SKELETON >> 10),
        ("256 KiB", ut_kinect.MAX_LABELS >> 10),
        ("1,000 variables", matlab.MAX_VARIABLES),
        ("64 MiB inflated", matlab.MAX_INFLATED >> 20),
        ("1 GiB of weights", model_file.MAX_BYTES >> 30),
        ("16 MiB of configuration", model_file.MAX_CONFIG >> 20),
        ("2^26 values", model_file.MAX_VALUES.bit_length() - 1),
        ("scale 1,024", network.LARGEST["scale"]),
        ("16 bodies", network.LARGEST["bodies"]),
        ("10,000 joints", network.LARGEST["joints"]),
        ("4,096 classes", records.MAX_CLASSES),
        ("beyond 1,024", records.MAX_SETTING),
        ("60 letters", record_plots.LONGEST_NAME),
        ("a title 160", record_plots.LONGEST_TITLE),
        ("200 MiB of memory", limits.MEMORY >> 20),
        ("3 s of processor time", limits.SECONDS),
    ],
)
def test_the_bounds_of_the_page_are_those_of_the_code(text, bound):
    (table,) = re.findall(r"^\| file \| at most \|\n(?:\|.*\n)+", SAFETY, flags=re.MULTILINE)
    number = re.sub(r"2\^|,", "", re.search(r"2\^\d+|[\d,]+", text)[0])
    assert text in table and int(number) == bound


def test_parameter_counts_are_those_of_the_models():
    counts = dict(re.findall(r"^\| `(MANs\w+)` \|.*?\| ([\d,]+) \| [\d.]+M \|$", INSIDE, flags=re.MULTILINE))
    assert len(counts) == 5
    for name, count in counts.items():
        assert int(count.replace(",", "")) == PARAMETERS[name][0]


def test_ci_runs_the_test_command_of_the_readme():
    command = "pip install -e '.[test]' && pytest"
    assert f"    {command}\n" in README
    assert f"\n{command}\n" in (ROOT / ".ci/run").read_text()
