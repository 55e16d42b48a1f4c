"""A camera's noise, measured in pairs of a long and a short exposure that it took.

The long frame is nearly free of noise: where the scene is flat and still, the short one minus the
long one is the short one's noise. No ground truth is needed.
"""

from pairfix.calibration.calibrate import Calibrated, calibrate, calibrate_pairs
from pairfix.calibration.profile import CameraProfile, FrameFit, Setting

__all__ = [
    "Calibrated",
    "CameraProfile",
    "FrameFit",
    "Setting",
    "calibrate",
    "calibrate_pairs",
]
