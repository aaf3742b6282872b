"""Headless Chromium, driven by Selenium: for the page's test, its pictures and its measurement."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from narrowcast_shared.errors import NarrowcastError, SettingsError

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DRIVER = "chromedriver"

FLAGS = (
    "--headless",
    "--no-sandbox",  # which containers do not let it build
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)


class Size(NamedTuple):
    """Of the page, px."""

    width: int
    height: int


DESKTOP = Size(1280, 900)
PHONE = Size(360, 780)


def missing() -> str | None:
    """What there is to be installed before a browser can be driven; None where nothing is."""
    try:
        import selenium  # noqa: F401, PLC0415 - only of those who drive a browser
    except ImportError:
        return "pip install selenium"
    if not any(map(shutil.which, CHROMIUM)) or shutil.which(DRIVER) is None:
        return "apt-get install chromium chromium-driver"
    return None


def require() -> None:
    """Raises SettingsError where there is no browser to drive."""
    remedy = missing()
    if remedy is not None:
        raise SettingsError(
            "this drives Chromium through Selenium, and not all of it is here", remedy
        )


@contextmanager
def browser(size: Size = DESKTOP) -> Iterator["Chrome"]:
    """A browser without a past. Raises SettingsError where there is none to drive."""
    require()
    with tempfile.TemporaryDirectory(prefix="narrowcast-", ignore_cleanup_errors=True) as profile:
        driver = _start(profile, size)
        try:
            yield driver
        finally:
            driver.quit()


def _start(profile: str, size: Size) -> "Chrome":
    from selenium import webdriver  # noqa: PLC0415
    from selenium.common.exceptions import WebDriverException  # noqa: PLC0415

    options = webdriver.ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, CHROMIUM)))
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which(DRIVER))
    try:
        driver = webdriver.Chrome(options=options, service=service)
    except WebDriverException as error:
        raise NarrowcastError("Chromium does not start", str(error.msg)) from None
    resize(driver, size)
    return driver


def resize(driver: "Chrome", size: Size, *, dark: bool = False) -> None:
    """Have the page be so large, however large windows must be, and prefer light or dark."""
    metrics = {**size._asdict(), "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
