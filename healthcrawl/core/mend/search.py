"""The search for originals: which text does damage turn into the one that is there?

Behind a lost byte the text is read one byte off, out of step. Reading it back needs no guess where the bytes are all there:
each character gives the second byte of one original character and the first of the next. Guesses are needed at the beginning
(the lost first byte of a character), at the end (a lost second byte), where a full-width form may have been folded to ASCII
and where a private-use character may have been dropped.

So the text is read once, character by character, with all originals in mind that damage would have made look like what has
been read; the text as it stands is one of them. Originals that go on alike, in step and behind the same characters, can't be
told apart by what follows: the likelier is kept, with its margin over the other at the characters where they differ. The
search ends when one is left. Whichever byte was lost, the damage looks the same; so an original may be certain but for some
characters.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from math import inf
from operator import itemgetter
from typing import NamedTuple

from healthcrawl.core.mend.codepage import (
    EURO_BYTE,
    LEADS,
    LOST,
    code,
    encode,
    is_private,
    is_trail,
    pair,
    private_pairs,
    wide,
)
from healthcrawl.core.mend.damage import ANY, CUT, SWALLOWED, Piece, Shift
from healthcrawl.core.mend.likelihood import DIGIT, QUOTED, WHICH_DIGIT, Likelihood
from healthcrawl.core.mend.pinyin import GLOSS, HAN, SYLLABLE, drop_glosses

RUN = 1500
"""A run that is not put right after so many characters is given up."""
BEAM = 16
"""Originals kept at each character ..."""
HOPELESS = 22.0
"""... none of them so much less likely than the best."""
DAMAGE = 5.0
"""What it costs to assume damage at a spot; the text as it stands costs nothing."""
GUESSES = 6
"""Guesses kept for each place where a private-use character may have been dropped ..."""
GUESSED_PLACES = 60
"""... of which there are no more than that in one search ..."""
CLOSE = 5.0
"""... in originals that are not so much less likely than the best ..."""
UNLIKELY = 6.0
"""... which is where a character costs more than this ..."""
DROPPED = 2.5
"""... and at this cost."""
TERM, LONG = 3.0, 9
"""What a stop costs at the end of a quotation that is shorter than so many characters, its mark and the stop included: in the
newspaper that the model was made from, one such quotation in two hundred has one, of the longer ones one in five."""
MISREAD = 8.0
"""What a gloss costs that is no reading of the character before it."""
BEGINNINGS = 20
"""Characters kept where the first byte of one is lost: a hundred are tried."""
ENDS = 8
"""Characters kept where the second byte of the last one is lost: a hundred are tried; ..."""
SWALLOWS = 3
"""... and if an ASCII character was lost with it."""

# What it costs, beside what the model says, to assume that an ASCII character was swallowed with a second byte.
TAG = 2.0
NEW_LINE = 3.0
IN_A_SENTENCE = 3.0
"""More for what ends a paragraph where no sentence ends, ..."""
AT_A_COMMA = 8.0
"""... and where none can end."""
BRACKET = 1.0
SPACE = 5.0
MARK = 3.0
OTHER = 8.0
"""A character that is none of these."""
OPENINGS = 60
"""Places in one search where damage is assumed to begin."""
LOOK_BACK = 80
"""Pieces in which two originals are compared."""
CERTAINTY = 12.0
"""A margin beyond which there is no doubt."""
SURE = 2.5
"""A swallowed character must be so much likelier than any other to be put back."""

_SPLITTERS = frozenset("?？!！;；")
_PUT_RIGHT = frozenset("?？!！;；。，,")
_READING = re.compile(rf"({SYLLABLE})[ ]?[)）]")
_GLOSS = re.compile(GLOSS)
_SYLLABLE = re.compile(SYLLABLE)
_TAG = re.compile(
    r"/?(?:p|br|strong|b|em|i|u|span|font|div|td|tr|table|li|ul|ol|a|h[1-6]|section|img)\b[^<>\n?]{0,300}>",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"[^()（）\n]{1,60}[)）]")
_HAN = re.compile(f"[{HAN}]")
_ENDS = frozenset("。！？；…”’）》】：")
_GOES_ON = frozenset("，、“‘（《【— \N{IDEOGRAPHIC SPACE}")
_SWALLOWABLE = ",.:;!?\"'-/|"
TAIL = 2
_COST = itemgetter(0)


class _Link(NamedTuple):
    """A piece of an original, with the piece before it; what was put in is at so many bytes from the piece's beginning."""

    before: "_Link | None"
    text: str
    edit: tuple[int, str] | None = None
    dropped: int = 0
    by_reading: bool = False


