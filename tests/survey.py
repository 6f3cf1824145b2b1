"""Make the survey of the README: made-up people as a colleague would send them, with labels and codes.

    python -m tests.survey my-study/private/survey.dta

A file of Stata has refusals as .a, and what was not asked as .b; one of SPSS has -9 and -8; a text file has semicolons,
decimal commas and codes that nothing explains.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat

N = 800
WAVES = (7, 11, 15, 18)
REFUSED, NOT_ASKED = -9, -8
LABELS = {
    "RespNr": "Respondent",
    "fam": "Family number of the household",
    "sekse": "Sex of the child",
    "gebdat": "Date of birth",
    "region": "Region of birth",
    "povert": "Poverty before age 3",
    "edu": "Mother's education",
    "hhinc": "Income of the parents at birth, EUR 1,000",
    "voucher": "Region had childcare vouchers at birth",
    "depr": "Depression at 18",
    "notes": "Remarks of the interviewer",
    **{f"age_{wave}": f"Age at wave {wave}" for wave in WAVES},
    **{f"bmi_{wave}": f"Body mass index at {wave}" for wave in WAVES},
}
CODES: dict[str, dict[float | int | str, str]] = {
    "sekse": {1: "boy", 2: "girl"},
    "povert": {1: "yes", 2: "no", REFUSED: "refused"},
    "edu": {1: "low", 2: "middle", 3: "high"},
    "hhinc": {NOT_ASKED: "not asked", REFUSED: "refused"},
    "voucher": {0: "no", 1: "yes"},
    "depr": {0: "no", 1: "yes"},
    **{f"bmi_{wave}": {NOT_ASKED: "not in wave"} for wave in WAVES},
}
LETTERS = {REFUSED: "a", NOT_ASKED: "b"}


def people() -> pd.DataFrame:
    """Brothers and sisters in 20 regions, half with vouchers; poverty raises body mass index and depression."""
    rng = np.random.default_rng(7)
    family = np.repeat(np.arange(N // 2), 2)
    region = rng.integers(0, 20, N // 2)[family]
    rich = rng.normal(size=N // 2)[family]
    poor = rng.random(N) < 1 / (1 + np.exp(1 + rich))
    table = pd.DataFrame({"RespNr": 70001 + np.arange(N), "fam": 1 + family})
    table["sekse"] = 1.0 + rng.integers(0, 2, N)
    table["gebdat"] = [day.date() for day in pd.Timestamp("1990-01-01") + pd.to_timedelta(rng.integers(0, 700, N), "D")]
    table["region"] = 1.0 + region
    table["povert"] = np.where(rng.random(N) < 0.03, REFUSED, 2.0 - poor)
    table["edu"] = 1.0 + np.digitize(rich + rng.normal(size=N), [-0.7, 0.7])
    table["hhinc"] = np.round(np.exp(3.2 + 0.4 * rich), 1)
    table.loc[rng.random(N) < 0.05, "hhinc"] = REFUSED
    table.loc[rng.random(N) < 0.04, "hhinc"] = NOT_ASKED
    table["voucher"] = (region % 2).astype(float)
    table["notes"] = [f"remark {number}" for number in range(N)]
    for place, wave in enumerate(WAVES):
        table[f"age_{wave}"] = np.round(wave + rng.uniform(0, 0.5, N), 2)
        table[f"bmi_{wave}"] = np.round(14 + wave / 2 + 0.8 * poor + rng.normal(0, 2, N), 1)
        table.loc[rng.random(N) < 0.03 * (1 + place), f"bmi_{wave}"] = NOT_ASKED
    table["depr"] = (rng.random(N) < 0.12 + 0.1 * poor).astype(float)
    return table


def written(table: pd.DataFrame, path: Path) -> Path:
    """Write it with all that the format of the suffix can say, and return the path."""
    labels = [LABELS.get(name, "") for name in table]
    codes = {name: by_code for name, by_code in CODES.items() if name in table}
    if path.suffix == ".sav":
        missing = {name: [code for code in by_code if code in LETTERS] for name, by_code in codes.items()}
        missing = {name: found for name, found in missing.items() if found}
        pyreadstat.write_sav(table, path, column_labels=labels, variable_value_labels=codes, missing_ranges=missing)
    elif path.suffix == ".dta":
        pyreadstat.write_dta(**_in_stata(table, codes), dst_path=path, column_labels=labels)
    elif path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False, sep=";", decimal=",")
    return path


def _in_stata(table: pd.DataFrame, codes: dict[str, dict[float | int | str, str]]) -> dict[str, Any]:
    """Codes for what is not known as the letters of Stata."""
    lettered = {
        name: {LETTERS.get(code, code): label for code, label in by_code.items()}  # type: ignore[call-overload]
        for name, by_code in codes.items()
    }
    missing = {
        name: [letter for letter in by_code if isinstance(letter, str)]
        for name, by_code in lettered.items()
        if any(isinstance(code, str) for code in by_code)
    }
    changed = {name: table[name].astype(object).replace(LETTERS) for name in missing}
    return {"df": table.assign(**changed), "variable_value_labels": lettered, "missing_user_values": missing}


if __name__ == "__main__":
    written(people(), Path(sys.argv[1]))
