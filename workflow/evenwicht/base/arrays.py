"""Types of numpy arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.intp]
Labels = NDArray[Any]  # clusters, strata, families: equality is all that matters
