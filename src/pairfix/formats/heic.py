"""HEIC pictures, decoded by libheif through pillow-heif (extra ``heif``)."""

import io
from pathlib import Path

import numpy as np

from pairfix.errors import MissingExtraError
from pairfix.image import Pixels

__all__ = ["decoded_heic"]


def decoded_heic(path: Path, data: bytes) -> Pixels:
    """The primary picture, turned as its container says, ``H x W x samples``, on its depth's scale.

    Args:
        path: Its file.
        data: What is in it; the header must have been checked.

    Raises:
        MissingExtraError: pillow-heif is not installed.
        ValueError: It is damaged.
    """
    try:
        from pillow_heif import open_heif  # noqa: PLC0415 (an extra)
    except ImportError as error:
        message = f"{path} is a HEIC, which takes pillow-heif to read"
        raise MissingExtraError(message, "pip install 'pairfix[heif]'") from error
    file = open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
    return np.asarray(file[file.primary_index])
