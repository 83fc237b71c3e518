"""NTU RGB+D and NTU RGB+D 120 recordings -> OUT/ntu_rgbd_<scale>.h5 or OUT/ntu_rgbd_120_<scale>.h5."""

import dataclasses
import functools

import click

from data_prep.common import command, number, write_tensors
from mans_keras.errors import InputError
from mans_keras.skeletons import ntu, ntu_packed
from mans_keras.tensors import protocols, store


def print_protocols(path):
    """Print a line for each protocol of a tensor file: how many sequences train and test."""
    tensors = store.Tensors(path)
    for protocol in protocols.of_tensors(tensors):
        try:
            (fold,) = protocols.folds(tensors, protocol)
        except InputError:
            continue  # a file of a single split has no subjects, and a few recordings have one camera
        print(f"  {protocol}: {len(fold.train):,} train, {len(fold.test):,} test")


@command(
    __doc__,
    number("--classes", 60, 120, help="60: NTU RGB+D; 120: NTU RGB+D 120, in RAW are the recordings of both."),
    click.Option(
        ["--counts"],
        type=click.Choice(ntu.COUNTS),
        default="official",
        help="official: drop the recordings that the owners list as incomplete (302 of 60 classes, 535 of 120); "
        "released: also drop recordings whose last frame shows more than two bodies, as the released code does.",
    ),
    raw="folder with the .skeleton files, or with folders of them; or pyskl's .pkl, or CTR-GCN's .npz",
)
def main(args):
    names = ntu.CLASS_NAMES_120 if args.classes == 120 else ntu.CLASS_NAMES
    reader = dataclasses.replace(
        ntu.READER, dataset="ntu_rgbd_120" if args.classes == 120 else "ntu_rgbd", class_names=names
    )
    splits = {}
    if args.raw.suffix.lower() in ntu_packed.SUFFIXES and not args.raw.is_dir():
        if args.counts == "released" or args.coordinates == "released":
            raise InputError(
                f"{args.raw}: counts and coordinates of the released code need the .skeleton files, which say how many "
                "bodies a frame lists"
            )
        sources, splits = ntu_packed.sources(args.raw)
        reader = dataclasses.replace(
            reader, read=functools.partial(ntu_packed.read, classes=args.classes), name=ntu_packed.source_name
        )
    else:
        sources = ntu.sources(args.raw)
        read = functools.partial(
            ntu.read, classes=args.classes, counts=args.counts, slots=args.coordinates == "released"
        )
        reader = dataclasses.replace(reader, read=read)
    print_protocols(write_tensors(args, reader, sources, splits=splits))


if __name__ == "__main__":
    main()
