"""ResNet-18 and DenseNet-161 of torch's modules."""

from collections import OrderedDict

import numpy as np
import torch
from torch import nn


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)


class Residual(nn.ModuleDict):
    def __init__(self, inputs, outputs, stride):
        super().__init__({"1_conv": conv(inputs, outputs, 3, stride), "1_bn": nn.BatchNorm2d(outputs)})
        self.update({"2_conv": conv(outputs, outputs, 3), "2_bn": nn.BatchNorm2d(outputs)})
        if inputs != outputs:
            self.update({"0_conv": conv(inputs, outputs, 1, stride), "0_bn": nn.BatchNorm2d(outputs)})

    def forward(self, x):
        shortcut = self["0_bn"](self["0_conv"](x)) if "0_conv" in self else x
        x = self["1_bn"](self["1_conv"](x)).relu()
        return (shortcut + self["2_bn"](self["2_conv"](x))).relu()


def bn_relu_conv(inputs, outputs, kernel, name=""):
    return {
        f"{name}bn": nn.BatchNorm2d(inputs, eps=1.1e-5),
        f"{name}relu": nn.ReLU(),
        f"{name}conv": conv(inputs, outputs, kernel),
    }


class DenseLayer(nn.Sequential):
    def __init__(self, inputs, growth):
        layers = bn_relu_conv(inputs, 4 * growth, 1, "1_") | bn_relu_conv(4 * growth, growth, 3, "2_")
        super().__init__(OrderedDict(layers))

    def forward(self, x):
        return torch.cat([x, super().forward(x)], dim=1)


def stem(filters, epsilon):
    return {
        "conv1_conv": conv(3, filters, 7, stride=2),
        "conv1_bn": nn.BatchNorm2d(filters, epsilon),
        "conv1_relu": nn.ReLU(),
        "pool1": nn.MaxPool2d(3, stride=2, padding=1),
    }


def average_pool():
    return {"average_pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten()}


def resnet18():
    parts, channels = stem(64, 1e-5), 64
    for stage, filters in enumerate((64, 128, 256, 512), start=2):
        for block in (1, 2):
            stride = 1 if channels == filters else 2
            parts[f"conv{stage}_block{block}"] = Residual(channels, filters, stride)
            channels = filters
    return nn.Sequential(OrderedDict(parts | average_pool()))


def densenet161():
    parts, channels = stem(96, 1.1e-5), 96
    for stage, blocks in enumerate((6, 12, 36, 24), start=2):
        if stage > 2:
            transition = bn_relu_conv(channels, channels // 2, 1) | {"pool": nn.AvgPool2d(2)}
            parts[f"pool{stage - 1}"] = nn.Sequential(OrderedDict(transition))
            channels //= 2
        for block in range(1, blocks + 1):
            parts[f"conv{stage}_block{block}"] = DenseLayer(channels, 48)
            channels += 48
    last = {"last_bn": nn.BatchNorm2d(channels, eps=1.1e-5), "last_relu": nn.ReLU()}
    return nn.Sequential(OrderedDict(parts | last | average_pool()))


def with_weights_of(model, network):
    """Torch's network with the weights of our model: modules are named as our layers, but for dots."""
    weights = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            (kernel,) = weights.pop(name.replace(".", "_"))
            copies = {module.weight: kernel.transpose(3, 2, 0, 1)}
        elif isinstance(module, nn.BatchNorm2d):
            to = (module.weight, module.bias, module.running_mean, module.running_var)
            copies = dict(zip(to, weights.pop(name.replace(".", "_")), strict=True))
        else:
            continue
        for to, values in copies.items():
            assert to.shape == values.shape
            to.data.copy_(torch.from_numpy(np.ascontiguousarray(values)))
    assert not weights
    return network.eval()