class _Trail(NamedTuple):
    """An original in the making.

    `tail`: its last plain characters. `quoted`: how many characters an open quotation has, its mark included, up to `LONG`; 0
    outside. `pending`: the first byte of a character whose second is to come; 0 in step. `gain`: by
    how much it was likelier than the text as it stands when that gave way to it. `untouched`: it is the text as it stands.
    """

    cost: float
    tail: str
    quoted: int
    pending: int
    link: _Link | None
    doubts: "_Doubt | None" = None
    gain: float = inf
    untouched: bool = False


class _Doubt(NamedTuple):
    """Pieces in whose place another original, so much less likely, had others; with the doubts before."""

    before: "_Doubt | None"
    links: tuple[_Link, ...]
    margin: float
    other: str


class Found(NamedTuple):
    """The likeliest original, up to where the text is in step again; `shift` is None where it is the text as it stands.

    `given_up`: a bound ended the search; there may be more to find.
    """

    shift: Shift | None
    end: int
    given_up: bool = False


def context(text: str, spot: int) -> str:
    """The line's text before a spot, without glosses."""
    return drop_glosses(text[max(text.rfind("\n", 0, spot) + 1, spot - 200) : spot])


def find_original(text: str, spot: int, scorer: Likelihood, *, may_drop: bool) -> Found:
    """What may have been where the `?` at `spot` and the text behind it stand.

    `may_drop`: private-use characters may have been dropped from the text.
    """
    return _Search(text, scorer, may_drop=may_drop).run(spot)


