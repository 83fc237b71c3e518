"""How far MANs-9 is above each measured row of Table 5, over all data sets: a table of the results page."""

from experiments import paired_differences, summary, table5_overview, table_parts
from experiments.compared import measured
from mans_keras.reports import tables

records = table5_overview.records


def table(records):
    """Title, header and rows: a row for each other method that has records, a column for each data set."""
    cells = table5_overview.of_datasets(records)
    header = ["Method", *(f"{summary.NAMES[dataset]} `{measured.PROTOCOLS[dataset]}`" for dataset in cells)]
    rows = []
    for name in measured.NAMES:
        of_method = [(of_dataset[measured.OURS], of_dataset[name]) for of_dataset in cells.values()]
        if name != measured.OURS and any(other for _, other in of_method):
            rows.append([measured.title(name), *(_cell(ours, other) for ours, other in of_method)])
    title = (
        "Points of test accuracy by which MANs-9 is above a network, last epoch, the mean of the test subjects; ± is "
        "half its 95 % interval. In brackets: the runs of the same fold and seed that are compared."
    )
    return "\n".join([title, *table_parts.networks(records)]), header, rows


def _cell(ours, other):
    compared = [record for record, _ in paired_differences.pairs(ours, other)]
    if not compared:
        return "not run"
    return f"{paired_differences.difference(ours, other).over_people} ({tables.number_of_runs(compared)})"
