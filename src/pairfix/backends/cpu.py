"""What this machine's CPU can do."""

__all__ = ["multiplies_int8"]

_AVX512_VNNI, _NEON_DOTPROD = 23, 101
"""Of OpenCV's CpuFeatures, which its Python package does not name."""


def multiplies_int8() -> bool:
    """Whether it adds up products of 8-bit integers, and so runs int8 networks much faster.

    Without such instructions the gain is small, and on x86 ONNX Runtime's sums of two products
    saturate at 16 bits.
    """
    import cv2  # noqa: PLC0415  (keeps --help quick)

    return any(map(cv2.checkHardwareSupport, (_AVX512_VNNI, _NEON_DOTPROD)))
