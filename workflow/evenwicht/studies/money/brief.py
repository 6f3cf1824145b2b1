"""What a brief says of money: what the first change with a known cost leaves the state and society with."""

from math import isnan
from typing import Any

from evenwicht.base.codebook import Codebook
from evenwicht.display.labels import first_upper
from evenwicht.display.language import retold, say
from evenwicht.display.section import Found, Row
from evenwicht.display.wording import scale_of
from evenwicht.money.conventions import conventions
from evenwicht.money.payers import BOTH
from evenwicht.studies.money import Settings
from evenwicht.studies.money.section import costed, value_of, verdict


def brief(study: Settings, book: Codebook, found: Found, _: str) -> dict[str, Any]:
    """Return the part `costs` of a brief, and the keys of changes whose cost is known.

    One change is told, by the order of the file, if something that it brings has a price.
    """
    sides = [side for side in costed(study, book, found) if side.reference != "reversed"]
    told = []
    for side in sides[:1] if study.worth else []:
        state, society = (value_of(study, found, side, column) for column in BOTH)
        if state is not None and society is not None:
            told.append(
                say(
                    "{about}: what comes back, less the cost. State budget {state}, society {society}, in million "
                    "{money} over 100,000 births. {sure} Later money counts less: {convention}.",
                    about=first_upper(side.about),
                    state=_amount(state),
                    society=_amount(society),
                    money=study.money,
                    sure=verdict(state, society),
                    convention=retold(conventions()[study.rates].label),
                )
            )
    return {"costs": told, "with_cost": [side.exposure for side in sides]}


def _amount(row: Row) -> str:
    scale = scale_of(row)
    if isnan(row["lower"]):
        return scale.signed(row["estimate"])
    return scale.with_interval(row, sign=True)
