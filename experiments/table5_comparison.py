"""Table 5: our five models beside the paper's, below the eleven methods that it quotes.

One dataset a command, each with its own protocol, batch and epochs. The default model is MANs-9; --models takes all
five. NTU RGB+D is the default dataset.
"""

from experiments import common, options, paper, table_parts
from mans_keras.reports import tables

EXPERIMENT = "table5_comparison"


def variants(models):
    """(variant, model, arguments) of the rows."""
    return [(model, model, {}) for model in models]


def _millions(cells):
    counts = {record["parameters"] for cell in cells for record in cell}
    return f"{min(counts) / 1e6:.2f}M" if len(counts) == 1 else "not run"


def table(records, models=()):
    """Title, header and rows of Table 5 on one dataset, from its records; all five models have a row.

    The parameters of ours depend on the number of classes, and so on the dataset.
    """
    tables.check_same(records, tables.SAME_IN_A_TABLE)
    dataset = records[0]["dataset"]
    found = table_parts.protocols_of(records)
    columns = [column for column in paper.COLUMNS5 if column[0] == dataset] or [
        column for column in paper.COLUMNS5 if column[0] == "ntu_rgbd"
    ]
    places = [paper.COLUMNS5.index(column) for column in columns]
    header = ["Method", "#param, paper", "#param", *(f"paper, {' '.join(column)}" for column in columns)]
    for protocol in found:
        header += tables.result_header(dataset, protocol)
    rows, below = [], []
    for name, (parameters, accuracies) in paper.PUBLISHED.items():
        quoted = ["-" if accuracies[place] is None else accuracies[place] for place in places]
        rows.append([f"{name}, quoted", parameters or "-", "-", *quoted, *["-"] * 4 * len(found)])
    for model, (name, parameters, accuracies) in paper.TABLE5.items():
        cells = [table_parts.cell(records, model, protocol) for protocol in found]
        row = [name, parameters, _millions(cells), *(accuracies[place] for place in places)]
        for protocol, cell in zip(found, cells, strict=True):
            quoted = table_parts.of_table5(model, dataset, protocol)
            row += tables.results(cell, quoted and quoted[0])
            below += table_parts.below_the_paper(f"{name}, {protocol}", cell, quoted)
        rows.append(row)
    notes = ["Rows marked as quoted are as the paper quotes them: nobody ran them here."]
    notes += [] if columns[0][0] == dataset else [table_parts.OTHER_RECORDINGS]
    return table_parts.title("Table 5", records, below, notes), header, rows


@options.command(__doc__, *options.of_a_table("mans-9"))
def main(args):
    common.run_experiment(args, EXPERIMENT, "ntu_rgbd", variants, table)


if __name__ == "__main__":
    main()
