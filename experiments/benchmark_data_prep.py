"""How fast data_prep/ntu_rgbd.py is, compared with the released script, and how much memory it needs. Trains nothing.

Makes 200 `.skeleton` files of the real size of NTU's in a temporary folder (80 frames; a second body in every third
file; 260 kB on average) and links to them under as many names as are needed. The files are read from the page cache, so
that the processor's time is measured, not the disk's. The algorithm of the released script is written here from its
description: it parses line by line, fits a PCA to the first frame of each body, and inverts the 3 x 3 rotation once for
each joint.

Takes about 5 minutes on two free cores; next to other work, the row on --jobs means nothing. Writes a table as Markdown
and CSV.
"""

import contextlib
import itertools
import os
import resource
import runpy
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # both sides are timed per core

import click
import numpy as np

from experiments import options
from experiments.timing import HEADER, in_process, peak_memory, row
from mans_keras.skeletons import ntu, synthetic
from mans_keras.skeletons.formats import skeleton_file
from mans_keras.tensors.prepare import keep_freed_memory
from mans_keras.tensors.transforms import to_tensor
from mans_keras.tensors.writer import Writer

SCRIPT = Path(__file__).resolve().parents[1] / "data_prep" / "ntu_rgbd.py"
DISTINCT = 200
FRAMES = 80
FULL_SET = 56_880
CORES = 2
TORSO = [0, 1, 4, 8, 12, 16, 20]


def write_files(folder, number):
    """Write `DISTINCT` files of real size and link to them under `number` names; return the distinct paths."""
    grid = itertools.product(range(1, 4), range(1, 41), range(1, 3), range(1, 61))
    names = [f"S018C{c:03}P{p:03}R{r:03}A{a:03}" for c, p, r, a in itertools.islice(grid, number)]
    performed = [name for name in synthetic.names() if synthetic.perform(name).shape[1] == 2]
    for index, name in enumerate(names[:DISTINCT]):
        joints = synthetic.record(performed[index])
        stretched = joints[np.linspace(0, len(joints) - 1, FRAMES).astype(int), : 1 + (index % 3 == 0)]
        skeleton_file.write(folder / f"{name}.skeleton", stretched, (72057594037931101, 72057594037931102))
    for index, name in enumerate(names[DISTINCT:]):
        os.link(folder / f"{names[index % DISTINCT]}.skeleton", folder / f"{name}.skeleton")
    return [folder / f"{name}.skeleton" for name in names[:DISTINCT]]


def _released_frame(joints):
    """Origin and rotation of a body from its first frame, {joint: (x, y, z)}."""
    origin = (np.array(joints[12]) + joints[16]) / 2
    torso = np.array([joints[joint] - origin for joint in TORSO])
    third = np.linalg.svd(torso - torso.mean(axis=0))[2][0]
    second = np.cross(np.subtract(joints[12], joints[16]), third)
    first = np.cross(second, third)
    return origin, np.stack([axis / sum(axis**2) ** 0.5 for axis in (first, second, third)], axis=1)


def released(path, scale=50):
    """The tensor (scale, scale, 3) of a file by the released script's algorithm, joint by joint, with its objects."""
    with path.open() as file:
        x, y, z = image = np.zeros((3, int(file.readline()), 50))
        frames = {}
        for frame in range(len(x)):
            turned = []
            for body in range(int(file.readline())):
                file.readline()
                joints = {}
                for joint in range(int(file.readline())):
                    tokens = file.readline().split()
                    joints[joint] = float(tokens[0]), float(tokens[1]), float(tokens[2])
                if body not in frames:
                    frames[body] = _released_frame(joints)
                origin, rotation = frames[body]
                turned += [np.asmatrix(rotation).I * np.reshape(xyz - origin, (3, 1)) for xyz in joints.values()]
            for column, xyz in enumerate(turned):
                x[frame, column] = xyz[0, 0]
                y[frame, column] = xyz[1, 0]
                z[frame, column] = xyz[2, 0]
    if z[0, 4] < 0:
        z *= -1
    if y[:, 15].mean() < y[:, 14].mean() or y[:, 19].mean() < y[:, 18].mean():
        y *= -1
    if x[:, 16].mean() < x[:, 12].mean():
        x *= -1
    image = np.moveaxis(image, 0, -1)
    if len(image) > scale:
        return image[np.linspace(0, len(image) - 1, scale, dtype=int)]
    before = (scale - len(image)) // 2
    return np.pad(image, ((before, scale - len(image) - before), (0, 0), (0, 0)))


