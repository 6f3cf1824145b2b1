"""Concentration indices of what lies between two bounds, such as a yes/no state: corrected for how common it is."""

from evenwicht.estimators.influence import Estimate, combined


def erreygers(index: Estimate, mean: Estimate) -> Estimate:
    """Corrected index of a share between 0 and 1 (Erreygers 2009, Journal of Health Economics 28:504)."""
    m, c = mean.value, index.value
    return combined(4 * m * c, (4 * m, index), (4 * c, mean))


def wagstaff(index: Estimate, mean: Estimate) -> Estimate:
    """Normalised index of a share between 0 and 1 (Wagstaff 2005, Health Economics 14:429)."""
    m, c = mean.value, index.value
    return combined(c / (1 - m), (1 / (1 - m), index), (c / (1 - m) ** 2, mean))
