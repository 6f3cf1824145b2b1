"""The page of side effects: assumptions that say so, with their sources, and numbers that are those of the library."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from evenwicht.display.language import speaking
from evenwicht.display.wording import number
from evenwicht.levers.figures import ends
from evenwicht.report.embedding import embed
from evenwicht.report.side_effects_page import side_effects_figures, side_effects_page
from evenwicht.side_effects import shown
from evenwicht.side_effects.assumptions import assumptions, described
from evenwicht.side_effects.crowding import severe_by_share, waits_after_lever
from evenwicht.side_effects.parents import Campaign, break_even, burnout_cases, net_effect, outcome_per_case
from evenwicht.side_effects.simulation import Care, simulate
from evenwicht.side_effects.team import late, mean_waits

from tests.figures import faults
from tests.pages import ROOT, pages_of, run_of, section_of, told_by

SEED = 7
CARE, PRESSURE = assumptions().youth_care, assumptions().pressure
TEAM = CARE.team()
TABLES = ("waits", "sizes", "ends", "overfull", "referrals", "burnout", "net", "thresholds", "everything")


@pytest.fixture(scope="module")
def assumed() -> Mapping:
    return side_effects_page(SEED)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("figures")
    files = {}
    for name, picture in side_effects_figures(SEED):
        files[name] = folder / f"{name}.svg"
        picture.save(files[name])
    return files


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    figures = {f"side_effects_{part}.svg": "Assumption" for part in ("queue", "lever", "pressure")}
    return pages_of(run_of("nhefs"), {}, tmp_path_factory.mktemp("pages"), figures)["side_effects"]


# --- that they are assumptions


def test_the_first_lines_say_that_everything_is_an_assumption(html: str) -> None:
    assert "Everything on this page is an assumption" in told_by(html)[:200]
    assert "nothing is an estimate" in told_by(html)[:300]


def test_every_part_and_every_table_says_so_again(html: str, assumed: Mapping) -> None:
    headings = re.findall(r"<h2>(.*?)</h2>", html)
    assert headings
    assert all("ssumption" in heading for heading in headings)
    assert all("ssumption" in assumed[name].caption for name in TABLES)
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", html)
    assert len(captions) == 3
    assert all(caption.startswith("Assumptions, not estimates") for caption in captions)


def test_pressure_is_never_estimated_and_nobody_is_blamed(html: str) -> None:
    told = section_of(html, "pressure")
    assert "never estimated, and never calibrated" in told
    assert "not the parents" in told


# --- every assumption


def test_every_assumption_of_the_file_is_listed_with_its_range_and_source(assumed: Mapping) -> None:
    rows = assumed["everything"].rows
    fields = [*type(CARE).model_fields, *type(PRESSURE).model_fields]
    assert len(rows) == len(fields) == len(list(described()))
    for row, (text, figure) in zip(rows, described(), strict=True):
        assert text
        assert row["assumption"] == text
        assert figure.source.lower() in row["source"].lower()
        assert row["known"]
        written = [float(row[key].replace(",", "")) for key in ("low", "high") if row[key]] or [
            float(row["value"].replace(",", ""))
        ] * 2
        assert tuple(written) == ends(figure)


def test_where_burn_out_begins_is_shown_with_its_share(assumed: Mapping, html: str) -> None:
    cut_off = PRESSURE.baseline.cut_off
    assert cut_off in section_of(html, "pressure")
    assert any(cut_off.lower() in row["source"].lower() for row in assumed["everything"].rows)


# --- youth care


def test_the_shares_go_from_end_to_end_of_what_is_assumed() -> None:
    assert (shown.SHARES[0], shown.SHARES[-1]) == ends(CARE.mild_share)
    assert (shown.DRAWN[0], shown.DRAWN[-1]) == ends(CARE.mild_share)
    assert set(shown.OVERFULL) <= set(shown.DRAWN)


def test_no_mean_is_printed_where_more_are_referred_than_there_is_room_for(assumed: Mapping) -> None:
    rows = dict(zip(shown.SHARES, assumed["waits"].rows, strict=True))
    full = shown.full_share(TEAM)
    assert TEAM.with_mild_share(full).load == pytest.approx(1)
    for share, row in rows.items():
        means = [row[key] for key in ("first", "errs", "priority", "late")]
        if share > full:
            assert means == ["no mean: no room for all"] * 4
        else:
            assert all(re.search(r"\d", mean) for mean in means)
    assert sum(share > full for share in rows) >= 2


def test_waits_are_those_of_the_library(assumed: Mapping) -> None:
    row = dict(zip(shown.SHARES, assumed["waits"].rows, strict=True))[0.8]
    team = TEAM.with_mild_share(0.8)
    few, mid, many = (mean_waits(team, CARE.triage(point)).severe for point in ("low", "mid", "high"))
    assert row["first"] == number(mean_waits(team).severe, 1)
    assert row["errs"] == f"{number(mid, 1)} ({number(few, 1)} to {number(many, 1)})"
    assert row["priority"] == number(severe_by_share(TEAM, [0.8]).priority.estimate[0], 1)
    assert row["late"] == number(100 * late(team, 14).severe, 1)


def test_one_queue_for_the_country_shows_no_wait(assumed: Mapping) -> None:
    *teams, nation = assumed["sizes"].rows
    assert f"{CARE.nation().places:,}" in nation["queue"]
    assert nation["first"] == "under 0.1"
    assert [row["first"] for row in teams] == sorted((row["first"] for row in teams), key=float, reverse=True)


def test_the_norm_and_what_local_reports_give_are_named(html: str) -> None:
    told = section_of(html, "queue")
    assert "Treeknorm" in told
    assert "14 weeks" in told
    assert "13 to 17 weeks" in told


def test_above_full_load_it_is_the_simulation_that_is_shown_with_its_error(assumed: Mapping) -> None:
    row = next(r for r in assumed["overfull"].rows if r["share"].startswith("90") and "first" in r["rule"])
    care = Care(CARE.spread.mid, CARE.patience.mid)
    team = TEAM.with_mild_share(0.9)
    found = simulate(team, shown.AFTER, shown.queue_key(SEED), limit=14, care=care, before=TEAM).severe
    assert team.load > 1
    for key, share in (("late", found.late), ("left", found.left)):
        middle, low, high = (number(100 * value, 1) for value in (share.estimate, share.lower, share.upper))
        assert row[key] == f"{middle} ({low} to {high})"


def test_the_figure_and_the_table_tell_of_the_same_simulated_years() -> None:
    drawn = shown.years_after(SEED)
    for share in shown.OVERFULL:
        for first_come, curve in ((True, drawn.first_come), (False, drawn.priority)):
            one = shown.severe_after(SEED, share, first_come=first_come).late
            assert curve.estimate[shown.DRAWN.index(share)] == one.estimate


def test_each_end_of_an_assumption_moves_what_it_should(assumed: Mapping) -> None:
    found = {(name, value): one for name, value, one in shown.at_ends()}
    now = mean_waits(TEAM).severe
    assert found["places", 100].first_come < now < found["places", 20].first_come
    assert found["load", 0.9].first_come < now < found["load", 0.98].first_come
    assert found["severe_as_mild", 0.3].first_come == pytest.approx(now)
    assert found["severe_as_mild", 0].errs < found["severe_as_mild", 0.3].errs
    assert len(assumed["ends"].rows) == len(found) == 12


# --- a lever


def test_more_referrals_lengthen_waits_and_fewer_shorten_them_as_the_library_says(assumed: Mapping) -> None:
    rows = dict(zip(shown.CHANGES, assumed["referrals"].rows, strict=True))
    for change, row in rows.items():
        after = waits_after_lever(TEAM, [change], CARE, triage=CARE.triage(), points=["mid"])[0]
        if after.load >= 1:
            assert row["first"] == row["errs"] == row["late"] == "no mean: no room for all"
        else:
            assert row["first"].startswith(("+" if change > 0 else "−") + number(abs(after.first_come.estimate), 1))
            assert row["errs"].startswith("+" if change > 0 else "−")
    assert any(row["first"].startswith("no mean") for row in rows.values())


# --- pressure


def test_cases_of_burn_out_and_what_is_left_of_a_campaign_are_those_of_the_library(assumed: Mapping) -> None:
    last = assumed["burnout"].rows[-1]
    assert last["mildest"] == "0"
    assert last["middle"] == number(float(burnout_cases(0.2, 0.3, 0.03)), 0)
    assert last["harshest"] == number(float(burnout_cases(0.2, 0.7, 0.05)), 0)
    campaign = Campaign(shown.EXAMPLE, 2, float(outcome_per_case(shown.PREVALENCE, 1.25)))
    left = net_effect(campaign, 0.2, 0.7, 0.05)
    assert assumed["net"].rows[-1]["without"] == number(left.without, 0)
    assert assumed["net"].rows[-1]["harshest"] == number(float(left.net), 0)
    assert {row for row in assumed["net"].rows[0].values() if "standard" not in row} == {number(shown.EXAMPLE, 0)}


def test_the_pressure_at_which_a_campaign_does_net_harm_is_told(assumed: Mapping) -> None:
    row = dict(zip(shown.AVERTED, assumed["thresholds"].rows, strict=True))[shown.EXAMPLE]
    harsh = Campaign(shown.EXAMPLE, 2, float(outcome_per_case(shown.PREVALENCE, 1.25)))
    felt = float(break_even(harsh, 0.7, 0.05))
    assert row["harshest"] == number(felt, 3)
    assert net_effect(harsh, felt, 0.7, 0.05).net == pytest.approx(0, abs=1e-6)
    assert row["mildest"] == "never"
    assert row["middle"].endswith("more than is assumed")


# --- figures


@pytest.mark.parametrize("language", ["en", "nl"])
def test_each_figure_can_be_read_on_a_phone_and_says_what_it_is(language: str) -> None:
    with speaking(language):
        pictures = dict(side_effects_figures(SEED))
    assert list(pictures) == ["side_effects_queue", "side_effects_lever", "side_effects_pressure"]
    for name, picture in pictures.items():
        assert faults(picture) == [], name
        assert picture.title.startswith({"en": "Assumption", "nl": "Aanname"}[language])
        assert picture.alt.startswith({"en": "Assumed, not measured", "nl": "Aangenomen, niet gemeten"}[language])
        assert len(picture.alt) <= 200


def test_each_figure_is_saved_with_its_alternative_text(drawn: Mapping[str, Path], html: str) -> None:
    for file in drawn.values():
        assert embed(file)["alt"].startswith("Assumed, not measured")
    assert len(re.findall(r'<img src="data:[^"]*" alt="[^"]+"', html)) == 3


def test_the_curves_of_mean_waits_end_before_the_team_is_full() -> None:
    exact = shown.curves()
    assert np.isfinite(exact.first_come.estimate).all()
    assert exact.first_come.load.max() == pytest.approx(shown.FULLEST)
    assert (exact.errs.lower <= exact.errs.estimate + 1e-9).all()
    assert (exact.errs.estimate <= exact.errs.upper + 1e-9).all()


def test_the_same_seed_gives_the_same_bytes_whatever_the_hashes(drawn: Mapping[str, Path], assumed: Mapping) -> None:
    code = (
        "import sys, pathlib\n"
        "from evenwicht.report.side_effects_page import side_effects_figures, side_effects_page\n"
        f"print(repr(sorted(side_effects_page({SEED}).items())))\n"
        f"for name, picture in side_effects_figures({SEED}): picture.save(pathlib.Path(sys.argv[1]) / f'{{name}}.svg')\n"
    )
    again = drawn["side_effects_queue"].parent / "again"
    again.mkdir()
    environment = {**os.environ, "PYTHONHASHSEED": "1234"}
    told = subprocess.run(
        [sys.executable, "-c", code, str(again)], capture_output=True, text=True, check=True, env=environment
    )
    assert told.stdout.strip() == repr(sorted(assumed.items()))
    for name, file in drawn.items():
        assert (again / f"{name}.svg").read_bytes() == file.read_bytes(), name


# --- where it is found


def test_every_page_leads_to_it(tmp_path: Path) -> None:
    pages = pages_of(run_of("nhefs"), {}, tmp_path)
    assert all("side_effects.html" in html for html in pages.values())


def test_it_is_linked_where_side_effects_are_told() -> None:
    for template, up in (("sections/ledger", "{{ up }}"), ("brief", "")):
        text = (ROOT / f"workflow/report/{template}.html.j2").read_text(encoding="utf-8")
        assert f"{up}pages/side_effects.html" in text, template
