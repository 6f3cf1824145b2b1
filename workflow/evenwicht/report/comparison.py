"""The lead of the report: individual exposure | policy, for each outcome, in the same units."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import pandas as pd

from evenwicht.base.exposures import Contrast
from evenwicht.config import CohortConfig
from evenwicht.display.labels import first_lower, first_upper
from evenwicht.display.picture import LEVELS
from evenwicht.display.section import Row, first, records, where
from evenwicht.display.wording import Scale, decimals, scale_of, with_reason
from evenwicht.results.rows import CLUSTERS, FAILED
from evenwicht.studies import showing
from evenwicht.studies.study import OutcomeStudy

DIFFERENCES = ("mean_difference", "risk_difference")
MARGINAL, CONDITIONAL = "Marginal hazard ratio", "Conditional hazard ratio"
# estimand -> name beside the methods that give it, best first
RATIOS = {
    "risk_ratio": {"standardisation": "Risk ratio", "crude": "Crude risk ratio"},
    "hazard_ratio": {"ipw": MARGINAL, "crude": "Crude hazard ratio"},
    "conditional_hazard_ratio": {"regression": CONDITIONAL},
}
# where an interval lies -> what a reader may take from it
READINGS = {
    "above": "only values above no effect fit the data",
    "below": "only values below no effect fit the data",
    "open": "cannot tell, since no effect fits the data too",
    "": "without an interval, how sure we can be is not known",
}
PER = 100_000


@dataclass(frozen=True)
class Lead:
    """What a pan is about: the first comparison of a study, or one of its others.

    Attributes
    ----------
    level
        individual or policy.
    contrast
        The comparison.
    studies
        Studies of this level that make it, the first leads; name -> outcomes.
    """

    level: str
    contrast: Contrast
    studies: dict[str, list[str]]

    @property
    def outcomes(self) -> list[str]:
        """Outcomes that any of the studies asks about."""
        return list(dict.fromkeys(name for names in self.studies.values() for name in names))

    def rows(self, estimates: pd.DataFrame) -> pd.DataFrame:
        """Its rows among everybody; of what several studies estimate alike, those of the first."""
        keys = {"exposure": self.contrast.exposure, "reference": self.contrast.reference, "subgroup": ""}
        rows = pd.concat([where(estimates, study=name, **keys) for name in self.studies])
        return rows.drop_duplicates(["outcome", "at", "estimand", "method"])


@dataclass(frozen=True)
class Cell:
    """One pan of the balance for one outcome: the leading number, and facts to read beside it."""

    effect: str
    unit: str
    facts: dict[str, str]


@dataclass(frozen=True)
class Line:
    """One outcome with its two pans; a pan is None where that level has no such outcome."""

    outcome: str
    is_exposure: bool
    individual: Cell | None
    policy: Cell | None


@dataclass(frozen=True)
class Balance:
    """The first comparison of a study at each level, outcome by outcome; a level without one is None."""

    individual: Lead | None
    policy: Lead | None
    lines: list[Line]

    @property
    def levels(self) -> list[str]:
        """Levels with a pan."""
        return [level for level in LEVELS if any(getattr(line, level) for line in self.lines)]


@dataclass(frozen=True)
class Shown:
    """An estimate row that a pan shows, with the name it is called by and how it is written."""

    name: str
    row: Row
    scale: Scale

    @property
    def direction(self) -> str:
        return self.scale.direction(self.row)

    @property
    def text(self) -> str:
        return self.scale.with_interval(self.row, sign=self.row["estimand"] in DIFFERENCES)

    @property
    def in_unit(self) -> str:
        return self.scale.with_unit(self.row, sign=self.row["estimand"] in DIFFERENCES)


def leads(config: CohortConfig) -> tuple[list[Lead], list[Lead]]:
    """Return the first comparison of every study at the level of a person or of a policy, and all others."""
    book = config.codebook
    found: dict[tuple[str, str, str], tuple[Contrast, dict[str, list[str]]]] = {}
    lead = set()
    for name, study in config.studies.items():
        if study.level not in LEVELS or not isinstance(study, OutcomeStudy):
            continue
        for index, contrast in enumerate(study.exposures_shown(book)):
            key = (study.level, contrast.exposure, contrast.reference)
            found.setdefault(key, (contrast, {}))[1][name] = study.outcomes
            if index == 0:
                lead.add(key)
    every = {key: Lead(key[0], contrast, studies) for key, (contrast, studies) in found.items()}
    return [every[key] for key in every if key in lead], [every[key] for key in every if key not in lead]


def compare_levels(estimates: pd.DataFrame, diagnostics: pd.DataFrame, config: CohortConfig) -> list[Balance]:
    """Return, outcome by outcome, the leading individual and policy estimates of a cohort.

    Which method leads is what the kinds of study declare: standardisation, else weighting; for a policy without either,
    the difference as it is leads a risk, and the one with covariates a mean; for a policy from a date of birth on, the
    comparison with the same dates of other years. Relative effects stand beside absolute ones, and so does every method
    that disagrees with what leads.

    Parameters
    ----------
    estimates, diagnostics
        Rows of the cohort.
    config
        The cohort. The first comparisons of its studies are paired in the order of the file.
    """
    first_ones, _ = leads(config)
    pans = ([lead for lead in first_ones if lead.level == level] for level in LEVELS)
    return [
        Balance(individual, policy, _lines(individual, policy, estimates, diagnostics, config))
        for individual, policy in zip_longest(*pans)
    ]


def _lines(
    individual: Lead | None,
    policy: Lead | None,
    estimates: pd.DataFrame,
    diagnostics: pd.DataFrame,
    config: CohortConfig,
) -> list[Line]:
    def cell(outcome: str, lead: Lead | None) -> Cell | None:
        if lead is None:
            return None
        rows = where(lead.rows(estimates), outcome=outcome)
        return _cell(records(rows), lead, where(diagnostics, outcome=outcome))

    outcomes = dict.fromkeys(name for lead in (individual, policy) if lead for name in lead.outcomes)
    book = config.codebook
    return [
        Line(
            book.outcomes[name].label,
            individual is not None and book.column_of(name) == individual.contrast.column,
            cell(name, individual),
            cell(name, policy),
        )
        for name in outcomes
    ]


def other_lines(estimates: pd.DataFrame, config: CohortConfig) -> list[dict[str, str]]:
    """Return one line an outcome of each comparison that is not the first of its study: its leading estimate."""
    book, lines = config.codebook, []
    for lead in leads(config)[1]:
        rows = lead.rows(estimates)
        for outcome in lead.outcomes:
            shown = leading(records(where(rows, outcome=outcome)))
            if shown is None:
                continue
            known = not pd.isna(shown.row["truth"])
            lines.append(
                {
                    "level": lead.level,
                    "contrast": lead.contrast.label(book.columns),
                    "outcome": book.outcomes[outcome].label,
                    "estimate": shown.in_unit,
                    "method": showing.method_label(shown.row["method"]),
                    "truth": shown.scale.signed(shown.row["truth"]) if known else "",
                }
            )
    return lines


def subgroup_lines(estimates: pd.DataFrame, config: CohortConfig) -> list[dict[str, str]]:
    """Return one line an outcome, comparison and part of the people: the leading estimate within it."""
    book, lines = config.codebook, []
    parts = estimates[(estimates["subgroup"] != "") & estimates["estimand"].isin(DIFFERENCES)]
    keys = ["study", "outcome", "exposure", "reference", "subgroup"]
    for key, rows in parts.groupby(keys, sort=False):
        name, outcome, exposure, reference, subgroup = map(str, key)
        shown = leading(records(rows))
        if shown is None:
            continue
        labels = showing.labels(config.studies[name], book)
        known = not pd.isna(shown.row["truth"])
        lines.append(
            {
                "outcome": labels.outcome(outcome),
                "contrast": labels.contrast(exposure, reference),
                "subgroup": labels.subgroup(subgroup),
                "estimate": shown.in_unit,
                "method": showing.method_label(shown.row["method"]),
                "truth": shown.scale.signed(shown.row["truth"]) if known else "",
            }
        )
    return lines


def leading(rows: list[Row]) -> Shown | None:
    """Return the difference that leads among the rows of one comparison and outcome, if any may."""
    ranked = list(_ranked(rows))
    return _first_given(ranked)


def _ranked(rows: list[Row]) -> Iterator[Shown]:
    """Differences whose method may lead, best first."""
    methods = showing.methods()
    places = {
        (place, index): row
        for index, row in enumerate(rows)
        if (place := methods[row["method"]].leads.get(row["estimand"])) is not None
    }
    for _, row in sorted(places.items(), key=lambda item: item[0]):
        yield Shown(_name(row), row, scale_of(row))


def _first_given(tried: list[Shown]) -> Shown | None:
    """First of these that is an estimate; if none is, the first that was tried."""
    given = [one for one in tried if not pd.isna(one.row["estimate"])]
    return next(iter([*given, *tried]), None)


def _cell(rows: list[Row], lead: Lead, diagnostics: pd.DataFrame) -> Cell | None:
    ranked = list(_ranked(rows))
    shown = _first_given(ranked)
    if shown is None:
        return _failed(rows)
    row = shown.row
    linear = [Shown(_name(r), r, scale_of(r)) for r in rows if r["estimand"] == row["estimand"] and _is_linear_risk(r)]
    others = [other for other in [*ranked, *linear] if other is not shown]
    ratios = list(filter(None, (_ratio(rows, estimand, names) for estimand, names in RATIOS.items())))
    facts = {**_leading_facts(shown), **{ratio.name: ratio.text for ratio in ratios}}
    facts |= _two_hazard_ratios(ratios)
    facts |= {other.name: other.text for other in others if _stands_beside(shown, other)}
    facts |= _disagreement(shown, others, ratios)
    if not pd.isna(row["truth"]):
        facts["True value"] = f"{shown.scale.signed(row['truth'])} {shown.scale.unit}".strip()
    facts["Method"] = showing.method_label(row["method"])
    facts |= _support(row, lead, diagnostics)
    if pd.isna(row["estimate"]):
        return Cell("Cannot be estimated", "", facts)
    facts["Reading"] = READINGS[shown.direction]
    return Cell(shown.scale.signed(row["estimate"]), shown.scale.unit, facts)


def _failed(rows: list[Row]) -> Cell | None:
    """The pan of a comparison that could not be made at all."""
    for row in rows:
        if row["method"] == FAILED:
            return Cell("Cannot be estimated", "", {"Why": row["reason"]})
    return None


def _leading_facts(lead: Shown) -> dict[str, str]:
    """Uncertainty of the leading estimate, whom it is about, and cases among them."""
    row = lead.row
    who = {"Who": showing.methods()[row["method"]].people.format(n=f"{row['n']:,.0f}")}
    if pd.isna(row["estimate"]):
        return {"Why": with_reason("no estimate", row), **who}
    facts = {"95% interval": lead.scale.limits(row, sign=True) or with_reason("no interval", row), **who}
    if row["estimand"] == "risk_difference":
        cases = Scale(PER, "", decimals(row, PER))
        limits = cases.limits(row, sign=True)
        facts[f"Cases per {PER:,} of them"] = cases.signed(row["estimate"]) + (f" ({limits})" if limits else "")
    return facts


def _support(row: Row, lead: Lead, diagnostics: pd.DataFrame) -> dict[str, str]:
    """Clusters behind the leading estimate, where errors cluster."""
    keys: dict[str, Any] = {"study": row["study"], "exposure": row["exposure"], "reference": row["reference"]}
    rows = where(diagnostics, method=(CLUSTERS, row["method"]), subgroup="", **keys)
    cause = "policy" if lead.level == "policy" else "exposure"
    words = {"clusters_exposed": f"with the {cause}", "clusters_unexposed": "without", "clusters": "in all"}
    counts = {key: first(rows, statistic=key) for key in words}
    told = [f"{count['value']:,.0f} {words[key]}" for key, count in counts.items() if count]
    return {"Support": f"clusters: {', '.join(told)}"} if told else {}


def _ratio(rows: list[Row], estimand: str, names: dict[str, str]) -> Shown | None:
    known = {row["method"]: row for row in rows if row["estimand"] == estimand}
    return _first_given([Shown(names[m], known[m], scale_of(known[m])) for m in names if m in known])


def _is_linear_risk(row: Row) -> bool:
    """Whether this is a linear model of a risk, which never leads."""
    return row["estimand"] == "risk_difference" and row["method"] == "regression"


def _name(row: Row) -> str:
    """Name of a difference by its method."""
    if _is_linear_risk(row):
        return "Linear model of the risk"
    return "Crude difference" if row["method"] == "crude" else first_upper(showing.method_label(row["method"]))


def _stands_beside(lead: Shown, other: Shown) -> bool:
    """Whether a method is shown beside the leading one: crude always, others where they say something else."""
    crude = "crude" in (lead.row["method"], other.row["method"])
    return crude or pd.isna(other.row["estimate"]) or _disagree(lead, other)


def _two_hazard_ratios(ratios: list[Shown]) -> dict[str, str]:
    """Say that a marginal and a conditional hazard ratio are not the same thing, where both are shown."""
    both = {shown.name: shown for shown in ratios if shown.name in (MARGINAL, CONDITIONAL)}
    if len(both) < 2:
        return {}
    verdict = "disagree" if _disagree(*both.values()) else "do not disagree"
    return {
        "Two hazard ratios": f"of everybody, and of people with the same covariates: not the same thing; they {verdict}"
    }


def _disagree(one: Shown, other: Shown) -> bool:
    """Whether two estimates point elsewhere, or, of one kind, lie outside each other's interval."""
    if one.direction and other.direction and one.direction != other.direction:
        return True
    if one.scale.unit != other.scale.unit:
        return False
    pairs = ((one.row, other.row), (other.row, one.row))
    return any(a["estimate"] < b["lower"] or a["estimate"] > b["upper"] for a, b in pairs)


def _disagreement(lead: Shown, others: list[Shown], ratios: list[Shown]) -> dict[str, str]:
    """Say which methods for the same contrast give another answer; nothing where they agree.

    Where covariates are accounted for, what is crude is meant to differ and is no party to it.
    """
    crude_leads = lead.row["method"] == "crude"
    parties = [one for one in (lead, *others, *ratios) if crude_leads or one.row["method"] != "crude"]
    by_side = {side: [one for one in parties if one.direction == side] for side in ("above", "below", "open")}
    told = [f"{READINGS[side]}: {_listed(ones)}" for side, ones in by_side.items() if ones]
    if len(told) > 1:
        return {"Methods disagree": "; ".join(told)}
    outside = [one for one in others if one in parties and _disagree(lead, one)]
    if outside:
        return {"Methods disagree": f"outside each other’s interval: {_listed([lead, *outside])}"}
    return {}


def _listed(shown: list[Shown]) -> str:
    return ", ".join(first_lower(one.name) for one in shown)
