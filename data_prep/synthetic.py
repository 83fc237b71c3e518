"""The embedded default data set: writes OUT/synthetic_raw/*.skeleton (NTU format), then OUT/synthetic_<scale>.h5."""

import dataclasses
import functools
import sys

from rich.console import Console
from rich.progress import track

from data_prep.common import argument_parser, exit_code, write_tensors
from mans_keras.skeletons import synthetic


def main():
    args = argument_parser(__doc__).parse_args()
    raw = args.out / "synthetic_raw"
    raw.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    names = track(synthetic.names(), "animating", console=console, disable=not console.is_terminal)
    paths = [synthetic.write(raw, name) for name in names]
    read = functools.partial(synthetic.read, slots=args.coordinates == "released")
    write_tensors(
        dataclasses.replace(synthetic.READER, read=read),
        paths,
        args.out,
        args.scale,
        args.layout,
        args.coordinates,
        args.jobs,
    )


if __name__ == "__main__":
    sys.exit(exit_code(main))
