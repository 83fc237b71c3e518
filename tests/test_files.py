"""A result is complete or absent: while others read and write it, after a kill, on a full disk."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import ROOT, tensor_file
from limits import full_disk
from matplotlib.figure import Figure
from test_page import prediction
from test_training import make_run, tiny_model

from mans_keras.files import replacing
from mans_keras.models.mans import MemoryAttentionNetwork
from mans_keras.reports import page, prediction_animation, record_plots, tables
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.tensors.store import Tensors
from mans_keras.training import records
from mans_keras.training.checkpoint import Checkpoint
from mans_keras.training.run import MODELS
from mans_keras.training.train_run import save, train_run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("suffix", ["", ".h5"])
def test_what_is_written_replaces_the_file_when_the_block_ends(tmp_path, suffix):
    path = tmp_path / "new" / "folder" / "m.h5"
    for text in ("first", "second"):
        before = path.exists() and path.read_text()
        with replacing(path, suffix) as part:
            part.write_text(text)
            assert part.parent == path.parent and part.name.endswith(suffix or ".part")
            assert (path.exists() and path.read_text()) == before
        assert path.read_text() == text and names(path.parent) == ["m.h5"]


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "r.json"
    path.write_text("old")
    with pytest.raises(error), replacing(path) as part:
        part.write_text("half")
        raise error
    assert path.read_text() == "old" and names(tmp_path) == ["r.json"]


def test_two_writers_of_a_file_do_not_disturb_each_other_and_the_last_to_end_wins(tmp_path):
    path = tmp_path / "r.json"
    with replacing(path) as outer:
        outer.write_text("outer")
        with replacing(path) as inner:
            inner.write_text("inner")
        assert path.read_text() == "inner"
    assert path.read_text() == "outer" and names(tmp_path) == ["r.json"]


def test_an_unfinished_file_is_not_found_by_a_search_for_records(tmp_path):
    with replacing(tmp_path / "r.json") as part:
        part.write_text("{")
        assert part.exists() and not list(tmp_path.rglob("*.json"))


def test_a_file_has_the_permissions_that_the_umask_allows(tmp_path):
    with replacing(tmp_path / "r.json") as part:
        part.write_text("")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "r.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    link, file = tmp_path / "here" / "best.json", tmp_path / "there" / "third.json"
    file.write_text("old")
    link.symlink_to(file)
    with replacing(link) as part:
        part.write_text("new")
    assert link.is_symlink() and file.read_text() == "new"


def test_a_name_as_long_as_names_may_be_is_written(tmp_path):
    path = tmp_path / ("a" * 251 + ".png")
    with replacing(path, path.suffix) as part:
        part.write_text("x")
    assert names(tmp_path) == [path.name]


def test_the_message_names_the_file_and_not_its_temporary_name(tmp_path):
    message = r"m\.md can't be written: No such file or directory$"
    with pytest.raises(OSError, match=message), replacing(tmp_path / "a" / "m.md") as part:
        part.parent.rmdir()
        part.write_text("x")


def _save_checkpoint(path):
    model = tiny_model(3)
    model.compile("sgd", "mse")
    Checkpoint(path, {}, model).on_epoch_end(0, {"loss": 1.0})


WRITERS = {
    "r.json": lambda path: records.write_record(path, {"epochs": [0] * 10}),
    "t.md": lambda path: tables.write_table(path.parent, "t", "title", ["column"], []),
    "c.npz": _save_checkpoint,
    "m.keras": lambda path: save(tiny_model(3), path),
    "m.h5": lambda path: save(tiny_model(3), path),
    "p.png": lambda path: record_plots.save(Figure(), path),
    "p.gif": lambda path: prediction_animation.animate(prediction(), path),
    "p.html": lambda path: page.write(path, "new" * 10),
    "s.skeleton": lambda path: skeleton_file.write(path, np.ones((1, 1, 25, 3)), [1]),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_result_that_cannot_be_put_in_its_place_leaves_the_old_one(tmp_path, monkeypatch, name):
    def replace(source, target):
        assert source != target and os.path.getsize(source)
        raise OSError("no")

    path = tmp_path / name
    path.write_text("old")
    monkeypatch.setattr("os.replace", replace)
    with pytest.raises(OSError, match="no"):
        WRITERS[name](path)
    assert path.read_text() == "old" and names(tmp_path) == [name]


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_the_old_result_and_the_message_says_what_to_do(tmp_path, capsys, name):
    path = tmp_path / name
    path.write_text("old")
    message = rf"{name} can't be written: File too large\. Make room there, then run the same command again"
    with pytest.raises(OSError, match=message), full_disk():
        WRITERS[name](path)
    assert path.read_text() == "old" and names(tmp_path) == [name]


# Two processes write a record again and again; this process reads it a thousand times, or until it has seen both.
READS = """
import os, sys
from pathlib import Path
from mans_keras.training.records import read_record, write_record

