"""A report as a browser shows it, from a file: drawn, zoomed, switched, with a clean console."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from narrowcast_client.commands.report import report
from narrowcast_lab import browser

ROWS = 400
HEAD = "session,t,status,valence,sigma,px,qp,wire_bps,latency_ms,cap_bps\n"


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Of a report of 40 s; its session and its mark would run scripts if they could."""
    evil = "<script>document.title='taken'</script>"
    rows = (
        f"{evil},{1767225600 + row / 10},ok,{0.5 if row < 200 else -0.5},0.1,48,30,8000,150,16000\n"
        for row in range(ROWS)
    )
    series, marks, out = (tmp_path / name for name in ("a.csv", "marks.csv", "report.html"))
    series.write_text(HEAD + "".join(rows))
    marks.write_text(f"session,t,text\n{evil},1767225610,{evil}\n")
    done = CliRunner().invoke(report, [str(series), "-o", str(out), "--marks", str(marks)])
    assert done.exit_code == 0, done.output
    return out.as_uri()


def tell(driver: Any, script: str) -> Any:  # noqa: ANN401
    return driver.execute_script(script)


BLUE_PIXELS = """
const canvas = document.querySelector('.plots canvas');
const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
let found = 0;
for (let k = 0; k < data.length; k += 4)
  found += data[k + 2] > 150 && data[k] < 60 && data[k + 3] > 200;
return found;
"""


def test_it_draws_zooms_and_switches(driver: Any, address: str) -> None:  # noqa: ANN401
    driver.get(address)
    assert driver.title.startswith("Valence of <script>")
    assert tell(driver, "return document.querySelectorAll('.plots .uplot').length") == 7
    assert (
        tell(driver, "return getComputedStyle(document.querySelector('.still')).display") == "none"
    )
    assert tell(driver, BLUE_PIXELS) > 500

    shown = "return getComputedStyle(document.querySelector('td .clock')).display"
    assert tell(driver, shown) == "none"
    driver.find_element("id", "axis-clock").click()
    assert tell(driver, shown) == "inline"

    hover = """
    const over = document.querySelector('.plots .u-over'), box = over.getBoundingClientRect();
    const at = { clientX: box.left + box.width / 4, clientY: box.top + 9, bubbles: true };
    over.dispatchEvent(new MouseEvent('mousemove', at));
    """
    tell(driver, hover)
    told = "return document.querySelector('.panel output').textContent"
    assert tell(driver, told) == "0.500  at 00:00:10.0"


KEPT = """
const done = arguments[0];
URL.createObjectURL = (blob) => { blob.text().then(done); return '#'; };
document.querySelector('.keep button').click();
"""


def test_the_still_figure_is_kept_with_the_axis_that_was_chosen(driver: Any, address: str) -> None:  # noqa: ANN401
    driver.get(address)
    since = ET.fromstring(driver.execute_async_script(KEPT))
    driver.find_element("id", "axis-clock").click()
    of_day = ET.fromstring(driver.execute_async_script(KEPT))
    for kept, kind in ((since, "time since"), (of_day, "time clock")):
        shown = [one for one in kept.iter() if (one.get("class") or "").startswith("time ")]
        assert [(one.get("class"), one.get("display")) for one in shown] == [(kind, None)]


def test_without_its_script_the_figure_stands_still(driver: Any, address: str) -> None:  # noqa: ANN401
    driver.get(address)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        displays = [
            tell(driver, f"return getComputedStyle(document.querySelector('{one}')).display")
            for one in (".still", ".plots", ".axis")
        ]
        assert displays == ["block", "none", "none"]
        assert (
            tell(
                driver, "return document.querySelector('svg.figure').getBoundingClientRect().width"
            )
            > 300
        )
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_it_fits_a_phone(driver: Any, address: str) -> None:  # noqa: ANN401
    browser.resize(driver, browser.PHONE)
    driver.get(address)
    width = "return document.documentElement.scrollWidth"
    assert tell(driver, width) <= browser.PHONE.width
