"""UT-Kinect recordings (joints_s*_e*.txt, actionLabel.txt) -> OUT/ut_kinect_<scale>.h5."""

import sys

from data_prep.common import argument_parser, exit_code, write_tensors
from mans_keras.skeletons import ut_kinect


def main():
    parser = argument_parser(__doc__, raw="folder with the joint files and actionLabel.txt")
    parser.add_argument(
        "--labels",
        choices=ut_kinect.LABELS,
        default="corrected",
        help="printed: actionLabel.txt as it is; corrected: its two known typing errors put right; modified: the seven "
        "changes that Vemulapalli et al. (CVPR 2014) made",
    )
    args = parser.parse_args()
    printed = ut_kinect.segments(args.raw)
    sources = ut_kinect.relabelled(printed, args.labels)
    for before, after in zip(printed, sources, strict=True):
        if before != after:
            name = ut_kinect.source_name(after)
            print(f"label {args.labels}: {name} {before.first}-{before.last} -> {after.first}-{after.last}")
    write_tensors(ut_kinect.READER, sources, args.out, args.scale, args.layout, args.coordinates, args.jobs)


if __name__ == "__main__":
    sys.exit(exit_code(main))
