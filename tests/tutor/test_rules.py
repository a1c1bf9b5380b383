"""Every rule is documented, catches its flagged design and leaves its passing one alone."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tutor.briefs import brief, brief_ids
from tutor.context import Context
from tutor.designfile import entry
from tutor.findings import HEADINGS, SEVERITIES, fill
from tutor.measures import MEASURES
from tutor.review import noticed
from tutor.rules import SECTIONS, all_rules, rules_for
from tutor.samples import entry_of

RULES = all_rules()
PAGES = set(re.findall(r"file: (\S+)", (Path(__file__).parents[2] / "_toc.yml").read_text(encoding="utf-8")))
CONCEPTS = Path(__file__).parents[1] / "data" / "dialogue" / "concepts.csv"


@pytest.fixture(params=RULES, ids=[r.id for r in RULES])
def rule(request):
    return request.param


def test_there_are_sixty_to_eighty_rules():
    assert 60 <= len(RULES) <= 80


def test_each_brief_has_at_least_six_rules():
    assert {b: len(rules_for(b)) >= 6 for b in brief_ids()} == dict.fromkeys(brief_ids(), True)


def test_ids_are_unique_and_sections_known():
    assert len({r.id for r in RULES}) == len(RULES)
    assert {r.section for r in RULES} == set(SECTIONS)


def test_rule_has_the_fixed_headings(rule):
    for heading in HEADINGS:
        assert re.search(rf"^{heading}$", rule.doc, re.M), heading
    assert set(rule.docs) == {"summary", "notices", "matters", "try", "limits"}


def test_rule_is_well_formed(rule):
    assert rule.severity in SEVERITIES and rule.severity != "praises"
    assert set(rule.briefs) <= set(brief_ids())
    assert rule.ask.endswith("?")
    assert len(rule.hints) == 4 and all(rule.hints)
    assert rule.page in PAGES, rule.page
    assert rule.skills
    for name in rule.knobs:
        assert all(name in brief(b).starter_values for b in rule.briefs), name
    for cause in rule.implied_by:
        assert any(r.id == cause for r in RULES), cause


def test_messages_name_no_figure_that_code_could_compute(rule):
    """No typed quantity in a message: digits stand in holes, in names (FP8, 6ND, 8-bit) or in shares of a rule of thumb."""
    for text in (rule.title, rule.praise):
        bare = re.sub(r"\{\w+\}", "", text)
        assert not re.search(r"(?<![\w.-])\d{3,}", bare), text


def test_no_message_says_wrong(rule):
    for text in (rule.title, rule.praise, rule.ask, *rule.hints):
        assert not re.search(r"\bwrong\b", text, re.I)


def test_misconceptions_are_ids_of_the_list(rule):
    known = {row["id"] for row in csv.DictReader(CONCEPTS.open())}
    assert set(rule.misconceptions) <= known


def test_flagged_design_is_flagged(rule):
    entry = entry_of(rule, rule.flagged)
    ctx = Context(entry)
    assert rule.relevant(ctx)
    assert rule.margin(ctx) < 0
    findings, _ = noticed(ctx)
    told = {f.rule for f in findings if f.severity != "praises"}
    assert rule.id in told or any(rule.id in f.hides for f in findings), told


def test_flagged_design_shows_figures(rule):
    findings, _ = noticed(Context(entry_of(rule, rule.flagged)))
    for found in findings:
        assert "{" not in found.title + found.question + "".join(found.hints)
        assert "not known" not in found.title, found.title
        assert "nan" not in found.title


def test_passing_design_passes(rule):
    ctx = Context(entry_of(rule, rule.passing))
    if rule.relevant(ctx):
        assert rule.margin(ctx) >= 0


def test_praise_of_the_passing_design_shows_its_figures(rule):
    """Every rule knows what to say when it holds; where it is relevant to the passing design, with that design's figures."""
    assert rule.praise.endswith(".")
    ctx = Context(entry_of(rule, rule.passing))
    if rule.relevant(ctx) and (rule.deserved is None or rule.deserved(ctx)):
        said = fill(rule.praise, rule.evidence(ctx))
        assert "{" not in said and "nan" not in said and "not known" not in said, said


def test_a_prediction_that_only_avoids_a_wrong_model_earns_no_praise():
    values = brief("train-100b").reference_values
    right = Context(entry("train-100b", values)).measure("estimate.days")
    praised = {
        days: "days-at-the-peak" in {f.rule for f in noticed(Context(entry("train-100b", values, predictions={"days": days})))[0] if f.severity == "praises"}
        for days in (right, 3 * right)
    }
    assert praised == {right: True, 3 * right: False}


def test_no_chain_of_causes_hides_everything():
    """Following implied_by ends at a rule that is implied by nothing: some root is always told."""
    graph = {r.id: r.implied_by for r in RULES}

    def ends(id: str, seen: tuple[str, ...]) -> bool:
        assert id not in seen, f"circle: {' → '.join((*seen, id))}"
        return all(ends(cause, (*seen, id)) for cause in graph[id])

    assert all(ends(id, ()) for id in graph)


def test_causes_share_a_brief_with_what_they_hide(rule):
    by_id = {r.id: r for r in RULES}
    for cause in rule.implied_by:
        assert set(by_id[cause].briefs) & set(rule.briefs), cause


def test_targets_and_predictions_name_measures_that_exist():
    for id in brief_ids():
        of = brief(id)
        names = [t.measure for t in of.targets] + [t.limit_measure for t in of.targets if t.limit_measure] + [p.measure for p in of.predictions]
        for name in names:
            assert name in MEASURES or name.split(".")[0] in ("estimate", "simulated", "lost", "design"), name
