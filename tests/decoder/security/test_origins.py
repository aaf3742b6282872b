"""Pages of other origins, and names that a page made lead here."""

import pytest

from narrowcast_decoder.security.origins import allows_host, allows_origin, normal_origin


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "decoder:8000"),  # no browser
        ("http://decoder:8000", "decoder:8000"),
        ("https://decoder", "decoder"),  # a proxy ended the TLS
        ("https://decoder", "decoder:443"),
        ("http://DECODER", "decoder:80"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://dash.example", "decoder:8000"),  # allowed
    ],
)
def test_the_own_origin_and_those_allowed_are_let_in(origin: str | None, host: str) -> None:
    assert allows_origin(origin, host, {"https://dash.example"})


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://decoder:9000",
        "http://decoder:8000.evil.example",
        "http://decoder:8000@evil.example",
        "http://dash.example",
        "https://dash.example.evil.example",
        "decoder:8000",
        "http://[::1",
        "file://",
        "chrome-extension://abc",
    ],
)
@pytest.mark.parametrize("host", ["decoder:8000", None, "", "no host"])
def test_every_other_one_is_not(origin: str, host: str | None) -> None:
    assert not allows_origin(origin, host, {"https://dash.example"})


def test_a_star_lets_every_page_in() -> None:
    assert allows_origin("null", "decoder", {"*"})


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000", "a.localhost", None]
)
def test_loopback_is_called_by_its_own_names(host: str | None) -> None:
    assert allows_host(host, set(), loopback=True)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.5:8000", "", "a b", "[::1", "x:y"]
)
def test_and_by_no_other(host: str) -> None:
    assert not allows_host(host, set(), loopback=True)


def test_a_name_may_be_allowed_and_then_is_asked_for_everywhere() -> None:
    assert allows_host("decoder.example:8000", {"decoder.example"}, loopback=True)
    assert allows_host("decoder.example.", {"decoder.example"}, loopback=False)
    assert not allows_host("other.example", {"decoder.example"}, loopback=False, has_tokens=True)
    assert allows_host("other.example", set(), loopback=False, has_tokens=True), "no page has one"


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "[fd00::7]", "decoder:8000", "127.0.0.1"])
def test_open_to_everyone_it_is_called_by_what_no_page_can_make_lead_here(host: str) -> None:
    assert allows_host(host, set(), loopback=False)
    assert allows_host(host, {"decoder.example"}, loopback=False), "health checks go by address"


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.7.evil.example:8000", "decoder.lan", "."])
def test_and_by_no_name_that_one_can(host: str) -> None:
    assert not allows_host(host, set(), loopback=False)


@pytest.mark.parametrize(
    "text", ["dash.example", "https://", "ws://a", "https://a/b", "https://a:b"]
)
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match=r"origin|port|Port"):
        normal_origin(text)
