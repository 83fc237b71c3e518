"""Does the attention help? MANs against Table 4's other rows, from its records: paired differences with intervals.

Trains nothing: reads the records of table4_ablation.py under --results on --dataset. The committed ones are in
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
    """Test accuracy in percent, of the synthetic set's classes that only time tells apart."""
    labels = [record["class_names"].index(name) for pair in TIME_ONLY_PAIRS for name in pair]
    true, predicted = (np.array(record["predictions"][name]) for name in ("true", "predicted"))
    asked = np.isin(true, labels)
    return 100 * np.mean(true[asked] == predicted[asked])


def table(found):
    """Title, header and rows: by how much each model is above its own other rows, protocol by protocol."""
    tables.check_same(found, tables.SAME_IN_A_TABLE)
    first = found[0]
    columns = {"MANs above it": paired_differences.accuracy}
    if first["dataset"] == "synthetic":
        columns["on the time-only classes"] = of_time_only_classes
    rows = []
    for model in paper.TABLE5:
        for protocol in table_parts.protocols_of(found):
            ours = table_parts.cell(found, model, protocol)
            for setting in table4.settings_of([record for record in found if record["model"] == model]):
                theirs = table_parts.cell(found, table4.variant(setting, model), protocol)
                if setting == table4.DEFAULT_ATTENTION or not ours or not theirs:
                    continue
                gains = [
                    part
                    for accuracy in columns.values()
                    for part in paired_differences.difference(ours, theirs, accuracy)
                ]
                compared = [record for record, _ in paired_differences.pairs(ours, theirs)]
                rows.append([protocol, table4.row_name(setting, model), *gains, tables.number_of_runs(compared)])
    header = ["Protocol", "row of Table 4"]
    for column in columns:
        header += [column, *paired_differences.HEADER]
    lines = [
        f"MANs over Table 4's other rows on {table_parts.dataset_name(first['dataset'])}: points of test accuracy, "
        f"last epoch, recipe `{first['recipe']['name']}`, {first['epochs']} epochs, batch {first['batch']}, "
        f"{table_parts.preparation(found)}.",
        paired_differences.CAPTION,
        *table_parts.other_task(first),
        *table_parts.networks(found),
    ]
    return "\n".join(lines), [*header, "runs"], rows


main = common.command_of_records(__doc__, EXPERIMENT, records, table)


if __name__ == "__main__":
    main()
