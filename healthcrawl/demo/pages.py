"""The demo bureau's HTML: templates filled, article bodies marked up as each layout does it, spam injected.

The spam is made of harmless stand-in words, put where real injections put theirs.
"""

import html
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import groupby
from string import Template

from healthcrawl.demo.bureau import Injection, Layout, Published

INDENT = 2 * "\N{IDEOGRAPHIC SPACE}"
PARAGRAPH: Mapping[Layout, str] = {
    "nfcms": f'<p style="text-align: justify;">{INDENT}{{}}</p>',
    "trs": '<p style="text-indent: 2em;"><span style="font-family: 宋体;">{}</span></p>',
    "gkmlpt": "<p>&nbsp;&nbsp;&nbsp;&nbsp;{}</p>",
}
BLOCKS: Mapping[str, str] = {
    "#": "<p><strong>{}</strong></p>",
    ">": '<p style="text-align: right;">{}</p>',
    "![": '<p style="text-align: center;"><img src="./W020240001.jpg" alt=""></p>\n<p style="text-align: center;">{}</p>',
    "?": '<div class="faq"><p class="question">{}</p>',
    "!": '<div class="answer" style="display:none"><p>{}</p></div></div>',
}


def fill(name: str, **values: str) -> str:
    """Fill a template with values that are HTML already; header and footer come by themselves."""
    return _template(name).substitute(
        header=_template("header").template, footer=_template("footer").template, **values
    )


def escape(text: str) -> str:
    """Text as HTML, fit for content and attributes."""
    return html.escape(text)


def render_body(article: Published) -> str:
    """The article's body as HTML, with the spam that stands inside it.

    >>> from healthcrawl.demo.bureau import published
    >>> render_body(published()[0]).count("</p>")
    4
    """
    lines = (article.served_body or article.body).strip().splitlines()
    blocks = [_render_blocks(mark, list(group), article.layout) for mark, group in groupby(lines, key=_mark)]
    body = "\n".join(blocks)
    words = escape(" ".join(article.spam))
    if article.injection == "tiny":
        first, second, *rest = body.split("</p>")
        return "</p>".join([first, f'{second}<span style="font-size:0">{words}</span>', *rest])
    if article.injection == "paragraph":
        return f"{body}\n{PARAGRAPH[article.layout].format(words)}"
    return body


def render_attachments(article: Published) -> str:
    """The list of attachments below the body; nothing if there are none."""
    if not article.attachments:
        return ""
    items = "".join(f'<li><a href="{item.url}">{escape(item.name)}</a></li>' for item in article.attachments)
    return f'  <div class="fujian"><h4>相关附件</h4><ul>{items}</ul></div>'


def inject(page: str, article: Published) -> str:
    """The page with the spam that stands outside the article's body."""
    place = PLACES.get(article.injection) if article.injection else None
    return place(page, article.spam) if place else page


def _mark(line: str) -> str:
    """The mark that a line of an article's body begins with; empty for a paragraph."""
    return next((mark for mark in ("![", "#", ">", "-", "|", "?", "!") if line.startswith(mark)), "")


def _render_blocks(mark: str, lines: Iterable[str], layout: Layout) -> str:
    match mark:
        case "":
            blocks = [PARAGRAPH[layout].format(escape(line)) for line in lines]
        case "-":
            blocks = ["<ul>", *(f"<li>{escape(line[1:].strip())}</li>" for line in lines), "</ul>"]
        case "|":
            blocks = ['<table border="1">', *map(_render_row, lines), "</table>"]
        case _:
            blocks = [BLOCKS[mark].format(escape(line.removeprefix(mark).removesuffix("]").strip())) for line in lines]
    return "\n".join(blocks)


def _render_row(line: str) -> str:
    cells = (cell.strip() for cell in line.strip("|").split("|"))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


@cache
def _template(name: str) -> Template:
    return Template((files("healthcrawl.demo") / "templates" / f"{name}.html").read_text(encoding="utf-8"))


def _replace_head(page: str, words: tuple[str, ...]) -> str:
    """Title and keywords replaced, an h1 added, all of it in numeric character references."""
    spam = "".join(f"&#{ord(character)};" for character in ",".join(words))
    before, rest = page.split("<title>")
    _, after = rest.split("</title>")
    before_keywords, rest = after.split('<meta name="Keywords" content="')
    after_keywords = rest.partition('"')[2]
    replaced = f'{before}<title>{spam}</title>{before_keywords}<meta name="Keywords" content="{spam}"{after_keywords}'
    return replaced.replace("<body>", f"<body>\n<h1>{spam}</h1>")


def _hide(page: str, words: tuple[str, ...]) -> str:
    return page.replace("<body>", f'<body>\n<div style="display:none">{"，".join(words)}</div>')


def _move_off_screen(page: str, words: tuple[str, ...]) -> str:
    block = f'<div style="position:fixed;left:-9000px;top:0;">{_spam_links(words)}</div>'
    return page.replace("</body>", f"{block}\n</body>")


def _add_links(page: str, words: tuple[str, ...]) -> str:
    return f'{page}<div class="links">{_spam_links(words)}</div>\n'


def _spam_links(words: tuple[str, ...]) -> str:
    return " ".join(f'<a href="http://www.doorway{n}.test/">{word}</a>' for n, word in enumerate(words))


PLACES: Mapping[Injection, Callable[[str, tuple[str, ...]], str]] = {
    "head": _replace_head,
    "hidden": _hide,
    "off-screen": _move_off_screen,
    "links": _add_links,
}
