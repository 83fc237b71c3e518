"""What the tables share: their titles, their cells, and where our numbers are below the paper's."""

import contextlib
import functools
import json

from experiments import paper
from mans_keras.reports import tables
from mans_keras.tensors import protocols

# The values of a recipe on which the answer of an untrained network depends.
DRAWN_BY = ("alpha", "gru_initializer", "conv_initializer")
OTHER_RECORDINGS = "The paper's columns are on other recordings than these: compare the order of the rows."
NOT_RUN = "not run: there is no record of this row by this protocol."


def cell(records, variant, protocol):
    """The records of one cell of a table."""
    return [record for record in records if (record["variant"], record["protocol"]) == (variant, protocol)]


def protocols_of(records):
    """The protocols that the records of one dataset were made by."""
    known = protocols.of_dataset(records[0]["dataset"])
    recorded = {record["protocol"] for record in records}
    return [*(protocol for protocol in known if protocol in recorded), *sorted(recorded - set(known))]


def of_table5(model, dataset, protocol):
    """(accuracy, its source) of Table 5 on a dataset; by another protocol if the paper lacks this one; or None."""
    quoted = paper.table5(model, dataset, protocol)
    return quoted and (quoted[0], f"Table 5, {quoted[1]}")


def papers_cell(quoted):
    """The cell of a column that quotes Table 5, from what `paper.table5` returned: "100.00 (loocv)", "-" for None."""
    return "-" if quoted is None else f"{quoted[0]:.2f} ({quoted[1]})"


def below_the_paper(name, records, quoted):
    """[a line] if the mean of a cell's records is below the paper's (accuracy, its source), else []."""
    mean, _ = tables.summarize(records, "last")
    if mean is None or quoted is None or mean >= quoted[0]:
        return []
    return [f"{name}: {mean:.2f} where the paper has {quoted[0]:.2f} ({quoted[1]})"]


def short_name(dataset):
    """A dataset's name where there is little room, such as above a figure: the synthetic one is marked."""
    return "SYNTHETIC recordings" if dataset == "synthetic" else dataset


def dataset_name(dataset):
    """A dataset's name as titles of tables have it: the synthetic one is marked, with what that means."""
    return short_name(dataset) + (", which say nothing about real ones" if dataset == "synthetic" else "")


def preparation(records):
    """How the tensors of these records were made."""
    kinds = {f"{record['coordinates']} coordinates, layout {record['layout']}" for record in records}
    return " or ".join(sorted(kinds))


def other_task(record):
    """[a line] if a record has another number of classes than the paper has on its dataset, else []."""
    classes, recorded = paper.CLASSES.get(record["dataset"]), len(record["class_names"])
    if classes in (None, recorded):
        return []
    return [f"{recorded} classes, where the paper has {classes}: another task than the paper's."]


def not_in_the_paper(dataset):
    """[a line] if the paper has no numbers for a dataset, else []; also [] for the synthetic one, marked already."""
    if dataset == "synthetic" or any(dataset == known for known, _ in paper.COLUMNS5):
        return []
    return [f"The paper has no numbers for {dataset}."]


BEST_EPOCH = "The best epoch is chosen on the test set, a leak: the last epoch is the honest column."


def which_epoch(records):
    """How honest the two columns of accuracy are."""
    line = BEST_EPOCH
    looking = sorted({f"`{r['recipe']['name']}`" for r in records if r["recipe"].get("plateau")})
    if looking:
        line += (
            f" With {' and '.join(looking)}, as in the released code, the test loss lowers the rate: a smaller leak."
        )
    return line


def networks(records):
    """[a line] if networks that compute differently made records of one model with the same arguments, else [].

    It names the variants of the records whose network is not the one that most records of their model have.
    """
    from mans_keras.models import fingerprint

    of_model = {}
    for record in records:
        drawn = [record["recipe"].get(name) for name in DRAWN_BY]
        model = json.dumps([record["model"], record["arguments"], drawn, record["backend"]], sort_keys=True)
        of_model.setdefault(model, []).append(record)
    mixed = set()
    for same_model in of_model.values():
        networks = []  # a list of records for each network
        for record in same_model:
            matching = (n for n in networks if fingerprint.same(record.get("fingerprint"), n[0].get("fingerprint")))
            network = next(matching, None)
            if network is None:
                networks.append(network := [])
            network.append(record)
        networks.sort(key=len, reverse=True)
        mixed |= {record["variant"] for network in networks[1:] for record in network}
    return [mixed_networks(mixed)] if mixed else []


def mixed_networks(variants):
    """The line of a table in which records of these variants come from other networks than the rest."""
    return f"MIXES NETWORKS: records of {', '.join(sorted(variants))} are of another network (--retrain repeats them)."


def compared_with_the_code(records):
    """The variants of the records whose network is not the one that the present code builds, and those not compared.

    Builds each network once. Records of another Keras backend, whose weights are drawn differently, can not be
    compared, nor can those of a network that can not be built, e.g. because its attention is not registered here.
    """
    from mans_keras.models import fingerprint, keras
    from mans_keras.training.run import MODELS

    now, differing, not_compared = {}, set(), set()
    for record in records:
        arguments = {name: record["recipe"][name] for name in DRAWN_BY if name in record["recipe"]} | record[
            "arguments"
        ]
        network = json.dumps([record["model"], arguments], sort_keys=True)
        if network not in now and record["backend"] == keras.backend.backend():
            with contextlib.suppress(ValueError, TypeError, KeyError):
                now[network] = fingerprint.fingerprint(functools.partial(MODELS[record["model"]], **arguments))
        if network not in now or record["backend"] != keras.backend.backend():
            not_compared.add(record["variant"])
        elif not fingerprint.same(record.get("fingerprint"), now[network]):
            differing.add(record["variant"])
    return differing, not_compared


def title(name, records, below, notes=()):
    """The text above a table: first what is below the paper, then the data and the settings of its records."""
    first = records[0]
    dataset = first["dataset"]
    lines = ["Below the paper: " + "; ".join(below) + ".", ""] if below else []
    lines.append(
        f"{name} on {dataset_name(dataset)}: test accuracy in percent, recipe `{first['recipe']['name']}`, "
        f"{first['epochs']} epochs, batch {first['batch']}, {preparation(records)}."
    )
    lines += [*not_in_the_paper(dataset), *notes, *other_task(first)]
    lines += [which_epoch(records), *networks(records)]
    return "\n".join(lines)
