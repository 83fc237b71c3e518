"""UTD-MHAD recordings (aA_sS_tT_skeleton.mat) -> OUT/utd_mhad_<scale>.h5."""

from data_prep.common import command, write_tensors
from mans_keras.skeletons import utd_mhad


@command(__doc__, raw="folder with the .mat files, or the one around it")
def main(args):
    write_tensors(args, utd_mhad.READER, utd_mhad.sources(args.raw))


if __name__ == "__main__":
    main()
