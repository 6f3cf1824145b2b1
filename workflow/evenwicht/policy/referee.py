"""A sceptical referee's questions to an event study by date of birth, each answered by estimate rows.

Every row is about the births with the longest exposure against the unexposed, the headline of the study. What the
answers mean for the headline is said in `report.survives`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evenwicht.cohort import Cohort
from evenwicht.config import CohortConfig, EventOutcome, EventStudy
from evenwicht.errors import ModelError
from evenwicht.estimators.cox import CoxResult, fit_cox
from evenwicht.estimators.cox_bootstrap import score_bootstrap
from evenwicht.estimators.design_analysis import design_analysis
from evenwicht.estimators.empirical_null import EmpiricalNull, fit_empirical_null
from evenwicht.estimators.results import Z95, Interval
from evenwicht.policy.births import GESTATION, Births, draw_births
from evenwicht.policy.event_study import cell_columns, group_columns, in_cells, samples
from evenwicht.policy.windows import last_visits, window_check
from evenwicht.rows import Rows, as_table

Floats = NDArray[np.float64]
TREND, STEP, DOSE = "year of birth", "born before the cut-off", "months of exposure"
MARGIN = 6  # months of birth that must lie on each side of a cut-off
BOOTSTRAP = 9_999
LEAST_CONTROLS = 5  # below it an empirical null has next to no shape
ALPHA = 0.05
CALIBRATED = [
    ("conditional_hazard_ratio", "empirical_null"),
    ("conditional_hazard_ratio", "cox_calibrated"),
    ("p_value", "cox_calibrated"),
]
SCAN_COLUMNS = ["study", "scan", "months", "estimate", "lower", "upper", "actual"]
CHI2_95 = float(stats.chi2.ppf(0.95, 1))


@dataclass(frozen=True)
class Controls:
    """Negative controls that a model could be fitted to, and those left out.

    `estimates` (m, 2) holds log hazard ratios of the longest group and their standard errors, `left_out` the name and
    the reason of each other control.
    """

    estimates: Floats
    left_out: list[str]

    @property
    def number(self) -> str:
        """How many are used, for contrasts and notes."""
        return f"{len(self.estimates)} negative controls"

    @property
    def missing(self) -> str:
        """How many are left out and why; empty if none is."""
        return f"{len(self.left_out)} left out: {'; '.join(self.left_out)}" if self.left_out else ""


@dataclass(frozen=True)
class Answers:
    """Estimate rows, and the two scans over months: placebo cut-offs and the profile likelihood of the end."""

    estimates: pd.DataFrame
    scans: pd.DataFrame


def referee(cohort: Cohort, config: CohortConfig, rng: np.random.Generator) -> Answers:
    """Put the event study of a cohort to every question.

    Parameters
    ----------
    cohort, config
        A cohort with an event study.
    rng
        Source of the weights of the wild bootstrap.

    Raises
    ------
    ModelError, DataError
        If the data cannot support a model, naming cohort, study and reason.
    """
    study = config.event_study
    assert study is not None
    parts, scans = [], []
    controls = _control_estimates(cohort, study)
    for name, births in samples(cohort, config):
        rows = Rows(cohort.name, name, "policy", study.contrast(study.longest))
        fit = births.cox(group_columns(births, study))
        _sandwich(rows, births, study)
        _pre_trend(rows, births, study, fit)
        specifications(rows, cohort, config, births)
        placebo = placebo_cutoffs(births)
        _randomisation(rows, births, placebo)
        profile = _break_point(rows, births, study)
        _negative_controls(rows, controls, study, fit)
        _bootstrap(rows, births, study, rng)
        _selection(rows, births, study, fit)
        _design(rows, births, study, fit)
        parts.append(rows)
        scans += [placebo.assign(study=name, scan="placebo"), profile.assign(study=name, scan="profile")]
    return Answers(as_table(parts), pd.concat(scans, ignore_index=True)[SCAN_COLUMNS])


def specification_study(cohort: Cohort, config: CohortConfig) -> pd.DataFrame:
    """Return the rows of `specifications` alone, for every outcome of the event study."""
    study = config.event_study
    assert study is not None
    parts = []
    for name, births in samples(cohort, config):
        rows = Rows(cohort.name, name, "policy", study.contrast(study.longest))
        specifications(rows, cohort, config, births)
        parts.append(rows)
    return as_table(parts)


def specifications(rows: Rows, cohort: Cohort, config: CohortConfig, births: Births) -> None:
    """The headline again: with a trend, without births near the change, from a visit on, and in coherent windows."""
    study = config.event_study
    assert study is not None

    def again(method: str, people: Births, extra: dict[str, Floats], note: str) -> None:
        reason = people.too_few_events(study)
        columns = {**group_columns(people, study), **extra}
        ratio = Interval.not_estimable(reason) if reason else people.cox(columns).hazard_ratio(study.longest)
        rows.add("conditional_hazard_ratio", method, ratio, n=people.n, events=people.events, note=note)

    again("cox_trend", births, {TREND: births.years}, "linear year of birth added")
    near = np.abs(births.month - GESTATION - 0.5) < study.donut_months
    left_out = f"births within {study.donut_months} months of the last exposed conception left out"
    again("cox_donut", births.part(~near), {}, left_out)
    if rows.study in study.from_visit:
        outcome = config.outcomes[rows.study].model_copy(update={"event": study.from_visit[rows.study]})
        assert isinstance(outcome, EventOutcome)
        entered = draw_births(cohort, study, outcome, f"{births.where}, from a visit on")
        again("cox_delayed_entry", entered, {}, "people free of the disease at a visit, from their age at it on")
    check = window_check(births)
    rows.add("observed_expected_ratio", "windows", check.ratio, n=births.n, events=check.observed, note=check.note)
    visits = last_visits(cohort, births)
    if visits is not None:
        again("cox_coherent", births.censored_at(visits), {}, "everybody, ill or not, followed to the last visit")


def _sandwich(rows: Rows, births: Births, study: EventStudy) -> None:
    """The headline with the sandwich error that the literature uses, which few clusters make too narrow."""
    x, names = births.design(group_columns(births, study))
    o = births.outcome
    fit = fit_cox(o.time, o.event, x, names, entry=births.entry, clusters=births.clusters, where=births.where)
    note = "sandwich clustered by month of birth; the other rows use the bias-reduced one, with fewer df"
    ratio = fit.hazard_ratio(study.longest)
    rows.add("conditional_hazard_ratio", "cox_sandwich", ratio, n=births.n, events=births.events, note=note)


def _pre_trend(rows: Rows, births: Births, study: EventStudy, fit: CoxResult) -> None:
    """Joint test of the cells before the exposure, and its power against the trend that would make the headline."""
    before = study.before
    if not before:
        return
    compared = in_cells(births, study)
    cells = compared.cox(cell_columns(compared, study))
    _, q, p = cells.wald(before)
    contrast = f"{', '.join(before)} vs {study.reference.label}"
    size: dict[str, Any] = {"n": compared.n, "events": compared.events}
    rows.add("p_value", "pre_trend", Interval(p), contrast=contrast, note=f"Wald, {q} cells", **size)

    def middle(quarters: tuple[int, int]) -> float:
        return float(births.years[births.within(quarters)].mean())

    longest, unexposed = study.groups[study.longest], study.unexposed.quarters
    slope = fit.params[fit.position(study.longest)] / (middle(longest) - middle(unexposed))
    drift = slope * np.array([middle(study.cells[cell]) - middle(study.reference.quarters) for cell in before])
    places = [cells.position(cell) for cell in before]
    strength = float(drift @ np.linalg.solve(cells.covariance[np.ix_(places, places)], drift))
    df = cells.wald_df(before)
    power = stats.ncf.sf(stats.f.ppf(0.95, q, df), q, df, strength)
    told = f"against {100 * np.expm1(slope):+.1f}% of the hazard a year of birth, which alone would make the headline"
    rows.add("power", "pre_trend", Interval(float(power)), contrast=contrast, note=told, **size)


def placebo_cutoffs(births: Births) -> pd.DataFrame:
    """Log hazard ratio of being born before each possible cut-off, beside a linear trend.

    Returns
    -------
    DataFrame
        months (of the first birth after the cut-off, from the end of the policy), estimate, lower, upper, se, actual.
        A cut-off at which the model cannot be fitted has no numbers.
    """
    rows = []
    for cutoff in range(int(births.month.min()) + MARGIN, int(births.month.max()) - MARGIN + 2):
        step = (births.month < cutoff).astype(float)
        try:
            interval = births.cox({STEP: step, TREND: births.years}).coefficient(STEP)
        except ModelError as error:
            interval = Interval.not_estimable(error.what)
        rows.append(
            {
                "months": cutoff,
                "estimate": interval.estimate,
                "lower": interval.lower,
                "upper": interval.upper,
                "se": interval.se,
                "actual": cutoff == GESTATION + 1,
            }
        )
    return pd.DataFrame(rows)


def rank_size(cutoffs: int, alpha: float = ALPHA) -> float:
    """Return the chance that a rank among so many cut-offs gives p <= alpha where there is no break.

    The rank is that of the true cut-off among all m, so p is k / m for a whole k, and if all cut-offs are alike, each k
    is as likely: the size is the largest k / m up to alpha, which can be far below it (.029 with 34 cut-offs, 0 with
    fewer than 20).

    Neighbouring cut-offs share most of their births and those near an end of the births lean on few months, so cut-offs
    are not quite alike. Measured on 20,000 draws of independent means of 54 months (43 cut-offs, of size .047 by this
    rule; step beside a trend and calendar months, jackknife errors): .046 at the true cut-off, between .034 and .067
    over all of them. With 34 cut-offs .028 instead of .029, with 22 .023 instead of .045.

    >>> [round(rank_size(m), 3) for m in (19, 20, 34, 43)]
    [0.0, 0.05, 0.029, 0.047]
    """
    return max(k for k in range(cutoffs + 1) if k <= alpha * cutoffs + 1e-9) / cutoffs


def _randomisation(rows: Rows, births: Births, placebo: pd.DataFrame) -> None:
    """Rank of the break at the true cut-off among all possible ones, and the size that such a test can have."""
    if not placebo["actual"].any():
        return
    size: dict[str, Any] = {"n": births.n, "events": births.events}
    found = placebo[placebo["se"].notna()]
    z = (found["estimate"] / found["se"]).abs()
    failed = len(placebo) - len(found)
    if not found["actual"].any():
        rows.add("p_value", "placebo_cutoff", Interval.not_estimable("no estimate at the true cut-off"), **size)
        return
    p = float((z >= z[found["actual"]].item()).mean())
    note = f"break beside a linear trend, at the true cut-off against {len(found) - 1} others"
    note += f"; {failed} more could not be estimated" if failed else ""
    rows.add("p_value", "placebo_cutoff", Interval(p), note=note, **size)
    told = f"at the 5% level; p values are ranks among {len(found)} cut-offs taken to be alike"
    rows.add("test_size", "placebo_cutoff", Interval(rank_size(len(found))), note=told, **size)


def _break_point(rows: Rows, births: Births, study: EventStudy) -> pd.DataFrame:
    """Profile likelihood of the month in which the policy ended, and the dose against a linear trend and a step."""
    first, last = int(births.month.min()), int(births.month.max())
    shifts = np.arange(first + MARGIN - GESTATION, last - MARGIN - GESTATION + 1)
    profile = [births.cox({DOSE: births.dose(study, int(shift))}).log_likelihood for shift in shifts]
    deviance = 2 * (max(profile) - np.array(profile))
    best = int(shifts[np.argmin(deviance)])
    inside = deviance <= CHI2_95
    size: dict[str, Any] = {"n": births.n, "events": births.events}
    note = f"likelihood ratio over {shifts[0]} to {shifts[-1]} months; a limit beyond them is infinite"
    lower = -np.inf if inside[0] else float(shifts[inside].min())
    upper = np.inf if inside[-1] else float(shifts[inside].max())
    interval = Interval(best, np.nan, lower, upper)
    contrast = f"end of exposure, months from the end of {study.policy.lower()}"
    rows.add("break_date", "profile", interval, contrast=contrast, note=note, **size)
    actual = births.cox({DOSE: births.dose(study)}).log_likelihood
    step = (births.month <= GESTATION).astype(float)
    for rival, column in ((f"linear {TREND}", births.years), ("step at the last exposed conception", step)):
        gained = 2 * (actual - births.cox({"rival": column}).log_likelihood)
        rows.add("aic_difference", "profile", Interval(gained), contrast=f"{rival} instead of {DOSE}", **size)
    table = pd.DataFrame({"months": shifts, "estimate": -deviance / 2, "actual": shifts == 0})
    return table.assign(lower=np.nan, upper=np.nan)


def _negative_controls(rows: Rows, controls: Controls, study: EventStudy, fit: CoxResult) -> None:
    """What the design finds in outcomes that the policy cannot have changed, and the headline judged against it."""
    if not study.negative_controls:
        return
    size: dict[str, Any] = {"n": fit.n, "events": fit.events, "contrast": controls.number}
    if len(controls.estimates) < LEAST_CONTROLS:
        reason = f"{controls.number}, fewer than {LEAST_CONTROLS}; {controls.missing}"
        for estimand, method in CALIBRATED:
            rows.add(estimand, method, Interval.not_estimable(reason), **size)
        return
    null = fit_empirical_null(*controls.estimates.T)
    about = "interval: where 95% of other outcomes without an effect are predicted, not the error of their mean"
    fitted = f"log hazard ratios have mean {null.mean:.3f}, SD {null.sd:.3f}"
    note = "; ".join(part for part in (about, fitted, controls.missing) if part)
    rows.add("conditional_hazard_ratio", "empirical_null", null.error().exp(), note=note, **size)
    ratio = fit.hazard_ratio(study.longest)
    calibrated, p = _calibrated(null, ratio)
    told = "; ".join(part for part in (controls.number, controls.missing) if part)
    rows.add("conditional_hazard_ratio", "cox_calibrated", calibrated, note=told, **size)
    rows.add("p_value", "cox_calibrated", p, note=told, **size)


def _calibrated(null: EmpiricalNull, ratio: Interval) -> tuple[Interval, Interval]:
    """A hazard ratio and its p value, beside systematic error; its random error is as wide as its own interval says."""
    log_ratio, se = np.log(ratio.estimate), np.log(ratio.upper / ratio.lower) / (2 * Z95)
    if not np.isfinite(se):
        reason = ratio.reason or "the headline has no interval"
        return Interval(float(np.exp(log_ratio - null.mean))).bare(reason), Interval.not_estimable(reason)
    return null.calibrate(log_ratio, se).exp(), Interval(null.p_value(log_ratio, se))


def _control_estimates(cohort: Cohort, study: EventStudy) -> Controls:
    """The longest group against the unexposed in every negative control, or the reason why there is no estimate."""
    horizon, found, left_out = max(study.ages), [], []
    for event in study.negative_controls:
        outcome = EventOutcome(kind="time_to_event", label=event, event=event, time="age", horizon=horizon)
        try:
            births = draw_births(cohort, study, outcome, f"cohort {cohort.name}, negative control {event}")
            few = births.too_few_events(study)
            if few:
                left_out.append(f"{event} ({few})")
                continue
            fit = births.cox(group_columns(births, study))
        except ModelError as error:
            left_out.append(f"{event} ({error.what})")
            continue
        ratio = fit.hazard_ratio(study.longest)
        if np.isfinite(ratio.se):
            found.append((np.log(ratio.estimate), ratio.se))
        else:
            left_out.append(f"{event} ({ratio.reason or 'no standard error'})")
    return Controls(np.array(found).reshape(-1, 2), left_out)


def _bootstrap(rows: Rows, births: Births, study: EventStudy, rng: np.random.Generator) -> None:
    x, names = births.design(group_columns(births, study))
    o = births.outcome
    p = score_bootstrap(
        o.time,
        o.event,
        x,
        names.index(study.longest),
        entry=births.entry,
        clusters=births.clusters,
        draws=BOOTSTRAP,
        rng=rng,
        where=births.where,
    )
    note = f"{BOOTSTRAP:,} draws of Webb weights on {len(np.unique(births.clusters))} months of birth"
    rows.add("p_value", "wild_bootstrap", Interval(p), n=births.n, events=births.events, note=note)


def _selection(rows: Rows, births: Births, study: EventStudy, fit: CoxResult) -> None:
    """How strongly taking part must depend on exposure and on disease to make the headline out of nothing.

    The bound of Smith and VanderWeele 2019, Epidemiology 30:509, for a rare outcome: as risk ratios, both ties at least
    RR + sqrt(RR (RR - 1)).
    """
    ratio = fit.hazard_ratio(study.longest)
    nearer = ratio.upper if ratio.estimate < 1 else ratio.lower
    bound = Interval(e_value(ratio.estimate), np.nan, e_value(nearer) if _away(ratio) else 1.0, np.nan)
    note = "risk ratio that selection needs with exposure and with disease; lower: to move the interval to 1"
    rows.add("e_value", "selection", bound, n=births.n, events=births.events, note=note)


def e_value(ratio: float) -> float:
    """Return RR + sqrt(RR (RR - 1)), with ratios below 1 inverted.

    >>> round(e_value(2.0), 3)
    3.414
    """
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))


def _away(ratio: Interval) -> bool:
    return not ratio.lower <= 1 <= ratio.upper


def _design(rows: Rows, births: Births, study: EventStudy, fit: CoxResult) -> None:
    """Power, type S and type M errors, had the policy the effect held plausible."""
    j = fit.position(study.longest)
    plausible, se = float(np.log(study.plausible_hazard_ratio)), float(np.sqrt(fit.covariance[j, j]))
    found = design_analysis(plausible, se)
    note = f"if the true hazard ratio were {study.plausible_hazard_ratio:g}; Gelman and Carlin 2014"
    size: dict[str, Any] = {"n": births.n, "events": births.events, "note": note}
    for estimand, value in found._asdict().items():
        rows.add(estimand, "design_analysis", Interval(value), **size)
