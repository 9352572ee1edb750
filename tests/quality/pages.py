"""Labelled pages: our own articles in layouts met on Chinese sites, whole and spoiled in the ways that servers, editors and hackers do."""

import gzip
import json
import re
import tomllib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]

_HERE = Path(__file__).parent
LAYOUTS = sorted(path.stem for path in (_HERE / "layouts").glob("*.html"))
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page says: its label."""

    name: str
    title: str
    date: str
    source: str
    lines: tuple[str, ...]

    @property
    def text(self) -> list[str]:
        """What is to be kept of it, the names of its files among it."""
        return list(self.lines)


def articles() -> list[Article]:
    """Our own articles."""
    data = tomllib.loads((_HERE / "articles.toml").read_text(encoding="utf-8"))
    return [Article(**{**fields, "lines": tuple(fields["lines"])}) for fields in data["article"]]


def page(layout: str, article: Article) -> str:
    """An article in a layout."""
    year, month, day = (int(part) for part in article.date.split("-"))
    paragraphs = "".join(_tagged(article, "<p>{}</p>\n"))
    values = {
        "title": article.title,
        "date": article.date,
        "chinese_date": f"{year}年{month}月{day}日",
        "source": article.source,
        "paragraphs": paragraphs,
        "indented": "".join(_tagged(article, '<p style="text-indent: 2em">&nbsp;&nbsp;<span style="font-family: 仿宋">{}</span></p>')),
        "breaks": "".join(_tagged(article, "\N{IDEOGRAPHIC SPACE}\N{IDEOGRAPHIC SPACE}{}<br>\n")),
        "divs": "".join(_tagged(article, "<div>{}</div>")),
        "sections": "".join(_tagged(article, '<section style="margin: 0 8px"><section><span style="font-size: 15px">{}</span></section></section>')),
        "terms": "".join(_tagged(article, "<dd>{}</dd>")),
        "year": f"{year}",
        "month": f"{month:02}",
        "day": f"{day:02}",
        "padded_date": f"{year}年{month:02}月{day:02}日",
        "short_date": f"{year}-{month}-{day}",
        "two_digit_date": f"{year % 100:02}-{month:02}-{day:02}",
        "tabbed": "".join(_tagged(article, "<p>\n\t{}</p>\n\n")),
        "wide": "".join(_tagged(article, "<p>\N{IDEOGRAPHIC SPACE}\N{IDEOGRAPHIC SPACE}{}</p>")),
        "nbsp": "".join(_tagged(article, "&nbsp;&nbsp;&nbsp;&nbsp;{}<BR><BR>")),
        "word": "".join(_tagged(article, "<p class=MsoNormal><span lang=EN-US style='mso-fareast-font-family:仿宋'><o:p>&nbsp;</o:p></span></p><p class=MsoNormal style='text-indent:2em'><font face=仿宋><span>{}</span></font><o:p></o:p></p>")),
        "lines": "".join(_tagged(article, "{}\n")),
        "json_title": json.dumps(article.title),
        "json_source": json.dumps(article.source),
        "json": json.dumps(paragraphs).replace("<", "\\u003C").replace(">", "\\u003E"),
    }  # fmt: skip
    markup = (_HERE / "layouts" / f"{layout}.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], markup)


def _tagged(article: Article, form: str) -> Iterator[str]:
    """The lines of an article as markup: tables as tables, files as links, all else in the given form."""
    for is_table, lines in groupby(article.lines, key=lambda line: " | " in line):
        if is_table:
            rows = ("".join(f"<td>{escape(cell)}</td>" for cell in line.split(" | ")) for line in lines)
            yield "<table border=1>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"
        else:
            for line in lines:
                name = line.partition("附件:")[2]
                link = f'附件：<a href="/files/{name}">{name}</a>'
                yield form.format(link if name else escape(line))


# Ways to spoil a page. Each gives a response.


def _reply(payload: bytes, *headers: str) -> bytes:
    return _HEAD + "".join(f"{header}\r\n" for header in headers).encode() + b"\r\n" + payload


def _gb(markup: str) -> bytes:
    return markup.encode("gb18030")


def _in_body(markup: str, change: Callable[[str], str]) -> str:
    head, tag, body = markup.partition("<body")
    return head + tag + change(body) if tag else change(markup)


def _with_teasers(markup: str) -> str:
    teaser = "<li><a href='/t{0}.html'>市民健身中心第{0}期课程开始报名</a><p>本期课程包括游泳、羽毛球和太极拳，名额有限，请有意参加的市民尽早到服务台登记，咨询电话见公告。</p></li>"
    block = "<div class='list'>" + "".join(teaser.format(number) for number in range(1, 7)) + "</div>"
    body, end, rest = markup.rpartition("</body>")
    return f"{body or rest}{block}{end}{rest if body else ''}"


def _with_other_names(markup: str) -> str:
    """Classes and ids that mean nothing: what is read must not hang on names that these layouts happen to use."""
    return re.sub(r'\b(class|id)="([^"]+)"', lambda name: f'{name[1]}="n{zlib.crc32(name[2].encode())}"', markup)


SPOILS: dict[str, Callable[[str], bytes]] = {
    "GB18030, said to be UTF-8": lambda markup: _reply(_gb(markup.replace("gb2312", "utf-8"))),
    "GB18030, nothing said": lambda markup: _reply(_gb(re.sub(r"<meta[^>]*charset[^>]*>", "", markup, flags=re.IGNORECASE))),
    "UTF-8, said to be GBK": lambda markup: _reply(re.sub("charset=(?:utf-8|gb2312)", "charset=gbk", markup, flags=re.IGNORECASE).encode()),
    "a bad byte in the body": lambda markup: _reply(markup.encode().replace("。".encode(), "。".encode() + b"\xff", 1)),
    "a bad byte, in GB18030": lambda markup: _reply(_gb(markup).replace(_gb("。"), _gb("。") + b"\xff", 1)),
    "half a character at the title's end": lambda markup: _reply(_gb(markup).replace(b"</title>", b"\xb5</title>")),
    "gzip, not announced": lambda markup: _reply(gzip.compress(markup.encode())),
    "gzip": lambda markup: _reply(gzip.compress(markup.encode()), "Content-Encoding: gzip"),
    "brotli": lambda markup: _reply(brotli.compress(markup.encode()), "Content-Encoding: br"),
    "early end tags": lambda markup: _reply(_in_body(markup, lambda body: body.replace(">", "></body></html>", 1)).encode()),
    "XML prologue and BOM": lambda markup: _reply(b"\xef\xbb\xbf" + f'<?xml version="1.0" encoding="gb2312"?>\n{markup}'.encode()),
    "NUL bytes": lambda markup: _reply(markup.replace("<p", "\x00<p").replace("。", "。\x00").encode()),
    "two roots": lambda markup: _reply(f"<html><head></head><body></body></html>\n{markup}".encode()),
    "tags in capitals": lambda markup: _reply(re.sub(r"</?[a-z][a-z0-9]*", lambda tag: tag[0].upper(), markup).encode()),
    "no end tags": lambda markup: _reply(re.sub(r"</(?:p|li|td|tr|dd|span)>", "", markup).encode()),
    "character references": lambda markup: _reply(_in_body(markup, lambda body: re.sub(r"[\u4e00-\u9fff](?=[^<>]*</(?:p|dd|td|h\d)>)", lambda c: f"&#{ord(c[0])};", body)).encode()),
    "teasers behind it": lambda markup: _reply(_with_teasers(markup).encode()),
    "other names": lambda markup: _reply(_with_other_names(markup).encode()),
    "other names, no meta tags": lambda markup: _reply(re.sub(r"<meta (?:name|property)[^>]*>", "", _with_other_names(markup)).encode()),
    "a folded copy": lambda markup: _reply(markup.replace("</body>", "<div class='zz' style='display:none'>市民朋友可以关注我们</div></body>", 1).encode()),
}  # fmt: skip


def whole(markup: str) -> bytes:
    """The response with a page as it was written."""
    return _reply(markup.encode(), "Content-Type: text/html; charset=utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A page with its label, and how it was spoiled, if it was."""

    layout: str
    spoil: str
    article: Article
    response: bytes


def labelled_pages() -> Iterator[Labelled]:
    """Each article in each layout, whole and spoiled in one way after the other."""
    ways = list(SPOILS.items())
    for number, layout in enumerate(LAYOUTS):
        for turn, article in enumerate(articles()):
            markup = page(layout, article)
            yield Labelled(layout=layout, spoil="", article=article, response=whole(markup))
            spoil, way = ways[(3 * number + turn) % len(ways)]
            yield Labelled(layout=layout, spoil=spoil, article=article, response=way(markup))


def agreement(label: Any, text: str) -> float:
    """The F1 of runs of four characters, marks and blanks left out: how extraction is measured."""
    gold, found = _grams("".join(label)), _grams(text)
    common = sum(min(count, found.get(gram, 0)) for gram, count in gold.items())
    return 2 * common / (sum(gold.values()) + sum(found.values()) or 1)


def _grams(text: str) -> dict[str, int]:
    bare = re.sub(r"[\W_]", "", text)
    counts: dict[str, int] = {}
    for at in range(max(len(bare) - 3, 1)):
        counts[bare[at : at + 4]] = counts.get(bare[at : at + 4], 0) + 1
    return counts
