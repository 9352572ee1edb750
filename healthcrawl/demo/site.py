"""The demo bureau's addresses: its articles in three layouts, their lists, and the traps that real sites set.

A list holds rows that must not become documents of their own: a mobile copy, another host, an address twice, a dead link,
an article that robots.txt forbids. `resources` gives the whole site as a mapping from address to what lies there.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from email.utils import format_datetime
from importlib.resources import files

from healthcrawl.demo.answer import Resource
from healthcrawl.demo.bureau import BASE, Layout, Published, published
from healthcrawl.demo.pages import escape, fill, inject, render_attachments, render_body

CHINA = timezone(timedelta(hours=8))
SITEMAP = "/sitemap.xml.gz"
FEED = "/zwgk/tzgg/rss.xml"
ROBOTS = f"User-agent: *\nDisallow: /search\nDisallow: /zwgk/neibu/\n\nSitemap: {BASE}{SITEMAP}\n".encode()
FEED_ITEMS = 10
ROWS_A_PAGE = 5
NOTICES = "/zwgk/tzgg/"
NEWS = "/xwzx/gzdt/"
DISCLOSURE = "/gkmlpt/api/all/88"
DISCLOSURE_SITE = 999001
DISCLOSURE_ROWS = 2
LONGEST_SHOWN = 24
_XML = '<?xml version="1.0" encoding="UTF-8"?>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a list page: its day, where it leads, what it says."""

    day: str
    href: str
    title: str


ELSEWHERE = Row(
    day="2024-06-03",
    href="http://www.other.test/zwgk/tzgg/content/post_3000001.html",
    title="市政府办公室关于端午节放假安排的通知",
)
DEAD_LINK = Row(day="2024-01-15", href="./202401/t20240115_100000.html", title="市卫生健康局召开年度工作总结会")


def resources() -> dict[str, Resource]:
    """The whole site, keyed as `healthcrawl.demo.answer.lookup_key` does; a new dict each time, the caller's to change."""
    notices, news, disclosed = (_of_layout(layout) for layout in ("nfcms", "trs", "gkmlpt"))
    site = {
        "/": _html(fill("home", notices=_newest(notices), news=_newest(news))),
        "/robots.txt": Resource(body=ROBOTS, content_type="text/plain; charset=utf-8"),
        "/gkmlpt/index": _html(fill("gkmlpt_index", count=str(len(disclosed)))),
    }
    for articles in (notices, news, disclosed):
        for newer, article, older in zip([None, *articles], articles, [*articles[1:], None], strict=False):
            site |= _article(article, newer, older)
    site |= {SITEMAP: _sitemap([*notices, *news, *disclosed]), FEED: _feed(notices[:FEED_ITEMS])}
    return site | _notice_lists(notices) | _news_lists(news) | _disclosure_answers(disclosed)


def not_found() -> Resource:
    """What is answered where nothing lies."""
    return Resource(status=404, body=fill("not_found").encode())


def _of_layout(layout: Layout) -> list[Published]:
    return [article for article in published() if article.layout == layout]


def _html(page: str) -> Resource:
    return Resource(body=page.encode(), tagged=True)


def _newest(articles: Sequence[Published]) -> str:
    return "\n".join(f"  <li>{_anchor(article)}</li>" for article in articles[:3])


def _anchor(article: Published | None) -> str:
    return f'<a href="{article.path}">{escape(article.title)}</a>' if article else "没有了"


# --- articles --------------------------------------------------------------------------------------------------------


def _article(article: Published, newer: Published | None, older: Published | None) -> dict[str, Resource]:
    """Everything that belongs to an article: its page, mobile copy, former address and attachments."""
    mobile = article.path.replace("/post_", "/mpost_")
    body = render_body(article)
    common = {
        "charset": article.meta_charset,
        "title": escape(article.served_title or article.title),
        "time": article.shown.replace("T", " "),
        "source": escape(article.source),
        "number": str(article.number),
        "body": body,
    }
    page = fill(
        f"{article.layout}_article",
        **common,
        url=BASE + article.path,
        mobile=BASE + mobile,
        keywords=escape(article.source),
        document_number=article.document_number,
        index=f"{article.published:%Y}-{article.number % 1000:05}",
        # As the platform writes it: JSON inside a script, where no tag may stand.
        detail=json.dumps({"id": article.number, "content": body}, ensure_ascii=False).replace("<", "\\u003C"),
        attachments=render_attachments(article),
        previous=_anchor(newer),
        next=_anchor(older),
    )
    pages = {article.path: _encoded(inject(page, article), article)}
    if article.mobile:
        pages[mobile] = _encoded(fill(f"{article.layout}_mobile", **common), article)
    if article.moved_from:
        pages[article.moved_from] = Resource(status=301, location=BASE + article.path)
    for attachment in article.attachments:
        content = (files("healthcrawl.demo") / "files" / attachment.url.rpartition("/")[2]).read_bytes()
        pages[attachment.url.removeprefix(BASE)] = Resource(body=content, content_type="application/pdf", tagged=True)
    return pages


def _encoded(page: str, article: Published) -> Resource:
    http_charset = f"; charset={article.http_charset}" if article.http_charset else ""
    return Resource(
        body=page.encode(article.charset, "xmlcharrefreplace"),
        content_type=f"text/html{http_charset}",
        modified=article.published.replace(tzinfo=CHINA) if article.layout != "gkmlpt" else None,
        tagged=article.layout != "trs",
        sending=article.sending,
    )


# --- what is told to machines ----------------------------------------------------------------------------------------


