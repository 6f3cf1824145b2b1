"""What each study could see in cohorts like this one: its estimate beside what draws of the twin say of it.

Errors of sign and size are those of Gelman and Carlin 2014, Perspectives on Psychological Science 9:641, counted over
draws instead of taken from a normal curve.
"""

from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pandas as pd

from evenwicht.base.exposures import Exposed
from evenwicht.base.streams import stream_key
from evenwicht.config import AS_CONFIGURED, CohortConfig
from evenwicht.display.section import records
from evenwicht.estimators.results import ESTIMANDS
from evenwicht.recovery import KEY, replicate, summarise
from evenwicht.rehearsal.sizes import ESTIMATED, STATED
from evenwicht.results.questions import Births
from evenwicht.results.schema import COHORT, ESTIMATES, Field, Schema
from evenwicht.worlds import true_values

MARGIN, ESTIMATE = "margin", "estimate"
PREFIXES = {MARGIN: STATED, ESTIMATE: ESTIMATED}  # of scenarios, by how large effects are in them
ENOUGH_POWER = 0.8
SOUND = 0.85  # coverage below which intervals of 95% do not say what they seem to
DRAWS = 100_000  # people behind each true value
TOLD = [
    *("mean_difference", "risk_difference", "conditional_hazard_ratio", "cumulative_incidence_difference"),
    *("population_mean_difference", "population_risk_difference", "mean_ratio"),
]
AS_LARGE = {MARGIN: "", ESTIMATE: ", as large as it was estimated"}
FEWEST = 10  # clear estimates by which errors of sign and size are told
REHEARSAL = Schema(
    {
        "cohort": COHORT,
        **{name: ESTIMATES.fields[name] for name in KEY},
        "estimate": Field("number", "Estimate in the cohort itself"),
        "lower": Field("number", "Lower 95% limit in the cohort itself"),
        "upper": Field("number", "Upper 95% limit in the cohort itself"),
        "put_in": Field("id", "How large the effects are: margin, that matter; estimate, as in the cohort itself"),
        "effect": Field("number", "True effect in the twin"),
        "draws": Field("number", "Twins drawn with this effect"),
        "no_estimate": Field("number", "Draws without an estimate"),
        "mean_bias": Field("number", "Mean error; of ratios, of their logarithm"),
        "mc_error_bias": Field("number", "Monte Carlo standard error of the bias"),
        "coverage": Field("number", "Share of 95% intervals that hold the truth"),
        "false_alarms": Field("number", "Share of intervals without no effect, in twins where there is none"),
        "power": Field("number", "Share of intervals without no effect"),
        "type_s": Field("number", "Share of these on the wrong side of no effect"),
        "type_m": Field("number", "How many times too large these are on average; of ratios, their logarithm"),
    },
    ["cohort", *KEY, "put_in"],
)


def judged(config: CohortConfig, estimates: pd.DataFrame, seed: int, draws: int) -> pd.DataFrame:
    """Return what studies of a twin find of stated effects, and of none, beside the estimates of the cohort itself.

    Parameters
    ----------
    config
        Cohort file of a twin.
    estimates
        Estimates of the cohort that it is a twin of, with the columns of `schema.ESTIMATES`; empty if not yet made.
    seed, draws
        Seed of the draws, and their number in each scenario.

    Returns
    -------
    DataFrame
        Columns of `REHEARSAL`, for each size of effects one row for each comparison by which a study concludes, or each
        effect of a study that concludes nothing. Without stated effects, what needs one is empty.
    """
    found: dict[str, pd.DataFrame] = {}
    concluded = pd.DataFrame(columns=KEY)
    for scenario in (AS_CONFIGURED, *config.scenarios):
        cohort = config if scenario == AS_CONFIGURED else config.in_scenario(scenario)
        key = stream_key(seed, config.name, f"rehearsal {scenario}")
        truth = true_values(cohort.source, cohort.codebook, cohort.questions, DRAWS, key)
        with redirect_stdout(StringIO()):  # draws without an estimate are counted in the table
            rows, verdicts = replicate(cohort, truth, seed, range(1, draws + 1), scenario)
        found[scenario] = _told(rows[rows["truth"].notna()], draws)
        if len(verdicts):
            concluded = pd.concat([concluded, verdicts[KEY]]).drop_duplicates()
    alarms = found.pop(AS_CONFIGURED)
    told = with_their_effect(
        pd.concat(
            [alarms.assign(put_in=MARGIN), *(_of(table, name, config) for name, table in found.items())],
            ignore_index=True,
        )
    )
    others = told[~told["study"].isin(concluded["study"]) & _nothing(told).notna() & (told["subgroup"] == "")]
    table = told.merge(pd.concat([concluded, others[KEY].drop_duplicates()]), on=KEY)
    alarms = alarms[[*KEY, "power", "effect"]].rename(columns={"power": "false_alarms"})
    alarms["false_alarms"] = alarms["false_alarms"].where(alarms["effect"] == _nothing(alarms))
    table = table.merge(alarms.drop(columns="effect"), on=KEY, how="left")
    own = estimates[[*KEY, "estimate", "lower", "upper"]]
    return REHEARSAL.checked(table.merge(own, on=KEY, how="left").assign(cohort=config.name))


