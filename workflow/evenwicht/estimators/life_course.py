"""Hypotheses about when an exposure matters, encoded from the exposure in periods of life.

The structured life-course modelling approach writes each hypothesis as one column, made of the exposures x_1 to x_T in
ordered periods (Mishra et al. 2009, International Journal of Epidemiology 38:528; Smith et al. 2016, ibid. 45:1271).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from evenwicht.base.arrays import Floats

OF_ANY = ("sensitive_period", "accumulation", "recency", "change")  # families that numbers have as well
OF_YES_NO = ("ever", "always")
FAMILIES = OF_ANY + OF_YES_NO


def hypotheses(
    exposure: Floats, periods: Sequence[str], ages: Sequence[float], families: Sequence[str], *, binary: bool
) -> dict[str, Floats]:
    """Return the column of each hypothesis by its id.

    - `sensitive_<period>`: exposure in one period alone counts, x_t.
    - `accumulation`: each period counts alike, the sum of x_t.
    - `recency`: the later, the more: the sum of x_t times age t over the last age, so that exposure in the last period
      counts 1.
    - `worsening_<t>_<t+1>` and `improvement_<t>_<t+1>` of a yes/no exposure: it begins, (1 - x_t) x_t+1, or ends,
      x_t (1 - x_t+1), between neighbouring periods. `change_<t>_<t+1>` of a number: x_t+1 - x_t.
    - `ever` and `always` of a yes/no exposure: in any period, in every period.

    Parameters
    ----------
    exposure : (n, T) array
        Of 0 and 1 if `binary`, in order of age.
    periods, ages
        Ids and ages of the T periods, ages increasing.
    families
        Which of `FAMILIES`; `OF_YES_NO` only if `binary`.

    Returns
    -------
    dict of (n,) arrays, in the order of `FAMILIES`
    """
    columns: dict[str, Floats] = {}
    if "sensitive_period" in families:
        columns |= {f"sensitive_{name}": x for name, x in zip(periods, exposure.T, strict=True)}
    if "accumulation" in families:
        columns["accumulation"] = exposure.sum(axis=1)
    if "recency" in families:
        columns["recency"] = exposure @ (np.asarray(ages) / ages[-1])
    if "change" in families:
        for k, (first, second) in enumerate(neighbours(periods)):
            before, after = exposure[:, k], exposure[:, k + 1]
            if binary:
                columns[f"worsening_{first}_{second}"] = (1 - before) * after
                columns[f"improvement_{first}_{second}"] = before * (1 - after)
            else:
                columns[f"change_{first}_{second}"] = after - before
    if "ever" in families:
        columns["ever"] = exposure.max(axis=1)
    if "always" in families:
        columns["always"] = exposure.min(axis=1)
    return columns


def neighbours(periods: Sequence[str]) -> list[tuple[str, str]]:
    """Return each period with the next."""
    return list(pairwise(periods))
