"""Settings of the service: how limits are written, and what is said of wrong ones."""

import pytest

from narrowcast_decoder.settings import read_settings
from narrowcast_decoder.store.retention import Limits
from narrowcast_shared.errors import SettingsError


def test_nothing_is_deleted_by_default() -> None:
    assert read_settings().limits == Limits(None, None, None)


@pytest.mark.parametrize(
    ("age", "age_s"), [("30d", 2_592_000), ("12h", 43_200), ("90m", 5400), ("600s", 600)]
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
        ("max_age", "30", "a time is written like 30d"),
        ("max_age", "10s", "greater than or equal to 300"),
        ("max_bytes", "much", "a number is written like 500k, 20M or 10G"),
        ("max_samples", "0", "greater than or equal to 1"),
        ("precision", "int8", "should be 'auto', 'float32' or 'bfloat16'"),
        ("log_format", "xml", "should be 'text' or 'json'"),
    ],
)
def test_a_wrong_one_is_named(setting: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(**{setting: value})
    assert told in str(raised.value)
    assert f"--{setting.replace('_', '-')} and NARROWCAST_{setting.upper()}" in str(raised.value)
