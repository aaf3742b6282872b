"""Settings of the service: how limits are written, and what is said of wrong ones."""

from pathlib import Path

import pytest

from narrowcast_decoder.settings import read_settings
from narrowcast_decoder.store.retention import Limits
from narrowcast_shared.errors import SettingsError


def test_nothing_is_deleted_by_default() -> None:
    assert read_settings().limits == Limits(None, None, None)


@pytest.mark.parametrize(
    ("age", "age_s"),
    [("30d", 2_592_000), ("12h", 43_200), ("90m", 5400), ("600s", 600), ("600", 600)],
)
def test_limits_are_written_with_units(age: str, age_s: float) -> None:
    settings = read_settings(max_age=age, max_samples="50M", max_bytes="1.5G")
    assert settings.limits == Limits(age_s, 50_000_000, 1_500_000_000)


def test_the_environment_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARROWCAST_MAX_AGE", "1d")
    assert read_settings().limits.age_s == 86_400


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("max_age", "30", "greater than or equal to 300"),
        ("max_age", "30 parsecs", "write it like 30s, 500ms, 2m or 1h"),
        ("max_age", "10s", "greater than or equal to 300"),
        ("max_bytes", "much", "a number is written like 500k, 20M or 10G"),
        ("max_samples", "0", "greater than or equal to 1"),
        ("precision", "bfloat16", "should be 'auto', 'float32' or 'int8'"),
        ("log_format", "xml", "should be 'text' or 'json'"),
    ],
)
def test_a_wrong_one_is_named(setting: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(**{setting: value})
    assert told in str(raised.value)
    assert f"check --{setting.replace('_', '-')}" in str(raised.value)


def test_flags_go_before_the_file_and_that_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "narrowcast.toml"
    config.write_text('port = 9001\nmax_age = "2d"\nallow_host = ["a.example", "b.example"]\n')
    for name, value in (("PORT", "9002"), ("MAX_AGE", "3d"), ("THREADS", "3")):
        monkeypatch.setenv(f"NARROWCAST_{name}", value)
    settings = read_settings(config, port=9000, max_age=None, allow_origin=())
    assert (settings.port, settings.max_age, settings.threads) == (9000, 172_800, 3)
    assert settings.allow_host == ("a.example", "b.example")


def test_lists_of_the_environment_have_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARROWCAST_TRUSTED_PROXY", "10.0.0.0/8, 192.168.1.7")
    assert list(map(str, read_settings().proxies)) == ["10.0.0.0/8", "192.168.1.7/32"]


def test_where_a_wrong_one_is_from_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "narrowcast.toml"
    config.write_text("threads = 0\n")
    with pytest.raises(SettingsError, match=rf"threads is wrong.*check threads in {config}"):
        read_settings(config)
    monkeypatch.setenv("NARROWCAST_THREADS", "many")
    with pytest.raises(SettingsError, match=r"threads is wrong.*check NARROWCAST_THREADS"):
        read_settings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("max_agee = 1\n", "unknown setting 'max_agee', did you mean 'max_age'?"),
        ("port = \n", "is no TOML"),
        ("[limits]\nport = 1\n", "unknown setting 'limits'"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str | None, told: str) -> None:
    config = tmp_path / "narrowcast.toml"
    if text is not None:
        config.write_text(text)
    with pytest.raises(SettingsError) as raised:
        read_settings(config)
    assert told in str(raised.value)
    assert str(config) in str(raised.value)


def test_previews_are_shown_unless_somebody_says_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_settings().preview
    assert not read_settings(preview=False).preview
    config = tmp_path / "narrowcast.toml"
    config.write_text("preview = false\n")
    assert not read_settings(config).preview
    monkeypatch.setenv("NARROWCAST_PREVIEW", "false")
    assert not read_settings().preview
