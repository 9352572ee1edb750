"""Pages as large as a health bureau's, and a server of them. Made of nothing but a seed, so every run has the same."""

import random
import socket
import sys
import threading

_CHARACTERS = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
_WEIGHTS = [1 / (rank + 8) for rank in range(len(_CHARACTERS))]
_TEXT = "".join(random.Random(0).choices(_CHARACTERS, _WEIGHTS, k=400_000))  # noqa: S311  # nothing secret


def page(number: int, size: int = 100_000) -> bytes:
    """An article page of about that many bytes; it packs to a quarter, like those of the bureaus."""
    chance = random.Random(number)  # noqa: S311  # nothing secret

    def words(count: int) -> str:
        at = chance.randrange(len(_TEXT) - count)
        return _TEXT[at : at + count]

    rows = []
    length = 0
    while length < size - 1500:
        style = f'style="margin-left:{chance.randrange(90)}px;line-height:2em" data-id="{chance.randrange(10**9)}"'
        link = (
            f'<li><a href="/zwgk/tzgg/content/post_{chance.randrange(10**7)}.html" target="_blank">{words(14)}</a></li>'
        )
        rows.append(f"<p {style}><span>{words(45)}</span></p>\n" + link * 2 + "\n")
        length += len(rows[-1].encode())
    title = words(18)
    head = f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}</title></head>"
    return f"{head}<body><h1>{title}</h1><div class='content'>{''.join(rows)}</div></body></html>\n".encode()


def response(number: int) -> bytes:
    """The answer for a page."""
    body = page(number)
    names = (b"HTTP/1.1 200 OK", b"Server: bench", b"Content-Type: text/html; charset=utf-8", b"Vary: Accept-Encoding")
    return b"\r\n".join([*names, b"Content-Length: %d" % len(body), b"", body])


def serve(count: int) -> None:
    """Serve /0.html to /count.html on loopback until stdin ends; the port is the first line of stdout."""
    answers = [response(number) for number in range(count)]
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            threading.Thread(target=talk, args=(listening.accept()[0],), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                if line.startswith((b"GET ", b"HEAD ")):
                    name = line.split(b" ")[1].strip(b"/").removesuffix(b".html")
                elif line == b"\r\n":
                    connection.sendall(answers[int(name)] if name.isdigit() else missing)

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
