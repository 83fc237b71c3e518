"""What the scripts share: opening the tensors, planning and starting the runs, writing the tables."""

import functools
import importlib.util
import subprocess
import sys
from pathlib import Path

from experiments import options, paper, table_parts
from mans_keras.errors import InputError, counted
from mans_keras.reports import tables
from mans_keras.skeletons.sequence import DATASETS
from mans_keras.tensors import protocols, store
from mans_keras.training import recipes

DATA_PREP = Path(__file__).resolve().parent.parent / "data_prep"
RESULTS = Path(__file__).resolve().parent / "results"  # the repository's records
SYNTHETIC = "synthetic"


def open_tensors(args, paper_dataset, scale):
    """The tensor file that --dataset and --data name; the synthetic one is made if it is missing.

    A name that is not in `DATASETS` is a dataset of the user's own. A missing file raises `InputError`, with two
    exceptions: the synthetic dataset, and the paper's dataset if --dataset is not given. In the second case, a message
    says so and the synthetic dataset is taken instead.
    """
    dataset = args.dataset or paper_dataset
    path = store.tensor_path(args.data, dataset, scale)
    if dataset not in DATASETS and not path.exists():
        raise InputError(
            f"no dataset {dataset!r}: the known ones are {', '.join(protocols.PROTOCOLS)}. For your own: "
            f"python data_prep/own_data.py RAW {args.data} --name {dataset} --scale {scale} makes {path}"
        )
    if dataset != SYNTHETIC and not path.exists():
        script = f"data_prep/{dataset}.py"
        command = f"python {script} RAW {args.data} --scale {scale}"
        if args.dataset:
            raise InputError(f"{path} is missing: {command} makes it")
        print(
            f"There are no tensors of {dataset}, the paper's data set ({command} makes them).\n"
            "Running on SYNTHETIC recordings instead: their numbers say nothing about real ones.\n"
        )
        dataset = SYNTHETIC
        path = store.tensor_path(args.data, dataset, scale)
    if not path.exists():
        script = [sys.executable, str(DATA_PREP / "synthetic.py"), str(args.data), "--scale", str(scale)]
        if subprocess.run(script).returncode:
            raise InputError("the synthetic recordings could not be prepared: see the message above")
    tensors = store.Tensors(path)
    if (tensors.dataset, tensors.scale) != (dataset, scale):
        raise InputError(f"{path} holds {tensors.dataset} at scale {tensors.scale}, not what its name says")
    return tensors


def plan(args, experiment, tensors, variants, recipe=None):
    """The runs of an experiment: variants x protocols x folds x seeds.

    variants: (variant, model, arguments) each; recipe: in place of the one that --recipe names.
    """
    from mans_keras.training.run import Run

    recipe = recipe or recipes.RECIPES[args.recipe]
    dataset = tensors.dataset
    names = [args.protocol] if args.protocol else protocols.defaults(dataset)
    shared = {
        "experiment": experiment,
        "dataset": dataset,
        "recipe": recipe,
        "epochs": args.epochs or recipes.for_dataset(recipe.epochs, dataset),
        "batch": recipes.for_dataset(recipe.batch, dataset),
        "precision": "mixed_bfloat16" if args.mixed_precision else "float32",
        "tensors": tensors.digest(),
    }
    return [
        Run(protocol=name, fold=fold, model=model, variant=variant, arguments=arguments, seed=seed, **shared)
        for seed in range(args.seeds)
        for name in names
        for fold in chosen_folds(protocols.folds(tensors, name), args.folds)
        for variant, model, arguments in variants
    ]


def chosen_folds(folds, ranges):
    """The folds whose numbers are in `ranges`, or all if there are no ranges; `InputError` for a number too high."""
    if not ranges:
        return folds
    numbers = sorted({number for chosen in ranges for number in chosen})
    if numbers[-1] >= len(folds):
        known = (
            f"the folds of this protocol are 0-{len(folds) - 1}" if len(folds) > 1 else "this protocol has one fold, 0"
        )
        raise InputError(f"--folds: {known}")
    return [folds[number] for number in numbers]


