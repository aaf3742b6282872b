"""Addresses of a bus: what they may be, and that no password is shown."""

import pytest

from narrowcast_decoder.bus.address import parse_bus
from narrowcast_shared.errors import SettingsError


@pytest.mark.parametrize(
    ("url", "shown", "database"),
    [
        ("redis://localhost", "redis://localhost:6379/0", 0),
        ("valkey://valkey:7000/3", "valkey://valkey:7000/3", 3),
        ("rediss://me:secret@host/1", "rediss://host:6379/1", 1),
        ("valkeys://:secret@host:1?db=2", "valkeys://host:1/2", 2),
        ("redis://[::1]:6380/0", "redis://::1:6380/0", 0),
        ("unix:///run/valkey.sock?db=4", "unix:///run/valkey.sock", 4),
    ],
)
def test_what_an_address_may_be(url: str, shown: str, database: int) -> None:
    address = parse_bus(url)
    assert (address.shown, address.database) == (shown, database)
    assert address.connection["db"] == database
    assert "secret" not in address.shown


def test_user_and_password_are_for_the_connection() -> None:
    connection = parse_bus("redis://me:s%2Fcret@host").connection
    assert (connection["username"], connection["password"]) == ("me", "s/cret")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("localhost:6379", "begins with none of redis"),
        ("http://host", "begins with none of redis"),
        ("redis://", "names no host"),
        ("redis://:secret@host:65999999", "is no URL"),
        ("redis://:secret@host/first", "names no database: 'first'"),
        ("redis://:secret@host?socket_timeout=1", "unknown option 'socket_timeout'"),
    ],
)
def test_what_it_may_not_be(url: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        parse_bus(url)
    assert "secret" not in str(caught.value)
