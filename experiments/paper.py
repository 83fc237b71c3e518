"""The paper's numbers, as data: test accuracies in percent."""

# Table 2: (module, output size, the layers in MANs-9, MANs-33 and MANs-61).
TABLE2 = (
    ("TARM", "50x50", ("64x2",) * 3),
    ("STCM", "25x25", ("5x5, 64, stride 2",) * 3),
    ("STCM", "25x25", tuple(f"[3x3, 64; 3x3, 64] x {blocks}" for blocks in (2, 8, 15))),
    ("STCM", "13x13", tuple(f"[3x3, 128; 3x3, 128] x {blocks}" for blocks in (2, 8, 15))),
    ("STCM", "1x1", ("Average Pooling, FC, Softmax",) * 3),
)

# Table 3, MANs (ResNet-18) on one trial of HDM05: alpha -> accuracy.
TABLE3 = {4: 98.09, 8: 98.38, 16: 99.23, 32: 98.64}

# Table 4, on NTU RGB+D: (setting, model) -> (cross-subject, cross-view).
TABLE4 = {
    ("stcm", "mans-9"): (81.31, 89.78),
    ("no-attention", "mans-9"): (81.41, 89.84),
    ("song", "mans-9"): (81.94, 90.12),
    ("residual", "mans-9"): (83.01, 90.66),
    ("stcm", "mans-densenet161"): (81.56, 90.24),
    ("no-attention", "mans-densenet161"): (81.96, 92.15),
    ("song", "mans-densenet161"): (81.60, 92.18),
    ("residual", "mans-densenet161"): (82.67, 93.22),
}

# Table 5's columns: (dataset, protocol).
COLUMNS5 = (
    ("ntu_rgbd", "cross_subject"),
    ("ntu_rgbd", "cross_view"),
    ("hdm05", "kfold"),
    ("sysu_3d", "halves"),
    ("ut_kinect", "loocv"),
)

# Table 5, the methods that the paper quotes: name -> (parameters, accuracies in the order of COLUMNS5).
PUBLISHED = {
    "Hierarchical RNNs (Du et al., 2015)": (None, (59.10, 64.00, 96.92, None, None)),
    "Dynamic skeletons (Hu et al., 2015)": (None, (60.23, 65.22, None, 75.50, None)),
    "Deep LSTM (Zhu et al., 2016)": ("0.6M", (None, None, 96.80, None, None)),
    "ST-LSTM (Liu et al., 2016)": (None, (61.70, 75.50, None, 76.50, 97.00)),
    "ST-LSTM + TG (Liu et al., 2016)": (None, (69.20, 77.70, None, 76.80, 97.50)),
    "Two-stream RNNs (Wang and Wang, 2017)": (None, (71.30, 79.50, None, None, None)),
    "STA-LSTM (Song et al., 2017)": ("0.5M", (73.40, 81.20, None, None, None)),
    "Adaptive RNN-T (Li et al., 2017)": (None, (74.60, 83.20, None, None, None)),
    "GCA-LSTM (Liu et al., 2017a)": (None, (76.10, 84.00, None, 78.60, 99.00)),
    "Clips+CNN+MTLN (Ke et al., 2017)": ("62M", (79.57, 84.83, None, None, None)),
    "VA-LSTM (Zhang et al., 2017)": (None, (79.40, 87.60, None, 77.50, None)),
}

# Table 5, the paper's five models: model -> (name, parameters, accuracies in the order of COLUMNS5).
TABLE5 = {
    "mans-9": ("MANs-9", "0.8M", (83.01, 90.66, 98.46, 87.04, 100.0)),
    "mans-33": ("MANs-33", "3.1M", (82.40, 90.94, 98.85, 86.81, 100.0)),
    "mans-61": ("MANs-61", "5.7M", (82.42, 90.97, 98.76, 87.63, 99.50)),
    "mans-resnet18": ("MANs (ResNet-18)", "12.0M", (79.74, 91.55, 99.04, 86.93, 100.0)),
    "mans-densenet161": ("MANs (DenseNet-161)", "27.6M", (82.67, 93.22, 97.69, 78.86, 99.00)),
}

# The number of classes in Table 5, for the dataset whose tensors may have another number.
CLASSES = {"hdm05": 65}

# Figure 3: setting of Table 4 -> the epoch at which the training error converges.
FIGURE3 = {"stcm": 30, "no-attention": 30, "song": 40, "residual": 26}


def table5(model, dataset, protocol):
    """(accuracy, its protocol) of Table 5 on a dataset, or None if the paper does not have the dataset.

    If it does not have the protocol, the result is that of the dataset's first protocol.
    """
    quoted = {p: value for (d, p), value in zip(COLUMNS5, TABLE5[model][2], strict=True) if d == dataset}
    if not quoted:
        return None
    nearest = protocol if protocol in quoted else next(iter(quoted))
    return quoted[nearest], nearest
