"""HDM05's cut recordings (HDM_<actor>_<class>_<repetition>_120.amc, HDM_<actor>.asf) -> OUT/hdm05_<scale>.h5."""

import sys

from data_prep.common import argument_parser, exit_code, write_tensors
from mans_keras.skeletons import hdm05


def main():
    parser = argument_parser(__doc__, raw="folder with .amc and .asf files, however deep")
    parser.add_argument(
        "--classes",
        type=int,
        choices=(65, 130),
        default=65,
        help="65: merged, the paper's; 130: as the files name them",
    )
    args = parser.parse_args()
    sources = hdm05.sources(args.raw)
    found = hdm05.classes_found(sources, args.classes)
    print(f"{len(found)} of {args.classes} classes found" + (": " + ", ".join(found) if len(found) < 20 else ""))
    if len(found) < args.classes:
        print("That is a smaller task than HDM05's: accuracies on it are not the paper's.")
    reader = hdm05.reader(found, args.classes)
    write_tensors(reader, sources, args.out, args.scale, args.layout, args.coordinates, args.jobs)


if __name__ == "__main__":
    sys.exit(exit_code(main))
