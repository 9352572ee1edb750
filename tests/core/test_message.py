"""HTTP messages are taken apart as they were sent, in time that grows with their length only."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.core.message import dechunk, parse, split_head, strip_interim

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("start", [b"\r\n", b"\n", b"\n\n\r\n", b"  ", b"\t", b"a\r\n"])
def test_a_chunk_may_begin_with_blanks_and_line_ends(start: bytes) -> None:
    message = parse(HEAD + chunks(start, start + b"<html>"))
    assert (message.payload, message.whole) == (start + start + b"<html>", True)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8))
def test_any_chunks_come_back(pieces: list[bytes]) -> None:
    assert dechunk(chunks(*pieces)) == (b"".join(pieces), True)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message(data: bytes) -> None:
    parse(data)
    parse(b"HTTP/1.1 200 OK\r\n" + data)
    head, body = split_head(data)
    assert len(head) + len(body) <= len(data) + 2
    assert data.endswith(strip_interim(data))


def test_many_interim_heads_cost_no_more_than_their_length() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * 200_000
    began = time.process_time()
    assert strip_interim(interim + HEAD) == HEAD
    assert time.process_time() - began < 5


def test_switching_protocols_is_an_answer() -> None:
    answer = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    assert strip_interim(answer) == answer
