"""Who pays and who gains when one unit more of something is used, earned or paid out.

The state budget and society are two columns that are never added: a benefit that is paid costs the state, and society
as a whole nothing. Society is the sum over all who pay or gain, of which the state is one.
"""

from typing import Literal

PAYERS = ("state_budget", "families", "others")
SOCIETY = "society"
COLUMNS = (*PAYERS, SOCIETY)
BOTH = ("state_budget", SOCIETY)  # the two that decide; the other two say who makes up the difference

Bearer = Literal["state", "household", "society"]
Kind = Literal["resource", "transfer", "tariff", "value", "earnings"]
BORNE_BY: dict[Bearer, int] = {"state": 0, "household": 1, "society": 2}
Amounts = tuple[float, float, float]  # of money to each payer; what one pays is below zero


def shares(kind: Kind, borne_by: Bearer, tax: float = 0.0) -> Amounts:
    """Return what each of `PAYERS` gains with one unit of money more, below zero what each pays.

    Parameters
    ----------
    kind
        resource: something is used up, and whoever bears it pays. transfer: the state pays families. tariff: the state
        pays those who provide it, whose real cost is another. value: families have it, such as a year in good health.
        earnings: families earn it, and pay tax on it.
    borne_by
        Who bears a resource; what society bears falls on others than the state and the family.
    tax
        Share of earnings that goes to the state.
    """
    if kind == "transfer":
        return -1.0, 1.0, 0.0
    if kind == "tariff":
        return -1.0, 0.0, 1.0
    if kind == "earnings":
        return tax, 1.0 - tax, 0.0
    if kind == "value":
        return 0.0, 1.0, 0.0
    paid = [0.0, 0.0, 0.0]
    paid[BORNE_BY[borne_by]] = -1.0
    return paid[0], paid[1], paid[2]


def of_column(column: str, amounts: Amounts) -> float:
    """Return the part of one of `COLUMNS`: that of one payer, or of society, which is all of them together."""
    return sum(amounts) if column == SOCIETY else amounts[PAYERS.index(column)]


def times(money: float, parts: Amounts) -> Amounts:
    """Return money in the parts that fall on each of `PAYERS`."""
    return parts[0] * money, parts[1] * money, parts[2] * money
