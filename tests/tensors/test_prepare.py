"""A preparation: its output, a full disk, SIGKILL, files that can't be read."""

import dataclasses
import resource
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from helpers import run, script
from mutations import mutants

from data_prep import ntu_rgbd
from mans_keras.skeletons import ntu
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.skeletons.sequence import Dropped, Reader, Sequence
from mans_keras.tensors import prepare
from mans_keras.tensors.store import Tensors

SCRIPT = "data_prep/ntu_rgbd.py"


@pytest.fixture
def raw(tmp_path):
    """A folder with 60 recordings of three frames and two bodies."""
    folder = tmp_path / "raw"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for action in range(1, 61):
        joints = rng.normal(size=(3, 2, 25, 3)) * 0.3 + (0, 0, 3)
        skeleton_file.write(folder / f"S018C001P001R001A{action:03}.skeleton", joints, body_ids=(1, 2))
    return folder


def digest(out):
    return Tensors(out / "ntu_rgbd_50.h5").digest()


def test_what_is_found_is_kept_or_dropped_and_summed_up(raw, tmp_path):
    original = (raw / "S018C001P001R001A001.skeleton").read_bytes()
    for number, mutant in zip(range(1, 61), mutants(original, 60), strict=False):
        (raw / f"S019C001P001R001A{number:03}.skeleton").write_bytes(mutant)
    (raw / "S001C002P005R002A008.skeleton").write_bytes(original)  # one of the 302
    (raw / "S002C001P001R001A001.skeleton").mkdir()
    done = script(SCRIPT, raw, tmp_path, "--jobs", 2)
    assert done.returncode == 0, done.stderr
    tensors = Tensors(tmp_path / "ntu_rgbd_50.h5")
    with h5py.File(tmp_path / "ntu_rgbd_50.h5") as file:
        dropped = list(file["dropped/name"].asstr())
    assert sorted([*tensors.name, *dropped]) == sorted(path.stem for path in raw.iterdir())
    assert f"122 sequences found, {len(tensors)} kept, {len(dropped)} dropped" in done.stdout
    assert "frames a sequence: 3 to " in done.stdout and "bodies a sequence: " in done.stdout
    assert "1 dropped (S001C002P005R002A008): listed by the owners: missing or incomplete skeletons" in done.stdout
    assert "1 dropped (S002C001P001R001A001): not a file, but a folder, a pipe or a device" in done.stdout


def test_counts_reach_the_reader(raw, tmp_path):
    path = raw / "S018C001P001R001A001.skeleton"
    skeleton_file.write(path, np.random.default_rng(0).normal(size=(3, 3, 25, 3)), body_ids=(1, 2, 3))
    for counts, kept in (("official", 60), ("released", 59)):
        assert f"{kept} kept" in run(ntu_rgbd.main, raw, tmp_path, "--counts", counts).stdout


