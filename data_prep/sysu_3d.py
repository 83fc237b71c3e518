"""SYSU-3D recordings (3DvideoNorm/<subject>/video<1..12>/sklWorld.mat) -> OUT/sysu_3d_<scale>.h5."""

from data_prep.common import command, write_tensors
from mans_keras.skeletons import sysu_3d


@command(__doc__, raw="folder with 3DvideoNorm in it, or 3DvideoNorm itself")
def main(args):
    sources = sysu_3d.sources(args.raw)
    numbers = {source.path.parents[1].name: source.subject for source in sources}
    print(f"{len(numbers)} of {sysu_3d.SUBJECTS} subjects found")
    if not all(name.endswith(str(number)) for name, number in numbers.items()):
        names = ", ".join(f"{name} {number}" for name, number in numbers.items())
        print(f"Their folders have no numbers, so they are numbered in order of name: {names}")
    write_tensors(args, sysu_3d.READER, sources)


if __name__ == "__main__":
    main()
