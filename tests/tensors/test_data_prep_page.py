"""data_prep/README.md says what the scripts, the readers and the protocols do."""

import importlib
import re

import pytest
from helpers import ROOT

from mans_keras.skeletons.formats import by_suffix, json_file
from mans_keras.tensors import protocols
from mans_keras.tensors.transforms import COORDINATES

PAGE = (ROOT / "data_prep/README.md").read_text()
SCRIPTS = sorted(path.stem for path in (ROOT / "data_prep").glob("*.py") if path.stem not in ("__init__", "common"))


def row(first):
    """The cells of the table row that begins with this code."""
    (line,) = re.findall(rf"^\| `{re.escape(first)}` \|.*$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in line.strip("|").split("|")]


def options(script):
    return {option.opts[0]: option for option in importlib.import_module(f"data_prep.{script}").main.params}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_on_the_page_with_its_protocols_and_the_default_ones_in_bold(script):
    dataset = script.removesuffix("_data")
    cell = row(f"{script}.py")[3]
    known = protocols.of_dataset(dataset)
    assert {name for name in re.findall(r"`(\w+)`", cell) if name in known} == set(known)
    assert tuple(re.findall(r"\*\*`(\w+)`\*\*", cell)) == protocols.defaults(dataset)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_page_names_every_option(script):
    assert all(name in PAGE for name in options(script) if name.startswith("--"))


@pytest.mark.parametrize("name", ["--scale", "--layout", "--coordinates"])
def test_the_values_of_the_shared_options_are_on_the_page_and_the_default_in_bold(name):
    option = options("ut_kinect")[name]
    values = row(name)[1]
    assert values.replace("*", "").split(", ") == list(option.type.choices)
    assert f"**{option.default}**" in values


def test_every_coordinate_system_is_explained():
    assert all(row(name) for name in COORDINATES)


def test_the_page_has_all_formats_and_the_keys_of_json():
    formats = PAGE[PAGE.index("| file | what it holds |") : PAGE.index("A `.csv` file has")]
    first = " ".join(line.split("|")[1] for line in formats.splitlines() if line)
    assert all(f"`{suffix}`" in first for suffix in by_suffix.SUFFIXES)
    assert all(f"`{key}`" in PAGE for key in (*json_file.KEYS, *json_file.FRAMES_KEYS))
