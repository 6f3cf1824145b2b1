"""What readers expect to be told: every item of both checklists, with where it stands or why it is not met."""

from evenwicht.report.checklist import CHEERS, STROBE, checklists
from evenwicht.report.sites import Files

FILES = Files({})


def test_every_item_of_both_checklists_is_there_once() -> None:
    assert [item.number for item in STROBE] == [str(k) for k in range(1, 23)]
    assert [item.number for item in CHEERS] == [str(k) for k in range(1, 29)]


def test_an_item_has_a_link_or_says_why_it_is_not_met() -> None:
    for item in (*STROBE, *CHEERS):
        assert bool(item.place) != bool(item.why), item.number


def test_links_lead_to_pages_of_the_report() -> None:
    known = {FILES.methods, FILES.estimates, "report.html"}
    hrefs = {item["href"].split("#")[0] for told in checklists(FILES, "report.html") for item in told["items"]}
    assert hrefs - {""} == known


def test_what_only_people_can_write_is_never_met() -> None:
    assert {item.number for item in CHEERS if not item.place} >= {"21", "25", "27", "28"}
