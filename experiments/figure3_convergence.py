"""Figure 3: training and testing error of the four networks of Table 4 over epochs, and where each converges.

Shows the first fold of the first protocol; the paper has cross-subject on NTU RGB+D. With --seeds it shows the mean
over seeds. The runs are those of Table 4: what has a record there is not trained again. Writes PNG and PDF.
"""

from experiments import common, options, paper, table_parts
from experiments import table4_ablation as table4
from mans_keras.errors import InputError
from mans_keras.reports import record_plots, tables
from mans_keras.tensors import protocols

EXPERIMENT = "figure3_convergence"
records = table4.records
RULE = (
    "A run has converged at the first epoch from which its training error stays within one percentage point of its "
    "minimum, up to the last epoch; - if that is the last epoch."
)


def convergence(record):
    """The epoch, from 1, at which a record's training error converges by `RULE`; None if not before its last epoch."""
    accuracy = record["history"]["train_accuracy"]
    unsettled = [epoch for epoch, value in enumerate(accuracy, start=1) if value < max(accuracy) - 0.01]
    epoch = 1 + (unsettled[-1] if unsettled else 0)
    return epoch if epoch < len(accuracy) else None


def curves(records):
    """{row of Table 4: its records}, for the model, the protocol and the fold of the first record."""
    first = records[0]
    same = [r for r in records if all(r[name] == first[name] for name in ("model", "protocol", "fold"))]
    of_setting = {
        setting: [record for record in same if record["variant"] == table4.variant(setting, first["model"])]
        for setting in table4.OF_THE_PAPER
    }
    return {setting: cell for setting, cell in of_setting.items() if cell}


def name(setting, records):
    """A row's name in the legend."""
    return table4.row_name(setting, records[0]["model"])


def draw(records):
    """The figure, from records of one dataset."""
    of_setting = curves(records)
    first = next(iter(of_setting.values()))[0]
    title = f"{table_parts.short_name(first['dataset'])}, {first['fold']}, recipe {first['recipe']['name']}"
    return record_plots.error_curves({name(setting, cell): cell for setting, cell in of_setting.items()}, title)


def save(records, folder):
    """Write the figure into a folder; return the paths."""
    return record_plots.save(draw(records), folder / EXPERIMENT, ("png", "pdf"))


def table(records):
    """Title, header and rows: the epochs of convergence."""
    tables.check_same(records, tables.SAME_IN_A_TABLE)
    header = ["Method", "paper, NTU CS, epoch", "epoch", "test error then", "least test error", "runs"]
    rows = []
    for setting, cell in curves(records).items():
        epochs = [convergence(record) for record in cell]
        # For a run that did not converge: the error at its last epoch.
        errors = [100 * (1 - record["history"]["test_accuracy"][(convergence(record) or 0) - 1]) for record in cell]
        best = 100 - tables.summarize(cell, "best")[0]
        converged = ", ".join("-" if epoch is None else str(epoch) for epoch in epochs)
        mean = f"{sum(errors) / len(errors):.2f}"
        rows.append(
            [name(setting, cell), paper.FIGURE3[setting], converged, mean, f"{best:.2f}", tables.number_of_runs(cell)]
        )
    first = records[0]
    dataset = table_parts.short_name(first["dataset"])
    title = [f"Convergence on {dataset}, {first['fold']}, {first['epochs']} epochs. {RULE}"]
    title += [*table_parts.not_in_the_paper(first["dataset"]), *table_parts.networks(records)]
    return "\n".join(title), header, rows


@options.command(__doc__, *options.of_a_table("mans-9", folds=["0"]))
def main(args):
    from mans_keras.training.run import SCALES

    if len(args.models) > 1:
        raise InputError("--models: Figure 3 shows one model, name only one")
    tensors = common.open_tensors(args, "ntu_rgbd", SCALES[args.models[0]])
    args.protocol = args.protocol or protocols.defaults(tensors.dataset)[0]
    planned = common.plan(args, table4.EXPERIMENT, tensors, table4.variants(args.models))
    common.run_missing(args, planned, tensors)
    model, fold = planned[0].model, planned[0].fold.name
    results = args.results / planned[0].trial
    of_fold = [r for r in records(results, tensors.dataset) if (r["model"], r["fold"]) == (model, fold)]
    folder = results / EXPERIMENT / tensors.dataset
    common.show_table(folder, EXPERIMENT, of_fold, table)
    for path in save(of_fold, folder):
        print(f"Drawn to {path}")


if __name__ == "__main__":
    main()
