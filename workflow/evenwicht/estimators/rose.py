"""Rose's comparison: a small shift of everybody's risk against a large effect on the few at highest risk.

A large number of people at a small risk may give rise to more cases than the small number at a high risk (Rose 1985,
International Journal of Epidemiology 14:32). No programme for those above a cut averts a larger share of cases than
the share of cases that the cut finds, times uptake and effect: how well a score discriminates sets the ceiling.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from evenwicht.base.arrays import Floats
from evenwicht.base.errors import ModelError
from evenwicht.estimators.concentration_intervals import Ranked
from evenwicht.estimators.discrimination import as_ties
from evenwicht.estimators.flagging import flag_top
from evenwicht.estimators.influence import Estimate, Sampling, combined, sample_mean
from evenwicht.estimators.liability import ProbitScore
from evenwicht.estimators.predicted_risks import PredictedRisks
from evenwicht.estimators.results import Interval

PER = 100_000  # people among whom averted cases are counted
MANY = 1e9  # degrees of freedom that are as good as infinite
FARTHEST = 1024.0  # standard deviations among which equal shifts are sought
NO_SHIFT = "no shift of everybody's risk averts as many cases"
MAY_DO_NOTHING = "the shift may change nobody's risk, so that any size of it may be needed"


@dataclass(frozen=True)
class Programme:
    """A programme for the people above a cut of a score.

    Attributes
    ----------
    share
        Share of people with the highest scores to whom it is offered, above 0 and below 1.
    uptake
        Share of those who take part, whatever their risk.
    effect
        Share of the excess risk of participants that it removes, -1 to 1; negative if it adds to it. Of an effect that
        fades, what is left at the age to which risks refer.
    floor
        Risk that not even a full effect takes away; the excess is what lies above. At 0 all risk is excess.

    Raises
    ------
    ModelError
        If one of them is out of range.
    """

    share: float
    uptake: float
    effect: float
    floor: float = 0.0

    def __post_init__(self) -> None:
        ranges = {
            "share": 0 < self.share < 1,
            "uptake": 0 <= self.uptake <= 1,
            "effect": -1 <= self.effect <= 1,
            "floor": 0 <= self.floor < 1,
        }
        for name, fine in ranges.items():
            if not fine:
                raise ModelError(
                    f"{name} is {getattr(self, name):g}",
                    where="targeted programme",
                    fix="Shares, risks and effects are fractions.",
                )

    @property
    def strength(self) -> float:
        """Share of the excess risk of those to whom it is offered that it removes."""
        return self.uptake * self.effect


def sensitivity(risks: PredictedRisks, score: Floats, share: float) -> Estimate:
    """Share of all cases to expect among so large a share of people with the highest scores.

    By the risks of the same people to whom a model was fitted it is optimistic where the model is rich for its data.
    The score counts as a given rule. If it is the predictor itself, its estimation matters not to first order, because
    those who change places at the cut have the same risk.

    Parameters
    ----------
    risks
        Of n people.
    score : (n,) array
        High in those at high risk; those tied at the cut are taken in equal parts.
    share
        Above 0 and below 1.
    """
    found, mean = _found(risks, score, share, 0.0), risks.mean()
    ratio = found.value / mean.value
    return combined(ratio, (1 / mean.value, found), (-ratio / mean.value, mean))


def ceiling(sensitivity: Estimate, programme: Programme) -> Estimate:
    """Largest share of all cases that a programme can avert: sensitivity times uptake and effect.

    `sensitivity` is that of the programme's cut, by predicted risks or by observed cases (`flagging.cut_rates`).
    """
    return combined(sensitivity.value * programme.strength, (programme.strength, sensitivity))


def averted_by_programme(risks: PredictedRisks, score: Floats, programme: Programme) -> Estimate:
    """Cases that a programme averts per 100,000 people; arguments as in `sensitivity`."""
    found = _found(risks, score, programme.share, programme.floor)
    return combined(PER * programme.strength * found.value, (PER * programme.strength, found))


def averted_by_shift(risks: PredictedRisks, step: Estimate, shift: float) -> Estimate:
    """Cases per 100,000 people that a shift of everybody to lower risk averts.

    Parameters
    ----------
    risks
        Of n people.
    step
        What one standard deviation of that which is shifted adds to the linear predictor: `risks.predictor_spread()`,
        or `predicted_risks.score_step` of a score.
    shift
        In standard deviations.
    """
    w, moved = risks.weights, risks.predictor - shift * step.value
    share, slopes = w / w.sum(), risks.slope_at(moved)
    own = sample_mean(risks.risk - risks.risk_at(moved), w)
    less = risks.estimate(own, share * (risks.slope_at(risks.predictor) - slopes))
    return combined(PER * less.value, (PER, less), (PER * shift * float(share @ slopes), step))


def equal_shift(risks: PredictedRisks, score: Floats, programme: Programme, step: Estimate) -> Estimate:
    """Shift of everybody, in standard deviations, that averts as many cases as a programme does.

    Negative if a programme adds cases. It has a reason and no value where no shift averts as many, as when the shift
    changes nobody's risk. Arguments as in `sensitivity` and `averted_by_shift`.
    """
    target = averted_by_programme(risks, score, programme)
    shift = shift_that_averts(risks, step.value, target.value)
    if np.isnan(shift):
        return Estimate(np.nan, np.full(len(score), np.nan), NO_SHIFT)
    share = risks.weights / risks.weights.sum()
    pace = PER * step.value * float(share @ risks.slope_at(risks.predictor - shift * step.value))
    return combined(shift, (1 / pace, target), (-1 / pace, averted_by_shift(risks, step, shift)))


def shift_that_averts(risks: PredictedRisks, step: float, cases: float) -> float:
    """Shift of everybody, in standard deviations, that averts so many cases per 100,000 people; NaN if none does.

    `step` is what one of them adds to the linear predictor, as in `averted_by_shift`.
    """
    from scipy.optimize import brentq

    share = risks.weights / risks.weights.sum()
    now = float(share @ risks.risk)

    def missing(shift: float) -> float:
        return now - float(share @ risks.risk_at(risks.predictor - shift * step)) - cases / PER

    reach = np.sign(cases * step) if cases else 1.0
    while step and missing(0.0) * missing(reach) > 0 and abs(reach) < FARTHEST:
        reach *= 2
    if not step or missing(0.0) * missing(reach) > 0:
        return np.nan
    return float(brentq(missing, 0.0, reach, xtol=1e-13))


def is_clear(sampling: Sampling, step: Estimate, coefficients: int = 1, error: float = 0.05) -> bool:
    """Whether a step is longer than chance makes one that is zero, by the Wald test of its coefficients.

    Without any effect the squared length of k estimated coefficients, over its variance, is k times an F variable.

    Parameters
    ----------
    sampling, step
        As in `equal_shift_interval`.
    coefficients
        How many the step is the length of: that of predicted risks grows by chance with each, in whatever direction.
    error
        Share of steps of zero that are called clear.
    """
    from scipy.special import fdtri

    least = coefficients * fdtri(coefficients, min(sampling.df, MANY), 1 - error)
    return bool(step.value**2 > least * sampling.standard_error(step.influence) ** 2)


def equal_shift_interval(sampling: Sampling, equal: Estimate, step: Estimate, coefficients: int = 1) -> Interval:
    """95% interval of an equal shift; none where the step may be zero, which would end at infinity.

    Parameters
    ----------
    sampling
        How people were drawn.
    equal
        From `equal_shift`.
    step
        As it was given there.
    coefficients
        As in `is_clear`.
    """
    moves = sampling.interval(step)
    if not equal.reason and (moves.reason or not is_clear(sampling, step, coefficients)):
        return Interval(equal.value, reason=moves.reason or MAY_DO_NOTHING)
    return sampling.interval(equal)


def _found(risks: PredictedRisks, score: Floats, share: float, floor: float) -> Estimate:
    """Mean over everybody of the risk above a floor of those with the highest scores, the cut being an estimate."""
    w, risk = risks.weights, risks.risk
    excess = np.maximum(risk - floor, 0.0)
    mean = sample_mean(excess, w)
    if not mean.value > 0:
        return Estimate(0.0, np.zeros(len(risk)), risks.reason)
    key = as_ties(score)
    top = Ranked(excess, key, w).top(share)
    own = combined(mean.value * top.value, (mean.value, top), (top.value, mean))
    taken = flag_top(key, share, w) * (risk > floor)
    return risks.estimate(own, w / w.sum() * taken * risks.slope_at(risks.predictor))


# --- a normal score ---------------------------------------------------------------------------------------------------


def normal_averted_by_programme(score: ProbitScore, programme: Programme) -> float:
    """Cases that a programme averts per 100,000 people with a normal score, in closed form."""
    if programme.floor == 0:
        return PER * programme.strength * score.found(programme.share)
    share = min(programme.share, score.share_above(programme.floor))
    return PER * programme.strength * (score.found(share) - programme.floor * share) if share > 0 else 0.0


def normal_averted_by_shift(score: ProbitScore, shift: float) -> float:
    """Cases that a shift of everybody's normal score by standard deviations averts per 100,000, in closed form."""
    return PER * (score.mean - score.mean_after(shift))


