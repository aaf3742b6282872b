"""What the page's script draws from."""

from narrowcast_client.report.panels import panels, payload
from narrowcast_client.report.timeline import timeline
from narrowcast_client.report.tracks import thin

from .made import Frame, series, steady


def test_every_panel_has_the_whole_time_also_where_nothing_was_read() -> None:
    """10 s without a face come first, so that the first reading is at 10 s."""
    made = series([*(Frame(at / 10, ".") for at in range(100)), *steady(5, 0.5, start_s=10)])
    tracks = thin(made, timeline(made), 500)
    told = payload(panels(tracks), tracks.strip, [], None, 0.0)
    for panel in told["panels"]:
        assert (panel["x"][0], panel["x"][-1]) == (0, told["end"])
        columns = [curve["y"] for curve in panel["curves"]]
        columns += [area[side] for area in panel["areas"] for side in ("low", "high")]
        assert {len(column) for column in columns} == {len(panel["x"])}
    valence = told["panels"][0]
    assert (valence["x"][1], valence["curves"][0]["y"][:2]) == (10, [None, 0.5])
