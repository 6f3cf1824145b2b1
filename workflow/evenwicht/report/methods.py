"""What the methods of a run do, in plain words: only those that made one of its estimates."""

import pandas as pd

from evenwicht.config import Run
from evenwicht.display.labels import first_upper
from evenwicht.display.language import say
from evenwicht.display.section import where
from evenwicht.studies import showing


def methods_used(run: Run, rows: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the explanation of each method of these rows, by heading of the kind of study and by name of the method.

    Parameters
    ----------
    run
        The checked config.
    rows
        Estimates, or estimates and diagnostics.
    """
    sections: dict[str, dict[str, str]] = {}
    for cohort, config in run.cohorts.items():
        for name, study in config.studies.items():
            used = set(where(rows, cohort=cohort, study=name)["method"])
            heading, methods = showing.glossary(study)
            told = {
                first_upper(say(method.label)): say(method.text)
                for key, method in methods.items()
                if key in used and method.text
            }
            if told:
                section = sections.setdefault(say(heading), {})
                section |= told
    return sections