def seconds_a_file(paths, folder):
    """Median processor seconds per file, text to written tensor: (released, this project), in turns of 10 files."""
    released_seconds, seconds = [], []
    keep_freed_memory()
    settings = {"scale": 50, "layout": "resize", "coordinates": "body"}
    writer = Writer(folder / "ours.h5", dataset="ntu_rgbd", class_names=ntu.CLASS_NAMES, **settings)
    with writer, (folder / "released.bin").open("wb") as file:
        for first in range(0, len(paths), 10):
            for path in paths[first : first + 10]:
                start = time.process_time()
                file.write(released(path).tobytes())
                released_seconds.append(time.process_time() - start)
            for path in paths[first : first + 10]:
                start = time.process_time()
                sequence = ntu.read(path)
                writer.add(to_tensor(sequence.joints, body=ntu.KINECT_2, **settings), sequence)
                seconds.append(time.process_time() - start)
    return statistics.median(released_seconds), statistics.median(seconds)


def prepare(raw, out, jobs):
    """Run the script; return its wall and processor seconds, and the most bytes that one of its processes held."""
    sys.argv = [str(SCRIPT), str(raw), str(out), "--jobs", str(jobs)]
    start = time.perf_counter()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"{SCRIPT} failed") from end
    wall = time.perf_counter() - start
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, sum(os.times()[:4]), max(peak_memory(), children.ru_maxrss * 1024)


def measure(folder, few, many):
    """The title of the table, which describes the files, and its rows; few, many: two numbers of files."""
    for number in (few, many):
        (folder / str(number)).mkdir()
        distinct = write_files(folder / str(number), number)
    size = statistics.mean(path.stat().st_size for path in distinct) / 1000
    title = f"{len(distinct)} distinct files of {FRAMES} frames, {size:.0f} kB on average. Load before the start "
    title += f"{os.getloadavg()[0]:.1f}."
    of_released, of_ours = seconds_a_file(distinct, folder)
    times = f"{of_released * 1e3:.1f} over {of_ours * 1e3:.2f} ms, text to written tensor"
    speed = of_released / of_ours
    rows = [row("speed per core, over the released script's algorithm", speed, 25, times, at_least=True)]

    settings = list(itertools.product((few, many), (1, 2)))
    runs = {(n, jobs): in_process(prepare, folder / str(n), folder / "out", jobs) for n, jobs in settings}
    alone, shared = (runs[many, jobs][0] for jobs in (1, 2))
    details = f"{alone:.1f} over {shared:.1f} s for {many:,} files"
    rows.append(row("`--jobs 2` over `--jobs 1`, wall time", alone / shared, 1.7, details, at_least=True))
    for jobs in (1, 2):
        # Only the largest process is known: all together need at most as many times that.
        processes = 1 if jobs == 1 else jobs + 1
        less, most = (processes * runs[n, jobs][2] / 1e6 for n in (few, many))
        details = f"{less:.0f} MB for {few:,} files"
        rows.append(row(f"peak memory, `--jobs {jobs}`, {many:,} files", most, 600, details, unit=" MB"))
    growth = (runs[many, 1][2] - runs[few, 1][2]) / (many - few)
    rows.append(row("growth of that, `--jobs 1`", growth, 1000, "between the two", unit=" bytes a file"))
    minutes = runs[many, 2][1] / many * FULL_SET / CORES / 60
    details = f"from {many:,} files with `--jobs 2`, shared by {CORES} cores"
    rows.append(row(f"processor time for NTU's {FULL_SET:,} files", minutes, 6, details, unit=" minutes a core"))
    return title, rows


@options.command(
    __doc__,
    click.Option(
        ["--files"],
        type=click.IntRange(5),
        metavar="N",
        default=10_000,
        help="The larger number of files; the smaller one is a fifth of it.",
    ),
    options.results("results/benchmark"),
)
def main(args):
    with tempfile.TemporaryDirectory() as folder:
        title, rows = measure(Path(folder), args.files // 5, args.files)
    from mans_keras.reports import tables
    from mans_keras.training import machine

    print("\n" + tables.write_table(args.results, "data_prep", f"{machine.device()}. {title}", HEADER, rows))
    print(f"Written to {args.results}")


if __name__ == "__main__":
    main()
