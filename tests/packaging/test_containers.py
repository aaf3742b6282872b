"""The container files, as far as no Docker engine is needed: their commands, users and ports."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

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


def test_each_service_is_built_here_and_calls_what_exists(
    compose: dict[str, Any], command_lines: ModuleType
) -> None:
    assert set(compose["services"]) == {"decoder", "encoder"}
    for name, service in compose["services"].items():
        assert service["build"]["dockerfile"] == f"{name}/Dockerfile"
        assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert json.loads(last(f"{name}/Dockerfile", "ENTRYPOINT")) == ["narrowcast"]
        called = command_lines.check(service["command"])
        assert called.name == {"decoder": "serve", "encoder": "encode"}[name]


def test_no_port_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    published = [port for one in compose["services"].values() for port in one.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"]


def test_the_series_is_on_the_named_volume(compose: dict[str, Any]) -> None:
    (mount,) = compose["services"]["decoder"]["volumes"]
    volume, _, folder = mount.partition(":")
    assert volume in compose["volumes"]
    stores = [rest for word, rest in instructions("decoder/Dockerfile") if word == "ENV"]
    assert f"NARROWCAST_STORE={folder}/series.sqlite" in stores
    assert "--store" not in compose["services"]["decoder"]["command"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_is_slim_constrained_and_not_root(
    dockerfile: str, command_lines: ModuleType
) -> None:
    extra = dockerfile.partition("/")[0]
    assert re.fullmatch(r"python:\S+-slim", last(dockerfile, "FROM"))
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last(dockerfile, "USER"))
    installs = [rest for word, rest in instructions(dockerfile) if word == "RUN" and "pip" in rest]
    ours = [line for line in installs if f"'.[{extra}]'" in line]
    assert len(ours) == 1
    assert "--constraint constraints.txt" in ours[0]
    assert all(
        f"[{other}]" not in line for line in installs for other in {"decoder", "encoder"} - {extra}
    )
    command_lines.check(json.loads(last(dockerfile, "CMD")))


def test_the_encoder_s_image_has_the_sample_clip() -> None:
    text = (ROOT / "encoder/Dockerfile").read_text()
    assert sample.INSTALL.removeprefix("pip install ") in text


def test_the_build_context_holds_what_the_wheel_is_built_from() -> None:
    rules = (ROOT / ".dockerignore").read_text().split("\n")
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    assert "*" in rules
    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt"} <= kept
    packages = {path.parents[1].name for path in ROOT.glob("*/narrowcast_*/py.typed")}
    assert len(packages) == 5
    assert packages <= kept


def test_the_health_check_tells_a_decoder_from_none(tmp_path: Path) -> None:
    check = last("decoder/Dockerfile", "HEALTHCHECK").partition(" CMD ")[2]
    _, *arguments = json.loads(check)
    proxied = {**os.environ, "http_proxy": "http://127.0.0.1:9"}

    def status(port: int) -> int:
        environment = {**proxied, "NARROWCAST_PORT": str(port)}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, timeout=30, check=False
        ).returncode

    port = free_port()
    assert status(port) == 1
    with processes.decoder(tmp_path, port=port):
        assert status(port) == 0
