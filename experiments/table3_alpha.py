"""Table 3: the ratio alpha of Eq. 8, from 4 to 32. The paper has MANs (ResNet-18) on one trial of HDM05.

The default model is MANs-9, which needs no GPU; --models mans-resnet18 is that of the paper. The trial is the first
fold of the protocol; --folds chooses others.
"""

from experiments import common, options, paper, table_parts
from mans_keras.reports import tables

EXPERIMENT = "table3_alpha"
DATASET = "hdm05"
OTHER_MODEL = "The paper's column is of another model or on other recordings than these: compare the order of the rows."


def variant(model, alpha):
    """The name under which the records of a row are filed; that of alpha 16, the default, is the model's name."""
    return model if alpha == 16 else f"{model}-alpha{alpha}"


def variants(models):
    """(variant, model, arguments) of the rows."""
    return [
        (variant(model, alpha), model, {} if alpha == 16 else {"alpha": alpha})
        for model in models
        for alpha in paper.TABLE3
    ]


def table(records, models=()):
    """Title, header and rows of Table 3 on one dataset, from its records; `models` have rows even without records."""
    tables.check_same(records, tables.SAME_IN_A_TABLE)
    dataset = records[0]["dataset"]
    models = [m for m in paper.TABLE5 if m in models or any(record["model"] == m for record in records)]
    protocols = table_parts.protocols_of(records)
    header = ["alpha", "Method", "paper, MANs (ResNet-18) on HDM05"]
    for protocol in protocols:
        header += tables.result_header(dataset, protocol)
    rows, below = [], []
    for model in models:
        comparable = dataset == DATASET and model == "mans-resnet18"
        for alpha, of_the_paper in paper.TABLE3.items():
            quoted = (of_the_paper, "Table 3") if comparable else None
            row = [alpha, paper.TABLE5[model][0], of_the_paper]
            for protocol in protocols:
                cell = table_parts.cell(records, variant(model, alpha), protocol)
                row += tables.results(cell, quoted and of_the_paper)
                below += table_parts.below_the_paper(f"alpha {alpha}, {protocol}", cell, quoted)
            rows.append(row)
    notes = [] if dataset == DATASET and models == ["mans-resnet18"] else [OTHER_MODEL]
    return table_parts.title("Table 3", records, below, notes), header, rows


@options.command(__doc__, *options.of_a_table("mans-9", folds=["0"]))
def main(args):
    common.run_experiment(args, EXPERIMENT, DATASET, variants, table)


if __name__ == "__main__":
    main()
