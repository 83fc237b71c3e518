"""SYSU-3D recordings (3DvideoNorm/<subject>/video<1..12>/sklWorld.mat) -> OUT/sysu_3d_<scale>.h5."""

import sys

from data_prep.common import argument_parser, exit_code, write_tensors
from mans_keras.skeletons import sysu_3d


def main():
    args = argument_parser(__doc__, raw="folder with 3DvideoNorm in it, or 3DvideoNorm itself").parse_args()
    sources = sysu_3d.sources(args.raw)
    numbers = {source.path.parents[1].name: source.subject for source in sources}
    print(f"{len(numbers)} of {sysu_3d.SUBJECTS} subjects found")
    if not all(name.endswith(str(number)) for name, number in numbers.items()):
        named = ", ".join(f"{name} {number}" for name, number in numbers.items())
        print(f"Their folders have no numbers, so they are numbered in order of name: {named}")
    write_tensors(sysu_3d.READER, sources, args.out, args.scale, args.layout, args.coordinates, args.jobs)


if __name__ == "__main__":
    sys.exit(exit_code(main))
