"""Table 4: what memory and attention add to the STCM.

Eight rows: the STCM alone (A), MANs without attention (B), with the attention of STA-LSTM (C), and MANs; each with the
blocks of MANs-9 at scale 50 and with DenseNet-161 at scale 224. The paper has them on NTU RGB+D.
"""

import sys

import common
import paper

from mans_keras import protocols, reports, training
from mans_keras.errors import exit_code

EXPERIMENT = "table4_ablation"
SETTINGS = {
    "stcm": {"tarm": False},
    "no-attention": {"attention": None},
    "other-attention": {"attention": "song"},
    "mans": {"attention": "residual"},
}
STCM_NAMES = {
    "mans-9": "STCM-9 (CNNs)",
    "mans-33": "STCM-33 (CNNs)",
    "mans-61": "STCM-61 (CNNs)",
    "mans-resnet18": "STCM (ResNet-18)",
    "mans-densenet161": "STCM (DenseNet-161)",
}


def variant(setting, model):
    """The name that records of a row are filed under, e.g. "mans-9", "mans-9-stcm"."""
    return model if setting == "mans" else f"{model}-{setting}"


def row_name(setting, model):
    """The paper's name of a row."""
    if setting == "stcm":
        return STCM_NAMES[model]
    name = STCM_NAMES[model].replace(" (CNNs)", "").replace("STCM", "MANs")
    remark = {"no-attention": "no attention", "other-attention": "other temporal attention"}.get(setting)
    if remark is None:
        return name
    return f"{name[:-1]}, {remark})" if name.endswith(")") else f"{name} ({remark})"


def table(records, models=()):
    """Title, header and rows of Table 4 on one dataset, from its records; `models` have rows even without any."""
    reports.check_same(records, reports.SAME_IN_A_TABLE)
    dataset = records[0]["dataset"]
    models = [m for m in training.MODELS if m in models or any(record["model"] == m for record in records)]
    found = [p for p in protocols.of_dataset(dataset) if any(record["protocol"] == p for record in records)]
    header = ["Method", "paper, NTU CS", "paper, NTU CV"]
    for protocol in found:
        header += [f"{dataset} {protocol}, last epoch", "best epoch on test", "runs"]
    rows, below = [], []
    for model in models:
        for setting in SETTINGS:
            quoted = paper.TABLE4.get((setting, model), ("-", "-"))
            row = [row_name(setting, model), *quoted]
            for protocol in found:
                cell = [
                    record
                    for record in records
                    if record["variant"] == variant(setting, model) and record["protocol"] == protocol
                ]
                last = reports.accuracies(cell, "last")
                best = reports.accuracies(cell, "best")
                row += [reports.mean_and_deviation(last), reports.mean_and_deviation(best), len(cell)]
                theirs = _paper_value(setting, model, dataset, protocol)
                if last and theirs and sum(last) / len(last) < theirs[0]:
                    below.append(f"{row[0]}, {protocol}: {row[-3]} where the paper has {theirs[0]:.2f} ({theirs[1]})")
            rows.append(row)
    return _title(records, below), header, rows


def _paper_value(setting, model, dataset, protocol):
    """(accuracy, where from) that the paper has for this dataset, whatever its protocol; or None."""
    if dataset == "ntu_rgbd" and (setting, model) in paper.TABLE4:
        return paper.TABLE4[setting, model][protocol == "cross_view"], f"Table 4, {protocol}"
    quoted = {p: accuracy for (d, p), accuracy in paper.TABLE5[model].items() if d == dataset and setting == "mans"}
    if not quoted:
        return None
    nearest = protocol if protocol in quoted else next(iter(quoted))
    return quoted[nearest], f"Table 5, {nearest}"


def _title(records, below):
    first = records[0]
    dataset = first["dataset"]
    lines = []
    if below:
        lines += ["Below the paper: " + "; ".join(below) + ".", ""]
    name = "SYNTHETIC recordings, which say nothing about real ones" if dataset == common.SYNTHETIC else dataset
    tensors = sorted({f"{record['coordinates']} coordinates, layout {record['layout']}" for record in records})
    lines.append(
        f"Table 4 on {name}: test accuracy in percent, recipe `{first['recipe']['name']}`, {first['epochs']} epochs, "
        f"batch {first['batch']}, {' or '.join(tensors)}."
    )
    if dataset != "ntu_rgbd":
        lines.append("The paper's two columns are on NTU RGB+D, other recordings: compare the order of the rows.")
    classes = paper.CLASSES.get(dataset)
    if classes and len(first["class_names"]) != classes:
        lines.append(
            f"{len(first['class_names'])} classes, where the paper has {classes}: another task than the paper's."
        )
    lines.append("The best epoch is chosen on the test set, a leak: the last epoch is the honest column.")
    return "\n".join(lines)


def main():
    args = common.argument_parser(__doc__, default_models=["mans-9"]).parse_args()
    datasets = {}
    for scale in sorted({training.SCALES[model] for model in args.models}):
        models = [model for model in training.MODELS if model in args.models and training.SCALES[model] == scale]
        tensors = common.open_tensors(args, "ntu_rgbd", scale)
        variants = [(variant(setting, model), model, SETTINGS[setting]) for model in models for setting in SETTINGS]
        common.run_missing(args, common.plan(args, EXPERIMENT, tensors, variants), tensors)
        datasets.setdefault(tensors.dataset, []).extend(models)
    for dataset, models in datasets.items():
        common.show_table(args, EXPERIMENT, dataset, lambda records, models=models: table(records, models))
    if "mans-densenet161" not in args.models:
        given = f"--dataset {tensors.dataset} --data {args.data} --recipe {args.recipe} --results {args.results}"
        protocol = f" --protocol {args.protocol}" if args.protocol else ""
        print(
            "Left out: the four 224x224 rows (DenseNet-161). They want tensors of scale 224, and better a GPU:\n"
            f"  python experiments/table4_ablation.py {given}{protocol} --models mans-densenet161"
        )


if __name__ == "__main__":
    sys.exit(exit_code(main))
