"""Develop raw pairs to 8-bit PNG, to judge srgb models on the scenes that raw models are judged on.

    python benchmarks/developed_pairs.py PAIRS FOLDER && pairfix bench FOLDER

PAIRS holds one folder per pair with long.dng, short.dng and, where it is known, gt.dng; LibRaw
develops all of them alike.
"""

import argparse
from pathlib import Path

from pairfix.formats import decode, encode_picture
from pairfix.image import Picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    for path in sorted(arguments.pairs.glob("*/*.dng")):
        output = arguments.folder / path.parent.name / f"{path.stem}.png"
        output.parent.mkdir(parents=True, exist_ok=True)
        frame = decode(path, "srgb")
        picture = Picture(frame.pixels.astype("uint16", copy=False), frame.exif)
        encode_picture(picture, output, bits=8)
        print(output)


if __name__ == "__main__":
    main()
