"""Stanford heart transplants as a user would have them, against lifelines' fit of the published pieces.

The data of lifelines are those of R's `survival::heart` (Crowley and Hu 1977, JASA 72:27): 172 pieces of 103 patients.
Here each patient has one row, and those with a transplant one spell, from which the pieces are made again. Days are
counted double, as one death lies half a day after a transplant; a Cox model knows only the order of times.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evenwicht.cohort import Cohort, read_cohort
from evenwicht.config import CohortConfig
from evenwicht.display.language import Language, speaking
from evenwicht.display.section import Found
from evenwicht.ingest.table import ingest
from evenwicht.studies import showing

from tests.cohorts import Tables, studied
from tests.figures import faults

BORN, ENTRY = np.datetime64("1930-01-01"), 14610  # days: 40 years of 365.25
PRINTED = 1e-6


def pieces() -> pd.DataFrame:
    from lifelines.datasets import load_stanford_heart_transplants

    return load_stanford_heart_transplants()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> CohortConfig:
    folder = tmp_path_factory.mktemp("heart")
    rows = pieces()
    last = rows.groupby("id").tail(1)
    people = pd.DataFrame({"id": last["id"], "born": BORN, "entry": 40, "age": last["age"], "died": last["event"]})
    people["exit"] = (ENTRY + 2 * last["stop"]) / 365.25
    people.to_csv(folder / "people.csv", index=False)
    exposed = rows[rows["transplant"] == 1]
    starts = BORN + (ENTRY + 2 * exposed["start"]).to_numpy().astype("timedelta64[D]")
    pd.DataFrame({"patient": exposed["id"], "from": starts}).to_csv(folder / "operations.csv", index=False)
    columns = {
        "id": {"role": "id", "type": "integer", "label": "Patient"},
        "born": {"role": "birth_date", "type": "date", "label": "Born"},
        "age": {"role": "baseline", "label": "Age less 48"},
    }
    operations = {"transplant": {"label": "Heart transplant", "state": "ever"}}
    source = {
        "kind": "table",
        "path": str(folder / "people.csv"),
        "files": {"operations": {"path": str(folder / "operations.csv"), "id": "patient"}},
        "events": [{"event": "death", "entry_age": "entry", "exit_age": "exit", "status": "died"}],
        "spells": [{"file": "operations", "start": "from", "exposures": operations}],
    }
    death = {"kind": "time_to_event", "label": "Death", "event": "death", "time": "follow_up", "horizon": 1}
    study = {"kind": "time_varying", "exposures": ["transplant"], "outcomes": ["death"]}
    return CohortConfig.model_validate(
        {
            "name": "heart",
            "title": "Heart transplants",
            "description": "Patients accepted for a transplant.",
            "source": source,
            "columns": columns,
            "outcomes": {"death": death},
            "studies": {"transplant": {**study, "adjust": {"columns": ["age"]}}},
            "table1": ["age"],
        }
    )


@pytest.fixture(scope="module")
def heart(config: CohortConfig) -> Cohort:
    with pytest.warns(UserWarning, match="exposure transplant: of 69 spells 69 count"):
        return ingest(config.source, config.codebook)


@pytest.fixture(scope="module")
def tables(config: CohortConfig, heart: Cohort) -> Tables:
    return studied("transplant", config, heart)


def test_a_cohort_with_pieces_is_read_as_it_was_written(heart: Cohort, tmp_path: Path) -> None:
    heart.write(tmp_path)
    pd.testing.assert_frame_equal(read_cohort(tmp_path).pieces, heart.pieces, check_dtype=False)
    assert len(heart.pieces) == 69
    assert heart.pieces["to_age"].isna().all()


@pytest.mark.parametrize(
    ("estimand", "covariates"), [("hazard_ratio", []), ("conditional_hazard_ratio", ["age"])], ids=["crude", "by age"]
)
def test_ratios_are_those_of_the_published_pieces(tables: Tables, estimand: str, covariates: list[str]) -> None:
    from lifelines import CoxTimeVaryingFitter

    columns = ["id", "start", "stop", "event", "transplant", *covariates]
    fit = CoxTimeVaryingFitter().fit(
        pieces()[columns], id_col="id", event_col="event", start_col="start", stop_col="stop"
    )
    rows = tables["estimates"]
    [row] = rows[rows["estimand"] == estimand].to_dict("records")
    assert np.log(row["estimate"]) == pytest.approx(fit.params_["transplant"], abs=PRINTED)
    # clustered by patient, each of whom dies once: near the error of the model
    assert row["se"] == pytest.approx(fit.standard_errors_["transplant"], rel=0.05)
    assert (row["n"], row["events"]) == (103, 75)


def test_person_years_and_deaths_are_those_of_the_published_pieces(tables: Tables) -> None:
    rows = pieces()
    length = 2 * (rows["stop"] - rows["start"]) / 365.25
    told = tables["diagnostics"].set_index("statistic")["value"]
    rates = tables["estimates"].set_index("estimand")
    for state, exposed in (("exposed", 1), ("unexposed", 0)):
        own = rows["transplant"] == exposed
        years, deaths = length[own].sum(), rows.loc[own, "event"].sum()
        assert told[f"person_years_{state}"] == pytest.approx(years, abs=PRINTED)
        assert rates.loc[f"rate_{state}", "estimate"] == pytest.approx(1000 * deaths / years)
        assert rates.loc[f"rate_{state}", ["n", "events"]].tolist() == [own.sum(), deaths]


LONG = "Out of work for more than three months, whatever the reason given, or on a waiting list"


@pytest.mark.parametrize("spoken", ["en", "nl"])
@pytest.mark.parametrize("label", ["Heart transplant", LONG], ids=["short", "long"])
def test_the_table_and_the_figure_show_both_ratios(
    spoken: Language, label: str, config: CohortConfig, tables: Tables
) -> None:
    book = replace(config.codebook, changing={"transplant": label})
    study = config.studies["transplant"]
    found = Found.of("heart", "transplant", tables, tables["curves"], synthetic=False)
    with speaking(spoken):
        shown = showing.words(study, book, found)["table"].rows
        [told] = showing.messages(study, book, found)
        [picture] = showing.figures(study, book, found).values()
    assert [row["years"] for row in shown] == ["142", "33"]
    assert shown[0]["hazard_ratio"].startswith("1.14" if spoken == "en" else "1,14")
    assert told.startswith(label)
    assert ("1.00 (0.53 to 1.88)" if spoken == "en" else "1,00 (0,53 tot 1,88)") in told
    assert not faults(picture)
