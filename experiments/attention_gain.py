"""Does the attention help? MANs against the other rows of Table 4: paired differences with intervals.

Trains nothing: reads the records of table4_ablation.py on --dataset from --results. The repository's records are in
experiments/results.
"""

import numpy as np

from experiments import common, paired_differences, paper, table_parts
from experiments import table4_ablation as table4
from mans_keras.reports import tables
from mans_keras.skeletons.synthetic.actions import TIME_ONLY_PAIRS

EXPERIMENT = "attention_gain"
records = table4.records


def of_time_only_classes(record):
    """Test accuracy in percent on those classes of the synthetic set that differ only in time."""
    labels = [record["class_names"].index(name) for pair in TIME_ONLY_PAIRS for name in pair]
    true, predicted = (np.array(record["predictions"][name]) for name in ("true", "predicted"))
    time_only = np.isin(true, labels)
    return 100 * np.mean(true[time_only] == predicted[time_only])


def table(records):
    """Title, header and rows: how far each model is above its other rows, protocol by protocol."""
    tables.check_same(records, tables.SAME_IN_A_TABLE)
    first = records[0]
    columns = {"MANs above it": paired_differences.accuracy}
    time_only = {name for pair in TIME_ONLY_PAIRS for name in pair}
    if first["dataset"] == "synthetic" and all(time_only <= set(record["class_names"]) for record in records):
        columns["on the time-only classes"] = of_time_only_classes
    rows = []
    for model in paper.TABLE5:
        for protocol in table_parts.protocols_of(records):
            mans = table_parts.cell(records, model, protocol)
            for setting in table4.settings_of([record for record in records if record["model"] == model]):
                other = table_parts.cell(records, table4.variant(setting, model), protocol)
                if setting == table4.DEFAULT_ATTENTION or not mans or not other:
                    continue
                gains = [
                    text
                    for accuracy in columns.values()
                    for text in paired_differences.difference(mans, other, accuracy).cells()
                ]
                compared = [record for record, _ in paired_differences.pairs(mans, other)]
                rows.append([protocol, table4.row_name(setting, model), *gains, tables.number_of_runs(compared)])
    header = ["Protocol", "row of Table 4"]
    for column in columns:
        header += [column, *paired_differences.HEADER]
    lines = [
        f"MANs over Table 4's other rows on {table_parts.dataset_name(first['dataset'])}: points of test accuracy, "
        f"last epoch, recipe `{first['recipe']['name']}`, {first['epochs']} epochs, batch {first['batch']}, "
        f"{table_parts.preparation(records)}.",
        paired_differences.CAPTION,
        *table_parts.other_task(first),
        *table_parts.networks(records),
    ]
    return "\n".join(lines), [*header, "runs"], rows


main = common.command_of_records(__doc__, EXPERIMENT, records, table)


if __name__ == "__main__":
    main()