def run_missing(args, planned, tensors):
    """Train the runs that have no record yet."""
    from mans_keras.training import runs

    to_train, of_another_network = runs.missing(planned, args.results, args.retrain)
    done = len(planned) - len(to_train)
    epochs = " or ".join(map(str, sorted({run.epochs for run in planned})))
    runs_of = f"{counted(len(planned), 'run')} of {epochs} epoch{'' if epochs == '1' else 's'}"
    print(f"{runs_of} on {tensors.path}: {done} recorded, {len(to_train)} to train")
    if of_another_network:
        names = "\n  ".join(map(str, of_another_network))
        print(
            f"{len(of_another_network)} records come from ANOTHER NETWORK than the present code builds: its arithmetic "
            f"or its first weights differ. --retrain trains them again:\n  {names}"
        )
    # Of all planned runs, not of those that are missing: an interrupted run resumes with the same number of cores.
    jobs = min(args.jobs or (1 if args.devices > 1 else runs.default_jobs()), len(planned))
    if args.ray and args.logs:
        raise InputError("--logs are not written on a Ray cluster: leave out --logs or --ray")
    if "tensorboard" in args.logs and not importlib.util.find_spec("tensorboard"):
        raise InputError("--logs tensorboard needs a package: pip install tensorboard")
    runs.execute(to_train, tensors, args.results, jobs, ray=args.ray, devices=args.devices, logs=args.logs)


def show_table(folder, experiment, records, table):
    """Print the table of some records and write it into a folder; table: records -> its three parts.

    The title names the records whose network is not the one that the present code builds.
    """
    title, header, rows = table(records)
    differing, not_compared = table_parts.compared_with_the_code(records)
    if differing and (line := table_parts.mixed_networks(differing)) not in title:
        title += f"\n{line}"
    print("\n" + tables.write_table(folder, experiment, title, header, rows))
    if not_compared:
        names = ", ".join(sorted(not_compared))
        print(f"Not checked whether the present code builds the same network, on this Keras backend: {names}")
    print(f"Written to {folder / experiment}.md and .csv")


def command_of_records(description, experiment, records, table, dataset="ut_kinect"):
    """The command of a script that trains nothing: a table of the records of other experiments.

    records: results folder, dataset -> records; table: records -> its three parts; dataset: the default of --dataset.
    """

    @options.command(description, *options.of_records(dataset))
    def main(args):
        chosen = records(args.results, args.dataset)
        if not chosen:
            raise InputError(
                f"{args.results} has no records for this table, dataset {args.dataset} (those of the repository: "
                "--results experiments/results)"
            )
        show_table(args.results / experiment / args.dataset, experiment, chosen, table)

    return main


def run_experiment(args, experiment, paper_dataset, variants, table):
    """Train the runs of an experiment that have no record, and show its table on each dataset.

    Models of different scales may have tensors of different datasets.

    variants: models -> (variant, model, arguments) each; table: records, models -> title, header and rows.
    """
    from mans_keras.training.run import SCALES

    datasets, results = {}, {}
    for scale in sorted({SCALES[model] for model in args.models}):
        models = [model for model in paper.TABLE5 if model in args.models and SCALES[model] == scale]
        tensors = open_tensors(args, paper_dataset, scale)
        planned = plan(args, experiment, tensors, variants(models))
        run_missing(args, planned, tensors)
        datasets.setdefault(tensors.dataset, []).extend(models)
        results[tensors.dataset] = args.results / planned[0].trial
    for dataset, models in datasets.items():
        records = tables.records(results[dataset], experiment, dataset)
        show_table(
            results[dataset] / experiment / dataset, experiment, records, functools.partial(table, models=models)
        )
