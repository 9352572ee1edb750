"""What a file is, told by its own bytes: neither its name nor what a server says of it can be trusted."""

import re
from itertools import islice

_HEAD = 1024  # bytes in which a PDF's mark may stand
_TAIL = 1 << 20  # bytes of a ZIP file's end, where its list of members is
_LONGEST_NAME = 200
_MEMBERS = 500  # members that are looked at
_MARKS = (
    (b"PK\x05\x06", "zip"),  # an empty one
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"{\\rtf", "rtf"),
    (b"Founder CEB", "ceb"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"BM", "bmp"),
)
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Names of streams in a compound file, as its directory writes them; WPS Office writes the same ones as Microsoft's.
_STREAMS = (
    ("EncryptedPackage", "encrypted-ooxml"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
)
_PARTS = ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx"), (b"OFD.xml", "ofd"))
_MARKUP = re.compile(rb"(?i)\s*(?:<!--.{0,500}?-->\s*)*(?:<!doctype\s+html|<html|<head|<body|<script|<meta)", re.DOTALL)
_MARKUP_END = re.compile(rb"(?i)</(?:html|body)>\s*$")


# What the types may be called; a name with another ending says something else than the file is.
_ENDINGS = {
    "pdf": {"pdf"},
    "doc": {"doc", "wps", "dot", "wpt"},
    "docx": {"docx", "docm", "wps"},
    "xls": {"xls", "et", "xlt"},
    "xlsx": {"xlsx", "xlsm", "et"},
    "ppt": {"ppt", "pps", "dps"},
    "pptx": {"pptx", "ppsx", "dps"},
    "ofd": {"ofd"},
    "zip": {"zip"},
    "rar": {"rar"},
    "encrypted-ooxml": {"docx", "xlsx", "pptx", "wps", "et", "dps"},
}
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,5})$")
_PATH = re.compile(r"[/\\\x00-\x1f\x7f]+")


def mismatch(name: str, url: str, kind: str) -> str:
    """How the ending of a file's name, or else of its address, differs from its type; empty if it does not, or tells nothing.

    >>> mismatch("名单.xls", "http://a.test/1", "xlsx"), mismatch("名单.xlsx", "http://a.test/1", "xlsx")
    ('called .xls, it is xlsx', '')
    """
    ending = _ENDING.search(name) or _ENDING.search(url.partition("?")[0])
    told = ending[1].lower() if ending else ""
    known = any(told in endings for endings in _ENDINGS.values())
    return f"called .{told}, it is {kind}" if known and told not in _ENDINGS.get(kind, ()) else ""


def plain_name(name: str, url: str) -> str:
    """A file's name without what could be a path; where it has none, the last part of its address.

    >>> plain_name("../../etc/名单.xls", "http://a.test/x"), plain_name("", "http://a.test/f/1.pdf?v=1")
    ('etc_名单.xls', '1.pdf')
    """
    plain = _PATH.sub("_", name.strip() or url.partition("?")[0].rstrip("/").rpartition("/")[2])
    return plain.lstrip("._ ")[:_LONGEST_NAME] or "file"


def file_type(data: bytes) -> str:
    r"""The type of a file: "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "ofd", "zip", "html", "text", …; "unknown" else.

    "encrypted-ooxml" is a document of Office (DOCX, XLSX, …) behind a password, "empty" one without a byte.

    >>> file_type(b"%PDF-1.4\n"), file_type(b"<!DOCTYPE html><title>404</title>"), file_type(b"")
    ('pdf', 'html', 'empty')
    """
    if b"%PDF-" in data[:_HEAD]:
        return "pdf"
    if data.startswith(_COMPOUND):
        return next((kind for name, kind in _STREAMS if _directory_name(name) in data), "compound")
    if data.startswith(b"PK\x03\x04"):
        names = list(_member_names(data))
        return next((kind for part, kind in _PARTS if any(name.startswith(part) for name in names)), "zip")
    return next((kind for mark, kind in _MARKS if data.startswith(mark)), "") or _plain_type(data)


def _plain_type(data: bytes) -> str:
    """The type of what has no mark of its own."""
    if not data:
        return "empty"
    if _MARKUP.match(data[: 2 * _HEAD].removeprefix(b"\xef\xbb\xbf")) or _MARKUP_END.search(data[-_HEAD:]):
        return "html"
    return "unknown" if b"\0" in data[: 8 * _HEAD] else "text"


def _directory_name(name: str) -> bytes:
    return f"{name}\0".encode("utf-16-le")


def _member_names(data: bytes) -> "islice[bytes]":
    """Names in the list of members, as they stand there; those of a damaged list too."""
    tail = data[-_TAIL:]
    found = (
        tail[
            match.start() + 46 : match.start()
            + 46
            + int.from_bytes(tail[match.start() + 28 : match.start() + 30], "little")
        ]
        for match in re.finditer(rb"PK\x01\x02", tail)
    )
    return islice(found, _MEMBERS)
