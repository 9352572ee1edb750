"""Lists that a script asks for, as the servers of the CMS products answer them.

Each product has two functions: one writes the page of the column, in which the request is described, the other answers it.
Names of parameters, sizes of windows and spellings are the products' own.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl

from healthcrawl.core.dates import CHINA
from healthcrawl.demo.answer import Resource, lookup_key
from healthcrawl.demo.stories import Story

if TYPE_CHECKING:
    from healthcrawl.demo.products import Bureau

Query: TypeAlias = Mapping[str, str]
Pages: TypeAlias = Iterator[tuple[str, Resource]]
SID = "999002"
CHANNEL = "3f0c9b7e5d2a41868c1e7a90b4d6f215"
UNIT = "/api-gateway/jpaas-publish-server/front/page/build/unit"
PROXY = "/module/web/jpage/dataproxy.jsp"
LABEL = "/site/label/8888"
_LEAVES = ("通知公告", "政策文件", "人事信息")  # columns of the disclosure platform, from 88 on
_NFCMS = "/qxwsj/zwgk/tzgg/"  # where the other system beside it lists some articles once more
_WINDOW = 3  # pages of a list that hanweb's proxy answers at once


def pages(bureau: "Bureau") -> Pages:
    """The column's own pages."""
    for path, resource in _APIS[bureau.product.api][0](bureau):
        yield lookup_key(path), resource


def answer(bureau: "Bureau", key: str) -> Resource | None:
    """What is answered to a request, given as path and parameters in alphabetical order; None where nothing lies."""
    path, _, query = key.partition("?")
    return _APIS[bureau.product.api][1](bureau, path, dict(parse_qsl(query, keep_blank_values=True)))


# --- gkmlpt ----------------------------------------------------------------------------------------------------------


def _gkmlpt_pages(bureau: "Bureau") -> Pages:
    """The index names the installation and its columns; a column of another system and a stranger's are among them."""
    leaves = [_node(88 + n, name, count=len(_leaf(bureau, n))) for n, name in enumerate(_LEAVES)]
    beside = _node(95, "公示公告", jump=f"{bureau.base}{_NFCMS}index.html")
    away = _node(96, "区政府文件", jump="http://www.other.test/zfwj/index.html")
    tree = json.dumps([_node(80, "法定主动公开", children=[*leaves[:2], beside]), leaves[2], away], ensure_ascii=False)
    script = f"window._CONFIG = {{\n  SID: '{SID}',\n  SERVICE_AREA_ID: 99,\n  // columns\n  TREE: {tree},\n}};"
    yield bureau.product.column, bureau.page(f'<div id="app">正在加载，请稍候…</div><script>\n{script}\n</script>')
    twins = [story for story in bureau.stories if _has_twin(story)]
    rows = "".join(bureau.row(story, bureau.base + _twin(story)) for story in twins)
    yield f"{_NFCMS}index.html", bureau.page(f'<ul class="infoList">{rows}</ul>', heading="公示公告")
    for story in twins:
        # The item's page jumps to its twin, unless it is asked not to.
        yield _twin(story), bureau.article(story)
        yield f"{bureau.path(story)}?jump=false", bureau.article(story)
        yield bureau.path(story), Resource(status=302, location=_twin(story))


def _gkmlpt_answer(bureau: "Bureau", path: str, query: Query) -> Resource | None:
    """Pages 0 and 1 of a column are the same; of all columns together (0) only the first page is answered."""
    column = path.removeprefix(f"{bureau.product.column.removesuffix('index')}api/all/")
    if query.get("sid") != SID or not column.isdecimal():
        return None
    page = max(_number(query, "page"), 1)
    if column == "0" and page > 1:
        return None
    listed = bureau.stories if column == "0" else _leaf(bureau, int(column) - 88)
    items = [_item(bureau, story) for story in listed[(page - 1) * bureau.size : page * bureau.size]]
    return _json({"classify": {"id": int(column), "name": "公开目录", "post_count": len(listed)}, "articles": items})