path = Path(sys.argv[1], "paper", "mans-9", "odd_even-seed0.json")
size = 440
complete = read_record(sys.argv[2])
records = [
    {
        **complete,
        "predictions": {"name": [f"S{writer:03}" * 50] * size, "true": [writer] * size, "predicted": [writer] * size},
    }
    for writer in range(2)
]
write_record(path, records[0])
assert 90_000 < path.stat().st_size < 110_000, path.stat()
reader, writers = os.getpid(), []
for record in records:
    writer = os.fork()
    if not writer:
        try:
            os.nice(5)  # so that the reader gets its share of the processor
            while os.getppid() == reader:
                write_record(path, record)
        finally:
            os._exit(1)
    writers.append(writer)
seen = []
while len(seen) < 1000 or len(set(seen)) < 2:
    record = read_record(path)
    assert record in records
    seen.append(record["predictions"]["true"][0])
    assert len(seen) < 100_000, "all reads saw the same writer"
assert [os.waitpid(writer, os.WNOHANG)[0] for writer in writers] == [0, 0], "a writer failed"
"""


def run(program, *arguments):
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_a_thousand_reads_during_two_writers_see_complete_records(tmp_path):
    done = run(READS, tmp_path, ROOT / "experiments/results/table4_ablation/ut_kinect/mans-9/odd_even-seed0.json")
    assert done.returncode == 0, done.stderr


# Saves a model over a good one, in forks of a process that has loaded Keras. The forks are killed, or the disk is full.
SAVES = """
import json, os, random, resource, signal, sys, time
from pathlib import Path
import keras
import numpy as np
from mans_keras.recognition import recognizer as inference
from mans_keras.training.train_run import save
from mans_keras.models.mans import MemoryAttentionNetwork

folder = Path(sys.argv[1])
inputs = keras.Input((50, 50, 3))
model = MemoryAttentionNetwork(inputs, keras.layers.Dense(100)(keras.layers.Flatten()(inputs)))  # 3 MB
kernel = model.layers[-1].kernel


def fill(value):
    kernel.assign(np.full(kernel.shape, value))


def stored(path):
    "The value that the saved model was filled with, or what is wrong with it."
    try:
        return float(np.unique(inference.load(path).layers[-1].kernel).item())
    except Exception as error:
        return str(error)


def fork(path, room=None):
    (ready, start), parent = os.pipe(), os.getpid()
    process = os.fork()
    if not process:
        fill(2.0)
        os.write(start, b"!")
        if room is None:
            while os.getppid() == parent:
                save(model, path)
            os._exit(0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # HDF5 prints a lot
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        try:
            save(model, path)
        except OSError:
            os._exit(3)
        os._exit(0)
    os.read(ready, 1)
    return process


rng = random.Random(0)
for name in ("m.h5", "m.keras"):
    path = folder / name
    fill(1.0)
    began = time.perf_counter()
    save(model, path)
    seconds = time.perf_counter() - began
    good, killed = path.read_bytes(), []
    for kill in range(10):
        path.write_bytes(good)
        process = fork(path)
        time.sleep(rng.uniform(0, 2 * seconds))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        killed.append(stored(path))
    halves = [half.unlink() for half in folder.iterdir() if half != path]
    path.write_bytes(good)
    full = []
    for room in (len(good) // 4, len(good) // 2, len(good) - 1):
        _, status = os.waitpid(fork(path, room), 0)
        full.append([os.waitstatus_to_exitcode(status), stored(path), [file.name for file in folder.iterdir()]])
    path.unlink()
    print(json.dumps({"name": name, "killed": killed, "halves": len(halves), "full": full}))
"""


@pytest.fixture(scope="module")
def saves(tmp_path_factory):
    """The state of a good model, `.h5` or `.keras`, after saving another model over it was interrupted."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("JAX does not fork, and the saving is the same")
    done = run(SAVES, tmp_path_factory.mktemp("saves"))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_a_save_killed_at_20_moments_leaves_the_old_model_or_the_new_one(saves):
    stored = [value for of_format in saves for value in of_format["killed"]]
    assert len(stored) == 20 and set(stored) <= {1.0, 2.0}
    assert sum(of_format["halves"] for of_format in saves) >= 5, "most kills should come during a save"


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_model_and_nothing_else(saves):
    for of_format in saves:
        assert of_format["full"] == 3 * [[3, 1.0, [of_format["name"]]]]


@pytest.mark.slow
@pytest.mark.parametrize(
    "error, message", [(OSError("no space"), "^no space"), (RuntimeError("no space"), r"m\.h5 can't be .*: no space")]
)
def test_training_that_cannot_save_its_model_leaves_the_old_one(tmp_path, monkeypatch, eager, error, message):
    def save(model, path, **_):
        with open(path, "w") as file:
            file.write("half")
        raise error

    tensors = Tensors(tensor_file(tmp_path / "t.h5"))
    model = tmp_path / "m.h5"
    model.write_text("old")
    monkeypatch.setitem(MODELS, "mans-9", tiny_model)
    monkeypatch.setattr(MemoryAttentionNetwork, "save", save)
    with pytest.raises(OSError, match=message):
        train_run(make_run(tensors, epochs=1), tensors, model_path=model)
    assert model.read_text() == "old" and names(tmp_path) == ["m.h5", "t.h5"]
