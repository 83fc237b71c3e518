"""The measured rows of Table 5 over all data sets: the accuracy of each method, its size and its speed.

Trains nothing: reads what `table5_comparison.py --measured` has written to --results. The repository's records are in
experiments/results. The speed is the repository's, whatever --results is.
"""

import functools
from pathlib import Path

from experiments import common, compared, summary, table_parts
from experiments.compared import measured, measured_table, speed
from mans_keras.reports import tables
from mans_keras.training import recipes

EXPERIMENT = "table5_overview"


def records(results, dataset="all"):
    """The records of every row, of one dataset or of all."""
    return [
        record
        for name in measured.PROTOCOLS
        if dataset in ("all", name)
        for record in tables.records(Path(results, recipes.BEST.name), measured.EXPERIMENT, name)
    ]


def of_datasets(records):
    """{data set: {method: its records}} of the data sets that have records."""
    return {
        dataset: measured.cells([record for record in records if record["dataset"] == dataset], protocol)
        for dataset, protocol in measured.PROTOCOLS.items()
        if any(record["dataset"] == dataset for record in records)
    }


def table(records):
    """Title, header and rows: a row for each method, a column for each data set that has records."""
    compared.register()  # so that the records can be compared with the code's networks
    tables.check_same(records, ("epochs", "precision", "coordinates", "layout"))
    cells = of_datasets(records)
    speeds = speed.read(common.RESULTS)
    ms = speeds.get("methods", {})
    header = ["Method", "#param", "multiplications", "training, ms a sequence", "latency of one, ms"]
    header += [f"{summary.NAMES[dataset]} `{measured.PROTOCOLS[dataset]}`" for dataset in cells]
    rows = []
    for name in measured.NAMES:
        several = [of_method[name] for of_method in cells.values()]
        times = [f"{ms[name][which]:.1f}" if name in ms else "not measured" for which in ("training", "latency")]
        rows.append([measured.title(name), *_size(name), *times, *map(_accuracy, several)])
    of_method = {name: [r for of_method in cells.values() for r in of_method[name]] for name in measured.NAMES}
    lines = [
        f"Test accuracy in percent at the last epoch, recipe `best`, {records[0]['epochs']} epochs, a learning rate "
        f"for each method, {table_parts.preparation(records)}. In brackets: runs.",
        f"Parameters and multiplications are those for {speed.JOINTS} joints and {speed.CLASSES} classes.",
        *measured_table.speed_line(speeds),
        *measured_table.backends(of_method),
        *table_parts.networks(records),
    ]
    return "\n".join(lines), header, rows


@functools.cache
def _size(name):
    from experiments.compared.operations import multiplications
    from mans_keras import MANs9

    ours = name == measured.OURS
    network = MANs9(speed.CLASSES) if ours else compared.build(name, speed.CLASSES, joints=speed.JOINTS)
    return f"{network.count_params() / 1e6:.2f}M", f"{multiplications(network) / 1e6:.1f}M"


def _accuracy(cell):
    return f"{tables.mean_and_deviation(cell, 'last')} ({tables.number_of_runs(cell)})" if cell else "not run"


main = common.command_of_records(__doc__, EXPERIMENT, records, table, dataset="all")


if __name__ == "__main__":
    main()
