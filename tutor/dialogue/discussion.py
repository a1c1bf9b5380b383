"""The conversation: what is read, which move follows, what is remembered.

One issue a turn, root causes first. A hint climbs its ladder each time that somebody asks for one, and the
same words are never said twice in a row.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass
from typing import Any

from hwlib.errors import BadInput, listed
from hwlib.units import show
from tutor.briefs import brief
from tutor.context import Context, NotKnown, context
from tutor.designfile import Entry
from tutor.dialogue import moves
from tutor.dialogue.acts import decided
from tutor.dialogue.claims import claims as computed_claims
from tutor.dialogue.features import denials
from tutor.dialogue.frames import Read, Touched, concept, concepts, opposites, read, touched
from tutor.dialogue.reading import judged, meant, states, strange
from tutor.dialogue.reading import plain as plain_statement
from tutor.dialogue.slots import NUMBER, read_slots
from tutor.dialogue.text import normalise
from tutor.findings import Finding, plain

CAN = {
    "serving": "what fits, what a user's cache takes, how busy the fleet is, what a change would do",
    "training": "what a chip holds, how long a run takes, where a step's time goes, what a change would do",
    "tco": "what three years cost, when serving overtakes training, what each lever saves, what a change would do",
}
SUM_UP = re.compile(r"\bsum(?:mar[iy][sz]?e?)?(?: (?:it|this|that|things))? up\b|\bsummary\b|\bsummari[sz]e\b")
REPAIR = re.compile(r"\b(?:smallest|minimal|shortest|a|the) repair\b|\brepair (?:it|my design)\b|\bfix (?:it|my design|this design)\b")
REASON = re.compile(r"\b(?:because|since|so that|so|as|in order|to (?:keep|avoid|survive|meet|read|hide|save)|that way|which|for|before|after|until|unless|otherwise)\b")
CORRECTION = re.compile(r"^\W*(?:(?:no|sorry|wait|oops|actually|hm+|correction|ah)[,.: ]+)*(?:i (?:actually |really )?(?:meant|mean)(?: to (?:say|write))?|correction|scratch that|i misspoke|make that|rather)[,.: ]+(?:that )?")
ABOUT = -2.3
"""Log odds from which a text is taken to be about a concept."""
STRANGE = 0.5
"""Share of unknown words from which a text is not taken to be about anything."""
MOST = 1200
"""Characters of an utterance that are read; the reply says when there were more."""
AGAIN = ("That has been answered; here is another figure.", "Let us look from another side.", "One more figure, then.")
SISTERS = {"serve-7b": "serve-70b", "serve-70b": "serve-7b"}
LEADS = ("", "Look at the figures. ", "Here is what your design does. ", "Compute it first. ")
CALM = ("This is a hard part, and one figure at a time is enough. ", "Fair enough; let us take one small step. ", "That can wear one out. One figure only: ")
WHY = re.compile(r"^\W*(?:but |ok(?:ay)?,? |and |so )*(?:why(?: not| so| is that| does it hurt)?|how so|how come|really|because|in what way|what do you mean)\W*$")
MOVED = ("Why does it move that way?", "Which term of the step moved, and why?", "Is it worth that?", "What would you give up for it?")


@dataclass(frozen=True, slots=True)
class Reading:
    """An utterance as it was read."""

    act: str
    slots: dict[str, Any]
    seen: list[Read]
    claims: list[dict[str, Any]]
    near: list[Touched]
    understood: bool


class Discussion:
    """A discussion of one brief about one design; without a design, about the one that learners begin with."""

    def __init__(self, brief_id: str, entry: Entry | None = None) -> None:
        from tutor.samples import starter

        self.brief = brief(brief_id)
        self.entry = entry if entry is not None else starter(brief_id)
        self.repair_seconds = 0.15
        self.turns = 0
        self.level: dict[str, int] = {}
        self.covered: list[str] = []
        self.beliefs: list[str] = []
        self.tried: list[str] = []
        self.last = ""
        self.said: list[str] = []
        self.topic = ""
        self.interpret_near: list[Touched] = []
        self.asked: list[str] = []
        self._before: tuple[list[str], list[str], list[str]] | None = None
        self._full = context(self.entry)
        self.ctx = Context(self.entry, simulate=False)
        self._problems: tuple[Finding, ...] | None = None
        self.interpret("decode waits for memory")  # patterns are compiled and models loaded here, once, and not in the first turn

    def fresh(self) -> Discussion:
        """A discussion of the same design that has not begun; what is costly to compute is shared."""
        other = copy(self)
        other.turns, other.level, other.covered, other.beliefs, other.tried, other.last = 0, {}, [], [], [], ""
        other.said, other.asked, other.topic, other._before, other.interpret_near = [], [], "", None, []
        return other

    def interpret(self, text: str) -> Reading:
        """What an utterance is read as. Nothing is remembered and nothing answered."""
        plain_text = CORRECTION.sub("", normalise(text[:MOST]))
        slots = read_slots(plain_text, self.brief.kind)
        seen, others = self._stated(plain_text)
        claims = computed_claims(self.ctx, plain_text)
        near = [Touched(t.concept, meant(plain_text) if t.how == "denied" else t.how) for t in touched(self.brief.id, plain_text, seen)]
        near += [t for t in others if t.concept.id not in {n.concept.id for n in near}]
        act = "meta" if SUM_UP.search(plain_text) else decided(plain_text, slots=slots, read=bool(seen), near=bool(claims or near), kind=self.brief.kind)
        if act == "proposal" and not slots and seen and all(r.concept.kind == "expectation" for r in seen):
            act = "assertion"  # advice that states a method
        if act not in ("proposal", "what-if", "number"):
            slots = {}  # what is only asked or argued about is not set
        if act == "what-if":
            seen = []
        elif act in ("proposal", "number") and not REASON.search(plain_text):
            seen = [r for r in seen if r.concept.kind == "misconception"]  # a bare choice shows no idea
        if act == "off-topic":
            understood = False
        elif act in ("assertion", "question"):
            understood = bool(seen or claims or near) or act == "question" and bool(moves.catalogue(plain_text) or moves.answer(self.ctx, plain_text) or WHY.match(plain_text))
        else:
            understood = True  # what to do with it can be asked
        return Reading(act, slots, seen, claims, near, understood)

    def _stated(self, text: str) -> tuple[list[Read], list[Touched]]:
        """The concepts that a normalised text states, and those that it is about without stating them."""
        framed = read(self.brief.id, text)
        known = {c.id: c for c in concepts(self.brief.id)}
        found = judged(self.brief.id, {i: c.kind for i, c in known.items()}, text, [r.concept.id for r in framed])
        words = {r.concept.id: r.text for r in framed}
        simple = plain_statement(text)
        said = [j for j in found if states(j, known[j.id].kind, agreed=simple and j.id in words, denies=denials(text)[0])]
        seen = [Read(known[j.id], words.get(j.id, text[:120]), j.why) for j in said]
        if not seen and strange(self.brief.id, text) >= STRANGE:
            return [], []
        about = sorted((j for j in found if j not in said and j.about > ABOUT), key=lambda j: -j.about)
        return seen, [Touched(known[j.id], meant(text)) for j in about[:2]]

    def say(self, text: str) -> dict[str, Any]:
        """Read one utterance and answer it."""
        self.turns += 1
        cut, text = len(text) > MOST, text[:MOST]
        plain_text = normalise(text)
        corrected = CORRECTION.match(plain_text)
        if corrected and self._before is not None:
            self.covered, self.beliefs, self.tried = (list(x) for x in self._before)
        self._before = (list(self.covered), list(self.beliefs), list(self.tried))
        plain_text = plain_text[corrected.end():] if corrected else plain_text
        found = self.interpret(text)
        self.interpret_near = found.near
        act, slots, seen, claims = found.act, found.slots, found.seen, found.claims
        turn = self._turn(found, plain_text)
        if corrected:
            turn["reply"] = f"Taken back, and I read it anew. {turn['reply']}"
        if seen or found.near:
            self.topic = seen[0].concept.id if seen else found.near[0].concept.id
        for one in seen:
            store = self.covered if one.concept.kind == "expectation" else self.beliefs
            if one.concept.id not in store:
                store.append(one.concept.id)
        reply = self._fresh(turn.pop("reply"))
        if cut:
            reply = f"I read the first {MOST:,} characters. {reply}"
        self.last = reply
        return {
            "act": act, "slots": {k: plain(v) for k, v in slots.items()},
            "claims": [{k: plain(v) for k, v in c.items() if k not in ("figure", "asked")} for c in claims],
            "expectations": [r.concept.id for r in seen if r.concept.kind == "expectation"],
            "misconceptions": [r.concept.id for r in seen if r.concept.kind == "misconception"],
            "move": turn["move"], "reply": reply, "understood": turn.get("understood", True),
            "read": self._read_words(seen, claims, slots), "why": {r.concept.id: list(r.why) for r in seen if r.why}, "evidence": plain(turn.get("evidence", [])),
            "design_changes": plain(turn.get("design_changes", {})), "choices": turn.get("choices", []), "rule": turn.get("rule", ""),
        }

    # One move a turn.

    def _turn(self, found: Reading, text: str) -> dict[str, Any]:
        act, slots, claims = found.act, found.slots, found.claims
        aside = read(SISTERS[self.brief.id], text) if not found.seen and self.brief.id in SISTERS and act == "assertion" else []
        aside = [r for r in aside if r.concept.kind == "expectation"]
        if WHY.match(text) and self.topic:
            return self._why()
        seen = found.seen or aside  # an idea of the sister brief is answered, though it is not one of this one's
        beliefs = [r for r in seen if r.concept.kind == "misconception"]
        ideas = [r for r in seen if r.concept.kind == "expectation"]
        if SUM_UP.search(text):
            return self._summary()
        if REPAIR.search(text) or act == "answer-request":
            return self._repair()
        if act == "what-if" or act == "proposal" and self._settable(slots) and not beliefs:
            return self._what_if(slots, act)
        if beliefs:
            return self._correct(beliefs[0], claims)
        false = next((c for c in claims if c["verdict"] is False and not c["asked"]), None)
        if false and not (ideas and false["kind"] == "bound-by"):
            return {"move": "correct", "reply": f"Let us compute that. {false['words']} What does that change in your reasoning?", "evidence": [_row(false)]}
        if act == "question":
            return self._answer(text, claims, found.near)
        if act == "help":
            return self._hint()
        if act == "greeting":
            return self._greet(text)
        if act == "frustration":
            turn = self._hint()
            return turn | {"reply": f"{CALM[self.turns % 3]}{turn['reply']}"}
        if act == "meta":
            return self._meta(text)
        if ideas:
            return self._praise(ideas, claims)
        true = next((c for c in claims if c["verdict"] is True), None)
        if true:
            return {"move": "assert", "reply": f"Yes. {true['words']} {self._question()}", "evidence": [_row(true)]}
        if claims:
            return {"move": "answer", "reply": f"{claims[0]['words']} {self._question()}", "evidence": [_row(claims[0])]}
        if act == "number":
            return self._what_if(slots, "proposal") if self._settable(slots) else self._number(text)
        if found.near and act in ("assertion", "proposal"):
            return self._near(found.near[0])
        if act == "proposal" and slots:
            return self._what_if(slots, act)
        return self._abstain(act)

    def _settable(self, slots: dict[str, Any]) -> bool:
        return any(hasattr(self.entry.design, name) or hasattr(self.entry.load, name) for name in slots)

    def _correct(self, belief: Read, claims: list[dict[str, Any]]) -> dict[str, Any]:
        one = belief.concept
        again = one.id in self.beliefs
        fact = moves.filled(one.fact, self.ctx)
        other = next((i for b, i in opposites() if b == one.id and b in self.beliefs), None)
        if again and other is not None:
            idea = concept(self.brief.id, other)
            return {"move": "contrast", "reply": f"We met this before; from the other side: {moves.filled(idea.fact, self.ctx)} {moves.filled(idea.ask, self.ctx)}"}
        move = "correct"
        if one.id == "flops-set-decode-speed":
            fact, move = moves.knock_out(self.ctx) or fact, "knock-out"
        lead = "We met this before. " if again else LEADS[self.turns % len(LEADS)]
        return {"move": move, "reply": f"{lead}{fact} {moves.filled(one.ask, self.ctx)}", "evidence": [_row(c) for c in claims if c["verdict"] is not None]}

    def _praise(self, ideas: list[Read], claims: list[dict[str, Any]]) -> dict[str, Any]:
        one = ideas[0].concept
        lead = ("Yes: ", "That is the point: ", "Right, and in figures: ")[self.turns % 3]
        fact = (moves.bounded(self.ctx) if one.id == "decode-is-bandwidth-bound" else "") or moves.filled(one.fact, self.ctx)
        return {"move": "prompt", "reply": f"{lead}{fact[:1].lower() + fact[1:] if lead.endswith(': ') and not fact[:2].isupper() else fact} {moves.filled(one.ask, self.ctx)}",
                "evidence": [_row(c) for c in claims if c["verdict"] is True]}

    def _what_if(self, slots: dict[str, Any], act: str) -> dict[str, Any]:
        if not self._settable(slots):
            near = self.interpret_near
            if near:
                return self._near(near[0])
            known = list(slots) or []
            what = f"I read {listed(n.replace('_', ' ') for n in known)}, which this design has no field for. " if known else ""
            return {"move": "abstain", "understood": bool(known), "reply": f"{what}Which field should I try, and with which value? For example: “{self._example()}”"}
        try:
            after, changes, unset = moves.moved(self.ctx, slots)
            after.measure("estimate." + ("usd_per_mtoken" if self.brief.kind != "training" else "days")) if self.brief.kind == "training" else after.estimate
        except (BadInput, NotKnown) as error:
            return {"move": "what-if", "reply": f"That cannot be tried: {str(error).rstrip('.')}. Which value would do?"}
        if not changes:
            return {"move": "what-if", "reply": f"Your design has that already. {self._question()}"}
        self.tried.append(listed(f"{_name(k)} {_shown(v['after'], k)}" for k, v in changes.items()))
        rows = moves.compared(self.ctx, after)
        said = "; ".join(f"{r['label']} {r['before_shown']} → {r['after_shown']}" for r in rows[:3])
        what = listed(f"{_name(k)} {_shown(v['after'], k)}" for k, v in changes.items())
        lead = "I read it as a change: " if act == "proposal" else "With "
        if not said:
            return {"move": "what-if", "reply": f"{lead}{what}: none of the main figures moves. Which of them did you expect to?", "design_changes": changes, "evidence": rows}
        breaks = self._breaks(after)
        return {"move": "what-if", "reply": f"{lead}{what}: {said}. {breaks}", "design_changes": changes, "evidence": rows}

    def _breaks(self, after: Context) -> str:
        if after.refusal:
            return after.refusal
        if not getattr(after.estimate, "fits", True):
            return "It does not fit in memory then. What would make room?"
        return MOVED[len(self.tried) % len(MOVED)]

    def _why(self) -> dict[str, Any]:
        """Why the last thing is so: the figures of the idea against it, or else the next step of the ladder."""
        other = next((i for b, i in opposites() if b == self.topic), None)
        ids = {c.id for c in concepts(self.brief.id)}
        if other in ids:
            idea = concept(self.brief.id, other)
            return {"move": "answer", "reply": f"Because of this: {moves.filled(idea.fact, self.ctx)} {moves.filled(idea.ask, self.ctx)}"}
        if self.topic in ids:
            one = concept(self.brief.id, self.topic)
            return {"move": "answer", "reply": f"It follows from your own figures: {moves.filled(one.fact, self.ctx)} {self._question()}"}
        return self._hint()

    def _near(self, one: Touched) -> dict[str, Any]:
        """A concept that is denied, reported or supposed: the figures, and no scolding."""
        fact, ask = moves.filled(one.concept.fact, self.ctx), moves.filled(one.concept.ask, self.ctx)
        if one.how == "denied" and one.concept.kind == "misconception":
            return {"move": "assert", "reply": f"Agreed, and the figures say so too. {fact} {self._question()}"}
        if one.how == "about":
            return {"move": "revoice", "reply": f"That touches “{self._name(one.concept.id)}”, and I am not sure on which side you are, so I count it neither way. {fact} {ask}"}
        lead = {"denied": "Let us see what the figures say.", "reported": "Whoever says it, the figures decide.", "supposed": "Suppose it, and compare."}.get(one.how, "")
        return {"move": "contrast", "reply": f"{lead} {fact} {ask}"}

    def _answer(self, text: str, claims: list[dict[str, Any]], near: list[Touched]) -> dict[str, Any]:
        if claims:
            one = claims[0]
            lead = "" if one["verdict"] is None else "Yes. " if one["verdict"] else "Not in this design. "
            return {"move": "answer", "reply": f"{lead}{one['words']} {self._question()}", "evidence": [_row(one)]}
        yes_no = re.match(r"^(?:and |so |but )*(?:is|are|do|does|did|can|could|will|would|must|should|has|have)\b", text)
        said = moves.catalogue(text) or ("" if near and yes_no else moves.answer(self.ctx, text))
        if near and not said:
            return {"move": "answer", "reply": f"{moves.filled(near[0].concept.fact, self.ctx)} {moves.filled(near[0].concept.ask, self.ctx)}"}
        if said:
            return {"move": "answer", "reply": f"{said} {self._question()}"}
        return self._abstain("question")

    def _hint(self) -> dict[str, Any]:
        item = self._agenda()
        if item is None:
            return self._summary()
        if isinstance(item, Finding):
            step = min(self.level.get(item.rule, 0), 4)
            self.level[item.rule] = step + 1
            if step >= 4:
                return self._repair()
            move = ("pump", "hint", "prompt", "assert")[step]
            ask = item.question if step in (0, 1) else "Does that move what you would change?"
            return {"move": move, "reply": f"{item.hints[step]} {ask}", "rule": item.rule, "evidence": [r.as_dict() for r in item.evidence]}
        step = min(self.level.get(item.id, 0), 2)
        self.level[item.id] = step + 1
        if step == 0:
            return {"move": "pump", "reply": f"{moves.filled(item.fact, self.ctx)} {item.pump}"}
        if step == 1:
            return {"move": "hint", "reply": f"{moves.filled(item.fact, self.ctx)} {moves.filled(item.ask, self.ctx)}"}
        self.covered.append(item.id)
        return {"move": "assert", "reply": f"In short: {moves.filled(item.fact, self.ctx)} Say in your own words why. {self._question()}"}

    def _repair(self) -> dict[str, Any]:
        from tutor.repair import repair

        found = repair(self.brief, self.entry, seconds=self.repair_seconds)
        best = found.fewest or found.cheapest
        if best is None:
            item = self._agenda()
            hint = f" {item.hints[3]}" if isinstance(item, Finding) else ""
            return {"move": "assert", "reply": f"{found.words()}{hint} {self._question()}"}
        return {
            "move": "assert", "reply": f"{found.words()} {best.words()} Before you apply it: why does that help?",
            "design_changes": {k: {"before": getattr(self.entry.design, k), "after": v} for k, v in best.changes.items()},
            "evidence": list(best.rows),
        }

    def _greet(self, text: str) -> dict[str, Any]:
        if re.search(r"thank|thx|cheers", text):
            return {"move": "pump", "reply": f"Gladly. {self._figure()} {self._question()}"}
        if re.search(r"\bbye|see you|ciao", text):
            return self._summary()
        return {"move": "pump", "reply": f"Hello. {self._figure()} {self._question()}"}

    def _meta(self, text: str) -> dict[str, Any]:
        if re.search(r"grad|scor|point|pass|count", text):
            said = "The score is computed from your design, your predictions and what I read in your text; text can add points and never takes any, and hints cost little."
        elif re.search(r"store|save|remember|log", text):
            said = "Nothing leaves this page; what I remember ends with the session."
        else:
            said = "I am rules and formulas, not a language model. Nothing leaves this page, and every figure can be asked why."
        return {"move": "answer", "reply": f"{said} {self._question()}"}

    def _number(self, text: str) -> dict[str, Any]:
        match = re.search(rf"[$€]? ?{NUMBER}(?: ?(?:%|percent|[a-zµ]+(?:/[a-z]+)?))?", text)
        asked = [p for p in self.brief.predictions if not p.options and p.name not in self.entry.predictions]
        choices = [p.label for p in asked[:4]]
        value = match[0].strip() if match else "a number"
        return {"move": "prompt", "reply": f"I read {value}. Which quantity is that: {listed((c.lower() for c in choices), 'or') or 'which of the targets'}?", "choices": choices}

    def _abstain(self, act: str) -> dict[str, Any]:
        if act == "off-topic":
            said = ("That is outside what I can judge.", "I cannot place that.", "I have nothing to say to that.")[self.turns % 3]
        else:
            said = ("I did not understand that, and so I do not count it.", "I could not read that safely.", "I am not sure what you claim there.")[self.turns % 3]
        if act == "question":
            said = ("I have no computed answer to that.", "That question I cannot answer from the model.", "I have no figure for that.")[self.turns % 3]
        offer = f"I can compute {CAN[self.brief.kind]}." if not any("I can compute" in s for s in self.said) else f"Try a change, such as “{self._example()}”, or a claim with a number; I compute both."
        if any(offer in s for s in self.said):
            offer = self._other_figure()
        return {"move": "abstain", "understood": False, "reply": f"{said} {offer} {self._question()}", "choices": ["Hint", "I don't know", "Sum up"]}

    def _summary(self) -> dict[str, Any]:
        ideas = [self._name(i) for i in self.covered]
        parts = [self._figure()]
        if ideas:
            parts.append(f"You have said: {listed(ideas)}.")
        if self.beliefs:
            parts.append(f"We corrected: {listed(self._name(i) for i in self.beliefs)}.")
        if self.tried:
            parts.append(f"Tried: {'; '.join(self.tried[-3:])}.")
        parts.append(f"Still open: {self._question()}")
        return {"move": "summary", "reply": " ".join(parts)}

    # What there is to talk about.

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Findings about the design, without simulation: a turn must be quick."""
        if self._problems is None:
            from tutor.review import noticed

            self._problems = tuple(f for f in noticed(self.ctx)[0] if f.severity != "praises")
        return self._problems

    def _agenda(self) -> Any:
        """The finding that weighs most, or else an idea that has not been said."""
        for finding in self.problems:
            if self.level.get(finding.rule, 0) <= 4:
                return finding
        for one in concepts(self.brief.id):
            if one.kind == "expectation" and one.id not in self.covered:
                return one
        return None

    def _question(self) -> str:
        """The question of the agenda, not the one just asked."""
        open_items = [f.question for f in self.problems]
        open_items += [c.pump for c in concepts(self.brief.id) if c.kind == "expectation" and c.id not in self.covered]
        open_items.append("Which assumption would have to move before this design stops working?")
        recent = self.asked[-4:]
        question = next((q for q in open_items if q not in recent), open_items[-1])
        self.asked.append(question)
        return question

    def _figure(self) -> str:
        """One sentence with the figure that matters most now."""
        if self.problems:
            return self.problems[0].title
        name, label, unit = moves.SHOWN[self.brief.kind][0]
        return f"Your design: {label} {show(self.ctx.get(name), unit)}."

    def _name(self, id: str) -> str:
        return id.replace("-", " ")

    def _example(self) -> str:
        return {"serving": "with 8 replicas?", "training": "with tp 4?", "tco": "with 40% utilisation?"}[self.brief.kind]

    def _read_words(self, seen: list[Read], claims: list[dict[str, Any]], slots: dict[str, Any]) -> str:
        """"I read: …": what was understood, for the learner to refuse."""
        parts = [self._name(r.concept.id) for r in seen] + [c["text"] for c in claims] + [f"{_name(k)} {_shown(v, k)}" for k, v in slots.items()]
        return f"I read: {'; '.join(parts[:4])}." if parts else ""

    def _fresh(self, reply: str) -> str:
        """Never the same words twice in a conversation."""
        reply = " ".join(reply.split())
        if reply in self.said:
            reply = f"{AGAIN[self.turns % len(AGAIN)]} {self._other_figure()} {self._question()}"
        if reply in self.said:
            reply = f"This is turn {self.turns}, and these words have been said. {reply}"
        self.said.append(reply)
        return reply

    def _other_figure(self) -> str:
        """One more figure of the design, another each turn."""
        rows = moves.SHOWN[self.brief.kind]
        for i in range(len(rows)):
            name, label, unit = rows[(self.turns + i) % len(rows)]
            value = self.ctx.get(name, None)
            if value is not None:
                return f"{label[:1].upper()}{label[1:]}: {show(value, unit)}."
        return self._figure()


def _row(claim: dict[str, Any]) -> dict[str, Any]:
    value, unit = claim["figure"], claim["unit"]
    return {"label": claim["kind"].replace("-", " "), "said": claim["said"], "value": value if isinstance(value, str) else float(value),
            "shown": show(value, unit) if isinstance(value, int | float) else str(value)}


def _name(slot: str) -> str:
    """A slot as it is said."""
    return re.sub(r"_(?:s|usd)$", "", slot).replace("_", " ")


def _shown(value: Any, slot: str = "") -> str:
    if slot.endswith("_s") and not isinstance(value, str):
        return show(value, "s")
    if slot in ("utilisation", "mfu", "growth_per_year", "price_decline_per_year", "discount_rate") and not isinstance(value, str):
        return show(value, "%")
    if isinstance(value, bool):
        return "on" if value else "off"
    return show(value) if isinstance(value, int | float) else str(value)
