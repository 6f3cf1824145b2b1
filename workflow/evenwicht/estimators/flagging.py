"""What it does to call the people at highest risk: who is found, who is missed, and who is called though well."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from evenwicht.base.arrays import Floats
from evenwicht.estimators.cross_validation import HeldOut
from evenwicht.estimators.discrimination import as_ties
from evenwicht.estimators.influence import Estimate, combined, sample_mean


def flag_top(risk: Floats, share: float, weights: Floats | None = None) -> Floats:
    """Flag a share of people at highest risk, (n,): 1, 0, or for those tied at the cut the chance to be drawn by lot.

    The flags sum to exactly the share, so that no order of rows and no rounding decides who of equals is flagged.
    People of weight 0 do not count, but are flagged as others of their risk are.

    >>> flag_top(np.array([0.1, 0.4, 0.4, 0.2]), 0.25).tolist()
    [0.0, 0.5, 0.5, 0.0]
    """
    weights = np.ones(len(risk)) if weights is None else weights
    _, place = np.unique(-as_ties(risk), return_inverse=True)
    mass = np.bincount(place, weights)
    room = share * weights.sum() - (np.cumsum(mass) - mass)
    chance = np.where(mass > 0, room / np.where(mass > 0, mass, 1.0), np.sign(room))
    return np.asarray(np.clip(chance, 0.0, 1.0)[place])


def risk_at_cut(risk: Floats, flags: Floats) -> float:
    """Least risk of those flagged."""
    return float(risk[flags > 0].min())


@dataclass(frozen=True)
class Rates:
    """How a rule that flags people sorts them; every member but the first three is a share of people.

    Attributes
    ----------
    prevalence, share, found
        Shares of all: with the outcome, flagged, and both.
    """

    prevalence: Estimate
    share: Estimate
    found: Estimate

    @property
    def sensitivity(self) -> Estimate:
        """Share of those with the outcome who are flagged."""
        return _over(self.found, self.prevalence)

    @property
    def specificity(self) -> Estimate:
        """Share of those without who are not flagged."""
        return _over(self.false_positives, self.prevalence.complement()).complement()

    @property
    def positive_predictive_value(self) -> Estimate:
        """Share of the flagged with the outcome."""
        return _over(self.found, self.share)

    @property
    def negative_predictive_value(self) -> Estimate:
        """Share of the others without it."""
        return _over(self.missed, self.share.complement()).complement()

    @property
    def false_positives(self) -> Estimate:
        """Share of all who are flagged without the outcome."""
        return self.share - self.found

    @property
    def missed(self) -> Estimate:
        """Share of all who have it and are not flagged."""
        return self.prevalence - self.found

    def net_benefit(self, threshold: float) -> float:
        """Found less false positives at the odds of a threshold (Vickers and Elkin 2006, Med Decis Making 26:565)."""
        return net_benefit(self.found.value, self.false_positives.value, threshold)


def net_benefit(found: float, false: float, threshold: float) -> float:
    """Net benefit of shares of all people found and falsely flagged, at a threshold of risk."""
    return found - false * threshold / (1 - threshold)


def _over(above: Estimate, below: Estimate) -> Estimate:
    if below.value <= 0:
        return Estimate(np.nan, np.full(len(above.influence), np.nan), "there is nobody to take a share of")
    ratio = above.value / below.value
    return combined(ratio, (1 / below.value, above), (-ratio / below.value, below))


def observed_rates(cases: Floats, flags: Floats) -> Rates:
    """Rates of flags that are given, such as a yes/no exposure; both (n,) arrays of 0 and 1."""
    return Rates(sample_mean(cases), sample_mean(flags), sample_mean(cases * flags))


def cut_rates(risk: Floats, cases: Floats, share: float) -> tuple[Rates, float]:
    """Rates if a share of people at highest risk is flagged, in the people whose risks set the cut; and its risk.

    Parameters
    ----------
    risk : (n,) array
    cases : (n,) array of 0 and 1
    share
        Above 0, below 1.
    """
    flags = flag_top(risk, share)
    threshold = risk_at_cut(risk, flags)
    return _at_a_cut(flags, cases, np.full(len(risk), threshold)), threshold


def held_out_cut_rates(predicted: HeldOut, cases: Floats, share: float) -> tuple[Rates, float]:
    """Rates if each fold is flagged by the cut that flags a share of all other people; and the mean risk at the cut."""
    folds = predicted.folds
    flags, at_cut = np.empty(len(folds)), np.empty(len(folds))
    for fold, log_odds in enumerate(predicted.by_model):
        inside = folds == fold
        flagged, risk = flag_top(log_odds, share, (~inside).astype(float)), expit(log_odds)
        flags[inside], at_cut[inside] = flagged[inside], risk_at_cut(risk[~inside], flagged[~inside])
    return _at_a_cut(flags, cases, at_cut), float(at_cut.mean())


def _at_a_cut(flags: Floats, cases: Floats, at_cut: Floats) -> Rates:
    """Rates of flags whose share is set and whose threshold follows.

    Who enters or leaves at the threshold has about its risk, so that the found move by it when the threshold does.
    """
    found, share = cases * flags, float(flags.mean())
    moved = (found - at_cut * (flags - share)) / len(flags)
    fixed = Estimate(share, np.zeros(len(flags)))
    return Rates(sample_mean(cases), fixed, Estimate(float(found.mean()), moved - moved.mean()))
