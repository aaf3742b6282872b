"""A camera's password is in no text that anybody reads."""

import pytest

from narrowcast_encoder.sources import open_source, shown
from narrowcast_shared.errors import SourceError

SECRET = "s3cr3t"

URLS = [
    (f"rtsp://admin:{SECRET}@10.0.0.9:554/live", "rtsp://10.0.0.9:554/live"),
    (f"RTSPS://admin:{SECRET}@cam.local", "RTSPS://cam.local"),
    (f"http://{SECRET}@cam/video.mjpg", "http://cam/video.mjpg"),
    (f"http://:{SECRET}@[::1]:80/video.mjpg", "http://[::1]:80/video.mjpg"),
    (f"rtsp://admin:a@{SECRET}@cam/live", "rtsp://cam/live"),
    (f"rtsp://admin:a/{SECRET}@cam/live", "rtsp://..."),
    (f"rtsp://admin:a?{SECRET}@cam/live", "rtsp://..."),
    (f"rtsp://admin:a#{SECRET}@cam/live", "rtsp://..."),
    (f"rtsp://admin:a@b/{SECRET}@cam/live", "rtsp://..."),
    (f"http://cam/live.m3u8?token={SECRET}", "http://cam/live.m3u8?..."),
    (f"http://cam/live#{SECRET}", "http://cam/live#..."),
    (f"rtsp://cam:554/user=admin&password={SECRET}&channel=1/x.sdp", "rtsp://cam:554/.../x.sdp"),
    (f"rtsp://cam/user=admin_password={SECRET}_channel=1_stream=0.sdp?real", "rtsp://cam/...?..."),
    (f"admin:{SECRET}@cam:554/live", "...@cam:554/live"),
    (f"rtsp:/admin:{SECRET}@cam/live", "...@cam/live"),
    (f"ftp://admin:{SECRET}@cam/clip.mp4", "ftp://cam/clip.mp4"),
]

PLAIN = [
    "interview.mp4",
    "/data/a b/take:2.mp4",
    "C:\\clips\\me@work.mp4",
    "me@work.mp4",
    "0",
    "/dev/video0",
    "sample",
    "-",
    "rtsp://10.0.0.9:554/live",
    "http://host/@me/clip.mp4",
]


@pytest.mark.parametrize(("source", "as_shown"), URLS)
def test_what_is_shown_of_a_url(source: str, as_shown: str) -> None:
    assert shown(source) == as_shown
    assert shown(as_shown) == as_shown


@pytest.mark.parametrize("source", PLAIN)
def test_a_source_without_secrets_is_shown_as_it_is(source: str) -> None:
    assert shown(source) == source


@pytest.mark.parametrize(("source", "as_shown"), [url for url in URLS if "cam" not in url[0]])
def test_an_address_that_cannot_be_opened(source: str, as_shown: str) -> None:
    del as_shown
    with pytest.raises(SourceError) as caught:
        open_source(source.replace("10.0.0.9:554", "127.0.0.1:9"), timeout_s=2)
    check_silent(caught.value)


@pytest.mark.parametrize("source", [f"admin:{SECRET}@cam:554/live", f"ftp://a:{SECRET}@cam/x"])
def test_a_source_that_is_no_url_that_can_be_read(source: str) -> None:
    with pytest.raises(SourceError, match="rtsp") as caught:
        open_source(source)
    check_silent(caught.value)


def check_silent(error: BaseException | None) -> None:
    """Neither the error nor what caused it, which a traceback shows, has the secret."""
    while error is not None:
        assert SECRET not in repr(error)
        error = error.__cause__
