"""Many runs: which records are missing, make them here or in processes, collect them."""

import contextlib
import glob
import json
import multiprocessing
import os
import queue
import signal
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mans_keras.errors import InputError
from mans_keras.models.extensions import EXTENSIONS, run_extension
from mans_keras.models.fingerprint import same
from mans_keras.tensors.store import Tensors
from mans_keras.training import cluster, machine
from mans_keras.training.network import fingerprint_of
from mans_keras.training.records import read_record, record_path, write_record
from mans_keras.training.train_run import train_run


def missing(runs, results, retrain=False):
    """(runs to train, paths of records that another network made than the code has now).

    A run that another experiment has recorded takes over its record: the same seed would give the same. retrain: do so,
    or train anew, too, where a record is of another network, or was made with other settings or data than the run asks
    for. Without it, the former stay, and the latter raise `InputError`: they are neither a result of this run, nor ours
    to overwrite.
    """
    to_train, of_another_network = [], []
    for run in runs:
        path = record_path(results, run)
        record = read_record(path) if path.exists() else None
        if record and not retrain and (different := _different_settings(record, run)):
            older = "" if "fingerprint" in record else ", by an older version of mans_keras"
            raise InputError(
                f"{path} was made with other settings ({different}){older}: name another --results, or train it anew "
                "with --retrain"
            )
        if record and _is_of(record, run):
            continue
        if record and not retrain:
            of_another_network.append(path)
        elif taken_over := _of_another_experiment(run, results):
            write_record(path, taken_over)
        else:
            to_train.append(run)
    return to_train, of_another_network


def _settings(run):
    return json.loads(json.dumps({**run.settings(), "backend": keras.backend.backend()}))


def _different_settings(record, run):
    """The settings in which a record differs from a run, as text; "" if there are none."""
    wanted = _settings(run)
    return ", ".join(
        f"{name} {record.get(name)} where {value} is asked for"
        if name in ("epochs", "batch", "precision", "backend")
        else name
        for name, value in wanted.items()
        if record.get(name) != value
    )


def _is_of(record, run):
    """Whether a record is of a run's settings and of the network that it has now."""
    return not _different_settings(record, run) and same(record.get("fingerprint"), fingerprint_of(run))


def _of_another_experiment(run, results):
    name = record_path(".", run).relative_to(Path(run.trial, run.experiment))
    for path in sorted(Path(results, run.trial).glob(f"*/{glob.escape(str(name))}")):
        record = {**read_record(path), "experiment": run.experiment}
        if _is_of(record, run):
            return record
    return None


def _run(run, tensors, results, tell, **options):
    path = record_path(results, run)
    checkpoint = path.with_suffix(".checkpoint.npz")
    record, _ = train_run(
        run,
        tensors,
        on_epoch=lambda epoch, logs: tell((run, epoch, logs["val_accuracy"])),
        checkpoint=checkpoint,
        log_folder=path.with_suffix(""),
        **options,
    )
    write_record(path, record)
    checkpoint.unlink(missing_ok=True)
    return record


def _run_alone(run, path, results, share, told, extensions, options):
    """A process: one run on its share of the cores, ending with its parent if that dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, share)

    def follow_parent():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=follow_parent, daemon=True).start()
    try:
        for extension in extensions.items():
            run_extension(*extension)
        _run(run, Tensors(path), results, told.put, **options)
    except (InputError, OSError) as error:
        told.put(InputError(str(error)))
        raise SystemExit(1) from None


def _in_processes(runs, path, results, jobs, tell, options):
    """Yield (run, record) as they are done, `jobs` at a time, each in a process of its own: TensorFlow frees no run."""
    context = multiprocessing.get_context("spawn")
    told, errors, shares = context.Queue(), [], queue.SimpleQueue()
    ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count()))
    each = max(1, len(ours) // jobs)  # all alike: another number of cores may round differently
    for job in range(jobs):
        shares.put(ours[job * each : (job + 1) * each] or [ours[job % len(ours)]])

    def listen():
        while (message := told.get()) is not None:
            if isinstance(message, InputError):
                errors.append(message)
            else:
                tell(message)

    def one(run):
        share = shares.get()
        process = context.Process(target=_run_alone, args=(run, path, results, share, told, EXTENSIONS, options))
        process.start()
        process.join()
        shares.put(share)
        return process.exitcode

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    pool = ThreadPoolExecutor(jobs)
    try:
        futures = {pool.submit(one, run): run for run in runs}
        for future in as_completed(futures):
            if future.result():
                raise InputError("a worker process died (out of memory?): run the same command again to go on")
            yield futures[future], read_record(record_path(results, futures[future]))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()
        # A worker that was killed while it wrote keeps the queue locked for ever: wait for it no longer than this.
        told.cancel_join_thread()
        told.put(None)
        listener.join(timeout=5)
        if errors:
            raise errors[0] from None
        raise
    told.put(None)
    pool.shutdown()


def default_jobs():
    """Two runs at a time on two or more cores, which is faster for these small networks; one on a GPU."""
    return 2 if machine.cores() > 1 and not machine.gpu() else 1


def _on_cluster(runs, tensors, results, address, tell, devices):
    for run, record in cluster.results(runs, tensors, address, tell, devices):
        write_record(record_path(results, run), record)
        yield run, record


def execute(runs, tensors, results, jobs, ray=None, **options):
    """Train `runs` on an open tensor file, `jobs` at a time, and write their records.

    Interrupt it at will: what is done is kept, `missing` leaves it out the next time, and a run that was begun goes on
    from its last finished epoch.

    Args:
        jobs: 1 trains in this process, on all of its cores; more share them equally, though few runs are left.
        ray: address of a Ray cluster that trains them instead, as many at a time as it has room for. It keeps no
            state of a run that was begun, and writes no logs.
        options: `devices` and `logs` of `train_run`.
    """
    if not runs:
        return
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"))
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(f"0 of {len(runs)} runs", total=sum(run.epochs for run in runs))

        def tell(told):
            run, epoch, accuracy = told
            shown = f"{run.variant} {run.fold.name} seed {run.seed}, epoch {epoch} of {run.epochs}: test {accuracy:.1%}"
            progress.update(bar, advance=1, description=shown)

        if ray:
            results_as_done = _on_cluster(runs, tensors, results, ray, tell, options.get("devices", 1))
        elif jobs > 1:
            results_as_done = _in_processes(runs, tensors.path, results, jobs, tell, options)
        else:
            results_as_done = ((run, _run(run, tensors, results, tell, **options)) for run in runs)
        with contextlib.closing(results_as_done):
            for done, (run, record) in enumerate(results_as_done, start=1):
                told = _told(run, record)
                progress.console.print(f"{done} of {len(runs)}: {told}", highlight=False, soft_wrap=True)


def _told(run, record):
    last, best = record["last_epoch_test_accuracy"], record["best_epoch_test_accuracy"]
    return (
        f"{run.variant} {run.fold.name} seed {run.seed}: test accuracy {last:.2%} at the last epoch, {best:.2%} at the "
        f"best on the test set{', DIVERGED' if record['diverged'] else ''} ({record['seconds']:.0f} s)"
    )
