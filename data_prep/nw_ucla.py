"""NW-UCLA recordings (aAA_sSS_eEE_vVV.json, as CTR-GCN distributes them) -> OUT/nw_ucla_<scale>.h5."""

import sys

from data_prep.common import argument_parser, exit_code, write_tensors
from mans_keras.skeletons import nw_ucla


def main():
    args = argument_parser(__doc__, raw="folder with the .json files (all_sqe), or the one around it").parse_args()
    sources = nw_ucla.sources(args.raw)
    write_tensors(nw_ucla.READER, sources, args.out, args.scale, args.layout, args.coordinates, args.jobs)


if __name__ == "__main__":
    sys.exit(exit_code(main))