def _sitemap(articles: Sequence[Published]) -> Resource:
    """All articles with the day of each; also pages that are no articles, as sitemaps have them."""
    rows = [f"<url><loc>{BASE}/</loc><priority>1.0</priority></url>"]
    rows += [f"<url><loc>{BASE}{one.path}</loc><lastmod>{one.published:%Y-%m-%d}</lastmod></url>" for one in articles]
    text = "\n".join([_XML, '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', *rows, "</urlset>\n"])
    return Resource(body=gzip.compress(text.encode(), mtime=0), content_type="application/gzip", tagged=True)


def _feed(articles: Sequence[Published]) -> Resource:
    """The newest notices as RSS."""
    items = [
        f"<item><title>{escape(one.title)}</title><link>{BASE}{one.path}</link>"
        f"<pubDate>{format_datetime(one.published.replace(tzinfo=CHINA))}</pubDate></item>"
        for one in articles
    ]
    head = f"<title>通知公告</title><link>{BASE}{NOTICES}</link><description>通知公告</description>"
    text = "\n".join([_XML, f'<rss version="2.0"><channel>{head}', *items, "</channel></rss>\n"])
    return Resource(body=text.encode(), content_type="application/rss+xml; charset=utf-8", tagged=True)


# --- lists -----------------------------------------------------------------------------------------------------------


def _notice_lists(articles: Sequence[Published]) -> dict[str, Resource]:
    """NFCMS: absolute links, `index_2.html` is the second page, the bare folder is the first."""
    rows = [ELSEWHERE]
    for article in articles:
        row = Row(day=f"{article.published:%Y-%m-%d}", href=BASE + article.path, title=article.title)
        rows.append(row)
        if article.mobile:  # the same article three times: plain, for phones, and with a fragment
            rows.append(Row(day=row.day, href=row.href.replace("/post_", "/mpost_"), title=row.title))
            rows.append(Row(day=row.day, href=f"{article.path}#zoomcon", title=row.title))
    pages = _paginate(rows)
    names = ["index.html", *(f"index_{n}.html" for n in range(2, len(pages) + 1))]
    site: dict[str, Resource] = {}
    for at, page in enumerate(pages):
        links = [(names[0], "首页"), *((name, str(n)) for n, name in enumerate(names, 1) if n != at + 1)]
        links += [(names[at + 1], "下一页"), (names[-1], "尾页")] if at + 1 < len(names) else []
        pager = " ".join(f'<a href="{NOTICES}{name}">{label}</a>' for name, label in links)
        site[NOTICES + names[at]] = _html(fill("nfcms_list", rows=_rows(page), pager=pager))
    return site | {NOTICES: site[NOTICES + "index.html"]}


def _news_lists(articles: Sequence[Published]) -> dict[str, Resource]:
    """TRS WCM: relative links, `index_1.html` is the second page, and only a script says how many there are."""
    rows = [DEAD_LINK]
    for article in articles:
        path = article.moved_from or article.path
        rows.append(Row(day=f"{article.published:%Y-%m-%d}", href=path.replace(NEWS, "./"), title=article.title))
    pages = _paginate(rows)
    site = {
        f"{NEWS}index{f'_{n}' if n else ''}.html": _html(
            fill("trs_list", rows=_rows(page), pages=str(len(pages)), page=str(n))
        )
        for n, page in enumerate(pages)
    }
    return site | {NEWS: site[NEWS + "index.html"]}


def _paginate(rows: list[Row]) -> list[list[Row]]:
    ordered = sorted(rows, key=lambda row: row.day, reverse=True)
    return [ordered[at : at + ROWS_A_PAGE] for at in range(0, len(ordered), ROWS_A_PAGE)]


def _rows(rows: Sequence[Row]) -> str:
    def shorten(title: str) -> str:
        return title if len(title) <= LONGEST_SHOWN else f"{title[:LONGEST_SHOWN]}…"

    return "\n".join(
        f'  <li><a href="{row.href}" title="{escape(row.title)}" target="_blank">{escape(shorten(row.title))}</a>'
        f"<span>{row.day}</span></li>"
        for row in rows
    )


def _disclosure_answers(articles: Sequence[Published]) -> dict[str, Resource]:
    """The disclosure platform: a JSON list, whose pages 0 and 1 are the same and whose last page is empty."""
    pages = [articles[at : at + DISCLOSURE_ROWS] for at in range(0, len(articles), DISCLOSURE_ROWS)]
    answers = [_disclosure_answer(page, len(articles)) for page in (*pages[:1], *pages, [])]
    return {f"{DISCLOSURE}?page={n}&sid={DISCLOSURE_SITE}": answer for n, answer in enumerate(answers)}


def _disclosure_answer(articles: Sequence[Published], total: int) -> Resource:
    items = [
        {
            "id": article.number,
            "title": article.title,
            "url": BASE + article.path,
            "post_url": "",
            "identifier": f"99990000MB000012X/{article.published:%Y}-{article.number % 1000:05}",
            "publisher": article.source,
            "document_number": article.document_number,
            "created_at": f"{article.published:%Y-%m-%d %H:%M:%S}",
            "display_publish_time": int(article.published.replace(tzinfo=CHINA).timestamp()),
            "is_abolished": 0,
            "attachment": [{"name": item.name, "type": "pdf", "url": item.url} for item in article.attachments],
        }
        for article in articles
    ]
    answer = {"classify": {"id": 88, "name": "政策文件", "post_count": total}, "articles": items}
    return Resource(
        body=json.dumps(answer, ensure_ascii=False).encode(), content_type="application/json; charset=utf-8"
    )
