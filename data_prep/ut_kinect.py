"""UT-Kinect recordings (joints_s*_e*.txt, actionLabel.txt) -> OUT/ut_kinect_<scale>.h5."""

import sys

from common import argument_parser, exit_code, write_tensors

from mans_keras.skeletons import ut_kinect


def main():
    parser = argument_parser(__doc__, raw="folder with the joint files and actionLabel.txt")
    parser.add_argument(
        "--no-errata", dest="errata", action="store_false", help="keep the known typing errors of actionLabel.txt"
    )
    args = parser.parse_args()
    sources = ut_kinect.segments(args.raw, args.errata)
    for (recording, action), (printed, right) in ut_kinect.ERRATA.items() if args.errata else ():
        print(f"actionLabel.txt corrected: {recording} {action} {printed[0]}-{printed[1]} -> {right[0]}-{right[1]}")
    write_tensors(ut_kinect, sources, args.out, args.scale, args.layout, args.coordinates, args.jobs)


if __name__ == "__main__":
    sys.exit(exit_code(main))
