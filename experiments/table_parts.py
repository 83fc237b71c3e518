"""What the tables share: their titles, their cells, and where ours is below the paper's."""

import json

from experiments import paper
from mans_keras.models import fingerprint
from mans_keras.reports import tables
from mans_keras.tensors import protocols

OTHER_RECORDINGS = "The paper's columns are on other recordings than these: compare the order of the rows."


def cell(records, variant, protocol):
    """The records of one cell of a table."""
    return [record for record in records if (record["variant"], record["protocol"]) == (variant, protocol)]


def protocols_of(records):
    """The protocols that the records of one dataset were made by."""
    known = protocols.of_dataset(records[0]["dataset"])
    return [protocol for protocol in known if any(record["protocol"] == protocol for record in records)]


def of_table5(model, dataset, protocol):
    """(accuracy, where from) of Table 5 on this dataset, by another protocol if it has not this one; or None."""
    quoted = paper.table5(model, dataset, protocol)
    return quoted and (quoted[0], f"Table 5, {quoted[1]}")


def below_the_paper(name, records, quoted):
    """[a line] if the mean of a cell's records is below the paper's (accuracy, where from), else []."""
    mean, _ = tables.summarize(records, "last")
    if mean is None or quoted is None or mean >= quoted[0]:
        return []
    return [f"{name}: {mean:.2f} where the paper has {quoted[0]:.2f} ({quoted[1]})"]


def shown(dataset):
    """A dataset's name; what is synthetic is called so."""
    return "SYNTHETIC recordings, which say nothing about real ones" if dataset == "synthetic" else dataset


def preparation(records):
    """How the tensors of these records were made."""
    found = {f"{record['coordinates']} coordinates, layout {record['layout']}" for record in records}
    return " or ".join(sorted(found))


def other_task(record):
    """[a line] if a record has not as many classes as the paper has of its dataset, else []."""
    classes, found = paper.CLASSES.get(record["dataset"]), len(record["class_names"])
    if classes in (None, found):
        return []
    return [f"{found} classes, where the paper has {classes}: another task than the paper's."]


def not_in_the_paper(dataset):
    """[a line] if the paper has no numbers for a data set, else []; the name of the synthetic one says enough."""
    if dataset == "synthetic" or any(dataset == known for known, _ in paper.COLUMNS5):
        return []
    return [f"The paper has no numbers for {dataset}."]


def which_epoch(records):
    """What the two columns of accuracy are worth."""
    line = "The best epoch is chosen on the test set, a leak: the last epoch is the honest column."
    looking = sorted({f"`{r['recipe']['name']}`" for r in records if r["recipe"].get("plateau")})
    if looking:
        line += f" By {' and '.join(looking)}, as in the released code, the test loss lowers the rate: a smaller leak."
    return line


def networks(records):
    """[a line] if records of one model, with the same arguments, were made by networks that compute differently.

    It names the variants of those records that are not of the network that most records of their model are of.
    """
    of_model = {}
    for record in records:
        drawn = [record["recipe"].get(name) for name in ("alpha", "gru_initializer", "conv_initializer")]
        model = json.dumps([record["model"], record["arguments"], drawn, record["backend"]], sort_keys=True)
        of_model.setdefault(model, []).append(record)
    mixed = set()
    for same_model in of_model.values():
        networks = []  # of records each
        for record in same_model:
            is_of = (n for n in networks if fingerprint.same(record.get("fingerprint"), n[0].get("fingerprint")))
            network = next(is_of, None)
            if network is None:
                networks.append(network := [])
            network.append(record)
        networks.sort(key=len, reverse=True)
        mixed |= {record["variant"] for network in networks[1:] for record in network}
    return [mixed_networks(mixed)] if mixed else []


def mixed_networks(variants):
    """The line of a table in which records of these variants are of other networks than the rest."""
    return (
        f"MIXES NETWORKS: records of {', '.join(sorted(variants))} are of another network (--retrain trains them anew)."
    )


def title(name, records, below, notes=()):
    """What stands above a table: first what is below the paper, then the data and the settings of its records."""
    first = records[0]
    dataset = first["dataset"]
    lines = ["Below the paper: " + "; ".join(below) + ".", ""] if below else []
    lines.append(
        f"{name} on {shown(dataset)}: test accuracy in percent, recipe `{first['recipe']['name']}`, "
        f"{first['epochs']} epochs, batch {first['batch']}, {preparation(records)}."
    )
    lines += [*not_in_the_paper(dataset), *notes, *other_task(first)]
    lines += [which_epoch(records), *networks(records)]
    return "\n".join(lines)
