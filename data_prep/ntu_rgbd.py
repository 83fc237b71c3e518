"""NTU RGB+D recordings (SsssCcccPpppRrrrAaaa.skeleton) -> OUT/ntu_rgbd_<scale>.h5."""

import dataclasses
import functools
import sys

from data_prep.common import argument_parser, exit_code, write_tensors
from mans_keras.skeletons import ntu


def main():
    parser = argument_parser(__doc__, raw="folder with the .skeleton files, or with folders of them")
    parser.add_argument(
        "--counts",
        choices=ntu.COUNTS,
        default="official",
        help="official: drop the 302 recordings that the owners list; released: also those whose last frame shows more "
        "than two bodies, as the released code does",
    )
    args = parser.parse_args()
    reader = dataclasses.replace(
        ntu.READER, read=functools.partial(ntu.read, counts=args.counts, slots=args.coordinates == "released")
    )
    write_tensors(reader, ntu.sources(args.raw), args.out, args.scale, args.layout, args.coordinates, args.jobs)


if __name__ == "__main__":
    sys.exit(exit_code(main))
