"""Small statistics against published or exact values."""

import numpy as np
import pytest
from evenwicht.estimators.distributions import at_least, normal_density
from evenwicht.estimators.sensitivity import e_value
from scipy import stats


def test_poisson_binomial_tails_are_those_of_r() -> None:
    """PoissonBinomial::dpbinom 1.2.5, summed from the top."""
    chances = np.array([0.756, 0.756, 0.699, 0.351, 0.655, 0.824, 0.462, 0.784])
    assert at_least(8, chances) == pytest.approx(0.027412865367656, abs=1e-14)
    assert at_least(7, chances) == pytest.approx(0.027412865367656 + 0.139954816608583, abs=1e-14)
    assert at_least(3, np.full(8, 1e-8)) == pytest.approx(56e-24, rel=1e-6)


def test_e_values_are_those_of_the_evalue_package() -> None:
    """EValue 4.1.4: risk ratios 3.9 and 0.8 with their nearer limits 1.8 and 0.91."""
    assert [e_value(r) for r in (3.9, 1.8, 0.8, 0.91)] == pytest.approx([7.263034344, 3.0, 1.809016994, 1.428571429])


def test_normal_density_is_scipys() -> None:
    z = np.linspace(-5, 5, 11)
    np.testing.assert_allclose(normal_density(z), stats.norm.pdf(z), rtol=1e-14)
