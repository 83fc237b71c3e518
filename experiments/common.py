"""What the scripts here share: their options, the tensors they run on, and the plan of their runs."""

import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from experiments import table_parts
from mans_keras.errors import InputError
from mans_keras.reports import tables
from mans_keras.skeletons.sequence import DATASETS
from mans_keras.tensors import protocols, store
from mans_keras.tensors.prepare import positive
from mans_keras.training import recipes, runs
from mans_keras.training.run import MODELS, SCALES, Run

DATA_PREP = Path(__file__).resolve().parent.parent / "data_prep"
SYNTHETIC = "synthetic"


def argument_parser(description, default_models):
    """The options that every table and figure understands."""
    parser = run_parser(description)
    parser.add_argument(
        "--dataset",
        metavar="D",
        help=f"{', '.join(protocols.PROTOCOLS)}, or your own NAME; default: the paper's if it is there, else synthetic",
    )
    parser.add_argument("--recipe", choices=sorted(recipes.RECIPES), default="released", help="default: %(default)s")
    parser.add_argument(
        "--models",
        nargs="+",
        choices=sorted(MODELS),
        default=default_models,
        metavar="MODEL",
        help=f"of {', '.join(MODELS)} (default: {' '.join(default_models)})",
    )
    return parser


def run_parser(description, protocol=None):
    """The options of a script that chooses dataset, recipe and models itself; protocol: its default, if it has one."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("MANS_DATA", "data")),
        metavar="DIR",
        help="where the tensor files lie (default: $MANS_DATA, or data/)",
    )
    told = protocol or "the dataset's protocols in the paper; its first one if it is not in the paper"
    parser.add_argument("--protocol", metavar="P", default=protocol, help=f"default: {told}")
    parser.add_argument("--epochs", type=positive, metavar="N", help="default: the recipe's for the dataset")
    parser.add_argument("--seeds", type=positive, default=1, metavar="N", help="repeat with seeds 0..N-1 (default: 1)")
    parser.add_argument("--folds", nargs="+", type=fold_range, metavar="A-B", help="only these folds, counted from 0")
    parser.add_argument("--jobs", type=positive, metavar="N", help="runs at a time (default: 2 on a CPU, 1 on a GPU)")
    parser.add_argument(
        "--devices", type=positive, default=1, metavar="N", help="GPUs that share each batch of a run (default: 1)"
    )
    parser.add_argument("--ray", metavar="ADDRESS", help="train on this Ray cluster (auto: the one of this machine)")
    parser.add_argument(
        "--logs",
        nargs="+",
        choices=("csv", "tensorboard"),
        default=[],
        help="write each epoch's losses beside the record (tensorboard: pip install tensorboard)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="where records and tables go; a run whose record is there is not run again (default: results/)",
    )
    parser.add_argument("--mixed-precision", action="store_true", help="train in bfloat16 with float32 weights")
    parser.add_argument(
        "--retrain",
        action="store_true",
        help="train anew the runs whose record is of another network than the code has now, or of other settings",
    )
    return parser


def fold_range(text):
    """argparse type: "3" or "0-9"."""
    first, _, last = text.partition("-")
    chosen = range(int(first), int(last or first) + 1)
    if not chosen:
        raise argparse.ArgumentTypeError(f"{text} ends before it begins")
    return chosen


def open_tensors(args, paper_dataset, scale):
    """The tensor file that the arguments ask for; the synthetic one is made if it is missing.

    Any other name than those of `DATASETS` is a data set of one's own. Raises `InputError` if any other than the
    synthetic one is missing, unless it is the paper's and was not asked for by name: then says so and takes the
    synthetic one.
    """
    dataset = args.dataset or paper_dataset
    path = store.tensor_path(args.data, dataset, scale)
    if dataset not in DATASETS and not path.exists():
        raise InputError(
            f"no dataset {dataset!r}: there are {', '.join(protocols.PROTOCOLS)}, and your own: "
            f"python data_prep/own_data.py RAW {args.data} --name {dataset} --scale {scale} makes {path}"
        )
    if dataset != SYNTHETIC and not path.exists():
        script = f"data_prep/{dataset}.py"
        how = f"{path} is missing: python {script} RAW {args.data} --scale {scale} makes it"
        if args.dataset:
            raise InputError(how)
        print(f"{how}.\nRunning on the SYNTHETIC default instead: its numbers say nothing about real recordings.\n")
        dataset = SYNTHETIC
        path = store.tensor_path(args.data, dataset, scale)
    if not path.exists():
        script = [sys.executable, str(DATA_PREP / "synthetic.py"), str(args.data), "--scale", str(scale)]
        if subprocess.run(script).returncode:
            raise InputError("the synthetic default could not be prepared")
    tensors = store.Tensors(path)
    if (tensors.dataset, tensors.scale) != (dataset, scale):
        raise InputError(f"{path} holds {tensors.dataset} at scale {tensors.scale}, not what its name says")
    return tensors


def plan(args, experiment, tensors, variants, recipe=None):
    """The runs of an experiment: variants x protocols x folds x seeds.

    variants: (variant, model, arguments) each; recipe: the one that the arguments name, if it is None.
    """
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
    """The folds whose numbers are in `ranges`, all if None; `InputError` for a number that there is not."""
    if ranges is None:
        return folds
    numbers = sorted({number for chosen in ranges for number in chosen})
    if numbers[-1] >= len(folds):
        raise InputError(f"--folds: the folds of this protocol are 0-{len(folds) - 1}")
    return [folds[number] for number in numbers]


def run_missing(args, planned, tensors):
    """Train what has no record yet; returns the paths of records that are of another network than the code has now."""
    to_train, of_another_network = runs.missing(planned, args.results, args.retrain)
    done = len(planned) - len(to_train)
    epochs = " or ".join(map(str, sorted({run.epochs for run in planned})))
    print(f"{len(planned)} runs of {epochs} epochs on {tensors.path}: {done} recorded, {len(to_train)} to train")
    if of_another_network:
        names = "\n  ".join(map(str, of_another_network))
        print(
            f"Records of ANOTHER NETWORK than the code has now, whose arithmetic or first weights are other: "
            f"{len(of_another_network)}. --retrain trains them anew:\n  {names}"
        )
    # of those planned, not of those left: an interrupted run goes on with as many cores as it had
    jobs = min(args.jobs or (1 if args.devices > 1 else runs.default_jobs()), len(planned))
    if args.ray and args.logs:
        raise InputError("--logs are not written on a Ray cluster: leave out one of them")
    if "tensorboard" in args.logs and not importlib.util.find_spec("tensorboard"):
        raise InputError("--logs tensorboard needs it: pip install tensorboard")
    runs.execute(to_train, tensors, args.results, jobs, ray=args.ray, devices=args.devices, logs=args.logs)
    return of_another_network


def show_table(results, experiment, dataset, table, of_another_network):
    """Print an experiment's table on a dataset and write it beside its records; table: records -> its three parts.

    of_another_network: the paths that `run_missing` returned.
    """
    title, header, rows = table(tables.records(results, experiment, dataset))
    title += mixes_networks(title, of_another_network)
    folder = results / experiment / dataset
    print("\n" + tables.write_table(folder, experiment, title, header, rows))
    print(f"Written to {folder / experiment}.md and .csv")


def mixes_networks(title, of_another_network):
    """What a table's title lacks if these records, by their paths, are of another network than the code has now."""
    if not of_another_network or "MIXES NETWORKS" in title:
        return ""
    return "\n" + table_parts.mixed_networks({path.parent.name for path in of_another_network})


