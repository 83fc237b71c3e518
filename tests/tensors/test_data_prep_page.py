"""data_prep/README.md says what the scripts, the readers and the protocols do."""

import importlib
import re
import sys
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
from helpers import ROOT

from mans_keras.skeletons.formats import by_suffix, frame_files, json_keys, text_file
from mans_keras.tensor_kinds import COORDINATES
from mans_keras.tensors import protocols

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


def formats():
    """The first cells of the table of formats."""
    table = PAGE[PAGE.index("| file | what it holds |") : PAGE.index("A `.csv` file has")]
    return [line.split("|")[1].strip() for line in table.splitlines()[2:] if line]


def test_the_page_has_all_formats_and_the_keys_of_json():
    first = " ".join(formats())
    assert all(f"`{suffix}`" in first for suffix in by_suffix.SUFFIXES)
    assert all(f"`{key}`" in PAGE for key in (*json_keys.KEYS, *json_keys.FRAMES_KEYS))


# A file of each format as the page describes it, one frame of the joints a and b; the other formats are binary.
EXAMPLES = {
    ".csv": "a_x,a_y,a_z,b_x,b_y,b_z\n1,2,3,4,5,6\n",
    ".json": '[{"joints": {"a": [1, 2, 3], "b": [4, 5, 6]}}]',
    ".trc": "-\nNumMarkers\tUnits\n2\tm\nFrame#\tTime\ta\t\t\tb\n\n1\t0\t1\t2\t3\t4\t5\t6\n",
    ".txt": "1 2 3 4 5 6\n",
}


def test_every_suffix_of_the_table_is_read():
    suffixes = {suffix for cell in formats() for suffix in re.findall(r"`(\.\w+)`", cell)}
    assert suffixes == set(by_suffix.SUFFIXES)
    assert "a folder" in formats()


@pytest.mark.parametrize("suffix", EXAMPLES)
def test_a_file_as_the_table_describes_it_is_read(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_text(EXAMPLES[suffix])
    assert by_suffix.parsed(tmp_path / f"a{suffix}", joints=2).joints.tolist() == [[[[1, 2, 3], [4, 5, 6]]]]


def test_the_tables_of_text_files_say_how_many_joints_the_readers_know():
    table = PAGE[PAGE.index("| data set | what a file holds |") :]
    joints = {line.split("|")[1].strip(): line.split("|")[3] for line in table.splitlines()[2:8]}
    assert (len(text_file.KARD), len(text_file.SBU), len(text_file.CAD), len(text_file.MSR)) == (15, 15, 15, 20)
    expected = {"KARD": "15", "MSR Action3D": "20", "SBU Kinect Interaction": "2 x 15", "CAD-60": "15"}
    assert all(joints[name].strip().startswith(number) for name, number in expected.items())
    assert ", ".join(text_file.MSR) in " ".join(PAGE.split())


def test_the_recipe_for_a_video_writes_a_recording(tmp_path, monkeypatch, imported_as):
    (recipe,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "mediapipe" in block]
    names = [name.upper() for name in frame_files.POSE]
    body = [SimpleNamespace(x=number / 33, y=0.5, z=-0.1) for number in range(33)]
    stand_in = MagicMock()
    stand_in.PoseLandmark = [SimpleNamespace(name=name) for name in names]
    landmarker = stand_in.PoseLandmarker.create_from_options.return_value.__enter__.return_value
    landmarker.detect_for_video.side_effect = [
        SimpleNamespace(pose_world_landmarks=result) for result in ([body], [], [body])
    ]
    stand_in.VideoCapture.return_value.read.side_effect = [(True, "image")] * 3 + [(False, None)]
    stand_in.VideoCapture.return_value.get.return_value = 25
    modules = {"cv2": stand_in, "mediapipe": MagicMock(), "mediapipe.tasks": MagicMock()}
    modules["mediapipe.tasks.python"] = SimpleNamespace(BaseOptions=MagicMock(), vision=stand_in)
    for name, module in modules.items():
        imported_as(name, module)
    monkeypatch.setattr(sys, "argv", ["video.py", str(tmp_path / "wave.mp4")])
    exec(recipe, {})
    times = [call.args[1] for call in landmarker.detect_for_video.call_args_list]
    content = by_suffix.parsed(tmp_path / "wave.json")
    assert times == [0, 40, 80] and content.names == frame_files.POSE
    assert content.joints[2, 0, 11].tolist() == [11 / 33, -0.5, 0.1]
    assert np.isnan(content.joints[1]).all()
