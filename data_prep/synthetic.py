"""The embedded default data set: writes OUT/synthetic_raw/*.skeleton (NTU format), then OUT/synthetic_<scale>.h5."""

import dataclasses
import functools

from rich.console import Console
from rich.progress import track

from data_prep.common import command, write_tensors
from mans_keras.skeletons import synthetic


@command(__doc__)
def main(args):
    raw = args.out / "synthetic_raw"
    raw.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    names = track(synthetic.names(), "animating", console=console, disable=not console.is_terminal)
    paths = [synthetic.write(raw, name) for name in names]
    read = functools.partial(synthetic.read, slots=args.coordinates == "released")
    write_tensors(args, dataclasses.replace(synthetic.READER, read=read), paths)


if __name__ == "__main__":
    main()
