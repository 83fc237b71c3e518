"""Many runs: find those without a record, train them here, in processes or on a cluster, and write their records."""

import contextlib
import functools
import json
import math
import multiprocessing
import os
import queue
import signal
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mans_keras.errors import InputError
from mans_keras.models import keras  # without the messages of TensorFlow
from mans_keras.models.extensions import EXTENSIONS, run_extension
from mans_keras.models.fingerprint import same
from mans_keras.tensors.store import Tensors
from mans_keras.training import cluster, machine
from mans_keras.training.network import fingerprint_of
from mans_keras.training.progress import describe, duration
from mans_keras.training.records import read_record, record_path, write_record
from mans_keras.training.run import Run
from mans_keras.training.train_run import train_run

LONGEST_EPOCH = 3600  # seconds; of a run whose epochs take longer, the time left is not estimated


def missing(runs: list[Run], results: str | Path, retrain: bool = False) -> tuple[list[Run], list[Path]]:
    """(runs to train, paths of records of another network than the present code builds).

    If another experiment has a record of a run, it is copied, since the same seed would give the same record.

    retrain: also copy or train runs whose record is damaged, comes from another network, or from other settings or
    data. Without it, records of another network stay as they are, and a record that is damaged or of other settings or
    data raises `InputError`, since it is no result of this run and must not be overwritten.
    """
    to_train, of_another_network = [], []
    recorded = functools.cache(lambda: _paths_by_name(results))  # only if a run has no record: a tree may be large
    for run in runs:
        path = record_path(results, run)
        record = _recorded(path, retrain)
        if record and not retrain and (different := _different_settings(record, run)):
            older = "" if "fingerprint" in record else ", by an older version of mans_keras"
            raise InputError(
                f"{path} was made with other settings ({different}){older}: name another --results, or train it again "
                "with --retrain"
            )
        if record and _is_of(record, run):
            continue
        if record and not retrain:
            of_another_network.append(path)
        elif taken_over := _of_another_experiment(run, recorded()):
            write_record(path, taken_over)
        else:
            to_train.append(run)
    return to_train, of_another_network


def _recorded(path, retrain):
    """The record at `path`, or None: if there is none, or if it is damaged and is to be trained again anyway."""
    try:
        return read_record(path) if path.exists() else None
    except InputError as error:
        if retrain:
            return None
        raise InputError(f"{error}: remove it, or train it again with --retrain") from None


def _settings(run):
    return json.loads(json.dumps({**run.settings(), "backend": keras.backend.backend()}))


def _different_settings(record, run):
    """The settings in which a record differs from a run, as text; "" if there are none."""
    wanted = _settings(run)
    return ", ".join(
        f"{name} {record.get(name)} instead of {value}" if name in ("epochs", "batch", "precision", "backend") else name
        for name, value in wanted.items()
        if record.get(name) != value
    )


def _is_of(record, run):
    """Whether a record has the settings of a run, and comes from the network that the present code builds for it."""
    return not _different_settings(record, run) and same(record.get("fingerprint"), fingerprint_of(run))


def _paths_by_name(results):
    """{(dataset, file name): the paths of all records of that name}."""
    paths = {}
    for path in sorted(Path(results).rglob("*-seed*.json")):
        paths.setdefault((path.parent.parent.name, path.name), []).append(path)
    return paths


def _of_another_experiment(run, recorded):
    for path in recorded.get((run.dataset, record_path("", run).name), ()):
        with contextlib.suppress(InputError):  # damaged: it is nothing to take over
            # each experiment has its own names for the same settings
            record = {**read_record(path), "experiment": run.experiment, "variant": run.variant}
            if _is_of(record, run):
                return record
    return None


def _run(run, tensors, results, report, **options):
    path = record_path(results, run)
    checkpoint = path.with_suffix(".checkpoint.npz")
    record, _ = train_run(
        run,
        tensors,
        on_epoch=lambda epoch, logs: report((run, epoch, logs)),
        checkpoint=checkpoint,
        log_folder=path.with_suffix(""),
        **options,
    )
    write_record(path, record)
    checkpoint.unlink(missing_ok=True)
    return record


