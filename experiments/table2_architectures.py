"""Table 2: the architectures, read off the Keras models, next to the paper's. Nothing is trained.

Cells that differ from the paper's are marked. A second table has the parameters and floating-point operations of all
five models. The paper counts the parameters for the 60 classes of NTU RGB+D.
"""

import itertools
import math

import click

import mans_keras
from experiments import options, paper
from mans_keras.reports import tables

EXPERIMENT = "table2_architectures"
DIFFERS = " (differs)"
STACKED = ("MANs-9", "MANs-33", "MANs-61")


def cells(model):
    """{(module, output size, position): text} of a MANs-n as built; position counts the cells of that size."""
    from keras import layers

    texts = {}

    def add(module, size, text):
        texts[module, size, sum(key[:2] == (module, size) for key in texts)] = text

    tarms = [layer for layer in model.layers if isinstance(layer, mans_keras.TARM)]
    add("TARM", _size(tarms[0]), f"{tarms[0].units}x2")
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D) and layer.kernel_size != (1, 1)]
    for (size, filters, kernel), group in itertools.groupby(convolutions, _convolution):
        group = list(group)
        if len(group) == 1:
            stride = group[0].strides[0]
            add("STCM", size, f"{kernel}, {filters}" + (f", stride {stride}" if stride > 1 else ""))
        else:
            add("STCM", size, f"[{kernel}, {filters}; {kernel}, {filters}] x {len(group) / 2:g}")
    *_, pooled, output = model.layers
    if isinstance(pooled, layers.GlobalAveragePooling2D) and isinstance(output, layers.Dense):
        add("STCM", "1x1", f"Average Pooling, FC, {output.activation.__name__.capitalize()}")
    return texts


def _size(layer):
    return "x".join(str(length) for length in layer.output.shape[1:3])


def _convolution(layer):
    return _size(layer), layer.filters, "x".join(map(str, layer.kernel_size))


def flops(model):
    """Floating-point operations of one sample's forward pass; a multiplication and an addition count as two.

    Counts dense layers, convolutions and recurrences. The rest (normalisation, activations, sums) is below 2 %.
    """
    return sum(_flops(layer) for layer in model.layers)


def _flops(layer):
    from keras import layers

    if isinstance(layer, mans_keras.TARM):
        _, frames, joints = layer.output.shape
        units = layer.units
        gates = 2 * 3 * (units + units) * units * 2  # both directions; input and hidden state to three gates
        bottleneck = 4 * frames * (frames // layer.alpha) if layer.attention == "residual" else 0
        return frames * (2 * 2 * joints * units + gates) + bottleneck
    if isinstance(layer, layers.Conv2D):
        return 2 * math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
    if isinstance(layer, layers.Dense):
        return 2 * math.prod(layer.kernel.shape)
    return 0


def table(models):
    """Title, header and rows of Table 2; models: {name: model} for some of the three MANs-n."""
    built = [cells(model) for model in models.values()]
    header = ["Module", "Output size", *itertools.chain(*((f"{name}, paper", name) for name in models))]
    rows, sizes = [], []
    for module, size, quoted in paper.TABLE2:
        key = (module, size, sizes.count((module, size)))
        sizes.append((module, size))
        row = [module, size]
        for name, texts in zip(models, built, strict=True):
            of_the_paper = quoted[STACKED.index(name)]
            text = texts.pop(key, "missing")
            row += [of_the_paper, text if text == of_the_paper else text + DIFFERS]
        rows.append(row)
    for key in dict.fromkeys(key for texts in built for key in texts):
        row = [*key[:2]]
        for texts in built:
            row += ["-", texts[key] + DIFFERS if key in texts else "-"]
        rows.append(row)
    differing = sum(DIFFERS in str(cell) for row in rows for cell in row)
    return f"Table 2, as built; {differing} cells differ from the paper's.", header, rows


def sizes(models):
    """Title, header and rows: parameters and operations; models: {model's name in the options: model}."""
    from mans_keras.training.run import SCALES

    header = ["Model", "scale", "parameters, paper", "parameters", "GFLOPs, forward", "of the TARMs"]
    rows = []
    for key, model in models.items():
        name, parameters, _ = paper.TABLE5[key]
        of_tarms = sum(_flops(layer) for layer in model.layers if isinstance(layer, mans_keras.TARM))
        total = flops(model)
        counts = (f"{model.count_params():,}", f"{total / 1e9:.2f}", f"{100 * of_tarms / total:.1f} %")
        rows.append([name, SCALES[key], parameters, *counts])
    classes = next(iter(models.values())).output.shape[-1]
    title = (
        f"Parameters (with the moving statistics of batch normalisation) and operations per sample, {classes} classes."
    )
    return title, header, rows


@options.command(
    __doc__,
    options.models(*paper.TABLE5),
    click.Option(["--classes"], type=options.COUNT, metavar="N", default=60, help="Units of the softmax layer."),
    options.results(),
)
def main(args):
    from mans_keras.training.run import MODELS

    models = {key: MODELS[key](args.classes) for key in MODELS if key in args.models}
    named = {paper.TABLE5[key][0]: model for key, model in models.items()}
    stacked = {name: model for name, model in named.items() if name in STACKED}
    folder = args.results / EXPERIMENT
    if stacked:
        print(tables.write_table(folder, EXPERIMENT, *table(stacked)))
    print(tables.write_table(folder, "sizes", *sizes(models)))
    print(f"Written to {folder}")


if __name__ == "__main__":
    main()
