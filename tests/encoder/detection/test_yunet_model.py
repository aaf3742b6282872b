"""The model is fetched from a real server over loopback; a stand-in has its own checksum."""

import hashlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from narrowcast_encoder.commands.detector import detector
from narrowcast_encoder.detection import yunet_model
from narrowcast_encoder.detection.yunet_model import ModelFile, install
from narrowcast_shared.errors import LinkError, NarrowcastError, SettingsError, WeightsError

CONTENT = bytes(range(256)) * 400
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Mirror(BaseHTTPRequestHandler):
    """Serves the stand-in, and what goes wrong with it, by the last part of the path.

    A proxy too: it is asked for whole URLs then, whose host it never looks up.
    """

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        what = self.path.rpartition("/")[2]
        if what == "missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if what == "other":
            self.wfile.write(CONTENT[::-1])
        elif what in ("truncated", "reset"):
            self.wfile.write(CONTENT[:40_000])
            self.wfile.flush()
            if what == "reset":  # closed with RST and not with FIN
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                os.close(self.connection.detach())
            self.close_connection = True
        else:
            self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the server was asked for."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    paths: list[str] = []
    monkeypatch.setattr(Mirror, "asked", paths, raising=False)
    return paths


@pytest.fixture
def mirror(asked: list[str]) -> Iterator[str]:
    """The URL of the server."""
    assert asked == []
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def stand_in(url: str) -> ModelFile:
    return ModelFile("stand-in.onnx", url, len(CONTENT), SHA256)


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_the_model_is_fetched_checked_and_stored(mirror: str, tmp_path: Path) -> None:
    path, steps = tmp_path / "data" / "model.onnx", []
    assert install(stand_in(f"{mirror}/whole"), path, progress=steps.append) == path
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert steps == sorted(steps)
    assert steps[-1] == len(CONTENT)


@pytest.mark.parametrize(
    ("what", "error", "told"),
    [
        ("other", WeightsError, "is not stand-in.onnx as it was tested.*--mirror"),
        ("truncated", LinkError, r"was cut off \(40000 of 102400 bytes came\): try again"),
        ("reset", LinkError, r"was cut off \(Connection reset by peer\): try again"),
        ("missing", LinkError, "answers 404"),
    ],
)
def test_a_failed_download_leaves_what_was_there(
    what: str, error: type[NarrowcastError], told: str, mirror: str, tmp_path: Path
) -> None:
    """1. An older model is there. 2. The download fails. 3. Nothing has changed."""
    path = tmp_path / "model.onnx"
    path.write_bytes(b"older")
    with pytest.raises(error, match=told):
        install(stand_in(f"{mirror}/{what}"), path)
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_no_network(asked: list[str], closed_port: int, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port}/model"
    with pytest.raises(
        LinkError, match=rf"{url} cannot be reached \(Connection refused\).*--mirror"
    ):
        install(stand_in(url), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
    assert asked == []


def test_the_proxy_of_the_environment_is_used(
    mirror: str, asked: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", mirror)
    path = install(stand_in("http://model.invalid/whole"), tmp_path / "model.onnx")
    assert path.read_bytes() == CONTENT
    assert asked == ["http://model.invalid/whole"]


def test_a_dead_proxy_is_named_without_its_password(
    closed_port: int, asked: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", f"http://anna:secret@127.0.0.1:{closed_port}")
    with pytest.raises(LinkError, match=f"by way of the proxy 127.0.0.1:{closed_port}") as raised:
        install(stand_in("http://model.invalid/whole"), tmp_path / "model.onnx")
    assert "secret" not in str(raised.value)
    assert asked == []


def test_no_proxy_leads_past_it(
    mirror: str, closed_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert install(stand_in(f"{mirror}/whole"), tmp_path / "model.onnx").is_file()


def test_a_file_is_taken_and_checked_alike(tmp_path: Path) -> None:
    good, wrong = tmp_path / "good", tmp_path / "wrong"
    good.write_bytes(CONTENT)
    wrong.write_bytes(CONTENT + b"and more")
    model = stand_in("http://model.invalid/unused")
    assert install(model, tmp_path / "a.onnx", good).read_bytes() == CONTENT
    with pytest.raises(WeightsError, match=r"is not stand-in\.onnx"):
        install(model, tmp_path / "b.onnx", wrong)
    with pytest.raises(SettingsError, match=r"none cannot be read \(No such file"):
        install(model, tmp_path / "b.onnx", tmp_path / "none")
    with pytest.raises(SettingsError, match="is no http or https URL"):
        install(model, tmp_path / "b.onnx", "ftp://127.0.0.1/model")
    assert not (tmp_path / "b.onnx").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file where the folder would be: root may write into folders that are read-only."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match=r"the folder .* cannot be made.*XDG_DATA_HOME"):
        install(stand_in("http://model.invalid/unused"), tmp_path / "file" / "model.onnx")


def test_a_folder_that_is_read_only(
    mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path("/proc/self")  # read-only for root too
    if not folder.is_dir():
        pytest.skip("there is no /proc: the test needs a folder that root cannot write to")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"cannot be written"):
        install(stand_in(f"{mirror}/whole"), folder / "model.onnx")


def test_the_command_stores_it_where_detectors_look_for_it(
    mirror: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(yunet_model.install, "__defaults__", _defaults(mirror))
    result = CliRunner().invoke(detector, ["install"])
    assert result.exit_code == 0, result.output
    path = yunet_model.default_path()
    assert path.is_relative_to(tmp_path)
    assert path.read_bytes() == CONTENT
    listed = CliRunner().invoke(detector, ["list"]).output
    assert f"yunet      there    {path}" in listed


def _defaults(mirror: str) -> tuple[object, ...]:
    """Those of `install`, with the stand-in for YuNet's file."""
    return (stand_in(f"{mirror}/whole"), *(install.__defaults__ or ())[1:])


def test_the_command_tells_what_is_wrong_with_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no model")
    result = CliRunner().invoke(detector, ["install", "--mirror", str(wrong)])
    assert isinstance(result.exception, WeightsError)
    assert "is not face_detection_yunet_2023mar.onnx" in str(result.exception)
    assert not yunet_model.default_path().exists()
