"""From bytes to text: what servers do to encodings and content codings, and what must come out all the same."""

import gzip
import sys
import zlib
from time import process_time

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.core.decode import Unreadable, decode
from healthcrawl.model import Capture, Page

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = "<p>云海市卫生健康局发布春季呼吸道传染病防控提示，请市民注意通风。</p>"
LIMIT = 100_000


def answer(payload: bytes, *headers: str, content_type: str = "text/html") -> Capture:
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Type: {content_type}", *headers])
    return Capture(url="http://www.yunhai.example/a.html", response=head.encode("latin-1") + b"\r\n\r\n" + payload)


def page_of(capture: Capture, limit: int = LIMIT) -> Page:
    page = decode(capture, limit)
    assert isinstance(page, Page)
    return page


def reason_of(capture: Capture, limit: int = LIMIT) -> str:
    refusal = decode(capture, limit)
    assert isinstance(refusal, Unreadable)
    return refusal.reason


@pytest.mark.parametrize(
    ("payload", "content_type", "charset", "source"),
    [
        (TEXT.encode(), "text/html", "utf-8", "utf-8"),
        (TEXT.encode(), "text/html; charset=gb2312", "utf-8", "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "text/html", "utf-8", "bom"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "text/html", "utf-16-le", "bom"),
        (TEXT.encode("utf-16-be"), "text/html", "utf-16-be", "guessed"),
        (TEXT.encode("gbk"), "text/html; charset=GB2312", "gb18030", "http"),
        (TEXT.encode("gbk"), "text/html; charset=utf-8", "gb18030", "guessed"),
        (TEXT.encode("gbk"), "text/html; charset=iso-8859-1", "gb18030", "guessed"),
        (TEXT.encode("gbk"), "text/html; charset=hex", "gb18030", "guessed"),
    ],
)
def test_encoding_is_told_by_bytes_before_declarations(
    payload: bytes, content_type: str, charset: str, source: str
) -> None:
    page = page_of(answer(payload, content_type=content_type))
    assert (page.text, page.charset, page.charset_source) == (TEXT, charset, source)


def test_declaration_in_the_page_is_used_where_the_server_is_silent() -> None:
    text = '<meta http-equiv="Content-Type" content="text/html; charset=big5"><p>衛生局公告內容</p>'
    page = page_of(answer(text.encode("big5")))
    assert (page.text, page.charset, page.charset_source) == (text, "big5hkscs", "declared")


def test_characters_beyond_gbk_are_read_where_gb2312_is_declared() -> None:
    text = "<p>\N{CJK UNIFIED IDEOGRAPH-4DAE}镕堃㙟</p>"
    assert page_of(answer(text.encode("gb18030"), content_type="text/html; charset=gb2312")).text == text


@pytest.mark.parametrize("declared", ["text/html", "text/html; charset=gbk"])
@pytest.mark.parametrize("text", [TEXT, "<p>卫生</p>"])
def test_one_bad_byte_does_not_make_utf8_another_encoding(declared: str, text: str) -> None:
    page = page_of(answer(text.encode() + b"\xff", content_type=declared))
    assert page.text == text + "\N{REPLACEMENT CHARACTER}"
    assert page.charset == "utf-8"
    assert any("could not be read" in finding.detail for finding in page.findings)


def test_one_bad_byte_does_not_make_gbk_another_encoding() -> None:
    page = page_of(answer(TEXT.encode("gbk") + b"\xff", content_type="text/html; charset=gbk"))
    assert page.text == TEXT + "\N{REPLACEMENT CHARACTER}"


def test_false_declaration_is_a_finding_and_a_true_one_is_not() -> None:
    lying = page_of(answer(TEXT.encode(), content_type="text/html; charset=gb2312"))
    assert [(finding.kind, finding.text) for finding in lying.findings] == [("charset", "gb2312")]
    assert page_of(answer(TEXT.encode("gbk"), content_type="text/html; charset=gb2312")).findings == ()
    assert page_of(answer(b"<p>plain</p>", content_type="text/html; charset=gb2312")).findings == ()


def test_nul_bytes_and_prologues_survive() -> None:
    text = "<?xml version='1.0' encoding='utf-8'?>\x00<p>卫\x00生</p>"
    assert page_of(answer(text.encode())).text == text


def raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


@pytest.mark.parametrize(
    ("coding", "payload"),
    [
        ("gzip", gzip.compress(TEXT.encode())),
        ("x-gzip", gzip.compress(TEXT.encode())),
        ("GZIP", gzip.compress(TEXT[:20].encode()) + gzip.compress(TEXT[20:].encode())),
        ("gzip", gzip.compress(TEXT.encode()) + b"\x00\x00padding"),
        ("gzip", TEXT.encode()),
        ("deflate", zlib.compress(TEXT.encode())),
        ("deflate", raw_deflate(TEXT.encode())),
        ("br", brotli.compress(TEXT.encode())),
        ("br, gzip", gzip.compress(brotli.compress(TEXT.encode()))),
        ("zstd", zstd.compress(TEXT.encode())),
        ("ZSTD", zstd.compress(TEXT[:20].encode()) + zstd.compress(TEXT[20:].encode())),
        ("gzip, zstd", zstd.compress(gzip.compress(TEXT.encode()))),
        ("identity", gzip.compress(TEXT.encode())),
    ],
)
def test_content_codings_are_undone(coding: str, payload: bytes) -> None:
    page = page_of(answer(payload, f"Content-Encoding: {coding}"))
    assert page.text == TEXT
    assert page.findings == ()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_cut_stream_gives_what_there_is_with_a_finding(coding: str) -> None:
    long = "".join(f"<p>第{n}段{n * 7919 % 1000}</p>" for n in range(20_000)).encode()
    squeezed = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}[coding](
        long
    )
    page = page_of(answer(squeezed[: len(squeezed) // 2], f"Content-Encoding: {coding}"), limit=1_000_000)
    assert page.text.startswith("<p>第0段0</p><p>第1段")
    assert [finding.kind for finding in page.findings if finding.kind == "truncated"] == ["truncated"]


def test_damaged_stream_gives_what_stood_before_the_damage() -> None:
    long = "".join(f"<p>第{n}段{n * 7919 % 1000}</p>" for n in range(5000)).encode()
    squeezed = bytearray(gzip.compress(long))
    squeezed[len(squeezed) // 2 :] = b"\xff" * 500
    assert page_of(answer(bytes(squeezed), "Content-Encoding: gzip")).text.startswith("<p>第0段0</p>")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bomb_is_refused_at_the_limit(coding: str) -> None:
    bomb = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}[coding](
        b"0" * 20_000_000
    )
    assert reason_of(answer(bomb, f"Content-Encoding: {coding}")) == "too-large"


@pytest.mark.parametrize(("exponent", "reason"), [(13, ""), (17, "undecodable"), (31, "undecodable")])
def test_window_that_no_sender_may_ask_for_is_not_given(exponent: int, reason: str) -> None:
    block = (len(TEXT.encode()) << 3 | 1).to_bytes(3, "little") + TEXT.encode()
    frame = b"\x28\xb5\x2f\xfd\x00" + bytes([exponent << 3]) + block
    outcome = decode(answer(frame, "Content-Encoding: zstd"), LIMIT)
    assert (outcome.reason if isinstance(outcome, Unreadable) else "") == reason


def test_limit_counts_characters() -> None:
    assert page_of(answer(TEXT.encode()), limit=len(TEXT)).text == TEXT
    assert reason_of(answer(TEXT.encode()), limit=len(TEXT) - 1) == "too-large"


@pytest.mark.parametrize(
    ("payload", "content_type", "reason"),
    [
        (b"%PDF-1.7 ...", "text/html", "not-html"),
        (b"PK\x03\x04...", "text/html", "not-html"),
        (b"\x89PNG\r\n\x1a\n", "image/png", "not-html"),
        (b"....", "application/octet-stream", "not-html"),
    ],
)
def test_files_are_told_by_their_first_bytes(payload: bytes, content_type: str, reason: str) -> None:
    assert reason_of(answer(payload, content_type=content_type)) == reason


def test_markup_without_a_type_is_html() -> None:
    assert (
        page_of(answer(b"\r\n <!DOCTYPE html><p>x</p>", content_type="application/octet-stream")).media_type
        == "text/html"
    )


def test_unknown_or_false_coding_is_undecodable() -> None:
    assert reason_of(answer(b"xyz", "Content-Encoding: compress")) == "undecodable"
    assert reason_of(answer(TEXT.encode(), "Content-Encoding: br")) == "undecodable"
    assert reason_of(answer(TEXT.encode(), "Content-Encoding: zstd")) == "undecodable"


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "gzip", "deflate", "br", "zstd", "gzip, br"]),
    st.sampled_from(["", "gbk", "x"]),
)
def test_any_bytes_give_a_value(payload: bytes, coding: str, charset: str) -> None:
    result = decode(answer(payload, f"Content-Encoding: {coding}", content_type=f"text/html; charset={charset}"), 1000)
    assert isinstance(result, Page | Unreadable)


