"""Builds and starts docker-compose.yml, checks what must hold of it, and removes it again.

`deploy/try_containers.sh` calls this once `docker` reaches an engine. The services run in compose
projects of their own, on ports that are free, and are looked at as users see them: over HTTP, by
`docker`, and by what they print. Each check prints one line; the first that fails ends the run with
the services' last words and exit status 1. Only the standard library is used.
"""

import argparse
import contextlib
import ipaddress
import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

STOP_LIMIT_S = 3.0
"""A service ends so soon after it is told to, on a machine that has nothing else to do."""

WAIT_S = 120.0
START_S = 300
USER = "uid=10001(narrowcast) gid=10001(narrowcast) groups=10001(narrowcast)"
SESSION = "sample"


class CheckError(Exception):
    """Something does not hold."""


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def require(holds: object, what: str) -> None:
    """Raises CheckError where it does not hold."""
    if not holds:
        raise CheckError(f"this does not hold: {what}")
    say(f"ok: {what}")


def wait_for(what: str, holds: Callable[[], object], seconds: float = WAIT_S) -> None:
    """Ask until it holds; an answer that does not come is asked for again, too."""
    deadline_s = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if holds():
                return say(f"ok: {what}")
        if time.monotonic() > deadline_s:
            raise CheckError(f"not within {seconds:g} s: {what}")
        time.sleep(0.5)


