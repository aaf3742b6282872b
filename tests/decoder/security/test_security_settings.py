"""Settings of security: what they may be, and that defaults leave no door open."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from narrowcast_decoder import server
from narrowcast_decoder.commands import security_options
from narrowcast_decoder.security.assembly import assemble
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.settings import SecuritySettings
from narrowcast_decoder.security.token_file import parse_tokens
from narrowcast_decoder.settings import DecoderSettings, read_settings
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.errors import SettingsError

SECRET = "a-secret-of-24-characters"
BEYOND = ["0.0.0.0", "::", "192.168.1.4", "decoder.example", ""]


@pytest.mark.parametrize("host", BEYOND)
def test_beyond_this_machine_tokens_are_asked_for(host: str) -> None:
    with pytest.raises(SettingsError, match="--open-to-everyone"):
        assemble(SecuritySettings(), host, SystemClock())


@pytest.mark.parametrize("host", BEYOND)
def test_or_plain_words(host: str, caplog: pytest.LogCaptureFixture) -> None:
    security = assemble(SecuritySettings(open_to_everyone=True), host, SystemClock())
    assert security.keyring.is_open
    assert "everybody" in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_nothing_is_asked(host: str, caplog: pytest.LogCaptureFixture) -> None:
    assert assemble(SecuritySettings(), host, SystemClock()).keyring.is_open
    assert caplog.text == ""


def test_tokens_without_tls_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    settings = SecuritySettings(publish_token=SECRET)  # type: ignore[arg-type]
    assert not assemble(settings, "0.0.0.0", SystemClock()).keyring.is_open
    assert "unencrypted" in caplog.text


def test_secrets_of_the_environment_are_one_right_each_and_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NARROWCAST_SUBSCRIBE_TOKEN", SECRET)
    settings = read_settings()
    (token,) = settings.fixed_tokens
    assert token.name == "subscribe of the settings"
    assert list(token.scopes) == ["subscribe"]
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())


def test_one_secret_may_be_given_for_several_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARROWCAST_SUBSCRIBE_TOKEN", SECRET)
    monkeypatch.setenv("NARROWCAST_PUBLISH_TOKEN", SECRET)
    (token,) = read_settings().fixed_tokens
    assert set(token.scopes) == {"publish", "subscribe"}


def test_the_server_believes_no_proxy_on_its_own() -> None:
    """uvicorn would take a forwarded address from whoever is on loopback."""
    settings = DecoderSettings()
    security = assemble(settings, settings.host, SystemClock())
    config = server._uvicorn_config(FastAPI(), security)
    assert config.proxy_headers is False
    assert config.access_log is False


@pytest.mark.parametrize("weak", ["short", "with a space in the middle", "ümläut-is-no-character"])
def test_a_weak_secret_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, weak: str
) -> None:
    monkeypatch.setenv("NARROWCAST_ADMIN_TOKEN", weak)
    with pytest.raises(SettingsError, match="check NARROWCAST_ADMIN_TOKEN") as raised:
        read_settings()
    assert weak not in str(raised.value)


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("allow_origin", "dash.example", "is no origin"),
        ("allow_host", "dash.example:8000", "without a port"),
        ("trusted_proxy", "proxy.example", "does not appear to be"),
        ("max_connections", "0", "greater than or equal to 1"),
        ("max_requests_per_s", "-1", "greater than 0"),
        ("tls_cert", "cert.pem", "belong together"),
    ],
)
def test_a_wrong_one_is_named(setting: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read_settings(**{setting: value})


def test_a_certificate_that_is_none_is_told_before_anything_starts(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    settings = SecuritySettings(tls_cert=cert, tls_key=key)
    with pytest.raises(SettingsError, match="check --tls-cert"):
        assemble(settings, "127.0.0.1", SystemClock())
    cert.write_text("no certificate")
    key.write_text("no key")
    with pytest.raises(SettingsError, match="no certificate and its key"):
        assemble(settings, "127.0.0.1", SystemClock())


def test_every_setting_has_a_flag_but_secrets() -> None:
    options = {option for add in security_options.ACCESS for option in [_name(add)]}
    secrets = {name for name in SecuritySettings.model_fields if name.endswith("_token")}
    assert options | set(security_options.LIMITS) == set(SecuritySettings.model_fields) - secrets
    assert len(secrets) == 5


def _name(add: object) -> str:
    def command() -> None: ...

    add(command)  # type: ignore[operator]
    (option,) = command.__click_params__  # type: ignore[attr-defined]
    return str(option.name)


def test_every_limit_has_its_setting_its_default_and_its_line() -> None:
    assert DecoderSettings().admission == Limits()
    shown = security_options.LIMITS
    for name, default in Limits()._asdict().items():
        written = "2M" if default == 2_000_000 else f"{default:g}"
        written += "s" if name == "request_s" else ""
        assert f"; {written} by default" in shown[f"max_{name}"].replace(", more wait", ""), name


def test_the_documented_limits_are_those_there_are() -> None:
    text = (Path(__file__).parents[3] / "docs/operations.md").read_text()
    rows = dict(re.findall(r"^\| `(max_\w+)` \| (\S+) \|", text, re.MULTILINE))
    assert set(rows) == {f"max_{name}" for name in Limits._fields}
    assert read_settings(**rows).admission == Limits()


def test_the_documented_settings_and_tokens_are_such(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs/operations.md").read_text()
    settings, tokens = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    config = tmp_path / "narrowcast.toml"
    config.write_text(settings)
    assert read_settings(config).max_sessions == 200
    (token,) = parse_tokens(tokens.encode(), "the document")
    assert token.sessions == ("clinic-*",)
