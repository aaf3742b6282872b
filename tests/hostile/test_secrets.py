"""Encoder, decoder and viewers with tokens and TLS, at their most talkative: who tells a secret?"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
import trustme

from narrowcast_client import decoder_at
from narrowcast_client.api import fetch_blocking
from narrowcast_decoder.security.tokens import new_secret
from narrowcast_lab import processes
from narrowcast_lab.free_port import free_port
from narrowcast_shared.errors import LinkError

CLIENT_S = 90.0


class Clinic(NamedTuple):
    """A decoder behind TLS, its folder, and the secrets of its tokens."""

    url: str
    folder: Path
    publish: str
    subscribe: str
    admin: str

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("NARROWCAST_T")}
        return kept | {"NARROWCAST_CA": str(self.ca)} | more

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command to its end; what it says is kept."""
        ended = subprocess.run(
            [sys.executable, *processes.NARROWCAST, *arguments],
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=CLIENT_S,
            check=False,
        )
        with (self.folder / "clients.log").open("a") as log:
            log.write(f"{arguments}\n{ended.stdout}{ended.stderr}")
        return ended

    def is_up(self) -> bool:
        try:
            fetch_blocking(decoder_at(self.url, ca=self.ca), f"{self.url}/healthz", 1)
        except LinkError:
            return False
        return True


@contextmanager
def clinic(folder: Path) -> Iterator[Clinic]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    served = authority.issue_cert("127.0.0.1")
    served.private_key_pem.write_to_path(str(folder / "key.pem"))
    for pem in served.cert_chain_pems:
        pem.write_to_path(str(folder / "cert.pem"), append=True)
    port = free_port()
    found = Clinic(f"https://127.0.0.1:{port}", folder, *(new_secret() for _ in range(3)))
    secrets = {
        "NARROWCAST_PUBLISH_TOKEN": found.publish,
        "NARROWCAST_SUBSCRIBE_TOKEN": found.subscribe,
        "NARROWCAST_ADMIN_TOKEN": found.admin,
    }
    command = ["serve", "-vvv", "--host", "0.0.0.0", "--port", str(port), "--max-request-s", "2"]
    command += ["--store", str(folder / "series.sqlite"), "--log-format", "json"]
    command += ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    with (folder / "decoder.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, *processes.NARROWCAST, *command],
            env=found.environment(**secrets),
            stdout=log,
            stderr=log,
        )
        try:
            deadline_s = time.monotonic() + CLIENT_S
            while not found.is_up():
                assert child.poll() is None, (folder / "decoder.log").read_text()
                assert time.monotonic() < deadline_s
                time.sleep(0.1)
            yield found
        finally:
            processes.stop(child)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with clinic(tmp_path_factory.mktemp("clinic")) as running:
        yield running


def test_no_log_no_file_and_no_process_list_tells_a_token(found: Clinic, tmp_path: Path) -> None:
    """1. An encoder publishes with a token of a file, over TLS. 2. One of the environment watches,
    lists, exports and deletes. 3. Wrong ones are refused in words. 4. Nothing has told any.
    """
    wrong = new_secret()
    token_file, folder = tmp_path / "token", found.folder
    token_file.write_text(found.publish + "\n")
    source = ["encode", "-vvv", "sample", "--to", found.url, "--session", "anna", "--loop"]
    with (folder / "encoder.log").open("ab") as log:
        encoder = subprocess.Popen(
            [sys.executable, *processes.NARROWCAST, *source, "--token-file", str(token_file)],
            env=found.environment(),
            stdout=log,
            stderr=log,
        )
    try:
        told = folder / "encoder.log"
        while "publishing sample" not in told.read_text():
            assert encoder.poll() is None, told.read_text()
            time.sleep(0.1)
        time.sleep(2)  # some frames
        assert found.publish not in " ".join(psutil.Process(encoder.pid).cmdline())
    finally:
        processes.stop(encoder)
    reading = {"NARROWCAST_TOKEN": found.subscribe}
    decoder = ["--decoder", found.url]
    watched = found.run("watch", "-vvv", "anna", "--json", "--decoder", found.url, **reading)
    assert watched.returncode == 0, watched.stderr
    assert json.loads(watched.stdout.splitlines()[0])["session"] == "anna"
    listed = found.run("sessions", "-vvv", "--json", *decoder, **reading)
    assert json.loads(listed.stdout)["session"] == "anna"
    out = str(folder / "anna.csv")
    exported = found.run("export", "-vvv", "anna", "--out", out, *decoder, **reading)
    assert exported.returncode == 0, exported.stderr
    delete = ["sessions", *decoder, "delete", "-vvv", "anna", "--yes"]
    assert found.run(*delete, **reading).returncode == 1, "it may read, and not delete"
    refused = found.run("sessions", "-vvv", *decoder, NARROWCAST_TOKEN=wrong)
    assert "does not let us in: the token is not known here" in refused.stderr
    refused = found.run("encode", "-vvv", "sample", "--to", found.url, NARROWCAST_TOKEN=wrong)
    assert refused.returncode == 1, "at once, and not after ten minutes of trying"
    assert "--token-file" in refused.stderr
    assert found.run("sessions", *decoder).returncode == 1
    gone = found.run(*delete, NARROWCAST_TOKEN=found.admin)
    assert gone.returncode == 0, gone.stderr
    secrets = [found.publish, found.subscribe, found.admin, wrong]
    files = [path for path in folder.iterdir() if path.suffix != ".pem"]
    assert {"decoder.log", "encoder.log", "clients.log", "anna.csv"} <= {p.name for p in files}
    for path in files:
        data = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in data], path
    logs = (folder / "decoder.log").read_text() + (folder / "clients.log").read_text()
    assert logs.lower().count("bearer ...") >= 2, "handshakes were logged, without what opens"


def test_a_tls_handshake_that_never_ends_is_cut(found: Clinic) -> None:
    """Whether nothing comes, or the beginning of one; who finishes it in time is served."""
    port = urlsplit(found.url).port or 0
    peers = [socket.create_connection(("127.0.0.1", port), timeout=90) for _ in range(20)]
    for peer in peers[::2]:
        peer.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50))
    assert found.is_up()
    started_s = time.monotonic()
    for peer in peers:
        with peer, suppress(ConnectionResetError):
            assert peer.recv(65536) == b""
    assert time.monotonic() - started_s < 60
    assert found.is_up()


def test_tls_is_checked(found: Clinic, tmp_path: Path) -> None:
    """A certificate of nobody that is known, and plain HTTP where TLS is spoken."""
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    for ca in (other, None):
        address = decoder_at(found.url, token=found.subscribe, ca=ca)
        with pytest.raises(LinkError, match="no TLS connection"):
            fetch_blocking(address, address.sessions_url(), 5)
    plain = decoder_at(found.url.replace("https", "http"), token=found.subscribe)
    with pytest.raises(LinkError):
        fetch_blocking(plain, plain.sessions_url(), 5)
    right = decoder_at(found.url, token=found.subscribe, ca=found.ca)
    assert json.loads(fetch_blocking(right, right.sessions_url(), 5)) == {"sessions": []}
