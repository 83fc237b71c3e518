"""The pages: their links, the scripts that they name, and what they say about the code."""

import re

import pytest
from helpers import ROOT
from test_models import PARAMETERS

README = (ROOT / "README.md").read_text()
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("experiments/results/**/README.md")]


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


def test_parameter_counts_are_those_of_the_models():
    inside = (ROOT / "mans_keras" / "README.md").read_text()
    counts = dict(re.findall(r"^\| `(MANs\w+)` \|.*?\| ([\d,]+) \| [\d.]+M \|$", inside, flags=re.MULTILINE))
    assert len(counts) == 5
    for name, count in counts.items():
        assert int(count.replace(",", "")) == PARAMETERS[name][0]


def test_ci_runs_the_test_command_of_the_readme():
    command = "pip install -e '.[test]' && pytest"
    assert f"    {command}\n" in README
    assert f"\n{command}\n" in (ROOT / ".ci/run").read_text()
