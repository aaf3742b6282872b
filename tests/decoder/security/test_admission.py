"""Who is let in, in which order it is asked, and what is said to the others."""

import json
from collections.abc import Sequence

import pytest

from narrowcast_decoder.security import refusals
from narrowcast_decoder.security.addresses import parse_network
from narrowcast_decoder.security.admission import Admission, Admitted, Request, Surroundings
from narrowcast_decoder.security.keyring import Keyring
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.refusals import Kind, Refusal
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.security.tokens import Token, digest_of
from narrowcast_shared.clock import SystemClock

CAMERA, READER, ADMIN, PROMETHEUS = (f"secret-of-{n}" for n in ("camera", "reader", "admin", "m"))
TOKENS = [
    Token("camera", digest_of(CAMERA), frozenset({Scope.PUBLISH}), ("clinic-*",)),
    Token("reader", digest_of(READER), frozenset({Scope.SUBSCRIBE}), ("clinic-*",)),
    Token("admin", digest_of(ADMIN), frozenset({Scope.ADMIN})),
    Token("prometheus", digest_of(PROMETHEUS), frozenset({Scope.METRICS})),
]
LIMITS = Limits()
OUTSIDE = Surroundings(loopback=False, by_address=True)
LOOPBACK = Surroundings(loopback=True, by_address=False)


def admission(*tokens: Token, limits: Limits = LIMITS, where: Surroundings = OUTSIDE) -> Admission:
    return Admission(Keyring(tokens, None, SystemClock()), limits, where)


def request(
    path: str,
    secret: str | None = None,
    method: str = "GET",
    *,
    peer: str = "203.0.113.5",
    subprotocols: Sequence[str] = (),
    websocket: bool = False,
    **headers: str,
) -> Request:
    named = {"host": "decoder:8000", **headers}
    if secret is not None:
        named["authorization"] = f"Bearer {secret}"
    raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in named.items()]
    return Request(method, path, peer, raw, subprotocols, websocket)


def kind(answer: Admitted | Refusal) -> Kind | None:
    return answer.kind if isinstance(answer, Refusal) else None


@pytest.mark.parametrize(
    ("path", "secret", "refused"),
    [
        ("/healthz", None, None),
        ("/healthz", "wrong", None),  # a health check needs no right, and so loses none
        ("/v1/sessions", None, Kind.NO_TOKEN),
        ("/v1/sessions", "wrong", Kind.WRONG_TOKEN),
        ("/v1/sessions", READER, None),
        ("/v1/sessions/clinic-1", READER, None),
        ("/v1/sessions/ward-1", READER, Kind.NOT_ALLOWED),
        ("/v1/sessions/ward-1", ADMIN, None),
        ("/v1/sessions/clinic-1", CAMERA, Kind.NOT_ALLOWED),
        ("/v1/publish", CAMERA, None),
        ("/v1/publish", READER, Kind.NOT_ALLOWED),
        ("/metrics", None, Kind.NO_TOKEN),
        ("/metrics", ADMIN, Kind.NOT_ALLOWED),
        ("/metrics", PROMETHEUS, None),
        ("/nothing", None, Kind.NO_TOKEN),
        ("/nothing", PROMETHEUS, None),
        ("/v1/sessions/../publish", READER, Kind.NOT_ALLOWED),
        ("/v1/sessions/clinic-1\x00", READER, Kind.NOT_ALLOWED),
        ("/v1/sessions/clinic-ä", READER, Kind.NOT_ALLOWED),
        ("/v1/sessions/", READER, Kind.NOT_ALLOWED),
    ],
)
def test_rights(path: str, secret: str | None, refused: Kind | None) -> None:
    assert kind(admission(*TOKENS).admit(request(path, secret), 0)) is refused


def test_deleting_asks_for_more_than_reading() -> None:
    gate = admission(*TOKENS)
    path = "/v1/sessions/clinic-1"
    assert kind(gate.admit(request(path, READER, "DELETE"), 0)) is Kind.NOT_ALLOWED
    assert kind(gate.admit(request(path, ADMIN, "DELETE"), 0)) is None


def test_without_tokens_all_is_open() -> None:
    gate = admission(where=LOOPBACK)
    asked = request("/v1/sessions/a", None, "DELETE", host="127.0.0.1:8000")
    assert isinstance(gate.admit(asked, 0), Admitted)


@pytest.mark.parametrize(
    "given",
    [
        {"authorization": f"bearer {CAMERA}"},
        {"authorization": f"BEARER   {CAMERA} "},
    ],
)
def test_the_scheme_s_case_does_not_count(given: dict[str, str]) -> None:
    assert kind(admission(*TOKENS).admit(request("/v1/publish", **given), 0)) is None


@pytest.mark.parametrize(
    "given",
    [
        {"authorization": CAMERA},
        {"authorization": f"Basic {CAMERA}"},
        {"authorization": f"Token {CAMERA}"},
        {"cookie": f"token={CAMERA}"},
        {"x_token": CAMERA},
    ],
)
def test_a_token_anywhere_else_is_none(given: dict[str, str]) -> None:
    assert kind(admission(*TOKENS).admit(request("/v1/publish", **given), 0)) is Kind.NO_TOKEN


def test_a_browser_brings_it_as_a_subprotocol() -> None:
    gate = admission(*TOKENS)
    offered = ["narrowcast.subscribe.v1", f"narrowcast.token.{READER}"]
    asked = request("/v1/sessions/clinic-1/subscribe", subprotocols=offered, websocket=True)
    assert kind(gate.admit(asked, 0)) is None
    foreign = request("/v1/sessions/ward-1/subscribe", subprotocols=offered, websocket=True)
    assert kind(gate.admit(foreign, 0)) is Kind.NOT_ALLOWED


