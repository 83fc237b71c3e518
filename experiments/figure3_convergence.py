"""Figure 3: training and testing error of the four networks of Table 4 over epochs, and where each converges.

One trial, the first fold of the first protocol, as the paper has cross-subject on NTU RGB+D; with --seeds, the mean
over seeds. The runs are Table 4's: those that it has recorded are not trained again. Writes PNG and PDF.
"""

import sys

from experiments import common, paper, table_parts
from experiments import table4_ablation as table4
from mans_keras.errors import exit_code
from mans_keras.reports import record_plots, tables
from mans_keras.tensors import protocols

EXPERIMENT = "figure3_convergence"
records = table4.records
RULE = (
    "Converged at the first epoch from which the training error stays within one percentage point of the least that "
    "the run reaches, up to its last epoch; - if that is the last epoch."
)


def convergence(record):
    """The epoch, from 1, at which a record's training error converges by `RULE`; None if not before the last one."""
    accuracy = record["history"]["train_accuracy"]
    beyond = [epoch for epoch, value in enumerate(accuracy, start=1) if value < max(accuracy) - 0.01]
    epoch = 1 + (beyond[-1] if beyond else 0)
    return epoch if epoch < len(accuracy) else None


def curves(records):
    """{row of Table 4: its records} of the first model, protocol and fold that there are records of."""
    first = records[0]
    same = [r for r in records if all(r[name] == first[name] for name in ("model", "protocol", "fold"))]
    found = {
        setting: [record for record in same if record["variant"] == table4.variant(setting, first["model"])]
        for setting in table4.OF_THE_PAPER
    }
    return {setting: cell for setting, cell in found.items() if cell}


def name(setting, records):
    """A row's name in the legend."""
    return table4.row_name(setting, records[0]["model"])


def draw(records):
    """The figure, from records of one dataset."""
    found = curves(records)
    first = next(iter(found.values()))[0]
    what = "SYNTHETIC recordings" if first["dataset"] == common.SYNTHETIC else first["dataset"]
    title = f"{what}, {first['fold']}, recipe {first['recipe']['name']}"
    return record_plots.error_curves({name(setting, cell): cell for setting, cell in found.items()}, title)


def save(records, folder):
    """Write the figure into a folder; returns the paths."""
    return record_plots.save(draw(records), folder / EXPERIMENT, ("png", "pdf"))


def table(records):
    """Title, header and rows: the epochs of convergence."""
    tables.check_same(records, tables.SAME_IN_A_TABLE)
    header = ["Method", "paper, NTU CS, epoch", "epoch", "test error then", "least test error", "runs"]
    rows = []
    for setting, cell in curves(records).items():
        epochs = [convergence(record) for record in cell]
        # of a run that did not converge, at its last epoch
        errors = [100 * (1 - record["history"]["test_accuracy"][(convergence(record) or 0) - 1]) for record in cell]
        best = 100 - tables.summarize(cell, "best")[0]
        told = ", ".join("-" if epoch is None else str(epoch) for epoch in epochs)
        mean = f"{sum(errors) / len(errors):.2f}"
        rows.append(
            [name(setting, cell), paper.FIGURE3[setting], told, mean, f"{best:.2f}", tables.number_of_runs(cell)]
        )
    first = records[0]
    what = "SYNTHETIC recordings" if first["dataset"] == common.SYNTHETIC else first["dataset"]
    title = [f"Convergence on {what}, {first['fold']}, {first['epochs']} epochs. {RULE}"]
    title += [*table_parts.not_in_the_paper(first["dataset"]), *table_parts.networks(records)]
    return "\n".join(title), header, rows


def main():
    parser = common.argument_parser(__doc__, default_models=["mans-9"])
    parser.set_defaults(folds=[range(1)])
    args = parser.parse_args()
    tensors = common.open_tensors(args, "ntu_rgbd", common.SCALES[args.models[0]])
    args.protocol = args.protocol or protocols.defaults(tensors.dataset)[0]
    planned = common.plan(args, table4.EXPERIMENT, tensors, table4.variants(args.models[:1]))
    of_another_network = common.run_missing(args, planned, tensors)
    model, fold = planned[0].model, planned[0].fold.name
    results = args.results / planned[0].trial
    of_fold = [r for r in records(results, tensors.dataset) if (r["model"], r["fold"]) == (model, fold)]
    folder = results / EXPERIMENT / tensors.dataset
    title, header, rows = table(of_fold)
    title += common.mixes_networks(title, of_another_network)
    print("\n" + tables.write_table(folder, EXPERIMENT, title, header, rows))
    for path in save(of_fold, folder):
        print(f"Drawn to {path}")


if __name__ == "__main__":
    sys.exit(exit_code(main))