def test_a_preparation_that_keeps_nothing_leaves_the_file_that_is_there(raw, tmp_path):
    assert run(ntu_rgbd.main, raw, tmp_path).returncode == 0
    before = digest(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/friday.skeleton").write_text("")
    done = run(ntu_rgbd.main, tmp_path / "other", tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("Error: none of 1 sequences is usable")
    assert done.stderr.count("\n") == 1 and "friday: its name is not SsssCcccPpppRrrrAaaa" in done.stderr
    assert digest(tmp_path) == before


def test_a_line_says_if_a_file_of_other_settings_is_replaced(raw, tmp_path):
    replaced = f"replaces {tmp_path / 'ntu_rgbd_50.h5'}, which has "
    assert "replaces" not in run(ntu_rgbd.main, raw, tmp_path).stdout
    upright = [raw, tmp_path, "--coordinates", "upright"]
    assert f"{replaced}coordinates body\n" in run(ntu_rgbd.main, *upright).stdout
    assert "replaces" not in run(ntu_rgbd.main, *upright).stdout
    other = run(ntu_rgbd.main, raw, tmp_path, "--coordinates", "raw", "--layout", "pad")
    assert f"{replaced}layout resize and coordinates upright\n" in other.stdout


def test_what_is_no_tensor_file_is_replaced_without_a_line(raw, tmp_path):
    (tmp_path / "ntu_rgbd_50.h5").write_text("no tensors")
    done = run(ntu_rgbd.main, raw, tmp_path)
    assert done.returncode == 0 and "replaces" not in done.stdout and len(Tensors(tmp_path / "ntu_rgbd_50.h5")) == 60


def test_a_folder_without_recordings_is_one_line_that_says_where_to_get_them(tmp_path):
    done = run(ntu_rgbd.main, tmp_path, tmp_path / "out")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "https://rose1.ntu.edu.sg" in done.stderr and "nturgbd_skeletons_s001_to_s017.zip" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_disk_without_room_is_one_line_and_leaves_nothing_behind(raw, tmp_path, jobs):
    million = 1_000_000  # bytes; the tensors are 1.8 million
    done = script(
        SCRIPT,
        *(raw, tmp_path / "out", "--jobs", jobs),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (million, million)),
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1, done.stderr
    assert "ntu_rgbd_50.h5 can't be written: File too large" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def _refuse(source):
    raise PermissionError(13, "Permission denied", source)


def test_a_source_that_can_not_be_read_is_dropped_by_name(raw, tmp_path, capsys):
    def read(path):
        return ntu.read(path) if "A007" not in path.stem else _refuse(path)

    reader = dataclasses.replace(ntu.READER, read=read)
    prepare.write_tensors(reader, ntu.sources(raw), tmp_path, 50, "resize", "body")
    assert "1 dropped (S018C001P001R001A007): can't be read: Permission denied" in capsys.readouterr().out


def _drop_each_for_another_reason(path):
    if path.stem.endswith("1"):
        return ntu.read(path)
    raise Dropped(f"reason {path.stem}")


def test_of_many_reasons_the_first_are_printed_and_all_are_in_the_file(raw, tmp_path, capsys):
    reader = dataclasses.replace(ntu.READER, read=_drop_each_for_another_reason)
    path = prepare.write_tensors(reader, ntu.sources(raw), tmp_path, 50, "resize", "body")
    printed = capsys.readouterr().out
    assert printed.count("): reason ") == prepare.MAX_REASONS
    assert "34 dropped for other reasons, which are in dropped/reason of the file" in printed
    with h5py.File(path) as file:
        assert len(set(file["dropped/reason"].asstr())) == 54


def _note(path):
    with path.open("a") as file:
        file.write(".")


def test_several_processes_wait_for_a_slow_writer(tmp_path):
    results = prepare._map(_note, [tmp_path / "done"] * 1000, jobs=2)
    next(results)
    time.sleep(0.5)
    assert len((tmp_path / "done").read_text()) <= 2 * (prepare.AHEAD + 1) * prepare.BATCH
    assert len(list(results)) == 999


# Kills preparations from a process without Keras, so that its forks start at once.
KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from mans_keras.tensors.prepare import write_tensors
from mans_keras.skeletons import ntu
from mans_keras.tensors.store import Tensors

out = Path(sys.argv[2])
sources = ntu.sources(sys.argv[1])
complete = out / "ntu_rgbd_50.h5"
rng = random.Random(0)


def start(jobs):
    process = os.fork()
    if not process:
        write_tensors(ntu.READER, sources, out, 50, "resize", "body", jobs)
        os._exit(0)
    return process


seconds = {}
for jobs in (1, 2):
    began = time.perf_counter()
    os.waitpid(start(jobs), 0)
    seconds[jobs] = time.perf_counter() - began
expected = Tensors(complete).digest()
complete.unlink()
for kill in range(20):
    jobs = 1 + kill % 2
    process = start(jobs)
    time.sleep(rng.random() * seconds[jobs])
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    if complete.exists():
        assert Tensors(complete).digest() == expected
        complete.unlink()
    else:
        print("killed", [path.suffix for path in out.iterdir()], flush=True)
os.waitpid(start(1), 0)
assert Tensors(complete).digest() == expected
"""


@pytest.mark.slow
def test_a_preparation_killed_at_20_moments_leaves_a_complete_file_or_none(raw, tmp_path):
    """It also shows that no process outlives its killed parent: otherwise its output would stay open."""
    out = tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", KILLER, raw, out], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("killed") >= 5 and "killed ['.part']" in done.stdout
    assert [path.name for path in out.iterdir()] == ["ntu_rgbd_50.h5"]
    prepare.write_tensors(ntu.READER, ntu.sources(raw), tmp_path, 50, "resize", "body")
    assert digest(out) == digest(tmp_path)


HOSTILE = {
    "NUL in a reason": Dropped("the skeleton has no 'l\0foot'"),
    "line break in a reason": Dropped("a\nb\x1b[2J"),
    "broken text in a reason": Dropped("\ud800"),
    "long reason": Dropped("x" * 10**6),
    "a reader's mistake": KeyError("torso"),
    "no memory": MemoryError(),
    "too deep": RecursionError("maximum recursion depth exceeded"),
    "label": {"label": 10**30},
    "subject": {"subject": 10**30},
    "camera": {"camera": -(10**30)},
}


def read_hostile(source):
    """Raises the source's exception, or returns a sequence with its changes."""
    outcome = HOSTILE.get(source, {})
    if isinstance(outcome, Exception):
        raise outcome
    joints = np.random.default_rng(0).normal(size=(3, 1, 20, 3))
    return dataclasses.replace(Sequence(source, joints, 0, 1), **outcome)


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_recording_takes_down_the_others(tmp_path, jobs, capsys):
    reader = Reader("own", ("walk",), None, read_hostile, lambda source: f"{source}\0")
    sources = ["first", *HOSTILE, "last\0\n"]
    path = prepare.write_tensors(reader, sources, tmp_path, 8, "resize", "raw", jobs)
    assert list(Tensors(path).name) == ["first", r"last\x00\n"]
    with h5py.File(path) as file:
        dropped = dict(zip(file["dropped/name"].asstr(), file["dropped/reason"].asstr(), strict=True))
    assert list(dropped) == [rf"{name}\x00" for name in HOSTILE]
    assert all(reason.isprintable() and len(reason) <= 1000 for reason in dropped.values())
    assert dropped[r"NUL in a reason\x00"] == r"the skeleton has no 'l\x00foot'"
    assert dropped[r"subject\x00"].startswith("its subject can't be 1000")
    assert "\x1b" not in capsys.readouterr().out
