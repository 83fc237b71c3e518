"""The measured half of Table 5: what is trained, by which rates, and the table of its records."""

import json
from dataclasses import replace
from pathlib import Path

from experiments import common, compared, paper, table_parts
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


def chosen_rates():
    """{method: learning rate} of those that `--choose-rates` has chosen."""
    return {name: choice["rate"] for name, choice in json.loads(RATES.read_text()).items()} if RATES.exists() else {}


def recipe_with(rate):
    """The recipe of all rows, `best`, with another learning rate."""
    return replace(recipes.BEST, learning_rate=rate)


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
    """The runs of a method on a data set by a protocol."""
    arguments = {} if name == OURS else {"joints": tensors.joints, "bodies": tensors.bodies}
    args.protocol = protocol
    return common.plan(args, experiment, tensors, [(name, name, arguments)], recipe_with(rate))


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
    rates, protocol = chosen_rates(), args.protocol
    for dataset in datasets(args):
        tensors = open_tensors(args, dataset)
        of_dataset = protocol or PROTOCOLS.get(dataset) or next(iter(common.protocols.of_dataset(dataset)))
        planned = {}
        for name in NAMES:
            rate = rates.get(name, recipes.BEST.learning_rate)
            planned[name] = plan(args, EXPERIMENT, tensors, name, rate, of_dataset)
        # seed by seed: an interrupted series is then complete for its first seeds
        to_train = [each for name in args.methods for each in planned[name]]
        common.run_missing(args, sorted(to_train, key=lambda each: each.seed), tensors)
        show(args.results, planned, dataset, of_dataset)


def show(results, planned, dataset, protocol):
    """Write the table and the picture of a data set's records; planned: {method: its runs}, where the records are."""
    from experiments.compared import picture, speed

    cells = {}
    for name, runs in planned.items():
        records = tables.records(Path(results, runs[0].trial), EXPERIMENT, dataset)
        cells[name] = [record for record in records if (record["variant"], record["protocol"]) == (name, protocol)]
    records = [record for cell in cells.values() for record in cell]
    if not records:
        print(f"{dataset}: no row has a record yet")
        return
    measured = speed.read(results)
    counts = {name: _multiplications(cell) for name, cell in cells.items() if cell}
    # records of other rates have folders of their own, and the table of them all is that of the recipe's own rate
    of_the_recipe = replace(planned[OURS][0], recipe=recipes.BEST)
    folder = Path(results, of_the_recipe.trial, EXPERIMENT, dataset)
    known = {"measured": measured, "counts": counts, "rates": chosen_rates()}
    common.show_table(folder, EXPERIMENT, records, lambda _: table(cells, dataset, protocol, **known))
    print(f"Picture: {picture.write(folder / EXPERIMENT, cells, measured, f'{dataset}, {protocol}')}")


def _multiplications(cell):
    from experiments.compared.operations import multiplications
    from mans_keras.training.run import MODELS

    record = cell[0]
    return multiplications(MODELS[record["model"]](len(record["class_names"]), **record["arguments"]))


def table(cells, dataset, protocol, measured, counts, rates):
    """Title, header and rows: the methods that are only quoted, then all measured ones.

    cells: {method: records}; measured: what `speed.read` returns; counts: {method: multiplications}; rates: what
    `chosen_rates` returns.
    """
    records = [record for cell in cells.values() for record in cell]
    not_chosen = [title(name) for name, cell in cells.items() if cell and name not in rates]
    tables.check_same(records, ("dataset", "epochs", "batch", "precision", "tensors", "coordinates", "layout"))
    first, ms = records[0], measured.get("methods", {})
    columns = [column for column in paper.COLUMNS5 if column[0] == dataset]
    places = [paper.COLUMNS5.index(column) for column in columns]
    header = ["Method", *(f"quoted, {of_paper}" for _, of_paper in columns), "#param, published", "#param"]
    header += ["multiplications", "training, ms a sequence", "latency of one, ms", "rate"]
    header += [f"{dataset} {protocol}, last epoch", "runs"]
    rows = []
    for name, reason in compared.LEFT_QUOTED.items():
        parameters, accuracies = paper.PUBLISHED[name]
        rows.append([name, *(_quoted(accuracies[place]) for place in places), parameters or "-", *["-"] * 5])
        rows[-1] += [f"not run: {reason}", "-"]
    for name, cell in cells.items():
        published, accuracies = _of_paper(name)
        row = [title(name), *(_quoted(accuracies[place]) for place in places), published]
        if cell:
            tables.check_same(cell, ("recipe",))
            row += [f"{cell[0]['parameters']:,}", f"{counts[name] / 1e6:.1f}M"]
        else:
            row += ["-", "-"]
        row += [f"{ms[name][which]:.1f}" if name in ms else "not measured" for which in ("training", "latency")]
        row += [cell[0]["recipe"]["learning_rate"] if cell else "-"]
        result = tables.mean_and_deviation(cell, "last") if cell else "not run: no record yet"
        rows.append([*row, result, tables.number_of_runs(cell) if cell else "-"])
    lines = [
        f"Table 5, measured, on {table_parts.dataset_name(dataset)} by {protocol}: test accuracy in percent at the "
        f"last epoch, recipe `best`, {first['epochs']} epochs, batch {first['batch']}, "
        f"{table_parts.preparation(records)}.",
        "Each method has a learning rate of its own, chosen on UT-Kinect; all else of the recipe is the same.",
        *([f"The rate is the recipe's own, since none is chosen yet: {', '.join(not_chosen)}."] if not_chosen else []),
        *_speed_line(measured),
        *table_parts.other_task(first),
        *table_parts.networks(records),
    ]
    if columns:
        lines.append("Quoted numbers are as the paper quotes them, by its protocol: they compare with no other column.")
    return "\n".join(lines), header, rows


def _quoted(accuracy):
    return "-" if accuracy is None else f"{accuracy:.2f}"


def _of_paper(name):
    """(published parameters, accuracies in the order of `paper.COLUMNS5`) of a measured row."""
    nothing = (None,) * len(paper.COLUMNS5)
    if name == OURS:
        return paper.TABLE5[name][1:]
    method = compared.METHODS[name]
    return method.parameters, paper.PUBLISHED.get(method.title, (None, nothing))[1]


def _speed_line(measured):
    if not measured:
        return ["Speed was not measured: --measure-speed does it."]
    return [
        f"Speed: one sequence of {measured['joints']} joints, {measured['classes']} classes, training by steps of "
        f"{measured['batch']} sequences, on {measured['device']}."
    ]
