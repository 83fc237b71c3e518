"""The paper's numbers, as data: test accuracies in percent."""

# Table 4, on NTU RGB+D: (setting, model) -> (cross-subject, cross-view).
TABLE4 = {
    ("stcm", "mans-9"): (81.31, 89.78),
    ("no-attention", "mans-9"): (81.41, 89.84),
    ("other-attention", "mans-9"): (81.94, 90.12),
    ("mans", "mans-9"): (83.01, 90.66),
    ("stcm", "mans-densenet161"): (81.56, 90.24),
    ("no-attention", "mans-densenet161"): (81.96, 92.15),
    ("other-attention", "mans-densenet161"): (81.60, 92.18),
    ("mans", "mans-densenet161"): (82.67, 93.22),
}

# Table 5, our five models: model -> (dataset, protocol) -> accuracy.
TABLE5 = {
    model: dict(
        zip(
            (
                ("ntu_rgbd", "cross_subject"),
                ("ntu_rgbd", "cross_view"),
                ("hdm05", "kfold"),
                ("sysu_3d", "halves"),
                ("ut_kinect", "loocv"),
            ),
            accuracies,
            strict=True,
        )
    )
    for model, accuracies in {
        "mans-9": (83.01, 90.66, 98.46, 87.04, 100.0),
        "mans-33": (82.40, 90.94, 98.85, 86.81, 100.0),
        "mans-61": (82.42, 90.97, 98.76, 87.63, 99.50),
        "mans-resnet18": (79.74, 91.55, 99.04, 86.93, 100.0),
        "mans-densenet161": (82.67, 93.22, 97.69, 78.86, 99.00),
    }.items()
}

# Classes in Table 5, of the dataset whose tensors may hold another number.
CLASSES = {"hdm05": 65}
