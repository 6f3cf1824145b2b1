"""temporary"""

from scipy import stats


def design_analysis(t, se, alpha=0.05):
    z = stats.norm.ppf(1 - alpha / 2)
    m = abs(t) / se
    up, lo = stats.norm.sf(z - m), stats.norm.cdf(-z - m)
    p = up + lo
    e = (m * up + stats.norm.pdf(z - m)) - (m * lo - stats.norm.pdf(-z - m))
    return float(p), float(lo / p), float(e / p / m)
