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
    if parts == ("__main__",):  # the command, as `python -m mans_keras`
        return "cli"
    return parts[0] if parts and parts[0] in ROOMS else ""


@pytest.fixture(scope="module")
def imports():
    """(importing file, dotted name) of every import in mans_keras, inside functions too."""
    imported = []
    for path in sorted((ROOT / "mans_keras").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported += [(path, alias.name) for alias in node.names]
            if isinstance(node, ast.ImportFrom) and not node.level:
                imported += [(path, f"{node.module}.{alias.name}") for alias in node.names]
    return imported


@pytest.fixture(scope="module")
def edges(imports):
    """(importing room, imported room, file) of every import of mans_keras in mans_keras."""
    inside = [(path, name.split(".")[1:]) for path, name in imports if name.split(".")[0] == "mans_keras"]
    relative = {path: path.relative_to(ROOT / "mans_keras").with_suffix("").parts for path, _ in inside}
    return [(room(relative[path]), room(parts), path.name) for path, parts in inside]


def test_imports_run_one_way_between_the_rooms(edges):
    assert not [edge for edge in edges if ROOMS.index(edge[1]) > ROOMS.index(edge[0])]
    assert {importing for importing, *_ in edges} == set(ROOMS) - {""}


def test_the_models_need_none_of_the_rooms_below(edges):
    assert {imported for importing, imported, _ in edges if importing == "models"} <= {"", "models"}


def test_nothing_of_the_package_imports_the_experiments(imports):
    assert not {name.split(".")[0] for _, name in imports} & {"experiments", "data_prep"}


def output(program):
    """The last line that a program prints in a process of its own, read as JSON."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# Runs pieces of code one after the other; prints those after which Keras or a backend is loaded.
RUN = """
import json, sys
loaded = []
for code in {pieces!r}:
    exec(code)
    if {{"keras", "tensorflow", "jax"}} & sys.modules.keys():
        loaded.append(code)
print(json.dumps(loaded))
"""
COMMAND = "from click.testing import CliRunner; from mans_keras.cli import main; CliRunner().invoke(main, {})"
SCRIPTS = sorted(path.stem for path in (ROOT / "experiments").glob("*.py") if "__main__" in path.read_text())


def test_what_needs_no_keras_does_not_load_it():
    pieces = [
        "import mans_keras; mans_keras.Tensors",
        "from mans_keras.skeletons import recording, synthetic",
        "from mans_keras.tensors import prepare, protocols, store, transforms",
        COMMAND.format(["--help"]),
        COMMAND.format(["predict", "missing.h5", "missing.npy"]),
        COMMAND.format(["report", f"{MODEL}.json", "/dev/null/out.html"]),
        "from data_prep import hdm05, ntu_rgbd, own_data, ut_kinect",
        f"from experiments import {', '.join(SCRIPTS)}",
        "CliRunner().invoke(table4_ablation.main, ['--help'])",
    ]
    assert output(RUN.format(pieces=pieces)) == []


# Imports two packages in both orders, each in a fork of a process that has imported TensorFlow, which takes long.
BOTH_ORDERS = """
import os, tensorflow
for order in ("keras, mans_keras", "mans_keras, keras"):
    if not (child := os.fork()):
        try:
            exec("import " + order)
            keras.models.load_model({model!r}, compile=False)
        except BaseException as error:
            print(order, error, flush=True)
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, order
print("true")
"""


@pytest.mark.slow
def test_both_packages_imported_in_either_order_are_enough_to_load_a_model():
    assert output(BOTH_ORDERS.format(model=str(MODEL)))


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