def docker(*arguments: str, **environment: str) -> str:
    """What `docker ARGUMENTS` prints; environment: added to ours. Raises CheckError."""
    done = subprocess.run(
        ["docker", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        told = f"{done.stdout}\n{done.stderr}".strip()[-3000:]
        raise CheckError(f"`docker {' '.join(arguments)}` exits with {done.returncode}:\n{told}")
    return done.stdout.strip()


def fails(*arguments: str) -> bool:
    """Whether `docker ARGUMENTS` does."""
    try:
        docker(*arguments)
    except CheckError:
        return True
    return False


def free_port() -> int:
    """A port that nobody listens on; somebody else may take it before a container does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def get(url: str, accept: str = "application/json") -> str:
    """The body of an answer; proxies of the environment are passed by. Raises OSError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers={"Accept": accept})
    with opener.open(request, timeout=5) as answer:
        text: str = answer.read().decode()
        return text


class Project:
    """docker-compose.yml as a project. settings: what it takes from the environment."""

    def __init__(self, name: str, **settings: str) -> None:
        self.name = name
        ports = {"NARROWCAST_PORT": str(free_port()), "PROMETHEUS_PORT": str(free_port())}
        self.settings = {**ports, **settings}
        self.url = f"http://localhost:{ports['NARROWCAST_PORT']}"
        self.prometheus_url = f"http://localhost:{ports['PROMETHEUS_PORT']}"

    def compose(self, *arguments: str) -> str:
        file = ("--file", "docker-compose.yml", "--project-name", self.name)
        return docker("compose", *file, *arguments, **self.settings)

    def start(self, *options: str) -> None:
        wait = ("--wait", "--wait-timeout", str(START_S))
        try:
            self.compose("up", "--detach", *wait, *options)
        except CheckError as error:
            logs = self.compose("logs", "--no-color", "--tail", "5")
            raise CheckError(f"{error}\n{logs}") from None

    def remove(self) -> None:
        options = ("--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "5")
        self.compose("down", *options)

    def containers(self, service: str = "") -> list[str]:
        """Names of its containers, those that have ended too."""
        services = (service,) if service else ()
        return self.compose("ps", "--all", "--format", "{{.Name}}", *services).split()

    def session(self) -> dict[str, Any]:
        """What the API tells of the session that the encoder publishes. Raises OSError."""
        sessions = json.loads(get(f"{self.url}/v1/sessions"))["sessions"]
        for one in sessions:
            if one["session"] == SESSION:
                found: dict[str, Any] = one
                return found
        raise OSError("it is not there yet")

    def check_series(self, decoders: int) -> None:
        """The page, the series and the metrics, through the balancer as from this machine."""
        wait_for("the live page is there", lambda: "<main>" in get(f"{self.url}/", "text/html"))
        wait_for("the session is live", lambda: self.session()["state"] == "live")
        before = self.session()["by_status"]["ok"]
        wait_for("faces are read", lambda: self.session()["by_status"]["ok"] > before + 20)
        wait_for(f"Prometheus scrapes {decoders} decoders", lambda: self.scraped() == decoders)
        one = self.session()
        none_lost = one["by_status"]["lost"] == 0
        all_there = one["samples"] == one["last_id"] - one["first_id"] + 1
        require(none_lost and all_there, f"each of {one['last_id']} frames has its sample")

    def scraped(self) -> int:
        """How many decoders Prometheus reads; 0 while one that it knows does not answer."""
        told = json.loads(get(f"{self.prometheus_url}/api/v1/targets"))
        health = [target["health"] for target in told["data"]["activeTargets"]]
        return len(health) if set(health) == {"up"} else 0

    def stop(self, service: str) -> None:
        """It ends by itself, soon, with 0; what it was doing goes on once it is started again."""
        began_s, limit_s = time.time(), stop_limit_s()
        self.compose("stop", "--timeout", str(math.ceil(limit_s)), service)
        for name in self.containers(service):
            check_stopped(name, began_s, limit_s)
        self.compose("start", service)
        wait_for(f"{service} is healthy again", lambda: self.is_healthy(service))

    def is_healthy(self, service: str) -> bool:
        """Whether all containers run, and those with a health check are well."""
        status = "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"
        told = [docker("inspect", "--format", status, one) for one in self.containers(service)]
        return all(one.strip() in {"running healthy", "running"} for one in told)


def stop_limit_s() -> float:
    """Until a service has ended: longer where more programs want to run than there are cores."""
    return STOP_LIMIT_S * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def check_stopped(name: str, began_s: float, limit_s: float) -> None:
    """It has ended with 0, in time. began_s: Unix time at which it was told to.

    What Docker had to kill after the limit has ended with 137.
    """
    status, at = docker(
        "inspect", "--format", "{{.State.ExitCode}} {{.State.FinishedAt}}", name
    ).split()
    took_s = datetime.fromisoformat(at).timestamp() - began_s
    told = f"{name} stops within {limit_s:.0f} s: in {took_s:.1f} s, with status {status}"
    require(status == "0" and took_s <= limit_s, told)


# --- what is checked, in its order -------------------------------------------------------------


def check_images(project: Project) -> None:
    """Who the images run as, and what is not in them."""
    for component, absent in (
        ("encoder", "torch fastapi uvicorn IPython"),
        ("decoder", "torch cv2 IPython msgpack"),
    ):
        image = f"{project.name}-{component}"
        run = ("run", "--rm", "--network", "none", "--entrypoint")
        require(docker(*run, "id", image) == USER, f"the {component}'s user and group have names")
        find = f"import importlib.util as u; print(*filter(u.find_spec, '{absent}'.split()))"
        require(docker(*run, "python", image, "-c", find) == "", f"{component}: no {absent}")
    target = ("--target", "build", "--tag", f"{project.name}-source")
    pip_args = ("--build-arg", f"PIP_ARGS={os.environ.get('PIP_ARGS', '')}")
    docker("build", "--quiet", *target, *pip_args, "--file", "encoder/Dockerfile", ".")
    try:
        sent = docker("run", "--rm", f"{project.name}-source", "ls", "-A", "/source").split()
    finally:
        docker("image", "rm", "--force", f"{project.name}-source")
    rules = (ROOT / ".dockerignore").read_text().split()
    require(sorted(sent) == sorted(r[1:] for r in rules if r[0] == "!"), "nothing else was sent")


def check_hardening(project: Project) -> None:
    """No root, no capabilities, no new privileges, and nothing to write to but /tmp."""
    for name in project.containers():
        status = docker("exec", name, "cat", "/proc/1/status")
        limits = (r"^Uid:\s+[1-9]", r"^Cap(Bnd|Eff):\s+0+$", r"^NoNewPrivs:\s+1")
        held = all(re.search(limit, status, flags=re.MULTILINE) for limit in limits)
        held = held and fails("exec", name, "touch", "/written")
        require(held, f"{name} has no privileges, and a root that is read-only")


def check_addresses(project: Project) -> None:
    """What the encoder prints leads there from here; decoders trust the balancer's address."""
    logs = project.compose("logs", "--no-color", "--no-log-prefix", "encoder")
    printed = re.findall(r"--decoder (\S+)", logs)
    require(set(printed) == {project.url}, f"the encoder prints {', '.join(printed)}")
    require(get(f"{printed[0]}/v1/sessions/{SESSION}"), "which answers here")
    config = json.loads(project.compose("config", "--format", "json"))
    words = config["services"]["decoder"]["command"]
    trusted = [
        ipaddress.ip_network(words[n + 1]) for n, w in enumerate(words) if w == "--trusted-proxy"
    ]
    (balancer,) = project.containers("balancer")
    every = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    address = ipaddress.ip_address(docker("inspect", "--format", every, balancer))
    require(any(address in network for network in trusted), f"the balancer, {address}, is trusted")


def check_restarts(project: Project, decoders: int) -> None:
    """Each service stops in time while streams are open, and no frame is lost when it is back."""
    for service in ("balancer", "decoder", "valkey", "prometheus", "encoder"):
        say(f"stopping and starting {service}")
        project.stop(service)
        project.check_series(decoders)
    told = project.compose("logs", "--no-color", "decoder")
    published = re.findall(r"(decoder-\d+) +\| (\S+) .*published from frame", told)
    _, where = max((at, container) for container, at in published)
    (name,) = [one for one in project.containers("decoder") if one.endswith(where)]
    say(f"restarting {name}, which the encoder is connected to")
    docker("restart", name)
    project.check_series(decoders)


def check_second(first: Project) -> None:
    """A project beside the first, with another limit on what it keeps."""
    second = Project(f"{first.name}-second", NARROWCAST_MAX_AGE="1h")
    say("starting a second project beside the first")
    try:
        second.start("--build", "--scale", "decoder=1")
        second.check_series(1)
        check_addresses(second)
        (decoder,) = second.containers("decoder")
        kept = docker("exec", decoder, "printenv", "NARROWCAST_MAX_AGE")
        require(kept == "1h", f"it keeps what its environment says, {kept}")
    finally:
        second.remove()
    first.check_series(4)


def check_decoder_alone(project: Project) -> None:
    """A decoder with tokens and its series in a volume, as decoder/Dockerfile says."""
    name = f"{project.name}-alone"
    secret = os.urandom(16).hex()
    secrets = [f"--env=NARROWCAST_{right}_TOKEN={secret}" for right in ("PUBLISH", "SUBSCRIBE")]
    hardened = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL")
    try:
        volume = ("--volume", f"{name}:/var/lib/narrowcast")
        image = f"{project.name}-decoder"
        run = ("run", "--detach", "--name", name, *volume, *hardened, *secrets)
        docker(*run, image, "serve", "--host", "0.0.0.0")  # noqa: S104 - of the container
        health = ("inspect", "--format", "{{.State.Health.Status}}", name)
        wait_for("a decoder alone is healthy", lambda: docker(*health) == "healthy", START_S)
        docker("exec", name, "test", "-s", "/var/lib/narrowcast/series.sqlite")
        began_s, limit_s = time.time(), stop_limit_s()
        docker("stop", "--time", str(math.ceil(limit_s)), name)
        check_stopped(name, began_s, limit_s)
    finally:
        fails("rm", "--force", "--volumes", name)
        fails("volume", "rm", name)


@contextlib.contextmanager
def timed(figures: dict[str, str], what: str) -> Iterator[None]:
    """Note how long the block takes."""
    began_s = time.monotonic()
    yield
    figures[what] = f"{time.monotonic() - began_s:.0f} s"


def check_all(project: Project) -> dict[str, str]:
    """Everything; what it took."""
    figures: dict[str, str] = {}
    project.compose("config", "--quiet")
    say("building")
    with timed(figures, "build"):
        project.compose("build")
    check_images(project)
    say("starting")
    with timed(figures, "start, until all are healthy"):
        project.start()
    project.check_series(2)
    check_hardening(project)
    check_addresses(project)
    say("scaling to four decoders")
    with timed(figures, "two more decoders"):
        project.start("--scale", "decoder=4")
    project.check_series(4)
    check_restarts(project, 4)
    check_second(project)
    check_decoder_alone(project)
    for component in ("encoder", "decoder"):
        size = docker("image", "inspect", "--format", "{{.Size}}", f"{project.name}-{component}")
        figures[f"image of the {component}"] = f"{int(size) / 1e6:.0f} MB"
    return figures


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave the services running")
    keep = parser.parse_args().keep
    project = Project(f"narrowcast-try-{os.getpid()}")
    try:
        for what, figure in check_all(project).items():
            say(f"{what}: {figure}")
    except CheckError as error:
        say(f"failed: {error}")
        with contextlib.suppress(CheckError):
            say(project.compose("logs", "--no-color", "--tail", "15"))
        return 1
    finally:
        if keep:
            say(f"running: {project.url}; `docker compose -p {project.name} down -v` removes it")
        else:
            with contextlib.suppress(CheckError):
                project.remove()
    say("the containers hold")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is removed then, too
    raise SystemExit(main())
