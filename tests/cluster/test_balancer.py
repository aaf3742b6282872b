"""What is tried is what is deployed: the settings of deploy/haproxy.cfg, line by line."""

import pytest

from narrowcast_lab.cluster import balancer
from narrowcast_shared.errors import LinkError

FINDS = " resolvers docker resolve-prefer ipv4 init-addr none"


def test_all_settings_are_those_that_are_deployed() -> None:
    deployed = balancer.settings()
    tried = balancer.config(deployed, 1234, [8001, 8002]).splitlines()
    before, _, after = deployed.partition("resolvers docker\n")
    kept = [*before.splitlines(), *after.partition("\n\n")[2].splitlines()]
    port = kept.index("    bind :8000")
    servers = kept.index("    server-template decoder 32 decoder:8000")
    assert tried[port] == "    bind 127.0.0.1:1234"
    assert tried[servers:] == [
        "    server decoder-0 127.0.0.1:8001",
        "    server decoder-1 127.0.0.1:8002",
    ]
    for number in set(range(servers)) - {port}:
        assert tried[number] == kept[number].removesuffix(FINDS)


def test_a_file_that_finds_its_decoders_otherwise_is_refused() -> None:
    deployed = balancer.settings().replace("server-template decoder 32", "server one")
    with pytest.raises(LinkError, match="has 0 places like"):
        balancer.config(deployed, 1234, [8001])


def test_where_there_is_no_checkout_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancer, "SETTINGS", balancer.SETTINGS / "nowhere")
    with pytest.raises(LinkError, match=r"deploy/haproxy\.cfg is not there"):
        balancer.settings()
