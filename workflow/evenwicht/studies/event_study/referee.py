"""A sceptical referee's questions to an event study by date of birth, each answered by estimate rows.

Every row is about the births with the longest exposure against the unexposed, the headline of the study. What the
answers mean for the headline is said in `report.survives`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from evenwicht.base.arrays import Floats
from evenwicht.base.codebook import Codebook
from evenwicht.base.errors import ModelError
from evenwicht.base.outcomes import EventOutcome
from evenwicht.cohort import Cohort
from evenwicht.estimators.cox import CoxResult
from evenwicht.estimators.cox_bootstrap import score_bootstrap
from evenwicht.estimators.design_analysis import design_analysis
from evenwicht.estimators.empirical_null import EmpiricalNull, fit_empirical_null
from evenwicht.estimators.results import Z95, Interval
from evenwicht.estimators.sensitivity import e_value
from evenwicht.results.rows import Rows
from evenwicht.studies.event_study import Group, Settings
from evenwicht.studies.event_study.births import (
    GESTATION,
    Births,
    Models,
    draw_births,
    group_columns,
)
from evenwicht.studies.event_study.windows import last_visits, window_check

TREND, STEP, DOSE = "year of birth", "born before the cut-off", "months of exposure"
MARGIN = 6  # months of birth that must lie on each side of a cut-off
BOOTSTRAP = 9_999
LEAST_CONTROLS = 5  # below it an empirical null has next to no shape
ALPHA = 0.05
CHI2_95 = float(special.chdtri(1, 0.05))


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


def put_to_every_question(rows: Rows, models: Models, controls: Controls, rng: np.random.Generator) -> None:
    """Answer every question but those of `specifications`.

    Curves: `placebo`, the log hazard ratio at every possible cut-off, and `profile`, the log likelihood by the month in
    which the policy ended, below its maximum.

    Parameters
    ----------
    rows
        Of the longest exposure against the unexposed.
    models
        Of the people of one outcome.
    controls
        Output of `control_estimates`.
    rng
        Source of the weights of the wild bootstrap.
    """
    births, study, fit = models.births, models.study, models.groups
    _sandwich(rows, study, fit)
    _pre_trend(rows, models)
    placebo = placebo_cutoffs(births)
    _randomisation(rows, births, placebo)
    rows.curve("placebo", placebo.rename(columns={"months": "x"}))
    rows.curve("profile", _break_point(rows, models).rename(columns={"months": "x"}))
    _negative_controls(rows, controls, study, fit)
    _bootstrap(rows, births, study, rng)
    _selection(rows, births, study, fit)
    _design(rows, births, study, fit)


def specifications(rows: Rows, births: Births, study: Settings, cohort: Cohort, book: Codebook) -> None:
    """The headline again: with a trend, without births near the change, from a visit on, and in coherent windows."""

    def again(method: str, people: Births, extra: dict[str, Floats], note: str) -> None:
        reason = people.too_few_events(study)
        columns = {**group_columns(people, study), **extra}
        ratio = Interval.not_estimable(reason) if reason else people.cox(columns).hazard_ratio(study.longest)
        rows.add("conditional_hazard_ratio", method, ratio, n=people.n, events=people.events)
        rows.diagnose("specification", method, Interval(np.nan), n=people.n, note=note)

    again("cox_trend", births, {TREND: births.years}, "linear year of birth added")
    near = np.abs(births.month - GESTATION - 0.5) < study.donut_months
    left_out = f"births within {study.donut_months} months of the last exposed conception left out"
    again("cox_donut", births.part(~near), {}, left_out)
    if rows.outcome in study.from_visit:
        outcome = book.outcomes[rows.outcome].model_copy(update={"event": study.from_visit[rows.outcome]})
        assert isinstance(outcome, EventOutcome)
        entered = draw_births(cohort, book, study, outcome, f"{births.where}, from a visit on")
        again("cox_delayed_entry", entered, {}, "people free of the disease at a visit, from their age at it on")
    check = window_check(births)
    rows.add("observed_expected_ratio", "windows", check.ratio, n=births.n, events=check.observed)
    rows.diagnose("window_check", "windows", check.ratio, n=births.n, note=check.note)
    visits = last_visits(cohort, births)
    if visits is not None:
        again("cox_coherent", births.censored_at(visits), {}, "everybody, ill or not, followed to the last visit")


def _sandwich(rows: Rows, study: Settings, fit: CoxResult) -> None:
    """The headline with the sandwich error that the literature uses, which few clusters make too narrow."""
    note = "sandwich clustered by month of birth; the other rows use the bias-reduced one, with fewer df"
    ratio = fit.sandwich().hazard_ratio(study.longest)
    rows.add("conditional_hazard_ratio", "cox_sandwich", ratio, n=fit.n, events=fit.events)
    rows.diagnose("specification", "cox_sandwich", Interval(np.nan), n=fit.n, note=note)


def _pre_trend(rows: Rows, models: Models) -> None:
    """Joint test of the cells before the exposure, and its power against the trend that would make the headline."""
    births, study, fit, before = models.births, models.study, models.groups, models.study.before
    if not before:
        return
    cells = models.cells
    _, q, p = cells.wald(before)
    rows.diagnose("p_value", "pre_trend", p, n=cells.n, note=f"Wald, {q} cells")

    def middle(group: Group) -> float:
        return float(births.years[births.within(group)].mean())

    longest, unexposed = study.groups[study.longest], study.unexposed
    slope = fit.params[fit.position(study.longest)] / (middle(longest) - middle(unexposed))
    drift = slope * np.array([middle(study.cells[cell]) - middle(study.reference) for cell in before])
    places = [cells.position(cell) for cell in before]
    strength = float(drift @ np.linalg.solve(cells.covariance[np.ix_(places, places)], drift))
    df = cells.wald_df(before)
    power = 1 - special.ncfdtr(q, df, strength, special.fdtri(q, df, 0.95))
    told = f"against {100 * np.expm1(slope):+.1f}% of the hazard a year of birth, which alone would make the headline"
    rows.diagnose("power", "pre_trend", float(power), n=cells.n, note=told)


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
    found = placebo[placebo["se"].notna()]
    z = (found["estimate"] / found["se"]).abs()
    failed = len(placebo) - len(found)
    if not found["actual"].any():
        missing = Interval.not_estimable("no estimate at the true cut-off")
        rows.diagnose("p_value", "placebo_cutoff", missing, n=births.n)
        return
    p = float((z >= z[found["actual"]].item()).mean())
    note = f"break beside a linear trend, at the true cut-off against {len(found) - 1} others"
    note += f"; {failed} more could not be estimated" if failed else ""
    rows.diagnose("p_value", "placebo_cutoff", p, n=births.n, note=note)
    told = f"at the 5% level; p values are ranks among {len(found)} cut-offs taken to be alike"
    rows.diagnose("test_size", "placebo_cutoff", rank_size(len(found)), n=births.n, note=told)


def _break_point(rows: Rows, models: Models) -> pd.DataFrame:
    """Profile likelihood of the month in which the policy ended, and the dose against a linear trend and a step."""
    births, study = models.births, models.study
    first, last = int(births.month.min()), int(births.month.max())
    shifts = np.arange(first + MARGIN - GESTATION, last - MARGIN - GESTATION + 1)
    profile = [births.log_likelihood({DOSE: births.dose(study, int(shift))}) for shift in shifts]
    deviance = 2 * (max(profile) - np.array(profile))
    best = int(shifts[np.argmin(deviance)])
    inside = deviance <= CHI2_95
    note = f"likelihood ratio over {shifts[0]} to {shifts[-1]} months; a limit beyond them is infinite"
    lower = -np.inf if inside[0] else float(shifts[inside].min())
    upper = np.inf if inside[-1] else float(shifts[inside].max())
    interval = Interval(best, np.nan, lower, upper)
    rows.add("break_date", "profile", interval, n=births.n, events=births.events)
    rows.diagnose("specification", "profile", Interval(np.nan), n=births.n, note=note)
    step = (births.month <= GESTATION).astype(float)
    for rival, column, note in (
        ("linear_trend", births.years, "linear year of birth instead of months of exposure"),
        ("step", step, "step at the last exposed conception instead of months of exposure"),
    ):
        gained = 2 * (models.dose.log_likelihood - births.log_likelihood({"rival": column}))
        rows.diagnose("aic_difference", rival, gained, n=births.n, note=note)
    table = pd.DataFrame({"months": shifts, "estimate": -deviance / 2, "actual": shifts == 0})
    return table.assign(lower=np.nan, upper=np.nan)


def _negative_controls(rows: Rows, controls: Controls, study: Settings, fit: CoxResult) -> None:
    """What the design finds in outcomes that the policy cannot have changed, and the headline judged against it."""
    if not study.negative_controls:
        return
    told = "; ".join(part for part in (controls.number, controls.missing) if part)
    rows.diagnose("controls", "empirical_null", float(len(controls.estimates)), n=fit.n, note=told)
    if len(controls.estimates) < LEAST_CONTROLS:
        missing = Interval.not_estimable(f"{controls.number}, fewer than {LEAST_CONTROLS}; {controls.missing}")
        rows.diagnose("chance", "empirical_null", missing, n=fit.n)
        rows.add("conditional_hazard_ratio", "cox_calibrated", missing, n=fit.n, events=fit.events)
        rows.diagnose("p_value", "cox_calibrated", missing, n=fit.n)
        return
    null = fit_empirical_null(*controls.estimates.T)
    about = "hazard ratio; limits: where 95% of other outcomes without an effect are predicted, not the error of a mean"
    fitted = f"log hazard ratios have mean {null.mean:.3f}, SD {null.sd:.3f}"
    rows.diagnose("chance", "empirical_null", null.error().exp(), n=fit.n, note=f"{about}; {fitted}")
    calibrated, p = _calibrated(null, fit.hazard_ratio(study.longest))
    rows.add("conditional_hazard_ratio", "cox_calibrated", calibrated, n=fit.n, events=fit.events)
    rows.diagnose("p_value", "cox_calibrated", p, n=fit.n, note=told)


def _calibrated(null: EmpiricalNull, ratio: Interval) -> tuple[Interval, Interval]:
    """A hazard ratio and its p value, beside systematic error; its random error is as wide as its own interval says."""
    log_ratio, se = np.log(ratio.estimate), np.log(ratio.upper / ratio.lower) / (2 * Z95)
    if not np.isfinite(se):
        reason = ratio.reason or "the headline has no interval"
        return Interval(float(np.exp(log_ratio - null.mean))).bare(reason), Interval.not_estimable(reason)
    return null.calibrate(log_ratio, se).exp(), Interval(null.p_value(log_ratio, se))


def control_estimates(study: Settings, cohort: Cohort, book: Codebook) -> Controls:
    """The longest group against the unexposed in every negative control, or the reason why there is no estimate."""
    horizon, found, left_out = max(study.ages), [], []
    for event in study.negative_controls:
        outcome = EventOutcome(kind="time_to_event", label=event, event=event, time="age", horizon=horizon)
        try:
            births = draw_births(cohort, book, study, outcome, f"cohort {book.cohort}, negative control {event}")
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


def _bootstrap(rows: Rows, births: Births, study: Settings, rng: np.random.Generator) -> None:
    x, names = births.design(group_columns(births, study))
    p = score_bootstrap(births.data, x, names.index(study.longest), draws=BOOTSTRAP, rng=rng, where=births.where)
    note = f"{BOOTSTRAP:,} draws of Webb weights on {len(np.unique(births.clusters))} months of birth"
    rows.diagnose("p_value", "wild_bootstrap", p, n=births.n, note=note)


def _selection(rows: Rows, births: Births, study: Settings, fit: CoxResult) -> None:
    """How strongly taking part must depend on exposure and on disease to make the headline out of nothing.

    The bound of Smith and VanderWeele 2019, Epidemiology 30:509, for a rare outcome: as risk ratios, both ties at least
    RR + sqrt(RR (RR - 1)).
    """
    ratio = fit.hazard_ratio(study.longest)
    nearer = ratio.upper if ratio.estimate < 1 else ratio.lower
    bound = Interval(e_value(ratio.estimate), np.nan, e_value(nearer) if _away(ratio) else 1.0, np.nan)
    note = "risk ratio that selection needs with exposure and with disease; lower: to move the interval to 1"
    rows.diagnose("e_value", "selection", bound, n=births.n, note=note)


def _away(ratio: Interval) -> bool:
    return not ratio.lower <= 1 <= ratio.upper


def _design(rows: Rows, births: Births, study: Settings, fit: CoxResult) -> None:
    """Power, type S and type M errors, had the policy the effect held plausible."""
    j = fit.position(study.longest)
    plausible, se = float(np.log(study.plausible_hazard_ratio)), float(np.sqrt(fit.covariance[j, j]))
    found = design_analysis(plausible, se)
    note = f"if the true hazard ratio were {study.plausible_hazard_ratio:g}; Gelman and Carlin 2014"
    for statistic, value in found._asdict().items():
        rows.diagnose(statistic, "design_analysis", value, n=births.n, note=note)
