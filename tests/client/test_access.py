"""What opens a decoder's door: where a token may come from, and that it is shown nowhere."""

import logging
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from narrowcast_client import decoder_at
from narrowcast_client.api import fetch_blocking
from narrowcast_shared import logs
from narrowcast_shared.errors import LinkError, SettingsError
from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.access import make_access, read_access
from narrowcast_shared.remote.address import parse_address
from narrowcast_shared.see import See

SECRET = "nct_this-is-a-secret-of-nobody"
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TOKEN", "TOKEN_FILE", "CA"):
        monkeypatch.delenv(f"NARROWCAST_{name}", raising=False)
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    return path


def test_where_a_token_may_come_from(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_access(None, None, None).headers == {}
    assert read_access(SECRET, None, None).headers == BEARER
    assert read_access(None, file, None).headers == BEARER
    monkeypatch.setenv("NARROWCAST_TOKEN_FILE", str(file))
    assert read_access(None, None, None).headers == BEARER
    monkeypatch.setenv("NARROWCAST_TOKEN", "another")
    assert read_access(None, None, None).headers == {"Authorization": "Bearer another"}
    assert read_access(None, file, None).headers == BEARER, "an option goes before the environment"


def test_what_is_no_token(file: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="give one"):
        read_access(SECRET, file, None)
    with pytest.raises(SettingsError, match="check --token-file"):
        read_access(None, tmp_path / "none", None)
    for text in ("", "two words", "line\nline", "ü" * 20, "x" * 201, "a\r\nHost: evil"):
        with pytest.raises(SettingsError) as raised:
            make_access(text)
        assert not text or text not in str(raised.value)


def test_an_empty_token_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    with pytest.raises(SettingsError, match="the token is empty: `narrowcast token` makes one"):
        read_access(None, tmp_path / "token", None)


def test_a_secret_is_shown_by_no_repr() -> None:
    address = decoder_at("https://decoder.example", token=SECRET)
    assert address.headers == BEARER
    for shown in (repr(address), str(address), f"{address.access}", address.base):
        assert SECRET not in shown
    assert SECRET not in address.publish_url() + address.subscribe_url("a", 1)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://decoder.example", True),
        ("https://decoder.example", False),
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
    ],
)
def test_a_token_that_goes_out_unencrypted_is_warned_of(
    url: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    parse_address(url, make_access(SECRET))
    assert ("unencrypted" in caplog.text) is warned
    assert SECRET not in caplog.text


def test_certificates_to_trust(tmp_path: Path) -> None:
    authority, file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    context = parse_address("https://decoder", make_access(ca=file)).tls
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1, "it alone"
    assert parse_address("http://decoder", make_access(ca=file)).tls is None
    file.write_text("nothing")
    with pytest.raises(SettingsError, match="--ca"):
        _ = parse_address("https://decoder", make_access(ca=file)).tls
    with pytest.raises(SettingsError, match="--ca"):
        _ = parse_address("https://decoder", make_access(ca=tmp_path / "none")).tls


@pytest.mark.usefixtures("file")
def test_certificates_that_are_not_there_are_missed_whatever_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in (tmp_path / "none", tmp_path):
        with pytest.raises(SettingsError, match="there is no file"):
            decoder_at("http://decoder", ca=wrong)
        monkeypatch.setenv("NARROWCAST_CA", str(wrong))
        with pytest.raises(SettingsError, match="--ca or NARROWCAST_CA") as raised:
            read_access(None, None, None)
        assert raised.value.see == See.TLS
    monkeypatch.setenv("NARROWCAST_CA", "")
    assert read_access(None, None, None).ca is None


def test_a_redirect_is_not_followed() -> None:
    """It would take the token along."""
    heard = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append((self.path, self.headers["Authorization"]))
            self.send_response(307)
            self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/other")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.handle_request).start()
        address = decoder_at(f"http://127.0.0.1:{server.server_address[1]}", token=SECRET)
        with pytest.raises(LinkError):
            fetch_blocking(address, address.sessions_url(), 5)
    assert heard == [("/v1/sessions", f"Bearer {SECRET}")]


def problem(kind: str, **more: str) -> bytes:
    document = {"type": f"urn:narrowcast:problem:{kind}", "detail": "the detail", **more}
    return str(document).replace("'", '"').encode()


@pytest.mark.parametrize(
    ("status", "kind", "passing", "told"),
    [
        (401, "no-token", False, "does not let us in: the detail: name a token's file with"),
        (403, "not-allowed", False, "does not let us in: the detail: the remedy"),
        (421, "wrong-host", False, "the detail: the remedy"),
        (429, "too-many-requests", True, "the detail: the remedy"),
        (503, "too-many-connections", True, "the detail: the remedy"),
    ],
)
def test_what_the_refusals_of_a_decoder_mean(
    status: int, kind: str, passing: bool, told: str
) -> None:
    address = parse_address("http://127.0.0.1:8000")
    error = refusals.of_answer(status, problem(kind, remedy="the remedy"), address)
    assert isinstance(error, LinkError)
    assert isinstance(error, refusals.UnreachableError) is passing
    assert told in str(error)


@pytest.mark.parametrize(
    "line",
    [
        f"< Authorization: Bearer {SECRET}",
        f"> authorization: bearer {SECRET}",
        f"< Sec-WebSocket-Protocol: narrowcast.subscribe.v1, narrowcast.token.{SECRET}",
        f"GET /v1/sessions?token={SECRET}",
        "> Authorization: Bearer chosen.by_hand-0123~456",
    ],
)
def test_a_log_shows_no_token(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(3)
    try:
        for log_format in logs.LogFormat:
            logs.use(log_format)
            logging.getLogger("websockets.client").debug("%s", line)
    finally:
        logs.use(logs.LogFormat.TEXT)
        logs.configure(0)
        logging.getLogger().handlers.clear()
    shown = capsys.readouterr().err
    assert shown.count("...") == 2
    assert SECRET not in shown
    assert "chosen" not in shown
