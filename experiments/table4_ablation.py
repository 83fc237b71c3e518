"""Table 4: what memory and attention add to the STCM.

The paper has four rows: the STCM alone (A, stcm), MANs without attention (B, no-attention), MANs with the temporal
attention of STA-LSTM (C, song), and MANs (residual). Each is trained with the blocks of MANs-9 at scale 50 and with
DenseNet-161 at scale 224, on NTU RGB+D.

--settings chooses the rows. Every attention that is registered has a row: frozen is the paper's attention with random
weights that are never trained, as in the released code; weighted has a learned weight for each unit instead of the mean
of Eq. 6; gate is a sigmoid of each frame alone. For an attention of your own, name its Python file, e.g. --settings
residual own.py.
"""

import functools

import click

from experiments import common, options, paper, table_parts
from mans_keras.reports import tables

EXPERIMENT = "table4_ablation"
OF_THE_PAPER = ("stcm", "no-attention", "song", "residual")
WITHOUT_ATTENTION = {"stcm": {"tarm": False}, "no-attention": {"attention": None}}
DEFAULT_ATTENTION = "residual"
REMARKS = {
    "no-attention": "no attention",
    "song": "other temporal attention",
    "frozen": "attention frozen at random",
    "gate": "sigmoid gate per frame",
    "weighted": "units weighted instead of averaged, Eq. 6",
}


def settings():
    """The names of all rows that can be trained: the paper's four, then the other registered attentions."""
    from mans_keras.models.attention import ATTENTIONS

    return list(dict.fromkeys([*OF_THE_PAPER, *ATTENTIONS]))


def records(results, dataset):
    """The records of this table on a dataset."""
    return tables.records(results, EXPERIMENT, dataset)


def variant(setting, model):
    """The name under which the records of a row are filed, e.g. "mans-9", "mans-9-stcm"."""
    return model if setting == DEFAULT_ATTENTION else f"{model}-{setting}"


def variants(models, settings=OF_THE_PAPER):
    """(variant, model, arguments) of the rows."""
    return [(variant(setting, model), model, arguments(setting)) for model in models for setting in settings]


def arguments(setting):
    """The arguments of a row's model; those of MANs as they are by default are none."""
    if setting == DEFAULT_ATTENTION:
        return {}
    return WITHOUT_ATTENTION.get(setting, {"attention": setting})


def settings_of(records, settings=()):
    """The names of the rows that were asked for or have records: the paper's first, then in alphabetical order."""
    names = {r["variant"].removeprefix(r["model"]).removeprefix("-") or DEFAULT_ATTENTION for r in records} | {
        *settings
    }
    return [*(name for name in OF_THE_PAPER if name in names), *sorted(names - set(OF_THE_PAPER))]


def row_name(setting, model):
    """The name of a row, as in the paper."""
    name = paper.TABLE5[model][0]
    if setting == "stcm":
        return name.replace("MANs", "STCM") + ("" if name.endswith(")") else " (CNNs)")
    if setting == DEFAULT_ATTENTION:
        return name
    remark = REMARKS.get(setting, f"attention {setting}")
    return f"{name[:-1]}, {remark})" if name.endswith(")") else f"{name} ({remark})"


def table(records, models=(), settings=()):
    """Title, header and rows of Table 4 on one dataset, from its records.

    models, settings: those that were asked for, which have rows even without records.
    """
    tables.check_same(records, tables.SAME_IN_A_TABLE)
    dataset = records[0]["dataset"]
    models = [m for m in paper.TABLE5 if m in models or any(record["model"] == m for record in records)]
    protocols = table_parts.protocols_of(records)
    header = ["Method", "paper, NTU CS", "paper, NTU CV"]
    for protocol in protocols:
        header += tables.result_header(dataset, protocol)
    rows, below = [], []
    for model in models:
        for setting in settings_of([record for record in records if record["model"] == model], settings):
            row = [row_name(setting, model), *paper.TABLE4.get((setting, model), ("-", "-"))]
            for protocol in protocols:
                cell = table_parts.cell(records, variant(setting, model), protocol)
                quoted = _paper_value(setting, model, dataset, protocol)
                row += tables.results(cell, quoted and quoted[0])
                below += table_parts.below_the_paper(f"{row[0]}, {protocol}", cell, quoted)
            rows.append(row)
    notes = [] if dataset == "ntu_rgbd" else [table_parts.OTHER_RECORDINGS]
    notes += [table_parts.NOT_RUN] if any("not run" in row for row in rows) else []
    return table_parts.title("Table 4", records, below, notes), header, rows


def _paper_value(setting, model, dataset, protocol):
    """The paper's (accuracy, its source) on this dataset, by another protocol if need be; None if it has none."""
    if dataset == "ntu_rgbd" and (setting, model) in paper.TABLE4:
        return paper.TABLE4[setting, model][protocol == "cross_view"], f"Table 4, {protocol}"
    return table_parts.of_table5(model, dataset, protocol) if setting == DEFAULT_ATTENTION else None


def chosen_settings(names):
    """The names of rows that --settings chooses; a file that registers attentions stands for their names.

    Raises `click.BadParameter` for an unknown name, and `InputError` for a file that registers no attention.
    """
    from mans_keras.models.extensions import load_extension

    chosen = []
    for name in names:
        chosen += load_extension(name) if name.endswith(".py") else [name]
    if unknown := [name for name in chosen if name not in settings()]:
        raise click.BadParameter(f"{unknown[0]!r} is not one of {', '.join(settings())}", param_hint="--settings")
    return list(dict.fromkeys(chosen))


SETTINGS = click.Option(
    ["--settings"],
    multiple=True,
    default=OF_THE_PAPER,
    metavar="S...",
    help="The rows to train: stcm, no-attention, attentions such as song, residual, frozen, weighted, gate, or Python "
    "files with your own.",
)


@options.command(__doc__, *options.of_a_table("mans-9"), SETTINGS)
def main(args):
    names = chosen_settings(args.settings)
    table_of_settings = functools.partial(table, settings=names)
    common.run_experiment(args, EXPERIMENT, "ntu_rgbd", lambda models: variants(models, names), table_of_settings)
    if click.get_current_context().get_parameter_source("models") is click.core.ParameterSource.DEFAULT:
        print(
            "The rows of DenseNet-161 are left out: --models mans-densenet161 trains them. They need tensors of scale "
            "224, and a GPU is better."
        )


if __name__ == "__main__":
    main()