def _node(number: int, name: str, *, count: int = 0, jump: str = "", children: Sequence[object] = ()) -> object:
    return {"id": number, "name": name, "post_count": count, "jump_url": jump, "children": list(children)}


def _item(bureau: "Bureau", story: Story) -> object:
    return {
        "id": story.fields["id"],
        "title": story.title,
        "url": bureau.base + bureau.path(story),
        "post_url": bureau.base + _twin(story) if _has_twin(story) else "",
        "identifier": f"99990000MB000021X/{story.published:%Y}-{story.at:05}",
        "publisher": story.source,
        "created_at": f"{story.published:%Y-%m-%d %H:%M:%S}",
        "display_publish_time": int(story.published.replace(tzinfo=CHINA).timestamp()),
        "is_abolished": 0,
        "attachment": [],
    }


def _leaf(bureau: "Bureau", nth: int) -> list[Story]:
    return [story for story in bureau.stories if story.at % len(_LEAVES) == nth]


def _has_twin(story: Story) -> bool:
    return story.at % 4 == 1


def _twin(story: Story) -> str:
    return f"{_NFCMS}content/post_{story.fields['id']}.html"


def twins(story: Story) -> tuple[str, ...]:
    """Where the other system beside the disclosure platform shows an article, if it does."""
    return (_twin(story),) if _has_twin(story) else ()


# --- hanweb_jpage ----------------------------------------------------------------------------------------------------


def _hanweb_pages(bureau: "Bureau") -> Pages:
    """The first window of records is in the page, as text in an XML island."""
    call = (
        f"$('#10021').jpage({{ totalRecord:{len(_records(bureau))}, groupSize:{_WINDOW}, perPage:{bureau.size}, "
        f"proxyUrl:'{PROXY}', ajaxParam:{{col:1,appid:'1',webid:'9',path:'/',columnid:'1001',sourceContentType:'1',"
        "unitid:'10021',webname:'云湖区卫生健康局',permissiontype:0} });"
    )
    listing = f'<div id="10021"><script type="text/xml">{_island(bureau, 1)}</script></div><script>{call}</script>'
    yield bureau.product.column, bureau.page(listing, heading="通知公告")


def _hanweb_answer(bureau: "Bureau", path: str, query: Query) -> Resource | None:
    """Whole windows only, and only for who comes from the column's page."""
    if path != PROXY:
        return None
    first = _number(query, "startrecord") if query.get("columnid") == "1001" else 0
    return Resource(
        body=_island(bureau, first).encode(), content_type="text/xml; charset=utf-8", referer=bureau.product.column
    )


def _records(bureau: "Bureau") -> list[str]:
    """The rows of all articles, with some that lead to other sites between them."""
    rows: list[str] = []
    for story in bureau.stories:
        rows += bureau.strange_rows(story) if story.at % 9 == 4 else []
        rows.append(bureau.row(story))
    return rows


def _island(bureau: "Bureau", first: int) -> str:
    """The window that begins with a record; an island without any where no window does."""
    rows, window = _records(bureau), _WINDOW * bureau.size
    some = rows[first - 1 : first - 1 + window] if first % window == 1 else []
    if not some:
        return "<datastore><recordset></recordset></datastore>"
    records = "".join(f"<record><![CDATA[{row}]]></record>\n" for row in some)
    return (
        f"<datastore><totalrecord>{len(rows)}</totalrecord><totalpage>{-(-len(rows) // bureau.size)}</totalpage>"
        f"<recordset>\n{records}</recordset></datastore>"
    )


# --- jpaas_unit ------------------------------------------------------------------------------------------------------


def _jpaas_pages(bureau: "Bureau") -> Pages:
    """The page holds nothing but scripts, one for each of its blocks."""
    asked = "{'parseType':'bulidstatic','webId':'9','tplSetId':'7f','pageType':'column','tagId':'%s','editType':'null','pageId':'55'}"
    scripts = "".join(
        f'<script src="/js/unitbuild.js" url="{UNIT}" queryData="{asked % name}"></script>'
        for name in ("右侧内容", "分页列表")
    )
    yield bureau.product.column, bureau.page(f"<div class='list'>{scripts}</div>", heading="通知公告")