def test_pages_of_other_origins_open_no_web_socket_and_change_nothing() -> None:
    gate = admission(where=LOOPBACK)
    page = {"host": "127.0.0.1:8000", "origin": "http://evil.example"}
    socket = request("/v1/publish", websocket=True, **page)
    assert kind(gate.admit(socket, 0)) is Kind.WRONG_ORIGIN
    assert kind(gate.admit(request("/v1/sessions/a", None, "DELETE", **page), 0)) is (
        Kind.WRONG_ORIGIN
    )
    assert kind(gate.admit(request("/v1/sessions", **page), 0)) is None, "it cannot read the answer"


def test_two_origins_are_none() -> None:
    asked = request("/v1/publish", websocket=True)
    twice = [(b"origin", b"http://decoder:8000"), (b"origin", b"http://evil.example")]
    gate = admission(where=Surroundings(loopback=False, by_address=False))
    assert kind(gate.admit(asked._replace(headers=[*asked.headers, *twice]), 0)) is (
        Kind.WRONG_ORIGIN
    )


def test_a_name_that_a_page_made_lead_here_is_refused() -> None:
    gate = admission(where=LOOPBACK)
    assert kind(gate.admit(request("/v1/sessions", host="evil.example"), 0)) is Kind.WRONG_HOST


def test_a_body_is_refused_by_what_it_says_it_has() -> None:
    gate = admission()
    for length, refused in (("0", None), ("16384", None), ("16385", Kind.TOO_LARGE)):
        asked = request("/healthz", content_length=length)
        assert kind(gate.admit(asked, 0)) is refused
    for nonsense in ("9" * 5000, "-1", "1e3"):
        asked = request("/healthz", content_length=nonsense)
        assert kind(gate.admit(asked, 0)) is Kind.TOO_LARGE


def test_an_address_that_asks_too_often_waits_and_no_other_does() -> None:
    gate = admission(limits=Limits(requests_per_s=10))
    answers = [gate.admit(request("/healthz"), 0) for _ in range(60)]
    assert [kind(a) for a in answers] == [None] * 40 + [Kind.TOO_MANY_REQUESTS] * 20
    refusal = answers[-1]
    assert isinstance(refusal, Refusal)
    assert refusal.retry_after_s == pytest.approx(0.1)
    assert kind(gate.admit(request("/healthz", peer="203.0.113.6"), 0)) is None
    assert kind(gate.admit(request("/healthz"), 200_000)) is None
    inside = admission(limits=Limits(requests_per_s=10), where=LOOPBACK)
    asked = request("/healthz", host="localhost")
    assert all(kind(inside.admit(asked, 0)) is None for _ in range(60))


def test_behind_a_proxy_the_address_is_the_one_it_tells() -> None:
    where = Surroundings(loopback=False, by_address=True, proxies=(parse_network("10.0.0.1"),))
    gate = admission(limits=Limits(requests_per_s=1), where=where)
    for client in range(100):
        asked = request("/healthz", peer="10.0.0.1", x_forwarded_for=f"198.51.100.{client}")
        assert kind(gate.admit(asked, 0)) is None
    silent = [gate.admit(request("/healthz", peer="10.0.0.1"), 0) for _ in range(100)]
    assert {kind(answer) for answer in silent} == {None}, "all may be others"
    liar = [
        gate.admit(request("/healthz", peer="203.0.113.9", x_forwarded_for=f"198.51.100.{n}"), 0)
        for n in range(10)
    ]
    assert [kind(a) for a in liar].count(Kind.TOO_MANY_REQUESTS) == 6


def test_a_token_that_is_used_too_often_waits_wherever_it_comes_from() -> None:
    gate = admission(*TOKENS, limits=Limits(token_requests_per_s=5))
    answers = [
        kind(gate.admit(request("/v1/sessions", READER, peer=f"203.0.113.{n}"), 0))
        for n in range(25)
    ]
    assert answers == [None] * 20 + [Kind.TOO_MANY_REQUESTS] * 5
    assert kind(gate.admit(request("/v1/sessions", ADMIN, peer="203.0.113.99"), 0)) is None


def test_places_of_followers_are_taken_and_left() -> None:
    gate = admission(limits=Limits(subscribers=3, subscribers_per_session=2))

    def follow(session: str) -> Admitted | Refusal:
        return gate.admit(request(f"/v1/sessions/{session}/events"), 0)

    first, second = follow("a"), follow("a")
    assert isinstance(first, Admitted)
    assert isinstance(second, Admitted)
    assert kind(follow("a")) is Kind.TOO_MANY_SUBSCRIBERS
    third = follow("b")
    assert isinstance(third, Admitted)
    assert kind(follow("c")) is Kind.TOO_MANY_SUBSCRIBERS
    gate.leave(first)
    assert isinstance(follow("a"), Admitted)
    gate.leave(second)
    gate.leave(third)
    assert gate._followers.by_session == {"a": 1}


@pytest.mark.parametrize("why", Kind)
def test_a_refusal_is_a_problem_document(why: Kind) -> None:
    refusal = Refusal(why, "the detail", "the remedy", 2.4)
    body = refusals.document(refusal, "/v1/sessions")
    told = json.loads(body)
    assert told["type"] == f"urn:narrowcast:problem:{why}"
    assert told["status"] == refusal.status >= 400
    headers = dict(refusals.headers(refusal, body))
    assert headers[b"retry-after"] == b"2"
    assert (b"www-authenticate" in headers) == (refusal.status == 401)
    assert refusals.raw(refusal).startswith(f"HTTP/1.1 {refusal.status.value} ".encode())
