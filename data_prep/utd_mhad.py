"""UTD-MHAD recordings (aA_sS_tT_skeleton.mat) -> OUT/utd_mhad_<scale>.h5."""

import sys

from data_prep.common import argument_parser, exit_code, write_tensors
from mans_keras.skeletons import utd_mhad


def main():
    args = argument_parser(__doc__, raw="folder with the .mat files, or the one around it").parse_args()
    sources = utd_mhad.sources(args.raw)
    write_tensors(utd_mhad.READER, sources, args.out, args.scale, args.layout, args.coordinates, args.jobs)


if __name__ == "__main__":
    sys.exit(exit_code(main))
