"""What of a request's head reaches the process that has the rooms, and what never does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest, RequestStartLine

from app.server import hand_head

UPGRADE = (("Upgrade", "websocket"), ("Connection", "keep-alive, Upgrade"), ("Sec-WebSocket-Key", "x"))


class Line:
    """As a connection from 192.0.2.7 that came over https."""

    context = SimpleNamespace(remote_ip="192.0.2.7", protocol="https")


def request(*headers: tuple[str, str], method: str = "GET", target: str = "/api/salle") -> HTTPServerRequest:
    parsed = HTTPHeaders({"Host": "tele.example"})
    for name, value in headers:
        parsed.add(name, value)
    line = RequestStartLine(method, target, "HTTP/1.1")
    return HTTPServerRequest(start_line=line, headers=parsed, connection=Line())  # type: ignore[arg-type]


def handed(*headers: tuple[str, str], method: str = "GET") -> list[tuple[str, str]]:
    asking = request(*headers, method=method)
    return list(hand_head.request_headers(asking, hand_head.asked(asking)).get_all())


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Length", "4"), ("Content-Length", "5")],
        [("Content-Length", "4, 5")],
        [("Content-Length", "+4")],
        [("Content-Length", "-1")],
        [("Content-Length", "0x4")],
        [("Content-Length", "４")],
        [("Content-Length", "")],
        [("Content-Length", "9" * 16)],
        [("Content-Length", "4"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "identity")],
        [("Transfer-Encoding", "")],
        [("Transfer-Encoding", "\x0bchunked")],
    ],
)
def test_what_two_servers_may_read_in_two_ways_is_refused(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(HTTPInputError):
        hand_head.asked(request(*headers, method="PUT"))


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", [("Transfer-Encoding", "chunked")]),
        ("GET", [*UPGRADE, ("Content-Length", "3")]),
        ("GET", [*UPGRADE, ("Transfer-Encoding", "chunked")]),
    ],
)
def test_no_body_hides_behind_a_request_that_has_none(method: str, headers: list[tuple[str, str]]) -> None:
    with pytest.raises(HTTPInputError):
        hand_head.asked(request(*headers, method=method))


@pytest.mark.parametrize("target", ["*", "http://tele.example/api/salle", "/a b", "/a\x7f", "/é", ""])
def test_a_target_that_is_no_path_of_plain_letters_is_refused(target: str) -> None:
    with pytest.raises(HTTPInputError):
        hand_head.asked(request(target=target))


@pytest.mark.parametrize(
    ("method", "headers", "upgrade", "length"),
    [
        ("GET", UPGRADE, True, 0),
        ("POST", UPGRADE, False, 0),
        ("GET", [("Upgrade", "h2c"), ("Connection", "Upgrade")], False, 0),
        ("GET", [("Upgrade", "websocket")], False, 0),
        ("PUT", [("Content-Length", "500000000")], False, 500_000_000),
        ("PUT", [("Content-Length", "7"), ("Content-Length", "7")], False, 7),
        ("PUT", [("Transfer-Encoding", "Chunked")], False, None),
    ],
)
def test_shapes_are_read(method: str, headers: list[tuple[str, str]], upgrade: bool, length: int | None) -> None:
    assert hand_head.asked(request(*headers, method=method)) == hand_head.Asked(upgrade, length)


def test_a_client_does_not_say_where_it_is_nor_how_it_came() -> None:
    forged = [
        ("X-Real-IP", "203.0.113.9"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "http"),
        ("X-Scheme", "http"),
        ("Forwarded", "for=203.0.113.9"),
        ("X-Client-Cert", "a certificate"),
    ]
    assert handed(*forged) == [
        ("Host", "tele.example"),
        ("X-Real-Ip", "192.0.2.7"),
        ("X-Scheme", "https"),
        ("Connection", "close"),
    ]


def test_what_is_of_one_connection_stays_there_even_when_a_client_names_more() -> None:
    told = handed(
        ("Connection", "close, Cookie, X-Real-Ip, Host"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
        ("Proxy-Authorization", "Basic eDp5"),
        ("Expect", "100-continue"),
        ("Upgrade", "h2c"),
        ("Cookie", "session=a"),
        ("Origin", "https://tele.example"),
    )
    assert told == [
        ("Host", "tele.example"),
        ("Cookie", "session=a"),
        ("Origin", "https://tele.example"),
        ("X-Real-Ip", "192.0.2.7"),
        ("X-Scheme", "https"),
        ("Connection", "close"),
    ]


def test_an_upgrade_is_asked_for_in_our_own_words() -> None:
    told = dict(handed(*UPGRADE, ("Cookie", "session=a")))
    assert (told["Connection"], told["Upgrade"]) == ("Upgrade", "websocket")
    assert (told["Sec-Websocket-Key"], told["Cookie"]) == ("x", "session=a")


def test_a_body_is_sent_only_when_it_is_wanted() -> None:
    told = dict(handed(("Content-Length", "7"), method="PUT"))
    assert (told["Content-Length"], told["Expect"]) == ("7", "100-continue")
    chunked = dict(handed(("Transfer-Encoding", "chunked"), method="PUT"))
    assert "Content-Length" not in chunked
    assert dict(handed(method="POST"))["Content-Length"] == "0"


def test_an_answer_keeps_its_cookies_and_loses_its_connection() -> None:
    answer = HTTPHeaders({"Connection": "close", "Transfer-Encoding": "chunked", "Etag": '"x"'})
    answer.add("Set-Cookie", "a=1")
    answer.add("Set-Cookie", "b=2")
    assert list(hand_head.answer_headers(answer).get_all()) == [
        ("Etag", '"x"'),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]
