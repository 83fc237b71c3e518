"""The measured half of Table 5: what is trained, by which rates, and what its command shows."""

import functools
import json
from dataclasses import replace
from pathlib import Path

from experiments import common, compared, paper
from mans_keras.errors import InputError
from mans_keras.reports import tables
from mans_keras.tensors import store
from mans_keras.training import recipes

EXPERIMENT = "table5_measured"
OURS = "mans-9"
NAMES = (*compared.METHODS, OURS)
PROTOCOLS = {"ut_kinect": "loso", "hdm05": "cross_actor", "nw_ucla": "cross_view", "utd_mhad": "cross_subject"}
RATES = Path(__file__).with_name("rates.json")


def title(name):
    """The name of a row."""
    return compared.METHODS[name].title if name in compared.METHODS else paper.TABLE5[name][0]


def short(name):
    """The name of a row without authors and year."""
    return title(name).partition(" (")[0]


def chosen_rates():
    """{method: learning rate} of those that `--choose-rates` has chosen."""
    return {name: choice["rate"] for name, choice in json.loads(RATES.read_text()).items()} if RATES.exists() else {}


def rate_of(name):
    """The learning rate of a method: the chosen one, or the recipe's own if none is chosen yet."""
    return chosen_rates().get(name, recipes.BEST.learning_rate)


def cells(records, protocol):
    """{method: its records by a protocol and by its rate}; [] for a method that has none."""
    wanted = {name: (name, protocol, rate_of(name)) for name in NAMES}
    found = [((r["model"], r["protocol"], r["recipe"].get("learning_rate")), r) for r in records]
    return {name: [record for key, record in found if key == wanted[name]] for name in NAMES}


def open_tensors(args, dataset):
    """The tensors of a data set, and a note for each way in which they differ from what the recipe is made for.

    Raises `InputError` if the joints can't be taken from them.
    """
    args.dataset = dataset
    tensors = common.open_tensors(args, dataset, compared.SCALE)
    if tensors.layout != "resize" or not tensors.joints:
        raise InputError(
            f"{tensors.path}: the compared networks take their joints from tensors with layout resize that say how "
            f"many joints there are; these have layout {tensors.layout} and {tensors.joints or 'unknown'} joints"
        )
    for sentence in recipes.departures("best", tensors.coordinates, tensors.layout):
        print(f"note: {sentence}")
    return tensors


def plan(args, experiment, tensors, name, rate, protocol):
    """The runs of a method on a data set by a protocol: the recipe `best` with this learning rate."""
    arguments = {} if name == OURS else {"joints": tensors.joints, "bodies": tensors.bodies}
    args.protocol = protocol
    # a rate other than the recipe's own is in the name, as in effects.py, so that records of all rates lie side by side
    variant = name if rate == recipes.BEST.learning_rate else f"rate-{rate:g}-{name}"
    recipe = replace(recipes.BEST, learning_rate=rate)
    return common.plan(args, experiment, tensors, [(variant, name, arguments)], recipe)


def datasets(args):
    """The data sets of a command: the one that --dataset names, or those of `PROTOCOLS` that have tensors."""
    if args.dataset:
        return [args.dataset]
    known = [name for name in PROTOCOLS if store.tensor_path(args.data, name, compared.SCALE).exists()]
    missing = ", ".join(name for name in PROTOCOLS if name not in known)
    if not known:
        raise InputError(f"{args.data} holds no tensors of {missing}: data_prep/ makes them")
    if missing:
        print(f"left out, since {args.data} holds no tensors of them: {missing}")
    return known


def run(args):
    """Train the rows that --methods names on each data set, and show its table with all rows that have records."""
    compared.register()
    protocol = args.protocol
    for dataset in datasets(args):
        tensors = open_tensors(args, dataset)
        of_dataset = protocol or PROTOCOLS.get(dataset) or next(iter(common.protocols.of_dataset(dataset)))
        planned = [
            each for name in args.methods for each in plan(args, EXPERIMENT, tensors, name, rate_of(name), of_dataset)
        ]
        # seed by seed: an interrupted series is then complete for its first seeds
        common.run_missing(args, sorted(planned, key=lambda each: each.seed), tensors)
        show(Path(args.results, planned[0].trial), args.results, dataset, of_dataset)


def show(folder, results, dataset, protocol):
    """Write the table and the picture of a data set's records below a folder; the speed is kept in `results`."""
    from experiments.compared import measured_table, picture, speed

    of_method = cells(tables.records(folder, EXPERIMENT, dataset), protocol)
    records = [record for cell in of_method.values() for record in cell]
    if not records:
        print(f"{dataset}: no row has a record yet")
        return
    speeds = speed.read(results)
    table = functools.partial(measured_table.table, protocol=protocol, speeds=speeds)
    common.show_table(folder / EXPERIMENT / dataset, EXPERIMENT, records, table)
    path = folder / EXPERIMENT / dataset / EXPERIMENT
    print(f"Picture: {picture.write(path, of_method, speeds, f'{dataset}, {protocol}')}")
