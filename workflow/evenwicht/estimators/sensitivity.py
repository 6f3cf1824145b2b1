"""How strong something that nobody measured would have to be."""

import numpy as np


def e_value(ratio: float) -> float:
    """Risk ratio that a confounder needs with exposure and with outcome to make a risk ratio out of nothing.

    RR + sqrt(RR (RR - 1)), with ratios below 1 inverted. Source: VanderWeele and Ding 2017, Annals of Internal Medicine
    167:268.

    >>> round(e_value(2.0), 3)
    3.414
    """
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))
