"""A file of up to 16 MiB, whatever is in it, takes at most 200 MiB and 3 s of processor time to read or refuse.

The seconds are those of a quiet core; of a slower one they are more.
"""

import math
import os
import resource
import signal
import struct
import time
import zlib

import pytest
from limits import MEMORY, SECONDS, STATM, slowness, used_memory
from test_hdm05 import skeleton_text

from mans_keras.errors import InputError
from mans_keras.skeletons import hdm05, joint_names, own_splits, own_tables, recording, ut_kinect
from mans_keras.skeletons.bounds import MAX_BYTES
from mans_keras.skeletons.sequence import Dropped

HEADER = b"MATLAB 5.0".ljust(124) + b"\x00\x01IM"
AMC = b":FULLY-SPECIFIED\n:DEGREES\n"


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def compressed(content):
    packed = zlib.compress(content, 9)
    return struct.pack("<II", 15, len(packed)) + packed


def matrix(name, kind, values):
    flags, shape = element(6, struct.pack("<II", 8, 0)), element(5, struct.pack("<ii", len(values), 1))
    return element(14, flags + shape + element(1, name) + element(kind, values))


def filled(text, start=b""):
    """`start`, and then a text again and again, 16 MiB."""
    return start + text * ((MAX_BYTES - len(start)) // len(text))


def bvh(frames, rows, joints=33):
    """The bytes of a `.bvh` file with so many frames and joints, each with three rotations."""
    channels = "OFFSET 0 {} 0 CHANNELS 3 Zrotation Xrotation Yrotation\n"
    tree = "HIERARCHY ROOT a { " + channels.format(0)
    tree += "".join(f"JOINT a{joint} {{ {channels.format(1.7 / joints)}" for joint in range(joints - 1)) + "} " * joints
    return f"{tree}MOTION\nFrames: {frames}\nFrame Time: .03\n".encode() + rows


def trc(rows, markers=33):
    """The bytes of a `.trc` file with so many markers."""
    names = "\t\t\t".join(f"m{number}" for number in range(markers))
    header = f"PathFileType\nNumMarkers\tUnits\n{markers}\tm\nFrame#\tTime\t{names}\n\n"
    return header.encode() + rows


def motive(columns, rows):
    """The bytes of a table of Motive with so many columns of markers."""
    kinds, names = ",Marker" * columns, "".join(f",m{column // 3}" for column in range(columns))
    header = f",Type{kinds}\n,Name{names}\n,{',Position' * columns}\nFrame,Time{',X,Y,Z' * (columns // 3)}"
    return f"Format Version,1.23,Length Units,Meters\n{header}\n".encode() + rows


def c3d(points, analogs, frames):
    """The bytes of a `.c3d` file whose header claims so many points, and analog values a frame."""
    header = struct.pack("<BBHHHHHfHHf", 2, 80, points, analogs, 1, frames, 10, -1.0, 3, 1, 60.0)
    return header.ljust(512, b"\0") + b"\1\x50\1\x54".ljust(512, b"\0") + bytes(MAX_BYTES - 1024)


CASES = {
    "rows.bvh": lambda: bvh(10_000, (b"0.12345678 " * 98 + b"0.12345678\n") * 10_000),
    "tokens.bvh": lambda: filled(b"1 ", bvh(10_000, b"")),
    "words.bvh": lambda: bvh(10_000, (b"word " * 98 + b"word\n") * 10_000),
    "spaces.bvh": lambda: filled(b" ", bvh(10_000, b"")),
    "tree.bvh": lambda: b"HIERARCHY ROOT a { " + b"JOINT a { " * 100_000 + b"MOTION",
    "deep.bvh": lambda: bvh(10, b"0 " * 10 * 3 * 9_000, 9_000),
    "rows.trc": lambda: trc(b"".join(b"%d\t0" % row + b"\t-.1234567" * 99 + b"\n" for row in range(10_000))),
    "tabs.trc": lambda: filled(b"\t", trc(b"")),
    "lines.trc": lambda: filled(b"1\n", trc(b"")),
    "names.trc": lambda: trc(b"1\t0\n", 300_000),
    "motive.csv": lambda: motive(99, b"".join(b"%d,0" % row + b",-.1234567" * 99 + b"\n" for row in range(10_000))),
    "motive_of_many.csv": lambda: motive(300_000, b"1,0" + b",1" * 300_000 + b"\n"),
    "motive_header.csv": lambda: filled(b"Type,", b"Format Version,1.23,Length Units,Meters\n"),
    "vicon.csv": lambda: filled(b"1,2\n", b"Devices\n"),
    "vicon_lines.csv": lambda: filled(b"1\n", b"Trajectories\n"),
    "points.c3d": lambda: c3d(65_535, 0, 65_535),
    "analogs.c3d": lambda: c3d(10, 65_535, 5_000),
    "frames.c3d": lambda: c3d(30, 0, 10_000),
    "variables.mat": lambda: HEADER + compressed(matrix(b"other", 1, bytes(MAX_BYTES - 100))) * 900,
    "wide.mat": lambda: HEADER + compressed(matrix(b"SW", 1, bytes(MAX_BYTES - 100))),
    "many.mat": lambda: filled(element(14, b""), HEADER),
    "many_compressed.mat": lambda: filled(compressed(b""), HEADER),
    "comments.amc": lambda: filled(b"#\n"),
    "spaces.amc": lambda: filled(b" "),
    "tokens.amc": lambda: filled(b"1 ", AMC),
    "lines.amc": lambda: filled(b"1\n", AMC),
    "lines.asf": lambda: filled(b"a\n", b":units\n"),
    "sections.asf": lambda: filled(b":a\n"),
    "one_column.csv": lambda: filled(b"1\n"),
    "one_row.csv": lambda: filled(b"1,"),
    "almost_too_many.csv": lambda: b"1\n" * (2**20 // 3),
    "a_row_a_joint.csv": lambda: (
        b"frame,joint,x,y,z\n" + b"".join(b"%d,%d,.5,.5,.5\n" % divmod(row, 50) for row in range(2**20 // 3))
    ),
    "blank.csv": lambda: filled(b"\n"),
    "long_cell.csv": lambda: filled(b"1"),
    "utf16.csv": lambda: filled("1\n".encode("utf-16-le"), b"\xff\xfe"),
    "lists.json": lambda: filled(b"[],", b"[") + b"1]",
    "numbers.json": lambda: filled(b"1,", b"[") + b"1]",
    "objects.json": lambda: filled(b"{},", b"[") + b"1]",
    "keys.json": lambda: b"{" + b",".join(b'"%d":1' % number for number in range(1_200_000)) + b"}",
    "names.json": lambda: b'[{"joints":{' + b",".join(b'"a%d":[0,0,1]' % n for n in range(340_000)) + b"}}]",
    "crowd.json": lambda: (
        b"[" + b",".join([b"[" + b",".join(b"[[%d,1,1]]" % (n + 1) for n in range(12)) + b"]"] * 9_000) + b"]"
    ),
    "pairs.json": lambda: (
        b"[" + b",".join([b"[" + b",".join(b"[[%d,1,1]]" % (n + 1) for n in range(4)) + b"]"] * 4_999) + b"]"
    ),
    "ids.json": lambda: (
        b"["
        + b",".join(b'[{"id":%d,"joints":[[%d,1,1]]}]' % (frame // 3, frame % 3 * 9 + 1) for frame in range(9_000))
        + b"]"
    ),
    "digits.json": lambda: filled(b"1"),
    "tokens.skeleton": lambda: filled(b"1 "),
    "lines.skeleton": lambda: filled(b"1\n"),
    "digits.skeleton": lambda: filled(b"1"),
    "tokens.txt": lambda: filled(b"1 "),
    "lines.txt": lambda: filled(b"1\n"),
    "joint_rows.txt": lambda: filled(b"0.1234 0.1234 0.1234 1\n"),
    "one_row.txt": lambda: b"1 " * 2_000_000,
    "commas.txt": lambda: filled(b"1,", b"1,2\n"),
    "daily.txt": lambda: b"10000 17\n" + (b"34\n" + b"0.5 0.5 0.5 1\n" * 34) * 3_000,
    "crowd.txt": lambda: b"2 500000\n" + b"1\n" * 1_000_000,
    "sbu.txt": lambda: b"".join(b"%d%s\n" % (row, b",0.54321" * 90) for row in range(10_000)),
    "rows.txt": lambda: filled(b" ".join([b"1"] * 61) + b"\n"),
    "large_frame.txt": lambda: b" ".join([b"1e300"] + [b"1"] * 60),
    "actionLabel.txt": lambda: filled(b"s01_e01\n"),
    "joints": lambda: filled(b"a\n"),
    "joints_many": lambda: b"\n".join(b"%d" % number for number in range(2_000_000)),
    "joints_long": lambda: filled(b"a"),
    "table.csv": lambda: filled(b"a,b\n"),
    "split.csv": lambda: filled(b"a,train\n", b"file,split\n"),
    "split_of_many.csv": lambda: b"file,split\n" + b"".join(b"%d,train\n" % row for row in range(1_000_000)),
}

SLOW = ("a_row_a_joint.csv", "almost_too_many.csv", "deep.bvh", "tree.bvh", "rows.bvh", "rows.trc", "motive.csv")
SLOW += ("pairs.json", "crowd.json", "ids.json", "keys.json", "one_row.txt", "joints_many", "split_of_many.csv")


def read(path):
    if path.name == "actionLabel.txt":
        ut_kinect.labelled(path.parent)
    elif path.suffix == ".asf":
        hdm05.read_skeleton(path)
    elif path.name.startswith("joints"):
        joint_names.read_names(str(path))
    elif path.name == "table.csv":
        own_tables.with_table([], path)
    elif path.name.startswith("split"):
        own_splits.from_table([], path)
    else:
        recording.read(path)


def in_limits(path):
    """Read a file in a process with little memory and time; returns what happened, as text."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        with os.fdopen(reader) as file:
            text = file.read()
        status = os.waitpid(child, 0)[1]
        return signal.Signals(status & 127).name if status & 127 else text
    try:
        memory = used_memory() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        seconds = math.ceil(SECONDS * slowness() + time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        try:
            read(path)
            text = "read"
        except (InputError, Dropped) as error:
            text = f"refused: {error}"
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"[:300]
        os.write(writer, text.encode()[:60_000])
    finally:
        os._exit(0)


@pytest.mark.skipif(not STATM.exists(), reason="the memory is read from Linux's /proc")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in CASES]
)
def test_reading_takes_little_memory_and_time(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(CASES[name]()[:MAX_BYTES])
    if path.suffix == ".amc":
        (tmp_path / "a.asf").write_text(skeleton_text())
    outcome = in_limits(path)
    if outcome in ("SIGKILL", "SIGXCPU"):  # of time, which a neighbour may take for a while; memory ends otherwise
        outcome = in_limits(path)
    assert outcome == "read" or outcome.startswith("refused"), outcome
    assert len(outcome) < 1000