class _Search:
    """One search; its moves give each a position and an original that has come so far."""

    def __init__(self, text: str, scorer: Likelihood, *, may_drop: bool) -> None:
        self.text = text
        self.scorer = scorer
        self.data = scorer.data
        self.guesses = GUESSED_PLACES if may_drop else 0
        self.openings = OPENINGS
        self.limit = inf
        self.spot = 0

    def run(self, spot: int) -> Found:
        """Read on from a spot until one original is left."""
        before = context(self.text, spot)
        tail = "".join(map(self.scorer.plain, before[-TAIL:]))
        self.spot = spot
        opened = before.rfind("“")
        quoted = min(len(before) - opened, LONG) if opened > before.rfind("”") else 0
        start = _Trail(0.0, tail, quoted, 0, None, untouched=True)
        waiting: defaultdict[int, list[_Trail]] = defaultdict(list)
        waiting[spot].append(start)
        at = spot
        last = min(len(self.text), spot + RUN)
        while True:
            trails = _keep(waiting.pop(at, []), self.scorer.plain)
            if at >= last or self.text[at] == "\n":
                break
            if at > spot and not waiting and len(trails) == 1 and not trails[0].pending:
                break
            self.limit = min((trail.cost for trail in trails), default=inf) + CLOSE
            for trail in trails:
                for position, going in self._moves(trail, at):
                    waiting[position].append(going)
            at += 1
        found = self._result([trail for trail in trails if not trail.pending], at)
        return found._replace(given_up=not self.openings or spot + RUN == at < len(self.text))

    def _result(self, trails: Sequence[_Trail], end: int) -> Found:
        if not trails:
            return Found(None, end)
        best, *others = sorted(trails, key=_COST)
        if best.untouched:
            return Found(None, end)
        for other in others:
            best = _outdo(best, other, self.scorer.plain)
        doubted: dict[int, tuple[float, str]] = {}
        doubt = best.doubts
        while doubt is not None:
            for link in doubt.links:
                doubted[id(link)] = min(doubted.get(id(link), (inf, "")), (doubt.margin, doubt.other))
            doubt = doubt.before
        pieces: list[Piece] = []
        edits: list[tuple[int, str]] = []
        offset = 0
        links = _links(best.link)
        for link in links:
            if link.edit is not None:
                edits.append((offset + link.edit[0], link.edit[1]))
            if link.text:
                pieces.append(Piece(link.text, *doubted.get(id(link), (inf, ""))))
            offset += len(encode(link.text.replace(SWALLOWED, ANY)))
        shift = Shift(
            pieces=tuple(pieces),
            start=self.spot,
            end=end,
            edits=tuple(edits),
            dropped=sum(link.dropped for link in links),
            by_reading=any(link.by_reading for link in links),
            gain=best.gain,
        )
        return Found(shift, end)

    def _moves(self, trail: _Trail, at: int) -> Iterator[tuple[int, _Trail]]:
        if trail.pending:
            yield from self._out_of_step(trail, at)
        else:
            yield from self._in_step(trail, at)

    def _in_step(self, trail: _Trail, at: int) -> Iterator[tuple[int, _Trail]]:
        """Read a character as it stands; or a cut or a misplaced gloss, with which a run out of step begins."""
        text = self.text
        character = text[at]
        if character in "(（ " and (gloss := _GLOSS.match(text, at)) and _HAN.match(trail.tail[-1:]):
            misread = 0.0 if self._last(trail, at) in self._readers(gloss[0]) else MISREAD
            yield gloss.end(), trail._replace(cost=trail.cost + misread, link=_Link(trail.link, gloss[0]))
            return
        yield at + 1, self._extend(trail, character)
        if character != LOST or trail.cost > self.limit or not self.openings:
            return
        self.openings -= 1
        if text[at + 1 : at + 2] in _SPLITTERS and at + 1 < len(text):
            second, first = code(wide(text[at + 1]))
            lost = _ending_with(second)
            cut = self._likeliest(trail, lost, BEGINNINGS, pending=first, edit=(1, CUT), extra=DAMAGE)
            yield from ((at + 2, going) for going in cut)
        if reading := _READING.match(text, at + 1):
            previous = self._last(trail, at)
            raw = code(previous)
            if len(raw) == 2:
                edit = (1, f"({reading[0]}")
                for lead in self._trails(raw[1], reading[1]):
                    link = _Link(trail.link, "", edit, by_reading=True)
                    yield (
                        reading.end(),
                        trail._replace(cost=trail.cost + DAMAGE, pending=lead, link=link, untouched=False),
                    )

    def _out_of_step(self, trail: _Trail, at: int) -> Iterator[tuple[int, _Trail]]:
        """Read a character whose bytes belong to two original ones, or to one and to what puts the text right."""
        text = self.text
        character = text[at]
        if character == LOST:
            yield from self._lost_trail(trail, at)
            yield from self._lost_lead(trail, at)
        for unit in _units(character):
            whole = pair(trail.pending, unit[0])
            going = [self._extend(trail, whole, pending=0)] if _is_written(whole) else []
            if self.guesses and trail.cost < self.limit and (not going or going[0].cost > trail.cost + UNLIKELY):
                self.guesses -= 1
                going += self._around_dropped(trail, unit[0])
            yield from self._go_on(going, unit, at)

    def _go_on(self, trails: Iterable[_Trail], unit: bytes, at: int) -> Iterator[tuple[int, _Trail]]:
        """Originals in which the first byte of what is read there ends a character; the second, if any, is another one's."""
        text = self.text
        if len(unit) == 1:
            yield from ((at + 1, each) for each in trails)
        elif unit[1] < EURO_BYTE:
            yield from ((at + 1, self._extend(each, chr(unit[1]))) for each in trails)
        elif unit[1] in LEADS:
            ahead = at + 1
            edit = None
            if (gloss := _GLOSS.match(text, ahead)) and text[at] in self._readers(gloss[0]):
                ahead, edit = gloss.end(), (1, gloss[0])
            for each in trails:
                link = _Link(each.link, "", edit) if edit else each.link
                yield ahead, each._replace(pending=unit[1], link=link)

    def _lost_lead(self, trail: _Trail, at: int) -> Iterator[tuple[int, _Trail]]:
        """To a decoder without the euro sign its byte leads no pair: it swallows the next character's first byte."""
        whole = pair(trail.pending, EURO_BYTE)
        if not _is_written(whole) or trail.cost > self.limit or at + 1 == len(self.text):
            return
        read = self._extend(trail, whole)
        for unit in _units(self.text[at + 1]):
            yield from self._go_on(self._likeliest(read, _ending_with(unit[0]), BEGINNINGS), unit, at + 1)

    def _lost_trail(self, trail: _Trail, at: int) -> Iterator[tuple[int, _Trail]]:
        """The second byte is lost: to a cut, to the end, or with an ASCII character."""
        text = self.text
        ahead = at + 1
        if reading := _READING.match(text, ahead):
            gloss = f"({reading[0]}"
            for read in self._read_as(trail, reading[1]):
                yield reading.end(), read._replace(link=_Link(read.link, gloss, by_reading=True))
        if trail.cost > self.limit:
            return
        over = ahead == len(text) or text[ahead] == "\n"
        if over:
            yield from ((ahead, going) for going in self._last_ones(trail))
            return
        likeliest = self._likeliest(trail, _beginning_with(trail.pending), ENDS)
        if text[ahead] in _PUT_RIGHT:
            for going in likeliest:
                yield ahead, going._replace(link=_Link(going.link, "", (0, CUT)))
        yield from (self._swallow(going, ahead) for going in likeliest[:SWALLOWS])

    def _read_as(self, trail: _Trail, reading: str) -> Iterator[_Trail]:
        """The next character has that reading; one more may have been lost before it, with a dropped private-use character."""
        for second in self._trails(trail.pending, reading):
            yield self._extend(trail, pair(trail.pending, second))
        if self.guesses and trail.cost < self.limit:
            self.guesses -= 1
            for one in self._likeliest(trail, _begun_private(trail.pending), GUESSES):
                seconds = private_pairs()[code(self._last(one, 0))[1]]
                fitting = self._named(reading, seconds)
                yield from self._likeliest(one, fitting, GUESSES, extra=DROPPED, dropped=1)

    def _swallow(self, trail: _Trail, ahead: int) -> tuple[int, _Trail]:
        """An ASCII character was swallowed: the bracket of a tag, a line's end, a mark that the text uses elsewhere, a digit.

        What it was does not change the damage. So the likeliest is taken if it is much likelier than the others, and else it
        stays unknown, in an original that is known all around it.
        """
        text = self.text
        if tag := _TAG.match(text, ahead):
            return tag.end(), self._put(trail, "<" + tag[0], TAG + _ending(trail.tail[-1:]), tail="")
        following = self.scorer.plain(text[ahead])
        if following == trail.tail[-1:] and text[ahead + 1 : ahead + 2] in {")", "）"}:  # glossed with itself
            return ahead, self._put(trail, "(", 0.0)
        digit = (
            self.scorer.step(trail.tail, DIGIT)
            - WHICH_DIGIT
            + self.scorer.step((trail.tail + DIGIT)[-TAIL:], following)
        )
        unknown = self._put(trail, SWALLOWED, min(digit, OTHER), tail=DIGIT if digit < OTHER else "")
        ended = _ending(trail.tail[-1:])
        bracket = MISREAD if _READING.match(text, ahead) else BRACKET if _CLOSED.match(text, ahead) else OTHER
        known = [
            (NEW_LINE + ended + self.scorer.step("", following), self._put(trail, "\n", NEW_LINE + ended, tail="")),
            (SPACE + self.scorer.step(trail.tail, following), self._put(trail, " ", SPACE)),
        ]
        for mark, cost in [("(", bracket), *((mark, MARK) for mark in _marks(text))]:
            going = self._extend(trail, mark, extra=cost)
            known.append((going.cost - trail.cost + self.scorer.step(going.tail, following), going))
        known.sort(key=_COST)
        (first, best), (second, _), *_rest = known
        rival = min(second, digit, OTHER + self.scorer.step("", following))
        return ahead, best if first + SURE < rival else unknown

    def _around_dropped(self, trail: _Trail, second: int) -> list[_Trail]:
        """The likeliest two characters of which one begins with the pending byte and the other ends with the given one.

        The bytes between were those of a private-use character that somebody has dropped.
        """
        begun = self._likeliest(trail, _begun_private(trail.pending), GUESSES)
        both = []
        for one in begun:
            first = code(self._last(one, 0))[1]
            both += self._likeliest(one, _pairs_ending(first, second), GUESSES, extra=DROPPED, dropped=1)
        return sorted(both, key=_COST)[:GUESSES]

    def _likeliest(
        self,
        trail: _Trail,
        characters: tuple[str, ...],
        count: int,
        *,
        pending: int = 0,
        edit: tuple[int, str] | None = None,
        extra: float = 0.0,
        dropped: int = 0,
    ) -> list[_Trail]:
        """An original with each of the likeliest of some characters."""
        return [
            self._extend(trail, each, pending=pending, edit=edit, extra=extra, dropped=dropped)
            for _, each in self.scorer.rank(trail.tail, characters)[:count]
        ]

    def _last_ones(self, trail: _Trail) -> list[_Trail]:
        """An original with each of the likeliest characters of which only the first byte is there; a paragraph ends."""
        ranked = self.scorer.rank(trail.tail, _beginning_with(trail.pending))
        ending = sorted((cost + _ending(each), each) for cost, each in ranked)
        return [self._extend(trail, each, extra=_ending(each)) for _, each in ending[:ENDS]]

    def _extend(
        self,
        trail: _Trail,
        character: str,
        *,
        pending: int = 0,
        edit: tuple[int, str] | None = None,
        extra: float = 0.0,
        dropped: int = 0,
    ) -> _Trail:
        """Weigh one more character."""
        cost, tail, quoted, _, link, doubts, gain, untouched = trail
        scorer = self.scorer
        plain = scorer.plain(character)
        step = scorer.step(tail, plain) + extra
        if plain == "“":
            step += QUOTED if quoted else 0.0
            quoted = 1
        elif plain == "”":
            step += QUOTED if not quoted else TERM if quoted < LONG and tail[-1:] == "。" else 0.0
            quoted = 0
        elif 0 < quoted < LONG:
            quoted += 1
        untouched = untouched and edit is None and not dropped
        return _Trail(
            cost + step,
            tail[1 - TAIL :] + plain if len(tail) >= TAIL else tail + plain,
            quoted,
            pending,
            _Link(link, character, edit, dropped),
            doubts,
            gain,
            untouched,
        )

    def _put(self, trail: _Trail, text: str, cost: float, tail: str | None = None) -> _Trail:
        """Add what the model does not weigh."""
        link = _Link(trail.link, text)
        tail = trail.tail if tail is None else tail
        return trail._replace(cost=trail.cost + cost, link=link, tail=tail)

    def _last(self, trail: _Trail, at: int) -> str:
        """The last character of an original."""
        link = trail.link
        while link is not None and not link.text:
            link = link.before
        return link.text[-1] if link is not None else self.text[at - 1 : at]

    def _trails(self, lead: int, reading: str) -> list[int]:
        """Second bytes with which a first byte makes a character of that reading."""
        return [code(each)[1] for each in self._named(reading, (lead,))]

    def _named(self, reading: str, leads: Sequence[int]) -> tuple[str, ...]:
        """Characters of that reading with one of those first bytes; converted ones, if there are any."""
        known = [
            each for each in self.data.readings.get(reading, "") if code(each)[0] in leads and code(each)[1] in LEADS
        ]
        return tuple([each for each in known if each in self.data.simplified] or known)

    def _readers(self, gloss: str) -> str:
        reading = _SYLLABLE.search(gloss)
        return self.data.readings.get(reading[0], "") if reading else ""


