"""What one person's exposure does to that person, by several methods side by side."""

from evenwicht.base.adjustment import Adjustment
from evenwicht.base.codebook import Codebook
from evenwicht.base.outcomes import effect_estimand, horizon_of
from evenwicht.cohort import Cohort
from evenwicht.estimators.propensity import fit_propensity
from evenwicht.results.rows import Findings
from evenwicht.studies.exposure import Settings
from evenwicht.studies.exposure.events import event_rows
from evenwicht.studies.exposure.means import number_rows, risk_rows
from evenwicht.studies.exposure.steps import step_rows
from evenwicht.studies.samples import design_of, draw_sample, exposed_by
from evenwicht.studies.study import Job
from evenwicht.studies.values import MeanOutcome


def run(study: Settings, cohort: Cohort, book: Codebook, found: Findings, job: Job) -> None:
    """Estimate the effect of each exposure on each outcome.

    Methods in the rows: `crude`; `regression`; `ipw`, weighting with the estimated propensity in its standard error;
    `ipw_known_weights`, the same estimate as if the weights were known, whose interval is too wide; `standardisation`,
    the g-formula; `aipw`, doubly robust; `modified_poisson`, a ratio of risks or mean counts conditional on the
    covariates; `negative_binomial` of counts, and `two_part` of amounts that many people do not have. An exposure that
    is a number is not weighted.

    Beside the average effect of everybody exposed against nobody stands the population effect: the mean or risk if
    nobody were exposed, less that of people as they are (Hubbard and van der Laan 2008, Biometrika 95:35). It is not
    the average effect times the share exposed, since the exposed may be affected more, or less, than others. The risk
    of people as they are comes from survival within each arm, so that censoring may depend on the exposure. What an
    exposure tells about a risk as people are, such as the area under the ROC curve, has the method `crude`.

    Curves: `survival`, with pointwise 95% limits on the complementary log-log scale, and numbers at risk. Before the
    first event of an arm, and once nobody is left, there are none.
    """
    adjust = book.adjustment(study.adjust)
    family = next(iter(book.role("family")), None)
    families = cohort.persons[family] if family else None
    for contrast in study.contrasts(book):
        for name in study.outcomes:
            outcome = book.outcomes[name]
            where = f"cohort {book.cohort}, study {found.study}, {contrast.exposure} on {name}"
            with found.part(name, contrast.exposure, contrast.reference, estimand=effect_estimand(outcome)) as rows:
                sample = draw_sample(
                    cohort,
                    exposed_by(cohort, contrast),
                    adjust.without(contrast.column),
                    outcome,
                    where,
                    clusters=families,
                    weights=study.weights,
                    follow=study.follow,
                )
                rows.flow(sample.flow)
                sample.tell_weights(rows)
                sample.tell_share(rows)
                sample.tell_spread(rows)
                at = horizon_of(outcome)
                if contrast.continuous:
                    step_rows(rows, sample, at, where)
                    continue
                propensity = fit_propensity(sample.exposure, sample.covariates, where, sample.weights)
                rows.diagnose("largest_weight", "ipw", float(propensity.weights.max()), n=sample.n)
                if not isinstance(sample.outcome, MeanOutcome):
                    event_rows(rows, sample, sample.outcome, propensity, at, where)
                    continue
                products = [name for name in adjust.columns if name in study.modifiers and name != contrast.column]
                modifiers, _ = design_of(cohort.persons[sample.rows], Adjustment(columns=products))
                if sample.outcome.binary:
                    risk_rows(rows, sample, sample.outcome, modifiers, propensity)
                else:
                    number_rows(rows, sample, sample.outcome, modifiers, propensity, where)