def normal_equal_shift(score: ProbitScore, programme: Programme) -> float:
    """Shift of everybody's normal score, in standard deviations, that averts as many as a programme; NaN if none."""
    return score.shift_to(score.mean - normal_averted_by_programme(score, programme) / PER)


def normal_ceiling(score: ProbitScore, programme: Programme) -> float:
    """Largest share of all cases that a programme by a normal score can avert, in closed form."""
    return score.sensitivity(programme.share) * programme.strength


def binormal_auc(apart: float) -> float:
    """Area under the ROC curve of scores that are normal with one variance among cases and others.

    `apart` is the difference of their means in standard deviations (Green and Swets 1966, Signal Detection Theory and
    Psychophysics).
    """
    return float(ndtr(apart / np.sqrt(2)))


def binormal_sensitivity(auc: Floats, share: float, prevalence: float) -> Floats:
    """Share of cases among those with the highest scores, if scores are normal among cases and among others.

    Parameters
    ----------
    auc : (m,) array
        Areas under the ROC curve, above 0 and below 1.
    share
        Share of people above the cut.
    prevalence
        Share of people who are cases.
    """
    from scipy.optimize import elementwise

    apart = np.sqrt(2) * ndtri(auc)

    def too_many(cut: Floats, apart: Floats) -> Floats:
        return np.asarray(prevalence * ndtr(apart - cut) + (1 - prevalence) * ndtr(-cut) - share)

    lowest, highest = (ends(apart, 0.0) - ndtri(share) for ends in (np.minimum, np.maximum))
    cut = elementwise.find_root(too_many, (lowest - 1, highest + 1), args=(apart,))
    return np.asarray(ndtr(apart - cut.x))


def ceiling_curve(auc: Floats, programme: Programme, prevalence: float) -> Floats:
    """Largest share of all cases that a programme can avert by how well its score discriminates, (m,).

    Scores are binormal, as in `binormal_sensitivity`; that of a probit model is `normal_ceiling` of
    `ProbitScore.with_auc`.
    """
    return programme.strength * binormal_sensitivity(auc, programme.share, prevalence)