def _jpaas_answer(bureau: "Bureau", path: str, query: Query) -> Resource | None:
    if path != UNIT:
        return None
    place = json.loads(query.get("paramJson", "{}"))
    page, size = int(place.get("pageNo", 1)), bureau.size
    # Its order is not strictly that of the days.
    listed = sorted(bureau.stories, key=lambda story: -(story.at - story.at % 4 * 2))
    some = listed[(page - 1) * size : page * size] if query.get("tagId") == "分页列表" else []
    rows = "".join(bureau.rows(some)) if some else ""
    pager = f'<div class="pagination" count="{len(listed)}" rows="{size}" pageNo="{page}" unitid="9"></div>'
    markup = f'<div id="list"><ul>{rows}</ul>{pager if some else ""}</div>'
    return _json({"success": True, "code": "200", "data": {"html": markup}})


# --- ucap ------------------------------------------------------------------------------------------------------------


def _ucap_pages(bureau: "Bureau") -> Pages:
    script = "<script>$.get('/common/search/' + $('meta[name=channelid]').attr('content'), {_isAgg:true,_isJson:true});</script>"
    yield bureau.product.column, bureau.page(f'<ul id="list"></ul>{script}', heading="通知公告")


def _ucap_answer(bureau: "Bureau", path: str, query: Query) -> Resource | None:
    if path != f"/common/search/{CHANNEL}" or query.get("_isJson") != "true":
        return None
    page, size = max(_number(query, "page"), 1), _number(query, "_pageSize") or bureau.size
    results = [
        {
            "manuscriptId": str(story.fields["id"]),
            "title": story.title,
            "url": f"//{bureau.base.partition('//')[2]}{bureau.path(story)}",
            "publishedTimeStr": f"{story.published:%Y-%m-%d %H:%M:%S}",
            "channelName": "通知公告",
            "memo": story.paragraphs[0][:40],
        }
        for story in bureau.stories[(page - 1) * size : page * size]
    ]
    return _json(
        {"data": {"total": len(bureau.stories), "page": page, "rows": size, "channelId": CHANNEL, "results": results}}
    )


# --- label8888 -------------------------------------------------------------------------------------------------------


def _label_pages(bureau: "Bureau") -> Pages:
    call = f"var siteId = '599'; load('{LABEL}?IsAjax=1&dataType=html&_=' + Math.random());"
    yield bureau.product.column, bureau.page(f'<div id="xxgk_lmcon"></div><script>{call}</script>', heading="通知公告")


def _label_answer(bureau: "Bureau", path: str, query: Query) -> Resource | None:
    """A fragment, and beyond the last page a text."""
    right = (
        query.get("labelName") == "publicInfoList" and query.get("siteId") == "599" and query.get("organId") == "7071"
    )
    if path != LABEL or not right or query.get("catId") != "6715":
        return None
    page, size = max(_number(query, "pageIndex"), 1), bureau.size
    some = bureau.stories[(page - 1) * size : page * size]
    body = f"<ul>{''.join(bureau.rows(some))}</ul>" if some else "暂无相关信息"
    return Resource(body=body.encode())


_APIS: Mapping[str, tuple[Callable[["Bureau"], Pages], Callable[["Bureau", str, Query], Resource | None]]] = (
    MappingProxyType(
        {
            "gkmlpt": (_gkmlpt_pages, _gkmlpt_answer),
            "hanweb": (_hanweb_pages, _hanweb_answer),
            "jpaas": (_jpaas_pages, _jpaas_answer),
            "ucap": (_ucap_pages, _ucap_answer),
            "label8888": (_label_pages, _label_answer),
        }
    )
)


def _number(query: Query, name: str) -> int:
    value = query.get(name, "")
    return int(value) if value.isdecimal() else 0


def _json(value: object) -> Resource:
    return Resource(body=json.dumps(value, ensure_ascii=False).encode(), content_type="application/json; charset=utf-8")