def _run_alone(run, path, results, cores, messages, extensions, options):
    """What a worker process does: one run on these cores. It ends if its parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)

    def follow_parent():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=follow_parent, daemon=True).start()
    try:
        for extension in extensions.items():
            run_extension(*extension)
        _run(run, Tensors(path), results, messages.put, **options)
    except (InputError, OSError) as error:
        messages.put(InputError(str(error)))
        raise SystemExit(1) from None


def _in_processes(runs, path, results, jobs, report, options):
    """Yield (run, record) of each finished run. `jobs` at a time; each has a new process, which frees its memory."""
    context = multiprocessing.get_context("spawn")
    messages, errors, shares = context.Queue(), [], queue.SimpleQueue()
    failed, starting = threading.Event(), threading.Lock()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count()))
    each = max(1, len(cores) // jobs)  # the same for all runs: with more cores, results may be rounded differently
    for job in range(jobs):
        shares.put(cores[job * each : (job + 1) * each] or [cores[job % len(cores)]])

    def listen():
        while (message := messages.get()) is not None:
            if isinstance(message, InputError):
                errors.append(message)
            else:
                report(message)

    def run_process(run):
        share = shares.get()
        process = context.Process(target=_run_alone, args=(run, path, results, share, messages, EXTENSIONS, options))
        with starting:
            if failed.is_set():  # another worker has died: the error would wait for the end of this run
                return 1
            process.start()
        process.join()
        if process.exitcode:
            failed.set()
        shares.put(share)
        return process.exitcode

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    pool = ThreadPoolExecutor(jobs)
    try:
        futures = {pool.submit(run_process, run): run for run in runs}
        for future in as_completed(futures):
            if future.result():
                raise InputError("a worker process died (out of memory?): run the same command again to resume")
            yield futures[future], read_record(record_path(results, futures[future]))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        with starting:
            failed.set()
            for process in multiprocessing.active_children():
                process.terminate()
        # A worker that was killed while it wrote leaves the queue locked forever, so the waiting time is limited.
        messages.cancel_join_thread()
        messages.put(None)
        listener.join(timeout=5)
        if errors:
            raise errors[0] from None
        raise
    messages.put(None)
    pool.shutdown()


def default_jobs() -> int:
    """How many runs to train at a time: two on two or more cores, which is faster for small networks; one on a GPU."""
    return 2 if machine.cores() > 1 and not machine.gpu() else 1


def _on_cluster(runs, tensors, results, address, report, devices):
    for run, record in cluster.results(runs, tensors, address, report, devices):
        write_record(record_path(results, run), record)
        yield run, record


def execute(
    runs: list[Run], tensors: Tensors, results: str | Path, jobs: int, ray: str | None = None, **options
) -> None:
    """Train `runs` on an open tensor file, `jobs` at a time, and write their records.

    Shows the progress on stderr: a bar on a terminal, elsewhere a line about every tenth of a run's epochs.
    It may be interrupted. Finished runs keep their records, and `missing` leaves them out the next time; an unfinished
    run resumes after its last finished epoch.

    Args:
        jobs: 1 trains in this process, on all of its cores. More jobs are processes that share the cores equally, even
            when fewer runs are left. They know the attentions of `load_extension`.
        ray: address of a Ray cluster that trains the runs instead, as many at a time as it has room for. There,
            an unfinished run starts again, and no logs are written.
        options: `devices` and `logs` of `train_run`.
    """
    if not runs:
        return
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"))
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        speed_estimate_period=LONGEST_EPOCH,
    ) as progress:
        bar = progress.add_task(f"0 of {len(runs)} runs", total=sum(run.epochs for run in runs))
        epochs = {}

        def report(message):
            run, epoch, logs = message
            name = f"{run.variant} {run.fold.name} seed {run.seed}"
            description = f"{name}, epoch {epoch} of {run.epochs}: {describe(logs)}"
            key = record_path("", run)
            before, epochs[key] = epochs.get(key, 0), epoch
            if epoch > before + 1:  # it was resumed: its earlier epochs do not count for the speed
                progress.reset(bar)
            progress.update(bar, completed=sum(epochs.values()), description=description)
            if not console.is_terminal and epoch < run.epochs and epoch % math.ceil(run.epochs / 10) == 0:
                seconds = progress.tasks[0].time_remaining
                time_left = f", {duration(seconds)} left for all runs" if seconds else ""
                console.print(description + time_left, highlight=False, soft_wrap=True, markup=False)

        if ray:
            results_as_done = _on_cluster(runs, tensors, results, ray, report, options.get("devices", 1))
        elif jobs > 1:
            results_as_done = _in_processes(runs, tensors.path, results, jobs, report, options)
        else:
            results_as_done = ((run, _run(run, tensors, results, report, **options)) for run in runs)
        with contextlib.closing(results_as_done):
            for done, (run, record) in enumerate(results_as_done, start=1):
                line = f"{done} of {len(runs)}: {_summarize(run, record)}"
                progress.console.print(line, highlight=False, soft_wrap=True)


def _summarize(run, record):
    last, best = record["last_epoch_test_accuracy"], record["best_epoch_test_accuracy"]
    return (
        f"{run.variant} {run.fold.name} seed {run.seed}: test accuracy {last:.2%} at the last epoch, {best:.2%} at the "
        f"best on the test set{', DIVERGED' if record['diverged'] else ''} ({record['seconds']:.0f} s)"
    )
