"""Video files, frame by frame, upright and of the depth that they have (extra ``video``).

FFmpeg decodes them, through PyAV and imageio. Every frame counts once, whatever time it was shown
for: a variable frame rate neither repeats nor drops any.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import imageio.v3 as iio
import numpy as np
from numpy.typing import NDArray

from pairfix.errors import InputError, MissingExtraError
from pairfix.formats.edge import check_pixels, silenced
from pairfix.image import Frame, Pixels

__all__ = ["NO_VIDEO", "film_frames"]

NO_VIDEO = "give a video that FFmpeg reads (mp4, mov, mkv, avi), or a folder of PNG, JPEG or TIFF"
_HDR = {16: "PQ", 18: "HLG"}
"""Transfer functions (ITU-T H.273, table 3) that are not near sRGB's."""
_BYTE = 8


@dataclass(frozen=True, slots=True)
class _Header:
    """How the frames have to be read, by the first of them."""

    deep: bool
    """Whether samples have more than 8 bits."""
    upright: Callable[[Pixels], Pixels]


def film_frames(path: Path) -> Iterator[Frame]:
    """The frames of a video file, in the order in which they are shown.

    Args:
        path: The file; colours count as sRGB-encoded.

    Yields:
        Frames of 8 bits, or of 16 where the file has more than 8.

    Raises:
        InputError: It is missing, no video, damaged, or HDR (PQ, HLG).
        MissingExtraError: PyAV is not installed.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist", NO_VIDEO)
    if find_spec("av") is None:
        raise MissingExtraError(f"{path}: videos need PyAV", "pip install 'pairfix[video]'")
    import av  # noqa: PLC0415  (an extra)

    header = _read_header(path)
    frames = iio.imiter(path, plugin="pyav", format="rgb48le" if header.deep else "rgb24")
    while True:
        try:
            with silenced():
                pixels = next(frames, None)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise InputError(f"{path} is damaged", "export or copy it again") from error
        if pixels is None:
            return
        yield Frame(path, cast("Pixels", np.ascontiguousarray(header.upright(pixels))))


def _read_header(path: Path) -> _Header:
    import av  # noqa: PLC0415  (an extra)

    try:
        with silenced(), av.open(path) as container:
            stream = container.streams.video[0]
            check_pixels(path, stream.codec_context.height, stream.codec_context.width)
            frame = next(container.decode(stream))
            matrix = frame.side_data.get("DISPLAYMATRIX")
            turned = np.eye(2) if matrix is None else _linear_part(cast("bytes", matrix))
            transfer = int(frame.color_trc)
            deep = max(each.bits for each in frame.format.components) > _BYTE
    except (
        av.FFmpegError,
        OSError,
        ValueError,
        IndexError,  # no pictures
        AttributeError,  # no context, since the codec is unknown
        StopIteration,
    ) as error:
        raise InputError(f"{path} cannot be read as a video", NO_VIDEO) from error
    if transfer in _HDR:
        raise InputError(
            f"{path} is HDR video ({_HDR[transfer]}), which is not converted",
            "export it as SDR (BT.709)",
        )
    return _Header(deep, lambda pixels: _upright(pixels, turned))


def _linear_part(data: bytes) -> NDArray[np.float64]:
    """Of a display matrix (libavutil/display.h): from right and down as stored to as shown."""
    a, b, _, c, d, *_ = np.frombuffer(data, np.int32)
    return np.sign([[a, c], [b, d]]).astype(np.float64)


def _upright(pixels: Pixels, matrix: NDArray[np.float64]) -> Pixels:
    """Turn and mirror by quarter turns; others, which players round, are left."""
    (right, right_by_down), (down_by_right, down) = matrix
    if right == down == 0:
        pixels, right, down = pixels.transpose(1, 0, 2), right_by_down, down_by_right
    return pixels[:: -1 if down < 0 else 1, :: -1 if right < 0 else 1]
