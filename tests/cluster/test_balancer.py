"""What is tried is what is deployed: the settings of deploy/haproxy.cfg, line by line."""

import signal
import socketserver
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
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


# --- its end ---------------------------------------------------------------------------------


class _Endless(socketserver.StreamRequestHandler):
    """Answers a look at its health; anything else gets an event stream without end."""

    ended = threading.Event()

    def handle(self) -> None:
        path = self.rfile.readline().split()[1]
        while self.rfile.readline().strip():
            pass
        if path == b"/healthz":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n")
        with suppress(OSError):  # the balancer hangs up in the end
            while not self.ended.wait(1):
                self.wfile.write(b": still here\n\n")


@contextmanager
def endless_stream() -> Iterator[int]:
    """A server of such streams; its port."""
    _Endless.ended.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Endless) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            _Endless.ended.set()
            server.shutdown()
            thread.join()


@pytest.mark.usefixtures("installed")
def test_it_ends_when_it_is_told_to_though_streams_are_open(tmp_path: Path) -> None:
    """By SIGUSR1, as its image is stopped: without `hard-stop-after` it waits for the streams."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with (
        endless_stream() as port,
        balancer.running(tmp_path, [port]) as running,
        opener.open(f"{running.url}/stream", timeout=30) as stream,
    ):
        assert stream.readline() == b": hello\n"
        process = psutil.Process(running.pid)
        process.send_signal(signal.SIGUSR1)
        assert process.wait(timeout=60) == 0
