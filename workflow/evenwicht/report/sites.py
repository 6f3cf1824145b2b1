"""Files of the pages of a run, relative to the front page; light, since the workflow asks for them before any job."""

from dataclasses import dataclass

from evenwicht.config import Run
from evenwicht.display.language import LANGUAGES, Language

FRONT = "report.html"


@dataclass(frozen=True)
class Files:
    """Where each page is; without worlds there are no pages about them."""

    cohorts: dict[str, str]
    methods: str = "pages/methods.html"
    estimates: str = "pages/estimates.html"
    checklist: str = "pages/checklist.html"
    side_effects: str = "pages/side_effects.html"
    recovery: str = ""
    worlds: str = ""

    @property
    def beside(self) -> list[str]:
        """Every page but the front page."""
        return [
            *self.cohorts.values(),
            *filter(None, (self.recovery, self.worlds)),
            self.methods,
            self.estimates,
            self.side_effects,
            self.checklist,
        ]


def brief_file(cohort: str, language: Language) -> str:
    """Return the file of the brief on a cohort in a language."""
    return f"brief_{cohort}_{language}.html"


def briefs_of(run: Run) -> list[str]:
    """Return the files of all briefs of a run."""
    return [brief_file(name, language) for name in run.cohorts for language in LANGUAGES]


def pages_of(run: Run) -> Files:
    """Return the files of a run's pages."""
    cohorts = {name: f"pages/cohort-{name}.html" for name in run.cohorts}
    if not run.synthetic:
        return Files(cohorts)
    return Files(cohorts, recovery="pages/recovery.html", worlds="pages/worlds.html")