def show_records(description, experiment, records, table):
    """The command of a script that trains nothing: the table of what other experiments have recorded.

    records: results folder, dataset -> records; table: records -> its three parts.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", metavar="D", default="ut_kinect", help="default: %(default)s")
    parser.add_argument(
        "--results", type=Path, metavar="DIR", default=Path("results"), help="where the records are (default: results/)"
    )
    args = parser.parse_args()
    found = records(args.results, args.dataset)
    if not found:
        raise InputError(
            f"no record for this table on {args.dataset} lies under {args.results} (--results experiments/results has "
            "those of the repository)"
        )
    folder = args.results / experiment / args.dataset
    print(tables.write_table(folder, experiment, *table(found)))
    print(f"Written to {folder / experiment}.md and .csv")


def run_experiment(args, experiment, paper_dataset, variants, table):
    """Train what an experiment has no record of, at each model's scale, and show its table on each dataset.

    variants: models -> (variant, model, arguments) each; table: records, models -> title, header and rows. Returns the
    datasets that were run on: models of another scale may have other tensors at hand.
    """
    datasets, results, of_another_network = {}, {}, {}
    for scale in sorted({SCALES[model] for model in args.models}):
        models = [model for model in MODELS if model in args.models and SCALES[model] == scale]
        tensors = open_tensors(args, paper_dataset, scale)
        planned = plan(args, experiment, tensors, variants(models))
        of_another_network.setdefault(tensors.dataset, []).extend(run_missing(args, planned, tensors))
        datasets.setdefault(tensors.dataset, []).extend(models)
        results[tensors.dataset] = args.results / planned[0].trial
    for dataset, models in datasets.items():
        show_table(
            results[dataset],
            experiment,
            dataset,
            lambda records, models=models: table(records, models),
            of_another_network[dataset],
        )
    return list(datasets)
