"""Names, ids and paths that are meant to lead somewhere else."""

import asyncio
from urllib.parse import quote

from ..faults.beside import going_on  # noqa: TID252 - the one there is
from .guarded import Guarded, ask, good_session, source

REFUSED = {400, 401, 403, 404, 405, 413, 414, 421, 422}

NAMES = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "....//",
    "%00",
    "good-%00",
    "good-x%00.csv",
    "good-x%0d%0aSet-Cookie:%20a=b",
    "good-%F0%9F%98%80",
    "good-%C0%AE%C0%AE",
    "good-%ff",
    "%u0067ood",
    quote("good-\uff41"),
    quote("g\u043e\u043ed-x"),  # Cyrillic
    "good-*",
    "*",
    "good-x;DROP TABLE sessions".replace(" ", "%20"),
    "good-x'%20OR%20'1'='1",
    "good-" + "a" * 60,
    "g" * 5000,
    "-good",
    ".good",
    "good-x%20",
    "%20good-x",
    "CON",
    "%2E",
    "~root",
    "$(id)",
    "{{7*7}}",
    "%n%n%n",
]

QUERIES = [
    "from=99999999999999999999999999",
    "from=-1",
    "from=1e3",
    "from=0x10",
    "from=NaN",
    "from=%00",
    "from=1&from=x",
    "after=9223372036854775808",
    "to=0",
    "to=-9223372036854775809",
    "limit=0",
    "limit=10001",
    "limit=1000000000000",
    "from_t=nan",
    "from_t=inf",
    "from_t=1e999",
    "to_t=-inf",
    "format=../x",
    "from=٣",
]

TARGETS = [
    "//v1/sessions",
    "/v1//sessions",
    "/v1/sessions/./good-x",
    "/v1/sessions/../../metrics",
    "/v1/sessions/%2e%2e/%2e%2e/metrics",
    "/%6detrics",
    "/METRICS",
    "/metrics/",
    "/metrics%00",
    "/metrics;a=b",
    "/docs/../metrics",
    "/v1/publish/",
    "/v1/publish%20",
    "/healthz/../metrics",
    "/healthz/..;/metrics",
    "/static/../../etc/passwd",
    "/.git/config",
    "/.env",
    "/narrowcast.sqlite",
    "/series.sqlite",
    "/tokens.toml",
    "http://evil.example/metrics",
    "*",
    "metrics",
    "\\metrics",
    "/?path=/metrics&x=/../../metrics",
]


def test_names_that_are_none_lead_nowhere(decoder: Guarded, tried: list[str]) -> None:
    """With a token that reads good-*: none of them is one of these, or of any other session."""

    def knock() -> None:
        for name in NAMES:
            address = source()
            for part in ("", "/samples", "/events", "/subscribe"):
                answer = ask(decoder, f"/v1/sessions/{name}{part}", address, decoder.good)
                assert answer.status in REFUSED, (name, part, answer)
                tried.append(f"{name}{part}")
            answer = ask(decoder, f"/v1/sessions/{name}", address, decoder.good, "DELETE")
            assert answer.status in REFUSED, (name, answer)
            tried.append(f"DELETE {name}")

    async def scenario() -> None:
        async with going_on(decoder.at(decoder.good), good_session()):
            await asyncio.to_thread(knock)

    asyncio.run(scenario())


def test_ids_and_times_that_are_none_are_named(decoder: Guarded, tried: list[str]) -> None:
    async def scenario() -> None:
        session = good_session()
        async with going_on(decoder.at(decoder.good), session):
            await asyncio.to_thread(knock, session)

    def knock(session: str) -> None:
        address = source()
        for query in QUERIES:
            path = f"/v1/sessions/{session}/samples?{quote(query, safe='=&%')}"
            answer = ask(decoder, path, address, decoder.good)
            assert answer[:2] == (422, "invalid-request"), (query, answer)
            tried.append(query)

    asyncio.run(scenario())


def test_paths_that_wind_lead_to_nothing_that_is_shut(decoder: Guarded, tried: list[str]) -> None:
    """Without a token each is 401 or no path at all; the index alone is open, with any query."""
    address = source()
    for target in TARGETS:
        answer = ask(decoder, target, address)
        if target.startswith("/?"):
            assert answer.status == 200
        else:
            assert answer.status in {400, 401}, (target, answer)
        assert "narrowcast_" not in answer.text.replace("narrowcast_decoder", "")
        tried.append(target)
