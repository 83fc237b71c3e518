"""HDM05's cut recordings (HDM_<actor>_<class>_<repetition>_120.amc, HDM_<actor>.asf) -> OUT/hdm05_<scale>.h5."""

from data_prep.common import command, number, write_tensors
from mans_keras.skeletons import hdm05


@command(
    __doc__,
    number("--classes", 65, 130, help="65: merged, as in the paper; 130: as the files name them."),
    raw="folder with .amc and .asf files, in folders of any depth",
)
def main(args):
    sources = hdm05.sources(args.raw)
    classes = hdm05.classes_found(sources, args.classes)
    print(f"{len(classes)} of {args.classes} classes found" + (": " + ", ".join(classes) if len(classes) < 20 else ""))
    if len(classes) < args.classes:
        print("This is a smaller task than the whole of HDM05: do not compare accuracies on it with the paper's.")
    write_tensors(args, hdm05.reader(classes, args.classes), sources)


if __name__ == "__main__":
    main()
