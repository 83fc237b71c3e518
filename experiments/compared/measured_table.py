"""The table of the measured half of Table 5, from its records."""

import functools
import json

from experiments import common, compared, paper, table_parts
from experiments.compared import speed
from experiments.compared.measured import EXPERIMENT, OURS, PROTOCOLS, cells, chosen_rates, short, title
from mans_keras.errors import InputError
from mans_keras.reports import tables


@functools.cache
def _multiplications(model, classes, arguments):
    from experiments.compared.operations import multiplications
    from mans_keras.training.run import MODELS

    build = functools.partial(compared.build, model) if model in compared.METHODS else MODELS[model]
    return multiplications(build(classes, **json.loads(arguments)))


def multiplications(record):
    """Those of a record's network for one sequence, in millions, as text."""
    count = _multiplications(record["model"], len(record["class_names"]), json.dumps(record["arguments"]))
    return f"{count / 1e6:.1f}M"


def backends(of_method):
    """[a line] if the rows of {method: records} were trained by several Keras backends, else []."""
    rows = {}
    for name, cell in of_method.items():
        for backend in sorted({record["backend"] for record in cell}):
            rows.setdefault(backend, []).append(short(name))
    several = [f"with {backend} {', '.join(names)}" for backend, names in sorted(rows.items())]
    return [f"Trained {'; '.join(several)}."] if len(several) > 1 else []


def table(records, protocol=None, speeds=None):
    """Title, header and rows: the methods that are only quoted, then all measured ones.

    protocol: default: the data set's of `PROTOCOLS`; speeds: what `speed.read` returns, default: that of the
    repository. Raises `InputError` if no row has a record by this protocol and its rate.
    """
    dataset = records[0]["dataset"]
    protocol = protocol or PROTOCOLS[dataset]
    speeds = speed.read(common.RESULTS) if speeds is None else speeds
    of_method, rates = cells(records, protocol), chosen_rates()
    records = [record for cell in of_method.values() for record in cell]
    if not records:
        raise InputError(f"{EXPERIMENT}: no row has a record on {dataset} by {protocol} and its learning rate")
    not_chosen = [title(name) for name, cell in of_method.items() if cell and name not in rates]
    tables.check_same(records, ("dataset", "epochs", "batch", "precision", "tensors", "coordinates", "layout"))
    first, ms = records[0], speeds.get("methods", {})
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
    for name, cell in of_method.items():
        published, accuracies = _of_paper(name)
        row = [title(name), *(_quoted(accuracies[place]) for place in places), published]
        if cell:
            tables.check_same(cell, ("recipe",))
            row += [f"{cell[0]['parameters']:,}", multiplications(cell[0])]
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
        *speed_line(speeds),
        *table_parts.other_task(first),
        *backends(of_method),
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


def speed_line(speeds):
    """[a line]: how the speed was measured; speeds: what `speed.read` returns."""
    if not speeds:
        return ["Speed was not measured: --measure-speed does it."]
    names = speeds["backends"]
    fastest = f", the faster of {' and '.join(names)} for each number" if len(names) > 1 else f", {names[0]}"
    return [
        f"Speed: one sequence of {speeds['joints']} joints, {speeds['classes']} classes, training by steps of "
        f"{speeds['batch']} sequences, on {speeds['device']}{fastest}."
    ]
