"""Which entries of a municipal portal are about health: its lists mix all offices.

The site file may say that a column is, or name words of its own. Else the list decides, by what it shows of an entry: the
folder of a health office in its address, the office that published it, the words of its title. Many words of health are at
home elsewhere too (“健康发展” of a market, a school's 心理健康, 卫生间), so the data says in which company a word counts.
"""

from healthcrawl.model import Entry, Finding
from healthcrawl.rules import Health, Rules

_GAP = "\N{FULLWIDTH VERTICAL LINE}"  # stands for what was taken out, so that no new word arises


def judge(entry: Entry, column: str, rules: Rules) -> tuple[bool, Finding | None]:
    """Whether an entry is to be followed, and for a municipal portal the decision: "health: …" or "not health: …"."""
    site = rules.site
    if site is None or site.kind != "municipal":
        return True, None
    health = [one for one in site.columns if one.health]
    folder = next((one.name for one in health if _lies_below(entry.url, one.url)), "")
    own = next((word for word in site.health_words if word in entry.title), "")
    other = next((word for word in site.other_words if word in entry.title), "")
    if any(one.name == column for one in health):
        why = f"the column {column}"
    elif folder:
        why = f"the folder of the column {folder}"
    elif own:
        why = f"the site file's word {own}"
    elif other:
        return False, _decision(entry, "not health", f"the site file's word {other}")
    else:
        why = why_health(entry, rules.health)
    if not why:
        return False, _decision(entry, "not health", "no sign in address, source or title")
    return True, _decision(entry, "health", why)


def _decision(entry: Entry, name: str, why: str) -> Finding:
    return Finding(kind="scope", text=entry.title, detail=f"{name}: {entry.url} ({why})")


def _lies_below(url: str, column: str) -> bool:
    """Whether an address lies in a column's folder. One just below the host is no column's: interfaces for all lie there."""
    folder = column.partition("://")[2].partition("?")[0].rpartition("/")[0] + "/"
    return folder.count("/") > 2 and url.partition("://")[2].startswith(folder)


def why_health(entry: Entry, health: Health) -> str:
    """The sign that an entry is about health; empty if there is none."""
    if folder := next((match for pattern in health.folders if (match := pattern.search(entry.url))), None):
        return f"the folder {folder[0].strip('/')}"
    if office := health.offices.search(entry.source):
        return f"the source {office[0]}"
    title = "".join(entry.title.split())
    if health.elsewhere.search(title):
        return ""
    title = health.look_alikes.sub(_GAP, title)
    if word := health.words.search(title):
        return f"the word {word[0]}"
    for kind in health.ambiguous:
        if (word := kind.words.search(title)) and not kind.unless.search(title):
            return f"the word {word[0]}"
    return ""
