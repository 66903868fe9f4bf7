"""The guard under attack: whatever is asked of it, in whatever spelling, nothing of this machine hears of it."""

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import replace

import pytest

from egress.guard import Event, Guard
from egress.policy import Policy
from records import Barred
from tests.egress.places import DISGUISES, INTERNAL, PLAINLY_HERE
from tests.egress.secret import Secret, secret

ANYWHERE = Policy(hosts=("*",))

Ask = Callable[[str | bytes], Awaitable[bytes]]


def guard(
    visit: Callable[[Ask], Awaitable[object]],
    policy: Policy = ANYWHERE,
    names: Callable[[str], list[str]] | None = None,
) -> list[Event]:
    """What a guard told while `visit` asked things of it. `names` answers in place of the system's resolver."""
    told: list[Event] = []

    async def resolve(host: str) -> list[str]:
        return names(host) if names else []

    async def run() -> None:
        one = Guard(policy, told.append, resolve) if names else Guard(policy, told.append)
        port = await one.start()

        async def ask(words: str | bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(words.encode() if isinstance(words, str) else words)
                async with asyncio.timeout(20):
                    answer = await reader.read(65_536)
                    return answer if answer.startswith(b"HTTP/1.1 200 Conn") else answer + await reader.read()
            finally:
                writer.close()

        try:
            await visit(ask)
        finally:
            await one.close()

    asyncio.run(run())
    return told


def asking(place: str) -> list[str]:
    """The two ways of asking for a place."""
    return [f"CONNECT {place} HTTP/1.1\r\n\r\n", f"GET http://{place}/v/x HTTP/1.1\r\nHost: shop.test\r\n\r\n"]


async def each(ask: Ask, places: list[str]) -> None:
    for place, words in itertools.chain.from_iterable([(p, w) for w in asking(p)] for p in places):
        answer = await ask(words)
        assert answer.startswith(b"HTTP/1.1 403"), (place, answer)
        assert b"secret" not in answer


def test_no_internal_address_is_connected_to_by_number_or_by_name() -> None:
    """Each address as itself and as what a name resolves to: 70 addresses, 280 attempts."""
    hosts = [f"[{one}]" if ":" in one else one for one in INTERNAL]
    told = guard(lambda ask: each(ask, [f"{host}:80" for host in hosts]))
    assert len(told) == 2 * len(INTERNAL) and {event.why for event in told} == {Barred.ADDRESS}
    names = {f"n{number}.test": [address] for number, address in enumerate(INTERNAL)}
    told = guard(lambda ask: each(ask, [f"{name}:443" for name in names]), names=names.__getitem__)
    assert len(told) == 2 * len(INTERNAL) and {event.why for event in told} == {Barred.ADDRESS}


def test_no_spelling_of_this_machine_reaches_it() -> None:
    """52 disguises and 12 plain ones, by CONNECT and by GET; without the guard a dozen of them do reach it."""
    with secret() as here:
        disguises = [one.format(here.port) for one in DISGUISES]
        told = guard(lambda ask: each(ask, disguises))
        assert {event.why for event in told} == {Barred.MALFORMED, Barred.ADDRESS}  # …?@shop.test is 127.0.0.1 plainly
        assert len(told) == 2 * len(disguises) >= 80
        plain = [f"{host}:{here.port}" for host in PLAINLY_HERE]
        told = guard(lambda ask: each(ask, plain), names=lambda _: ["127.0.0.1"])
        assert {event.why for event in told} == {Barred.ADDRESS}
        assert here.hits == []
        reached = [one for one in (*disguises, *plain) if _reaches(one, here)]
        assert len(reached) >= 12 and len(here.hits) == len(reached), reached


def _reaches(place: str, here: Secret) -> bool:
    """What a client does that has no guard: hands the host to the resolver."""
    host, _, port = place.rpartition(":")
    if port != str(here.port):
        return False
    before = len(here.hits)
    try:
        with socket.create_connection((host.strip("[]").rpartition("@")[2], here.port), 2) as line:
            line.sendall(b"GET /v/x HTTP/1.1\r\n\r\n")
            line.recv(100)
    except (OSError, UnicodeError):
        return False
    return len(here.hits) > before


def test_with_the_address_allowed_the_same_requests_do_arrive() -> None:
    """What makes the zeros above mean something: the policy of a test is all that is different."""
    with secret() as here:
        opened = replace(ANYWHERE, allowed=(f"127.0.0.1:{here.port}",))

        async def visit(ask: Ask) -> None:
            for words in asking(f"localhost:{here.port}"):
                assert (await ask(words)).startswith(b"HTTP/1.1 200")

        told = guard(visit, opened, names=lambda _: ["127.0.0.1"])
        assert [event.peer for event in told] == ["127.0.0.1", "127.0.0.1"]
        assert "/v/x" in here.hits
        guard(lambda ask: each(ask, [f"127.0.0.2:{here.port}", "127.0.0.1:1"]), opened)


def test_a_name_with_one_bad_address_is_refused_whole() -> None:
    with secret() as here:
        for addresses in (["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2400:3200::1", "fe80::1"]):
            told = guard(lambda ask: each(ask, ["shop.test:80"]), names=lambda _, found=addresses: found)
            assert {event.why for event in told} == {Barred.ADDRESS}
        assert here.hits == []


def test_a_name_that_flips_between_two_resolutions_gains_nothing() -> None:
    """One resolution decides and is connected to; what the name says a moment later is never asked (C4)."""
    with secret() as here:
        answers = itertools.cycle([["127.0.0.9"], ["127.0.0.1"]])
        asked: list[str] = []

        def flipping(host: str) -> list[str]:
            asked.append(host)
            return next(answers)

        async def visit(ask: Ask) -> None:
            for _ in range(6):
                answer = await ask(f"GET http://flip.test:{here.port}/v/x HTTP/1.1\r\n\r\n")
                assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 502")), answer

        # 127.0.0.9 may be reached in this test and nobody listens there; pinning is off, so each asks anew
        policy = replace(ANYWHERE, allowed=(f"127.0.0.9:{here.port}",), pinned_seconds=0.0)
        told = guard(visit, policy, names=flipping)
        assert [event.why for event in told] == [Barred.UNREACHABLE, Barred.ADDRESS] * 3 and len(asked) == 6
        told = guard(visit, replace(policy, pinned_seconds=300.0), names=flipping)
        assert len(asked) == 7 and len({event.why for event in told}) == 1
        assert here.hits == []


@pytest.mark.parametrize("port", [1, 22, 25, 79, 81, 3306, 5432, 6379, 8080, 8443, 65535])
def test_only_the_ports_of_the_web_are_asked(port: int) -> None:
    told = guard(lambda ask: each(ask, [f"shop.test:{port}", f"8.8.8.8:{port}"]), names=lambda _: ["8.8.8.8"])
    assert {event.why for event in told} == {Barred.PORT}


def test_only_the_hosts_of_the_platform_are_asked() -> None:
    """Chromium's own calls home among them (C11): they are never even resolved."""
    home = ["update.googleapis.com:443", "accounts.google.com:443", "clients2.google.com:443", "evilshop.example:443"]
    narrow = Policy(hosts=("www.shop.example", "*.pics.example"))

    def nobody(host: str) -> list[str]:
        raise AssertionError(f"{host} was resolved")

    told = guard(lambda ask: each(ask, [*home, "pics.example:443", "www.shop.example.evil.example:80"]), narrow, nobody)
    assert {event.why for event in told} == {Barred.HOST}


@pytest.mark.parametrize(
    "words",
    [
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET https://shop.test/ HTTP/1.1\r\n\r\n",
        "GET file:///etc/passwd HTTP/1.1\r\n\r\n",
        "GET ftp://shop.test/ HTTP/1.1\r\n\r\n",
        "GET gopher://127.0.0.1/ HTTP/1.1\r\n\r\n",
        "GET ws://127.0.0.1/ HTTP/1.1\r\n\r\n",
        "GET http:///x HTTP/1.1\r\n\r\n",
        "GET http:127.0.0.1/ HTTP/1.1\r\n\r\n",
        "GET //127.0.0.1/ HTTP/1.1\r\n\r\n",
        "GET http://shop.test/ HTTP/1.0\r\n\r\n",
        "GET http://shop.test/\tx HTTP/1.1\r\n\r\n",
        "GET  http://shop.test/ HTTP/1.1\r\n\r\n",
        "get http://shop.test/ HTTP/1.1\r\n\r\n",
        "GET http://shop.test/#x HTTP/1.1\r\n\r\n",
        "GET http://shop.test/\\..\\x HTTP/1.1\r\n\r\n",
        "CONNECT shop.test HTTP/1.1\r\n\r\n",
        "CONNECT http://shop.test:443 HTTP/1.1\r\n\r\n",
        "CONNECT shop.test:443/ HTTP/1.1\r\n\r\n",
        "POST http://shop.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST http://shop.test/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST http://shop.test/ HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
        "GET http://shop.test/ HTTP/1.1\r\nX : y\r\n\r\n",
        "GET http://shop.test/ HTTP/1.1\r\nX: a\nHost: evil\r\n\r\n",
        "GET http://shop.test/ HTTP/1.1\r\n folded\r\n\r\n",
        "GET http://shop.test/ HTTP/1.1\r\nX: \0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00\r\n\r\n",
        "GET http://shop.test/" + "a" * 70_000 + " HTTP/1.1\r\n\r\n",
    ],
    ids=lambda words: words[:40] if isinstance(words, str) else words[:8].hex(),
)
def test_what_is_not_plainly_a_request_for_a_web_page_is_refused(words: str | bytes) -> None:
    async def visit(ask: Ask) -> None:
        assert (await ask(words)).startswith(b"HTTP/1.1 403")

    told = guard(visit, names=lambda _: ["8.8.8.8"])
    assert [event.why for event in told] == [Barred.MALFORMED]


def test_a_refusal_tells_the_client_nothing_of_what_was_seen() -> None:
    answers: list[bytes] = []

    async def visit(ask: Ask) -> None:
        for words in asking("shop.test:80"):
            answers.append(await ask(words))

    told = guard(visit, names=lambda _: ["10.11.12.13"])
    assert all("10.11.12.13" in event.detail for event in told)
    assert answers[0] == answers[1] and b"10.11" not in answers[0] and b"shop" not in answers[0]


# --- what is let through ---


async def upstream(answer: bytes, heard: list[bytes]) -> asyncio.Server:
    """A server that notes each request and sends `answer`; it never closes by itself."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError), closing(writer):
            while piece := await reader.read(65_536):
                heard.append(piece)
                writer.write(answer)

    return await asyncio.start_server(serve, "127.0.0.9", 0)


def through(
    answer: bytes, visit: Callable[[Ask, int], Awaitable[None]], **policy: object
) -> tuple[list[bytes], list[Event]]:
    """What a server behind the guard heard, and what the guard told."""
    heard: list[bytes] = []
    told: list[Event] = []

    async def run() -> None:
        server = await upstream(answer, heard)
        port = server.sockets[0].getsockname()[1]
        one = Guard(replace(ANYWHERE, allowed=(f"127.0.0.9:{port}",), **policy), told.append)  # type: ignore[arg-type]
        proxy = await one.start()

        async def ask(words: str | bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy)
            try:
                writer.write(words if isinstance(words, bytes) else words.encode())
                answer = b""
                while not answer.endswith(b"END") and (piece := await asyncio.wait_for(reader.read(65_536), 20)):
                    answer += piece
                return answer
            finally:
                writer.close()

        try:
            await visit(ask, port)
        finally:
            await one.close()
            server.close()
            await asyncio.sleep(0.05)  # the server hears that its clients went

    asyncio.run(run())
    return heard, told


ORDINARY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nEND"


def test_a_plain_request_is_passed_on_without_what_was_meant_for_us() -> None:
    async def visit(ask: Ask, port: int) -> None:
        answer = await ask(
            f"POST http://127.0.0.9:{port}/a?b=%E8%B1%A1 HTTP/1.1\r\nHost: evil.test\r\nProxy-Authorization: x\r\n"
            "Proxy-Connection: keep-alive\r\nConnection: x-hop\r\nX-Hop: 1\r\nAccept: */*\r\nContent-Length: 4\r\n\r\n"
            "body"
        )
        assert answer == ORDINARY.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n", 1)

    heard, told = through(ORDINARY, visit)
    sent = b"".join(heard).decode()
    assert sent.startswith("POST /a?b=%E8%B1%A1 HTTP/1.1\r\nHost: 127.0.0.9:")
    assert sent.endswith("\r\n\r\nbody") and "Accept: */*" in sent and "Connection: close" in sent
    assert not {"evil", "Proxy", "keep-alive", "x-hop", "X-Hop"} & set(sent.replace(":", " ").replace("-", " ").split())
    assert [event.peer for event in told] == ["127.0.0.9"]


def test_a_second_request_never_follows_the_first_to_its_host() -> None:
    """What comes after the first request on a connection is heard by nobody: it may be meant for another host."""

    async def visit(ask: Ask, port: int) -> None:
        one = f"GET http://127.0.0.9:{port}/first HTTP/1.1\r\nHost: x\r\n\r\n"
        await ask(one + "GET http://other.test/second HTTP/1.1\r\nCookie: other\r\n\r\n")

    heard, _ = through(ORDINARY, visit)
    assert b"second" not in b"".join(heard) and b"Cookie" not in b"".join(heard)


def test_answers_are_carried_unchanged_however_odd() -> None:
    for answer in (b"HTTP/1.0 200\r\n\r\nEND", b"no http at all END", b"HTTP/1.1 200 OK\nX: y\n\nEND"):

        async def visit(ask: Ask, port: int, sent: bytes = answer) -> None:
            got = await ask(f"GET http://127.0.0.9:{port}/ HTTP/1.1\r\n\r\n")
            assert got.replace(b"Connection: close\r\n", b"") == sent

        through(answer, visit)


def test_an_endless_answer_is_cut_at_the_limit() -> None:
    async def visit(ask: Ask, port: int) -> None:
        got = await ask(f"CONNECT 127.0.0.9:{port} HTTP/1.1\r\n\r\nhello")
        assert len(got) < 200_000

    _, told = through(b"x" * 1_000_000, visit, most_down=100_000)
    assert [event.why for event in told] == [None, Barred.TOO_MUCH]


def test_silence_ends_a_connection() -> None:
    async def visit(ask: Ask, port: int) -> None:
        assert await ask(f"GET http://127.0.0.9:{port}/ HTTP/1.1\r\n\r\n") == b""
        assert await ask("GET http://half") == b""

    through(b"", visit, idle_seconds=0.2, head_seconds=0.2)


def test_the_number_of_connections_is_bounded() -> None:
    async def visit(ask: Ask, port: int) -> None:
        slow = [asyncio.ensure_future(ask(f"CONNECT 127.0.0.9:{port} HTTP/1.1\r\n\r\n")) for _ in range(3)]
        await asyncio.sleep(0.2)
        assert (await ask(f"CONNECT 127.0.0.9:{port} HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 403")
        for one in slow:
            one.cancel()

    _, told = through(b"", visit, most_at_once=3)
    assert told[-1].why is Barred.BUSY
