"""UT-Kinect recordings (joints_s*_e*.txt, actionLabel.txt) -> OUT/ut_kinect_<scale>.h5."""

import click

from data_prep.common import command, write_tensors
from mans_keras.skeletons import ut_kinect


@command(
    __doc__,
    click.Option(
        ["--labels"],
        type=click.Choice(ut_kinect.LABELS),
        default="corrected",
        help="printed: actionLabel.txt unchanged; corrected: its two known typing errors are corrected; modified: the "
        "seven changes of Vemulapalli et al. (CVPR 2014).",
    ),
    raw="folder with the joint files and actionLabel.txt",
)
def main(args):
    printed = ut_kinect.segments(args.raw)
    sources = ut_kinect.relabelled(printed, args.labels)
    for before, after in zip(printed, sources, strict=True):
        if before != after:
            name = ut_kinect.source_name(after)
            print(f"label {args.labels}: {name} {before.first}-{before.last} -> {after.first}-{after.last}")
    write_tensors(args, ut_kinect.READER, sources)


if __name__ == "__main__":
    main()
