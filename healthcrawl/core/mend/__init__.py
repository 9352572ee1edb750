"""Giving mirrored text back as it was written: byte shifts, glosses, script, each with its proof."""

import re
from dataclasses import dataclass

from healthcrawl.core.mend import blanks, byteshift, entities, fillers, glosses, script
from healthcrawl.model import Finding
from healthcrawl.rules import Mending

__all__ = ["Mended", "mend"]

_NOISES = "\x05\x06\x07\x08"
_NOISE = re.compile(f"[{_NOISES}]+")
"""Control characters that some programs put in front of punctuation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A mended text, and what was mended or could not be."""

    text: str
    findings: tuple[Finding, ...] = ()


def mend(text: str, data: Mending, *, simplify: bool = True) -> Mended:
    """Undo what mirror programs do to a text; a text without a symptom comes back as it is.

    The order is the damage's in reverse. Bytes come first: glosses and script can be read only when they are whole, and
    widths and private-use characters, which the normal form drops, are evidence until then. Without `simplify` traditional
    text stays traditional, unless it has been glossed or shifted: then a program has made it so.
    """
    text, noise = _drop_noise(text)
    text, encoded = entities.decode(text) if entities.SIGN in text else (text, ())
    text, shifts = byteshift.repair(text, data)
    text, glossed = glosses.remove(text, data)
    mirrored = bool(noise or glossed) or any(shift.kind != "unresolved" for shift in shifts)
    written = script.read_script(text, data)
    lost: tuple[Finding, ...] = ()
    scripts: tuple[Finding, ...] = ()
    filled: tuple[Finding, ...] = ()
    if blanks.LOST in text and (mirrored or written.is_traditional):
        text, lost = blanks.restore(text)
    if written.by_line and (simplify or mirrored):
        text, scripts = script.simplify(text, data, written)
    if mirrored or (scripts and written.is_traditional):
        filled = fillers.find(text, data)
    return Mended(text=text, findings=noise + encoded + shifts + glossed + lost + scripts + filled)


def _drop_noise(text: str) -> tuple[str, tuple[Finding, ...]]:
    if not any(noise in text for noise in _NOISES):
        return text, ()
    runs = _NOISE.findall(text)
    finding = Finding(kind="control", text=runs[0], detail=f"{len(runs)} runs of U+0005 to U+0008 dropped")
    return _NOISE.sub("", text), (finding,)
