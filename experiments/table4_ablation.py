"""Table 4: what memory and attention add to the STCM.

Eight rows: the STCM alone (A), MANs without attention (B), with the attention of STA-LSTM (C), and MANs; each with the
blocks of MANs-9 at scale 50 and with DenseNet-161 at scale 224. The paper has them on NTU RGB+D. Two rows more, not in
the paper, with --settings: F_A frozen as it was drawn, as in the released code, and a plain sigmoid gate per frame.
"""

import shlex
import sys

from experiments import common, paper, table_parts
from mans_keras.errors import exit_code
from mans_keras.reports import tables
from mans_keras.training.run import MODELS

EXPERIMENT = "table4_ablation"
SETTINGS = {
    "stcm": {"tarm": False},
    "no-attention": {"attention": None},
    "other-attention": {"attention": "song"},
    "mans": {},
    "frozen-attention": {"attention": "frozen"},
    "frame-gate": {"attention": "gate"},
}
OF_THE_PAPER = ("stcm", "no-attention", "other-attention", "mans")
REMARKS = {
    "no-attention": "no attention",
    "other-attention": "other temporal attention",
    "frozen-attention": "attention frozen at random",
    "frame-gate": "sigmoid gate per frame",
}


def records(results, dataset):
    """The records of this table on a dataset."""
    return tables.records(results, EXPERIMENT, dataset)


def variant(setting, model):
    """The name that records of a row are filed under, e.g. "mans-9", "mans-9-stcm"."""
    return model if setting == "mans" else f"{model}-{setting}"


def row_name(setting, model):
    """The paper's name of a row."""
    name = paper.TABLE5[model][0]
    if setting == "stcm":
        return name.replace("MANs", "STCM") + ("" if name.endswith(")") else " (CNNs)")
    remark = REMARKS.get(setting)
    if remark is None:
        return name
    return f"{name[:-1]}, {remark})" if name.endswith(")") else f"{name} ({remark})"


def table(records, models=()):
    """Title, header and rows of Table 4 on one dataset, from its records; `models` have rows even without any."""
    tables.check_same(records, tables.SAME_IN_A_TABLE)
    dataset = records[0]["dataset"]
    models = [m for m in MODELS if m in models or any(record["model"] == m for record in records)]
    found = table_parts.protocols_of(records)
    header = ["Method", "paper, NTU CS", "paper, NTU CV"]
    for protocol in found:
        header += tables.result_header(dataset, protocol)
    rows, below = [], []
    for model in models:
        for setting in SETTINGS:
            cells = [table_parts.cell(records, variant(setting, model), protocol) for protocol in found]
            if setting not in OF_THE_PAPER and not any(cells):
                continue
            row = [row_name(setting, model), *paper.TABLE4.get((setting, model), ("-", "-"))]
            for protocol, cell in zip(found, cells, strict=True):
                quoted = _paper_value(setting, model, dataset, protocol)
                row += tables.results(cell, quoted and quoted[0])
                below += table_parts.below_the_paper(f"{row[0]}, {protocol}", cell, quoted)
            rows.append(row)
    notes = [] if dataset == "ntu_rgbd" else [table_parts.OTHER_RECORDINGS]
    return table_parts.title("Table 4", records, below, notes), header, rows


def _paper_value(setting, model, dataset, protocol):
    """(accuracy, where from) that the paper has for this dataset, whatever its protocol; or None."""
    if dataset == "ntu_rgbd" and (setting, model) in paper.TABLE4:
        return paper.TABLE4[setting, model][protocol == "cross_view"], f"Table 4, {protocol}"
    return table_parts.of_table5(model, dataset, protocol) if setting == "mans" else None


def variants(models, settings=OF_THE_PAPER):
    """(variant, model, arguments) of the rows."""
    return [(variant(setting, model), model, SETTINGS[setting]) for model in models for setting in settings]


def main():
    parser = common.argument_parser(__doc__, default_models=["mans-9"])
    parser.add_argument(
        "--settings",
        nargs="+",
        choices=SETTINGS,
        default=OF_THE_PAPER,
        metavar="S",
        help=f"rows, of {', '.join(SETTINGS)} (default: the paper's four)",
    )
    args = parser.parse_args()
    common.run_experiment(args, EXPERIMENT, "ntu_rgbd", lambda models: variants(models, args.settings), table)
    if "mans-densenet161" not in args.models:
        again = shlex.join(["python", *sys.argv, "--models", "mans-densenet161"])
        print(
            f"Left out: the 224x224 rows (DenseNet-161). They want tensors of scale 224, and better a GPU:\n  {again}"
        )


if __name__ == "__main__":
    sys.exit(exit_code(main))