BIG5 = "<p>衛生局提醒市民注意防疫，勤洗手，戴口罩，保持環境衛生。</p>"


@pytest.mark.parametrize(("text", "charset"), [(TEXT, "gb18030"), (BIG5, "big5hkscs"), (TEXT, "utf-16-le")])
def test_guessed_encoding_is_a_finding(text: str, charset: str) -> None:
    page = page_of(answer(text.encode(charset)))
    assert (page.text, page.charset, page.charset_source) == (text, charset, "guessed")
    assert [(finding.kind, finding.detail) for finding in page.findings] == [("charset", f"guessed to be {charset}")]


def test_blanks_without_markup_cost_little() -> None:
    start = process_time()
    decode(answer(b" " * 100_000, content_type=""), LIMIT)
    assert process_time() - start < 2


@pytest.mark.parametrize("at", range(0, 40, 3))
@pytest.mark.parametrize("charset", ["gb18030", "big5"])
def test_one_bad_byte_costs_one_character(at: int, charset: str) -> None:
    text = "市中心醫院的大夫在上月中旬到山區看望了不少老人和年幼的人，大家有了健康生活的信心。"
    text = text if charset == "big5" else text.translate(str.maketrans("醫區", "医区"))
    raw = bytearray(text.encode(charset))
    raw[at] = 0xFF
    found = page_of(answer(bytes(raw), content_type=f"text/html; charset={charset}")).text
    # The second half of a character in Big5 can be an ASCII letter, which then stands alone.
    assert len([1 for character in found if character not in text]) <= (2 if charset == "big5" else 1)
    assert sum(character in found for character in text) >= len(text) - 1


def test_many_bad_bytes_cost_little() -> None:
    start = process_time()
    for junk in (b"\xb5\xff" * 400_000, b"\xff" * 800_000):
        page_of(answer(b"<p>" + junk, content_type="text/html; charset=gbk"), 10**7)
    assert process_time() - start < 5
