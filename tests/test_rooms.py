"""How the package hangs together: imports run one way, and what needs no Keras does not load it."""

import ast
import json
import subprocess
import sys

import pytest
from helpers import ROOT

# Each room may import from those before it.
ROOMS = ("", "skeletons", "tensors", "models", "training", "recognition", "reports", "demo", "cli")
MODEL = ROOT / "experiments" / "results" / "trained" / "mans9_ut_kinect.h5"


def room(parts):
    """The room of a module, given as the parts of its dotted name below mans_keras; "" for errors, files and such."""
    return parts[0] if parts and parts[0] in ROOMS else ""


def imports():
    """(importing room, imported room, file) of every import within mans_keras, inside functions too."""
    for path in sorted((ROOT / "mans_keras").rglob("*.py")):
        own = path.relative_to(ROOT / "mans_keras").with_suffix("").parts
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                package, *parts = name.split(".")
                if package == "mans_keras":
                    yield room(own), room(parts), path.name


def test_imports_run_one_way_between_the_rooms():
    assert not [edge for edge in imports() if ROOMS.index(edge[1]) > ROOMS.index(edge[0])]
    assert {importing for importing, *_ in imports()} == set(ROOMS) - {""}


def test_the_models_need_none_of_the_rooms_below():
    assert {imported for importing, imported, _ in imports() if importing == "models"} <= {"", "models"}


def test_nothing_of_the_package_imports_the_experiments():
    scripts = {"experiments", "data_prep"}
    for path in (ROOT / "mans_keras").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert not scripts & {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert node.module.split(".")[0] not in scripts


def loaded(code):
    """Which of Keras and its backends are loaded after a program, in a process of its own."""
    program = (
        f"{code}\nimport json, sys\nprint(json.dumps([m for m in ('keras', 'tensorflow', 'jax') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


COMMAND = "from click.testing import CliRunner; from mans_keras.cli import main; CliRunner().invoke(main, {})"


@pytest.mark.parametrize(
    "code",
    [
        "import mans_keras; mans_keras.Tensors",
        "from mans_keras.skeletons import recording, synthetic",
        "from mans_keras.tensors import prepare, protocols, store, transforms",
        COMMAND.format(["--help"]),
        COMMAND.format(["predict", "missing.h5", "missing.npy"]),
        COMMAND.format(["report", f"{MODEL}.json", "/dev/null/out.html"]),
        "from data_prep import hdm05, ntu_rgbd, own_data, ut_kinect",
    ],
)
def test_what_needs_no_keras_does_not_load_it(code):
    assert loaded(code) == []


@pytest.mark.slow
@pytest.mark.parametrize("order", ["keras, mans_keras", "mans_keras, keras"])
def test_both_packages_imported_in_either_order_are_enough_to_load_a_model(order):
    assert "keras" in loaded(f"import {order}\nkeras.models.load_model({str(MODEL)!r}, compile=False)")


def test_joints_in_text_or_arrays_are_read_without_scipy(tmp_path):
    code = f"""
import sys
import numpy as np
from mans_keras.skeletons import recording
np.save({str(tmp_path / "a.npy")!r}, np.random.default_rng(0).normal(size=(3, 20, 3)))
recording.read({str(tmp_path / "a.npy")!r})
assert "scipy" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_is_no_attribute_of_the_package():
    import mans_keras

    with pytest.raises(AttributeError, match="has no attribute 'MANs10'"):
        mans_keras.MANs10  # noqa: B018
    assert {"MANs9", "Recognizer", "Tensors"} <= set(dir(mans_keras))


def test_type_checkers_see_the_names_of_the_package_where_they_are():
    import mans_keras

    stub = ast.parse((ROOT / "mans_keras/__init__.pyi").read_text())
    imported = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    places = {node.names[0].asname: node.module.removeprefix("mans_keras.") for node in imported}
    assert places == mans_keras.PLACES
