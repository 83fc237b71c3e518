"""CNNs for the STCM at scale 224: ResNet-18 and DenseNet-161, in the manner of `keras.applications`.

`keras.applications` has neither of them. `application` builds those that it has, by their names.
"""

import inspect

import keras
from keras import layers


def _conv(x, filters, kernel, stride, conv, name):
    # At stride 2 and an even size, "same" pads the far side more than the near side. At stride 1 it pads both alike.
    padding = "same"
    if stride > 1 and kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
        padding = "valid"
    options = {"strides": stride, "padding": padding, "use_bias": False, "name": f"{name}_conv"}
    return layers.Conv2D(filters, kernel, **options, **conv)(x)


def _bn(x, epsilon, name):
    return layers.BatchNormalization(epsilon=epsilon, name=f"{name}_bn")(x)


def _stem(image, filters, epsilon, conv):
    """7x7 convolution and 3x3 max pooling, both of stride 2: (batch, T, N, 3) -> (batch, T/4, N/4, filters)."""
    x = _bn(_conv(image, filters, 7, 2, conv, "conv1"), epsilon, "conv1")
    x = layers.ReLU(name="conv1_relu")(x)
    # The released code pads with zeros, torch with -inf. After ReLU, the maximum is the same.
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1")(x)


def resnet18(image: keras.KerasTensor, **conv) -> keras.KerasTensor:
    """ResNet-18 (He et al., CVPR 2016, Table 1) up to its average pool: (batch, T, N, 3) -> (batch, 512).

    Padding and the epsilon of batch normalisation are torchvision's. `conv`: arguments of every convolution
    (initialiser, regulariser).
    """
    epsilon = 1e-5
    x = _stem(image, 64, epsilon, conv)
    for stage, filters in enumerate((64, 128, 256, 512), start=2):
        for block in (1, 2):
            name = f"conv{stage}_block{block}"
            stride = 2 if stage > 2 and block == 1 else 1
            shortcut = x
            if x.shape[-1] != filters:
                shortcut = _bn(_conv(x, filters, 1, stride, conv, f"{name}_0"), epsilon, f"{name}_0")
            x = _bn(_conv(x, filters, 3, stride, conv, f"{name}_1"), epsilon, f"{name}_1")
            x = layers.ReLU(name=f"{name}_1_relu")(x)
            x = _bn(_conv(x, filters, 3, 1, conv, f"{name}_2"), epsilon, f"{name}_2")
            x = layers.Add(name=f"{name}_add")([shortcut, x])
            x = layers.ReLU(name=f"{name}_out")(x)
    return layers.GlobalAveragePooling2D(name="average_pool")(x)


def densenet161(image: keras.KerasTensor, **conv) -> keras.KerasTensor:
    """DenseNet-161 (Huang et al., CVPR 2017) up to its average pool: (batch, T, N, 3) -> (batch, 2208).

    Growth 48, a stem of 96 filters, blocks of 6-12-36-24, bottlenecks of 4 x growth, compression 0.5. Padding, which is
    torchvision's too, and the epsilon of batch normalisation are those of the released MANs. Its Scale layers, a second
    factor and offset after every normalisation, are left out. `conv`: arguments of every convolution (initialiser,
    regulariser).
    """
    growth, epsilon = 48, 1.1e-5

    def bn_relu_conv(x, filters, kernel, name):
        x = layers.ReLU(name=f"{name}_relu")(_bn(x, epsilon, name))
        return _conv(x, filters, kernel, 1, conv, name)

    x = _stem(image, 2 * growth, epsilon, conv)
    for stage, blocks in enumerate((6, 12, 36, 24), start=2):
        if stage > 2:
            x = bn_relu_conv(x, x.shape[-1] // 2, 1, f"pool{stage - 1}")
            x = layers.AveragePooling2D(2, name=f"pool{stage - 1}_pool")(x)
        for block in range(1, blocks + 1):
            name = f"conv{stage}_block{block}"
            new = bn_relu_conv(x, 4 * growth, 1, f"{name}_1")
            new = bn_relu_conv(new, growth, 3, f"{name}_2")
            x = layers.Concatenate(name=f"{name}_concat")([x, new])
    x = layers.ReLU(name="last_relu")(_bn(x, epsilon, "last"))
    return layers.GlobalAveragePooling2D(name="average_pool")(x)


def application_names() -> list[str]:
    """The models of the installed `keras.applications`, sorted."""
    return sorted(name for name in vars(keras.applications) if name[0].isupper())


def application(image: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """The model `name` of `keras.applications`, randomly initialised and without its head, applied to an image.

    Its pixel preprocessing is left out where it can be, since coordinates are no pixels. Raises `ValueError` for an
    unknown name, or for an image that is too small for the model.
    """
    if name not in application_names():
        raise ValueError(f"keras.applications has no {name!r}: it has {', '.join(application_names())}")
    build = getattr(keras.applications, name)
    options = {"include_preprocessing": False} if "include_preprocessing" in inspect.signature(build).parameters else {}
    model = build(include_top=False, weights=None, pooling="avg", input_shape=image.shape[1:], **options)
    return model(image)