@lru_cache(maxsize=4)
def _marks(text: str) -> str:
    """ASCII marks that the text has behind Chinese characters."""
    return "".join(mark for mark in _SWALLOWABLE if re.search(f"[{HAN}]{re.escape(mark)}", text))


def _keep(trails: list[_Trail], plain: Callable[[str], str]) -> list[_Trail]:
    """The likeliest of the originals that go on alike, with its margin; of all, a beam; the text as it stands, always."""
    if len(trails) < 2:
        return trails
    best: dict[tuple[str, int, int], _Trail] = {}
    for trail in sorted(trails, key=_COST):
        key = (trail.tail, trail.quoted, trail.pending)
        first = best.get(key)
        if first is None:
            best[key] = trail
        else:
            best[key] = _outdo(first, trail, plain)
    kept = list(best.values())
    limit = kept[0].cost + HOPELESS
    return [each for at, each in enumerate(kept) if each.untouched or (at < BEAM and each.cost < limit)]


def _outdo(better: _Trail, worse: _Trail, plain: Callable[[str], str]) -> _Trail:
    """The better of two originals that go on alike, with what it has over the worse, and where.

    Traditional forms of one simplified character need not be told apart: the text will be simplified.
    """
    margin = worse.cost - better.cost
    if worse.untouched:
        return better._replace(gain=min(better.gain, margin))
    if better.untouched or margin > CERTAINTY:
        return better
    ours, others = _links(better.link, LOOK_BACK), _links(worse.link, LOOK_BACK)
    known = set(map(id, ours))
    shared = next((id(link) for link in reversed(others) if id(link) in known), None)
    if shared is not None:
        ours = ours[next(at for at, link in enumerate(ours) if id(link) == shared) + 1 :]
        others = others[next(at for at, link in enumerate(others) if id(link) == shared) + 1 :]
    while ours and others and ours[-1].text == others[-1].text:
        ours.pop()
        others.pop()
    if len(ours) == len(others):
        differing = [at for at, one in enumerate(ours) if plain(one.text) != plain(others[at].text)]
        if not differing:
            return better
        ours, others = [ours[at] for at in differing], [others[at] for at in differing]
    other = "".join(link.text for link in others)
    return better._replace(doubts=_Doubt(better.doubts, tuple(ours), margin, other))


