"""What the attention weights do: F_A (Eq. 8) on the test sequences, from the records of Table 4.

Trains nothing: reads the records of table4_ablation.py on --dataset from --results. The repository's records are in
experiments/results. Records of older versions do not hold the weights, and are left out.
"""

import numpy as np

from experiments import common, paper, table_parts
from experiments import table4_ablation as table4
from mans_keras.reports import tables
from mans_keras.training.records import ATTENTION

EXPERIMENT = "attention_weights"
HEADER = ["Protocol", "row of Table 4", "mean", "over frames", "lowest", "highest", "runs"]


def records(results, dataset):
    """The records of Table 4 on a dataset that hold attention weights."""
    return [record for record in table4.records(results, dataset) if "attention" in record]


def weights(cell):
    """[mean, over frames, lowest, highest] of the runs of a cell."""
    of_runs = {name: [record["attention"][name] for record in cell] for name in ATTENTION}
    mean, over_frames = np.mean(of_runs["mean"]), np.mean(of_runs["over_frames"])
    return [f"{value:.3f}" for value in (mean, over_frames, min(of_runs["lowest"]), max(of_runs["highest"]))]


def table(records):
    """Title, header and rows: the weights of each model and attention, protocol by protocol."""
    tables.check_same(records, tables.SAME_IN_A_TABLE)
    rows = []
    for model in paper.TABLE5:
        for protocol in table_parts.protocols_of(records):
            for setting in table4.settings_of([record for record in records if record["model"] == model]):
                cell = table_parts.cell(records, table4.variant(setting, model), protocol)
                if cell:
                    row = [protocol, table4.row_name(setting, model), *weights(cell), tables.number_of_runs(cell)]
                    rows.append(row)
    first = records[0]
    lines = [
        f"Attention weights F_A on {table_parts.dataset_name(first['dataset'])}: all frames and coordinates of all "
        f"test sequences, after the last epoch, recipe `{first['recipe']['name']}`, {first['epochs']} epochs, batch "
        f"{first['batch']}, {table_parts.preparation(records)}.",
        "'over frames' is the standard deviation over the frames of a sequence, the mean over sequences and "
        "coordinates: attention that treats all frames alike has 0. 'lowest' and 'highest' are of all runs.",
    ]
    return "\n".join(lines), HEADER, rows


main = common.command_of_records(__doc__, EXPERIMENT, records, table)


if __name__ == "__main__":
    main()
