"""Lists that a page's script asks its server for: the request that the script would make, as an address for GET.

A family's data names its service (`Pager.service`). Each function takes a list page or an answer of the service, as URL and
text, and gives the address to ask next, relative or absolute; empty after the last answer; None where the page asks for
nothing of the kind. A function of `COLUMNS` (`ListRules.columns`) gives the further lists that a page names. Names of parameters and their order are the products' own.
"""

import json
import re
from collections.abc import Callable, Mapping
from html import unescape
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from healthcrawl.model import Entry

# Where a call begins in a page; its arguments end well within so many characters.
_LONGEST_CALL = 3000
_LONGEST_NAME = 60  # characters of a column's name
_FIELD = re.compile(r"""(\w{1,40})["']?\s{0,9}[:=]\s{0,9}(?:'([^'\n]*)'|"([^"\n]*)"|(-?\d{1,12}))""")


def hanweb(url: str, text: str) -> str | None:
    """`$('#7').jpage({…})` and its proxy, which answers windows of `groupSize` pages of `perPage` records.

    >>> page = "$('#7').jpage({totalRecord:100,groupSize:3,perPage:15,proxyUrl:'/d.jsp',ajaxParam:{col:1,columnid:'9'}})"
    >>> hanweb("http://a.example/col/col9/index.html", page)
    '/d.jsp?startrecord=1&endrecord=45&perpage=15&col=1&columnid=9'
    """
    address, asked = _split(url)
    if address.endswith("dataproxy.jsp"):
        total, first, last = (
            _number(text, r"<totalrecord>(\d{1,9})"),
            _int(asked, "startrecord"),
            _int(asked, "endrecord"),
        )
        if last < max(first, 1) or last >= total:
            return ""
        return _join(address, {**asked, **_window(last + 1, last - first + 1, total)})
    call = _after(text, ".jpage(")
    outer, _, inner = call.partition("ajaxParam")
    fields, asking = _fields(outer), _fields(inner.partition("}")[0])
    per_page = _int(fields, "perPage")
    if not fields.get("proxyUrl") or not per_page:
        return None
    total, here = _int(fields, "totalRecord"), text.count("<record>")
    if here >= total:
        return ""
    size = per_page * max(_int(fields, "groupSize"), 1)  # only whole windows are sure to be answered
    window = _window(here // size * size + 1, size, total)
    return _join(fields["proxyUrl"], {**window, "perpage": str(per_page), **asking})


def jpaas(url: str, text: str) -> str | None:
    """`unitbuild.js`, whose attributes hold the address and the parameters; the answer holds its own place in the list.

    >>> jpaas("http://a.example/", '''<script url="/x/build/unit" queryData="{'webId':'1','tagId':'列表'}"></script>''')
    '/x/build/unit?webId=1&tagId=%E5%88%97%E8%A1%A8'
    """
    address, asked = _split(url)
    if address.endswith("/build/unit"):
        shown = text.replace("\\", "")
        rows, count = _number(shown, r'\brows="(\d{1,5})"'), _number(shown, r'\bcount="(\d{1,9})"')
        here = max(_number(shown, r'\bpageNo="(\d{1,6})"'), 1)
        if here * rows >= count:
            return ""
        place = json.dumps({"pageNo": here + 1, "pageSize": rows}, separators=(",", ":"))
        kept = {name: value for name, value in asked.items() if name != "editType"}
        return _join(address, {**kept, "paramJson": place})
    units = [unit for tag in re.findall(r"<script\b[^>]{0,3000}/build/unit[^>]{0,3000}>", text) if (unit := _unit(tag))]
    # A page has several blocks built so; the list's is named after what it is.
    return min(units, key=lambda unit: "列表" not in unit[1] and "list" not in unit[1].lower())[0] if units else None


def ucap(_url: str, text: str) -> str | None:
    """The channel's search, asked for by lists that have no pages of their own.

    >>> page = '<meta name="channelid" content="0123456789abcdef0123456789abcdef"><script>ask("/searchList/" + id)</script>'
    >>> ucap("http://a.example/l.shtml", page)
    '/searchList/0123456789abcdef0123456789abcdef?_isAgg=true&_isJson=true&_pageSize=18&_template=index&page=1'
    """
    channel = re.search(r'<meta\s+name="channelid"\s+content="([0-9a-f]{32})"', text, re.IGNORECASE)
    path = re.search(r"/(?:common/search|searchList|search)/", text)
    if not channel or not path:
        return None
    asking = {"_isAgg": "true", "_isJson": "true", "_pageSize": "18", "_template": "index", "page": "1"}
    return _join(f"{path[0]}{channel[1]}", asking)


def label8888(url: str, text: str) -> str | None:
    """The label that fills `/public/column/…`: a fragment of HTML for each page, one without a link after the last.

    >>> label8888("https://a.example/public/column/7?type=4&catId=9&action=list", "var siteId = '5';")[:61]
    '/site/label/8888?labelName=publicInfoList&siteId=5&organId=7&'
    """
    address, asked = _split(url)
    if address.endswith("/site/label/8888"):
        here = max(_int(asked, "pageIndex"), 1)
        return _join(address, {**asked, "pageIndex": str(here + 1)}) if "href=" in text else ""
    column = re.search(r"/public/column/(\d{1,12})$", address)
    site = _fields(_after(text, "siteId", before=1)).get("siteId", "")
    if not column or not site:
        return None
    asking = {
        "labelName": "publicInfoList",
        "siteId": site,
        "organId": str(column[1]),
        "catId": asked.get("catId", ""),
        "type": asked.get("type", "4"),
        "pageSize": "15",
        "pageIndex": "1",
        "action": "list",
        "isDate": "true",
        "dateFormat": "yyyy-MM-dd",
        "length": "80",
        "IsAjax": "1",
        "dataType": "html",
    }
    return _join("/site/label/8888", asking)


def gkmlpt(url: str, text: str) -> tuple[Entry, ...]:
    """The columns of the disclosure platform: the leaves of `TREE`, in a script that is JSON here and JavaScript around it.

    Those that lie elsewhere are always named; the platform's own only at `index?columns=all`, since one request for all of them
    is enough where the server answers more than one page of it.

    >>> page = "SID: '9', TREE: [{'id': 1, 'name': '公告', 'jump_url': '/tzgg/'}, {'id': 2, 'name': '文件', 'post_count': 3}]"
    >>> page = page.replace("'", '"')
    >>> [one.url for one in gkmlpt("http://a.example/gkmlpt/index", page)]
    ['/tzgg/']
    >>> [one.url for one in gkmlpt("http://a.example/gkmlpt/index?columns=all", page)]
    ['/tzgg/', 'api/all/2?page=1&sid=9']
    """
    installation = re.search(r"""\bSID["']?\s{0,9}:\s{0,9}["']?(\d{1,9})""", text)
    start = re.search(r"""\bTREE["']?\s{0,9}:\s{0,9}(?=\[)""", text)
    if not installation or not start:
        return ()
    try:
        tree, _ = json.JSONDecoder().raw_decode(text, start.end())
    except (ValueError, RecursionError):
        return ()
    own = url.partition("?")[2] == "columns=all"
    found = []
    waiting = list(reversed(tree))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        children, name = node.get("children"), " ".join(str(node.get("name", "")).split())[:_LONGEST_NAME]
        if isinstance(children, list):
            waiting += reversed(children)
        if isinstance(node.get("jump_url"), str) and node["jump_url"].strip():
            found.append(Entry(url=node["jump_url"], title=name))
        elif own and not children and node.get("post_count") != 0 and str(node.get("id")).isdecimal():
            found.append(Entry(url=f"api/all/{node['id']}?page=1&sid={installation[1]}", title=name))
    return tuple(found)


_BY_NAME: dict[str, Callable[[str, str], str | None]] = {
    "hanweb": hanweb,
    "jpaas": jpaas,
    "ucap": ucap,
    "label8888": label8888,
}
SERVICES = MappingProxyType(_BY_NAME)
COLUMNS = MappingProxyType({"gkmlpt": gkmlpt})


def _unit(tag: str) -> tuple[str, str] | None:
    """The address and the name of the block that one `unitbuild.js` asks for."""
    found: list[tuple[str, str]] = re.findall(r'\b(url|queryData)="([^"]*)"', tag)
    attributes = {name: unescape(value) for name, value in found}
    try:
        asking = json.loads(attributes.get("queryData", "").replace("'", '"'))
    except (ValueError, RecursionError):
        return None
    if not isinstance(asking, dict) or not attributes.get("url"):
        return None
    texts = {str(name): str(value) for name, value in asking.items() if isinstance(value, str | int)}
    return _join(attributes["url"], texts), texts.get("tagId", "")


def _after(text: str, mark: str, *, before: int = 0) -> str:
    """What follows a mark, `before` being 1 with the mark itself; empty if it is not there."""
    at = text.find(mark)
    return text[at + len(mark) * (1 - before) : at + _LONGEST_CALL] if at >= 0 else ""


def _fields(call: str) -> dict[str, str]:
    """Names and values of a JavaScript object, as written."""
    return {name: one or two or number for name, one, two, number in _FIELD.findall(call)}


def _split(url: str) -> tuple[str, dict[str, str]]:
    address, _, query = url.partition("?")
    return address, dict(parse_qsl(query, keep_blank_values=True))


def _join(address: str, asking: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(asking)}"


def _window(first: int, size: int, total: int) -> dict[str, str]:
    return {"startrecord": str(first), "endrecord": str(min(first + size - 1, max(total, first)))}


def _int(fields: Mapping[str, str], name: str) -> int:
    value = fields.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0


def _number(text: str, pattern: str) -> int:
    match = re.search(pattern, text)
    return int(match[1]) if match else 0