def _links(link: _Link | None, most: int | None = None) -> list[_Link]:
    """The pieces of an original, or the last of them."""
    links: list[_Link] = []
    while link is not None and len(links) != most:
        links.append(link)
        link = link.before
    links.reverse()
    return links


def _units(character: str) -> Iterator[bytes]:
    """The bytes that a character may stand for: its own, and those of the full-width form it may have been folded from."""
    raw = code(character)
    if raw and (len(raw) == 2 or is_trail(raw[0])):
        yield raw
    if wide(character) != character:
        yield code(wide(character))


@cache
def _beginning_with(first: int) -> tuple[str, ...]:
    return tuple(each for second in LEADS if _is_written(each := pair(first, second)))


@cache
def _ending_with(second: int) -> tuple[str, ...]:
    return tuple(each for first in LEADS if _is_written(each := pair(first, second)))


@cache
def _begun_private(first: int) -> tuple[str, ...]:
    """Characters that begin with a byte and end with one that is first in private-use characters."""
    return tuple(each for second in private_pairs() if _is_written(each := pair(first, second)))


@lru_cache(maxsize=8192)
def _pairs_ending(first: int, second: int) -> tuple[str, ...]:
    """Characters that end with a byte and begin with one that is second to a given first in a private-use character."""
    return tuple(each for lead in private_pairs()[first] if _is_written(each := pair(lead, second)))


def _ending(character: str) -> float:
    """What it costs that a paragraph ends behind a character."""
    if character in _ENDS:
        return 0.0
    return AT_A_COMMA if character in _GOES_ON else IN_A_SENTENCE


def _is_written(character: str) -> bool:
    return character != "" and not is_private(character)