def with_their_effect(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep each comparison once for each size of effects: as it is where the effect put in is furthest from none.

    A time of birth is compared in the scenario of every column that the date of birth decides, and one of them is its
    own.
    """
    size = rows["effect"].where(_nothing(rows) != 1, np.log(rows["effect"].where(rows["effect"] > 0)))
    order = size.abs().fillna(0.0).sort_values(kind="stable").index
    return rows.loc[order].drop_duplicates([*KEY, "put_in"], keep="last").sort_index()


def _of(table: pd.DataFrame, scenario: str, twin: CohortConfig) -> pd.DataFrame:
    """Rows of the exposure whose effects a scenario puts in, with how large they are; the others have none in it.

    Where the exposure is what the date of birth decides, they include those of times of birth.
    """
    size = next(size for size, prefix in PREFIXES.items() if scenario.startswith(prefix))
    columns = table["exposure"].map(lambda key: Exposed.read(key).column)
    column = scenario.removeprefix(PREFIXES[size])
    shown = columns == column
    births = getattr(twin.source, "births", None)
    if births is not None and column in births.decides:
        times = {question.exposure for question in twin.questions if isinstance(question, Births)}
        shown |= table["exposure"].isin(times)
    return table[shown].assign(put_in=size)


def _nothing(rows: pd.DataFrame) -> "pd.Series[float]":
    """No effect, on the scale of each row."""
    kinds = rows["estimand"].map(lambda name: ESTIMANDS[name].kind)
    return kinds.map({"ratio": 1.0, "difference": 0.0}).astype(float)


def _told(rows: pd.DataFrame, draws: int) -> pd.DataFrame:
    """Bias, coverage, power, and errors of sign and size of each comparison."""
    nothing = _nothing(rows)
    ratio = nothing == 1

    def size(values: "pd.Series[float]") -> "pd.Series[float]":
        with np.errstate(divide="ignore", invalid="ignore"):
            return pd.Series(np.log(values.where(values > 0)), index=values.index).where(ratio, values)

    clear = (rows["lower"] > nothing) | (rows["upper"] < nothing)
    true, seen = size(rows["truth"]), size(rows["estimate"])
    true = true.where(true != 0)  # no effect has no sign, and cannot be exaggerated
    wrong = (np.sign(seen) != np.sign(true)).astype(float).where(clear & true.notna())
    times = (seen / true).abs().where(clear)
    groups = rows.assign(clear=clear, wrong=wrong, times=times).groupby(KEY, sort=False)
    few = groups["times"].count() < FEWEST
    more = pd.DataFrame(
        {
            "effect": groups["truth"].mean(),
            "type_s": groups["wrong"].mean().mask(few),
            "type_m": groups["times"].mean().mask(few),
        }
    ).reset_index()
    told = summarise(rows, draws).rename(columns={"replicates": "draws"})
    wanted = ["draws", "no_estimate", "mean_bias", "mc_error_bias", "coverage", "power"]
    return told[[*KEY, *wanted]].merge(more, on=KEY)


def lines(table: pd.DataFrame, people: int) -> Iterator[str]:
    """Yield what each comparison could see, in a sentence; those of a study's further figures stand in the table."""
    yield f"With {people} people, their clusters and their attrition:"
    told = table["estimand"].isin(TOLD)
    for row in records(table[told]):
        place = f"{row['study']}, {row['outcome']} by {row['exposure']} ({row['estimand']}, {row['method']})"
        own = "" if np.isnan(row["estimate"]) else f"estimate {row['estimate']:.3g}; "
        if np.isnan(row["power"]):
            yield f"  {place}: {own}too few draws gave an interval."
            continue
        if row["effect"] == (1.0 if ESTIMANDS[row["estimand"]].kind == "ratio" else 0.0):
            yield f"  {place}: {own}no effect was stated; it raised a false alarm in {row['power']:.0%} of twins."
            continue
        without = f"; {row['no_estimate']:.0f} of {row['draws']:.0f} gave no estimate" if row["no_estimate"] else ""
        could = "could see" if row["power"] >= ENOUGH_POWER else "could not see"
        could = "would be misled about" if row["coverage"] < SOUND else could  # what is clear is its bias
        yield (
            f"  {place}: {own}it {could} an effect of {row['effect']:.3g}{AS_LARGE[row['put_in']]}: "
            f"power {row['power']:.0%}, coverage {row['coverage']:.0%}, "
            f"bias {row['mean_bias']:.2g}{_errors(row)}{without}."
        )
    if not told.all():
        yield f"  {(~told).sum()} more comparisons, of other figures, stand in the table."


def _errors(row: dict[str, float]) -> str:
    if np.isnan(row["type_m"]):
        return "; too few were clear to tell errors of sign and size"
    return (
        f"; of those clear, {row['type_s']:.0%} have the wrong sign, and they are {row['type_m']:.1f} times the effect"
    )
