"""YuNet's model: fetched once, checked, and stored where every later run finds it.

The file gets its name only when all of it is received, its checksum is right and it is written to
the disk. A failure before that leaves nothing behind. Proxies are those of the environment
(HTTPS_PROXY, HTTP_PROXY, NO_PROXY) or of the system, as urllib takes them.
"""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

import platformdirs

from narrowcast_shared.errors import LinkError, SettingsError, WeightsError
from narrowcast_shared.in_place import in_place


class ModelFile(NamedTuple):
    """A file to fetch: its name, where it is, its size in bytes and its SHA-256 in hexadecimal."""

    name: str
    url: str
    size_bytes: int
    sha256: str


_NAME = "face_detection_yunet_2023mar.onnx"

YUNET = ModelFile(
    _NAME,
    # The address of the file itself; those with /raw/ give Git LFS's note about it.
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/"
    f"models/face_detection_yunet/{_NAME}",
    232_589,
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
)
"""Of the OpenCV Zoo, MIT licence (Wu, Peng, Yu 2023)."""

IDLE_TIMEOUT_S = 30.0
_BLOCK_BYTES = 16_384

Progress = Callable[[int], None]
"""Is told how many bytes are there so far."""


def default_path() -> Path:
    """Where the model is stored: the user's folder for data, as the platform has it."""
    return platformdirs.user_data_path("narrowcast", appauthor=False) / "detectors" / YUNET.name


def install(
    model: ModelFile = YUNET,
    path: Path | None = None,
    source: str | Path | None = None,
    progress: Progress = lambda _: None,
) -> Path:
    """Store the model at `path` (default_path() if None), read from a URL or from a file.

    source: the model's own URL if None. Raises LinkError where the URL cannot be read to its end,
    WeightsError where what it holds is another file, SettingsError where a file cannot be read or
    the path cannot be written. A model that was there before stays there then.
    """
    path = default_path() if path is None else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the folder {path.parent} cannot be made ({error.strerror})",
            "set XDG_DATA_HOME to a folder that you may write to",
        ) from error
    with in_place(path) as part:
        data = _received(model, model.url if source is None else source, progress)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    return path


def _received(model: ModelFile, source: str | Path, progress: Progress) -> bytes:
    """All of the source, checked; it is small, and no more than its size is ever read."""
    data = b"".join(_blocks(model, source, progress))
    if len(data) != model.size_bytes or hashlib.sha256(data).hexdigest() != model.sha256:
        raise WeightsError(
            f"{source} is not {model.name} as it was tested ({len(data)} bytes, "
            f"SHA-256 {hashlib.sha256(data).hexdigest()[:12]}...; it should have "
            f"{model.size_bytes} bytes and {model.sha256[:12]}...)",
            "take the file of the OpenCV Zoo, with --mirror FILE or --mirror URL",
        )
    return data


def _blocks(model: ModelFile, source: str | Path, progress: Progress) -> Iterator[bytes]:
    received = 0
    opened = _opened_file(source) if isinstance(source, Path) else _opened_url(source)
    with opened as stream:
        while received <= model.size_bytes:
            block = _read(stream, source, min(_BLOCK_BYTES, model.size_bytes + 1 - received))
            if not block:
                _check_end(stream, source, received)
                break
            received += len(block)
            progress(received)
            yield block


def _opened_file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror})", "name the model's file"
        ) from error


def _opened_url(url: str) -> "http.client.HTTPResponse":
    if urlsplit(url).scheme not in ("http", "https"):
        raise SettingsError(f"{url} is no http or https URL", "give one, or the name of a file")
    try:
        # An opener of its own: that of `urlopen` keeps the proxies of its first use.
        response = urllib.request.build_opener().open(url, timeout=IDLE_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        raise LinkError(f"{url} answers {error.code} {error.reason}", _REMEDY) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LinkError(f"{url} cannot be reached{_by_way_of(url)} ({_why(error)})", _REMEDY) from (
            error
        )
    assert isinstance(response, http.client.HTTPResponse)
    return response


def _read(stream: "BinaryIO | http.client.HTTPResponse", source: object, size: int) -> bytes:
    try:
        return stream.read(size)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(source, Path):
            raise SettingsError(f"{source} cannot be read ({_why(error)})") from error
        raise LinkError(
            f"the download of {source} was cut off ({_why(error)})", f"try again, or {_REMEDY}"
        ) from error


def _check_end(stream: object, source: object, received: int) -> None:
    """A connection that closes early ends the stream without an error of its own."""
    missing = getattr(stream, "length", None)
    if missing:
        raise LinkError(
            f"the download of {source} was cut off ({received} of {received + missing} bytes came)",
            f"try again, or {_REMEDY}",
        )


_REMEDY = "fetch the file elsewhere and give it with --mirror FILE"


def _by_way_of(url: str) -> str:
    """Names the proxy that the request went to, if any, without its password."""
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if not proxy or not parts.hostname or urllib.request.proxy_bypass(parts.netloc):
        return ""
    shown = urlsplit(proxy if "://" in proxy else f"//{proxy}")
    port = f":{shown.port}" if shown.port else ""
    return f" by way of the proxy {shown.hostname}{port}, which the environment names"


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)
