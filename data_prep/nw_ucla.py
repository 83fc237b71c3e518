"""NW-UCLA recordings (aAA_sSS_eEE_vVV.json, as CTR-GCN distributes them) -> OUT/nw_ucla_<scale>.h5."""

from data_prep.common import command, write_tensors
from mans_keras.skeletons import nw_ucla


@command(__doc__, raw="folder with the .json files (all_sqe), or the one around it")
def main(args):
    write_tensors(args, nw_ucla.READER, nw_ucla.sources(args.raw))


if __name__ == "__main__":
    main()
