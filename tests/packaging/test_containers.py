"""The container files, as far as no Docker engine is needed: their commands, users and ports.

`make containers` starts them; what that needs, and says where it is missing, is tested here too.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from narrowcast_decoder.bus.address import parse_bus
from narrowcast_decoder.security.addresses import is_of, parse_network
from narrowcast_decoder.settings import DecoderSettings
from narrowcast_encoder.sources import sample
from narrowcast_lab import processes
from narrowcast_lab.free_port import free_port

ROOT = Path(__file__).parents[2]
DOCKERFILES = ("decoder/Dockerfile", "encoder/Dockerfile")


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """(INSTRUCTION, the rest) of each, without comments, continued lines joined."""
    lines = (ROOT / dockerfile).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    pairs = (line.split(maxsplit=1) for line in text.replace("\\\n", " ").splitlines() if line)
    return [(word.upper(), " ".join(rest.split())) for word, rest in pairs]


def last(dockerfile: str, instruction: str) -> str:
    return [rest for word, rest in instructions(dockerfile) if word == instruction][-1]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return document


BUILT = {"decoder": "serve", "encoder": "encode"}
"""Services of our own images, and the command that each calls."""


def test_each_service_of_ours_is_built_here_and_calls_what_exists(
    compose: dict[str, Any], command_lines: ModuleType
) -> None:
    built = {name: one for name, one in compose["services"].items() if "build" in one}
    assert set(built) == set(BUILT)
    for name, service in built.items():
        assert service["build"]["dockerfile"] == f"{name}/Dockerfile"
        assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert json.loads(last(f"{name}/Dockerfile", "ENTRYPOINT")) == ["narrowcast"]
        assert command_lines.check(service["command"]).name == BUILT[name]


def test_every_service_is_hardened(compose: dict[str, Any]) -> None:
    hardened = compose["x-hardened"]
    assert hardened["cap_drop"] == ["ALL"]
    assert hardened["read_only"] is True
    for name, service in compose["services"].items():
        assert hardened.items() <= service.items()
        if name not in BUILT:  # ours say it in their images
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
            assert re.fullmatch(r"\S+:v?\d\S*", service["image"]), "a version is named"
        if name != "encoder":
            assert name == "decoder" or service["healthcheck"]["test"][0] == "CMD"


def test_no_port_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    published = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert published == {
        "balancer": ["127.0.0.1:${NARROWCAST_PORT:-8000}:8000"],
        "prometheus": ["127.0.0.1:${PROMETHEUS_PORT:-9090}:9090"],
    }


def test_what_the_environment_changes_is_explained_and_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    explained, _, settings = text.partition("\nname: ")
    variables = set(re.findall(r"\$\{(\w+)", settings))
    assert "NARROWCAST_MAX_AGE" in variables
    assert variables <= set(re.findall(r"[A-Z_]{4,}", explained))
    assert len(re.findall(r"\$\{\w+:-[^}]*\}", settings)) == settings.count("$")


def test_what_is_kept_has_limits(compose: dict[str, Any]) -> None:
    """The encoder never ends, and the series is in memory."""
    limits = compose["services"]["decoder"]["environment"]
    defaults = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", text) for name, text in limits.items()}
    assert defaults == {"NARROWCAST_MAX_AGE": "30d", "NARROWCAST_MAX_BYTES": "1G"}
    settings = DecoderSettings(max_age=defaults["NARROWCAST_MAX_AGE"])
    assert settings.max_age == 30 * 86400


def test_decoders_can_be_scaled(compose: dict[str, Any]) -> None:
    """Nothing of a decoder is there once only: no port, no name, no file of its own."""
    decoder = compose["services"]["decoder"]
    assert not {"ports", "container_name", "volumes"} & decoder.keys()
    assert decoder["deploy"]["replicas"] >= 2
    bus = parse_bus(option(decoder["command"], "--bus"))
    assert bus.shown == "redis://valkey:6379/0"
    encoder = compose["services"]["encoder"]["command"]
    assert option(encoder, "--to") == "http://balancer:8000"


def option(command: list[str], name: str) -> str:
    """What follows an option."""
    return command[command.index(name) + 1]


def test_the_series_are_on_a_named_volume_and_on_the_disk_before_they_are_acknowledged(
    compose: dict[str, Any],
) -> None:
    valkey = compose["services"]["valkey"]
    (mount,) = valkey["volumes"]
    assert mount.partition(":")[0] in compose["volumes"]
    assert option(valkey["command"], "--appendonly") == "yes"
    assert option(valkey["command"], "--appendfsync") == "always"


def test_the_balancer_is_believed_wherever_docker_puts_it(compose: dict[str, Any]) -> None:
    """No subnet is fixed, which a second project on the machine could not have."""
    assert "networks" not in compose
    words = compose["services"]["decoder"]["command"]
    options = pairwise(words)
    trusted = [parse_network(value) for name, value in options if name == "--trusted-proxy"]
    # Docker's default-address-pools, and Swarm's.
    for address in ("172.17.0.2", "172.31.255.254", "192.168.240.3", "10.0.1.4"):
        assert is_of(address, trusted)
    for address in ("8.8.8.8", "172.32.0.1", "192.169.0.1", "127.0.0.1", "::1"):
        assert not is_of(address, trusted)


def test_viewers_are_told_an_address_that_this_machine_knows(compose: dict[str, Any]) -> None:
    command = compose["services"]["encoder"]["command"]
    port = compose["services"]["balancer"]["ports"][0].split(":", 1)[1].rpartition(":")[0]
    assert option(command, "--public-url") == f"http://localhost:{port}"


def test_a_file_that_is_mounted_is_there(compose: dict[str, Any]) -> None:
    mounts = [m for one in compose["services"].values() for m in one.get("volumes", [])]
    files = [mount.partition(":")[0] for mount in mounts if mount.startswith("./")]
    assert sorted(files) == ["./deploy/haproxy.cfg", "./deploy/prometheus.yml"]
    assert all((ROOT / file).is_file() for file in files)


def test_prometheus_asks_every_decoder() -> None:
    settings = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())
    (job,) = settings["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert (found["names"], found["type"], found["port"]) == (["decoder"], "A", 8000)


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed")
def test_the_balancer_understands_its_file() -> None:
    told = subprocess.run(
        ["haproxy", "-c", "-f", ROOT / "deploy/haproxy.cfg"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "WARNING" not in told.stderr


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_image_s_user_and_group_have_names(dockerfile: str) -> None:
    uid, gid = last(dockerfile, "USER").split(":")
    made = last(dockerfile, "RUN")
    assert re.search(rf"groupadd .*--gid {gid} (\w+) ", made)[1] == "narrowcast"  # type: ignore[index]
    assert re.search(rf"useradd --uid {uid} --gid narrowcast .*narrowcast\b", made)


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_is_slim_constrained_and_not_root(
    dockerfile: str, command_lines: ModuleType
) -> None:
    component = dockerfile.partition("/")[0]
    extras = {"decoder": "decoder,bus", "encoder": "encoder"}[component]
    assert re.fullmatch(r"python:\S+-slim", last(dockerfile, "FROM"))
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last(dockerfile, "USER"))
    installs = [rest for word, rest in instructions(dockerfile) if word == "RUN" and "pip" in rest]
    ours = [line for line in installs if f"'.[{extras}]'" in line]
    assert len(ours) == 1
    assert "--constraint constraints.txt" in ours[0]
    others = {"decoder", "encoder"} - {component}
    assert not any(f"[{other}" in line for line in installs for other in others)
    command_lines.check(json.loads(last(dockerfile, "CMD")))


def test_the_encoder_s_image_has_what_the_source_sample_reads() -> None:
    installs = [rest for word, rest in instructions("encoder/Dockerfile") if word == "RUN"]
    (ours,) = [line for line in installs if "--no-deps" in line]
    assert set(sample.INSTALL.split()) <= set(ours.split())


def test_the_build_context_holds_what_the_wheel_is_built_from() -> None:
    rules = (ROOT / ".dockerignore").read_text().split("\n")
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    assert "*" in rules
    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt"} <= kept
    packages = {path.parents[1].name for path in ROOT.glob("*/narrowcast_*/py.typed")}
    assert len(packages) == 6
    assert packages <= kept


def test_the_health_check_tells_a_decoder_from_none(tmp_path: Path) -> None:
    check = last("decoder/Dockerfile", "HEALTHCHECK").partition(" CMD ")[2]
    _, *arguments = json.loads(check)
    proxied = {**os.environ, "http_proxy": "http://127.0.0.1:9"}

    def status(port: int) -> int:
        environment = {**proxied, "NARROWCAST_PORT": str(port)}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, timeout=90, check=False
        ).returncode

    port = free_port()
    assert status(port) == 1
    with processes.decoder(tmp_path, port=port):
        assert status(port) == 0


# --- make containers -------------------------------------------------------------------------


def tools(folder: Path, *missing: str, **instead: str) -> dict[str, str]:
    """An environment whose PATH has what the scripts call, but for some that are missing or say
    something else.
    """
    names = {"bash", "cat", "dirname", "env", "id", "mmdebstrap", "realpath", "sed", "uname"}
    for name in names - set(missing) - set(instead):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    (folder / "python3").symlink_to(sys.executable)
    for name, said in instead.items():
        (folder / name).write_text(f"#!/bin/sh\n{said}\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder), "HOME": str(folder)}


@pytest.mark.parametrize(
    ("missing", "instead", "reason"),
    [
        ((), {"uname": "echo Darwin"}, "this is not Debian"),
        ((), {"uname": "echo Linux", "id": "echo 1000"}, "that takes root"),
        (("mmdebstrap",), {"uname": "echo Linux", "id": "echo 0"}, "there is no mmdebstrap"),
        (("docker",), {"python3.11": "exit 1", "mmdebstrap": "", "id": "echo 0"}, "python3.11"),
        ((), {"docker": "[ $1 = version ]"}, "`docker compose` is not installed"),
        (
            (),
            {"docker": "[ $1 = version ] || [ $1 = compose ]"},
            "valkey/valkey:9 is not here, and no registry serves it",
        ),
    ],
)
def test_where_the_containers_cannot_be_tried_it_says_why(
    missing: tuple[str, ...], instead: dict[str, str], reason: str, tmp_path: Path
) -> None:
    if "docker" not in instead and not Path("/etc/debian_version").exists():
        reason = "this is not Debian"
    ended = subprocess.run(
        [ROOT / "deploy/try_containers.sh"],
        env=tools(tmp_path, *missing, **instead),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 3, ended
    assert len(ended.stderr.splitlines()) == 1
    assert reason in ended.stderr


@pytest.mark.parametrize("script", ["try_containers.sh", "debian_engine.sh"])
def test_a_script_explains_itself(script: str, tmp_path: Path) -> None:
    arguments = ["--help"] if script == "try_containers.sh" else []
    ended = subprocess.run(
        [ROOT / "deploy" / script, *arguments],
        env=tools(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == (0 if arguments else 2)
    assert f"deploy/{script}" in ended.stdout
    assert "set -e" not in ended.stdout
    text = (ROOT / "deploy" / script).read_text()
    variables = set(re.findall(r"\$\{(\w+):-[^}1]", text)) - {"1"}
    assert all(name in ended.stdout for name in variables)
