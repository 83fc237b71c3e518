"""Which coordinates and layout should data_prep have as defaults? MANs-9 on UT-Kinect, each of the six combinations.

Not in the paper, which says neither how skeletons were resized nor in which coordinates they were. Takes 6 runs a seed.
"""

import itertools
import sys
from pathlib import Path

import common

from mans_keras import prepare, recipes, reports
from mans_keras.errors import exit_code
from mans_keras.skeletons import ut_kinect
from mans_keras.skeletons.transforms import LAYOUTS
from mans_keras.store import Tensors

EXPERIMENT = "preparation_defaults"
COORDINATES = ("raw", "hip", "body")


def table(records):
    """Title, header and rows: coordinates by layout, from the records."""
    reports.check_same(records, (*reports.SAME_IN_A_TABLE, "model", "protocol"))
    first = records[0]
    title = (
        f"`{first['model']}` on {first['dataset']}, {first['protocol']}: test accuracy in percent by how the tensors "
        f"were made, recipe `{first['recipe']['name']}`, {first['epochs']} epochs, batch {first['batch']}."
    )
    header = ["Coordinates", "Layout", "last epoch", "best epoch on test", "runs"]
    rows = []
    for coordinates, layout in itertools.product(COORDINATES, LAYOUTS):
        cell = [r for r in records if (r["coordinates"], r["layout"]) == (coordinates, layout)]
        means = [reports.mean_and_deviation(cell, which) for which in ("last", "best")]
        rows.append([coordinates, layout, *means, reports.number_of_runs(cell)])
    return title, header, rows


def main():
    parser = common.run_parser(__doc__, protocol="odd_even")
    parser.add_argument("raw", metavar="RAW", type=Path, help="folder with UT-Kinect's raw files")
    args = parser.parse_args()
    sources = ut_kinect.corrected(ut_kinect.segments(args.raw))
    for coordinates, layout in itertools.product(COORDINATES, LAYOUTS):
        folder = args.data / f"{coordinates}_{layout}"
        tensors = Tensors(prepare.write_tensors(ut_kinect.READER, sources, folder, 50, layout, coordinates))
        variants = [(f"mans-9-{coordinates}-{layout}", "mans-9", {})]
        planned = common.plan(args, EXPERIMENT, tensors, variants, recipes.RELEASED)
        common.run_missing(args, planned, tensors)
    common.show_table(args, EXPERIMENT, ut_kinect.READER.dataset, table)


if __name__ == "__main__":
    sys.exit(exit_code(main))
