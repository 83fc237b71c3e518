"""NTU RGB+D recordings (SsssCcccPpppRrrrAaaa.skeleton) -> OUT/ntu_rgbd_<scale>.h5."""

import dataclasses
import functools

import click

from data_prep.common import command, write_tensors
from mans_keras.skeletons import ntu


@command(
    __doc__,
    click.Option(
        ["--counts"],
        type=click.Choice(ntu.COUNTS),
        default="official",
        help="official: drop the 302 recordings that the owners list as incomplete; released: also drop recordings "
        "whose last frame shows more than two bodies, as the released code does.",
    ),
    raw="folder with the .skeleton files, or with folders of them",
)
def main(args):
    read = functools.partial(ntu.read, counts=args.counts, slots=args.coordinates == "released")
    write_tensors(args, dataclasses.replace(ntu.READER, read=read), ntu.sources(args.raw))


if __name__ == "__main__":
    main()
