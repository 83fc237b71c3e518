"""The speed of our networks next to that of others: torchvision's, and SGN and ST-GCN of experiments/compared/.

The two sides of a ratio take turns in one process, and the median over the rounds counts. A training step has 8
sequences of noise. The latency is that of one sequence, from a tensor to its scores. torchvision's networks run as
PyTorch runs them by default. They need `pip install -e '.[benchmark]'`; without it, their rows say so.

Takes about 8 minutes on two CPU cores, on which nothing else should run.
"""

import importlib.util
import os
import tempfile
from pathlib import Path

import numpy as np

from experiments import options
from experiments.timing import HEADER, in_process, in_turn, medians, not_measured, over, row
from mans_keras.reports import tables

BATCH = 8
TORCHVISION = {"resnet18": ("MANs (ResNet-18)", 8), "densenet161": ("MANs (DenseNet-161)", 3)}
COMPARED = {"sgn": "SGN", "st-gcn": "ST-GCN"}
ROUNDS = 15


def figures(ours, theirs):
    """The names of the two rows in which a network of ours is compared with another."""
    return f"training step, {ours} over {theirs}, batch {BATCH}", f"latency of one, {ours} over {theirs}"


def rows(names, training, latency):
    """The two rows from seconds (rounds, 2) of a step and of one sequence, ours and theirs; names: of `figures`."""
    compared = []
    for name, seconds, sequences in zip(names, (training, latency), (BATCH, 1), strict=True):
        details = "{:,.1f} over {:,.1f} ms; ".format(*1e3 * medians(seconds))
        details += "{:.1f} and {:.1f} sequences a second".format(*sequences / medians(seconds))
        compared.append(row(name, over(*seconds.T), 1, details))
    return compared


def torch_functions(name, classes, x):
    """(a training step on x, the answers for x, that for its first sequence) of a network of torchvision, as functions.

    x: (batch, height, width, 3), as Keras has it. The optimiser, the loss and the penalty are those of the released
    recipe.
    """
    import torch
    import torchvision

    from mans_keras.training.recipes import RELEASED

    model = getattr(torchvision.models, name)(num_classes=classes)
    rate = {"lr": RELEASED.learning_rate, "momentum": RELEASED.momentum, "nesterov": RELEASED.nesterov}
    optimizer = torch.optim.SGD(model.parameters(), weight_decay=2 * RELEASED.l2, **rate)
    loss = torch.nn.CrossEntropyLoss()
    images = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))
    labels = torch.arange(len(x)) % classes

    def step():
        model.train()
        optimizer.zero_grad()
        loss(model(images), labels).backward()
        optimizer.step()

    @torch.inference_mode()
    def answers(number=None):
        model.eval()
        return model(images[:number]).softmax(dim=1).numpy()

    return step, answers, lambda: answers(1)


def against_torchvision(name):
    """The two rows of a network with a backbone that torchvision has, too: ours without its TARMs."""
    from experiments.benchmark_networks import CLASSES, build, noise, save, stepping
    from mans_keras.recognition.recognizer import Recognizer
    from mans_keras.training import memory

    title, rounds = TORCHVISION[name]
    memory.keep_freed()
    model = build(f"mans-{name}", tarm=False)
    x = noise(model, BATCH)
    their_step, their_answers, their_answer = torch_functions(name, CLASSES, x)
    training = in_turn(stepping(model, BATCH), their_step, rounds=rounds)
    forward = in_turn(lambda: model.predict_on_batch(x), their_answers, rounds=rounds)
    with tempfile.TemporaryDirectory() as folder:
        recognizer = Recognizer(save(model, Path(folder, "m.keras")))
    latency = in_turn(lambda: recognizer.scores(x[:1]), their_answer, rounds=ROUNDS)
    step, answer = rows(figures(f"{title} without TARMs", f"torchvision's {name}"), training, latency)
    step[-1] += "; the same {} without gradients: {:,.1f} over {:,.1f} ms".format(BATCH, *1e3 * medians(forward))
    return [step, answer]


def against_compared():
    """The two rows of MANs-9 next to each network of `COMPARED`; all are compiled as runs compile them."""
    from experiments import compared
    from experiments.benchmark_networks import noise, stepping
    from experiments.compared import measured, speed
    from mans_keras.training import memory

    memory.keep_freed()
    compared.register()
    models = [speed.compiled(name) for name in (measured.OURS, *COMPARED)]
    training = in_turn(*(stepping(model, BATCH) for model in models), rounds=ROUNDS)
    x = noise(models[0], 1)
    latency = in_turn(*(lambda m=m: m.predict_on_batch(x) for m in models), rounds=ROUNDS)
    compared_rows = []
    for place, title in enumerate(COMPARED.values(), start=1):
        pair = [0, place]
        compared_rows += rows(figures("MANs-9", title), training[:, pair], latency[:, pair])
    return compared_rows


@options.command(__doc__, options.results("results/benchmark"))
def main(args):
    load = os.getloadavg()[0]
    measured_rows = in_process(against_compared)
    for name, (title, _) in TORCHVISION.items():
        if importlib.util.find_spec("torchvision"):
            measured_rows += in_process(against_torchvision, name)
        else:
            names = figures(f"{title} without TARMs", f"torchvision's {name}")
            reason = "torchvision is not installed: pip install -e '.[benchmark]'"
            measured_rows += [not_measured(figure, 1, reason) for figure in names]
    from mans_keras.training import machine

    versions = machine.versions()
    if importlib.util.find_spec("torchvision"):
        from importlib.metadata import version

        versions |= {name: version(name) for name in ("torch", "torchvision")}
    listed = ", ".join(f"{name} {number}" for name, number in versions.items() if name != "mans_keras")
    title = f"{machine.device()}; {listed}. Load before the start {load:.1f}, at the end {os.getloadavg()[0]:.1f}."
    print("\n" + tables.write_table(args.results, "compared", title, HEADER, measured_rows))
    print(f"Written to {args.results}")


if __name__ == "__main__":
    main()
