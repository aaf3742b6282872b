"""Places in the documentation that errors point to; a test holds that each of them exists."""

from enum import StrEnum


class See(StrEnum):
    """A heading of a page, as a path in the repository."""

    ACCESS = "docs/operations.md#who-is-let-in"
    BASELINE = "docs/baseline.md#a-profile"
    BUS = "docs/scale.md#more-decoders-than-one"
    CAPS = "docs/howto-links.md#caps"
    DATA = "docs/howto-model.md#data-sets"
    DETECTORS = "docs/howto-sources.md#detectors"
    EMBED = "docs/howto-embed.md#publish-frames-of-your-own"
    PROTOCOL = "docs/protocol.md#versions-and-capabilities"
    REPORT = "docs/report.md#what-it-takes"
    SOURCES = "docs/howto-sources.md#sources"
    STORE = "docs/operations.md#the-store"
    TLS = "docs/operations.md#tls"
    TOKENS = "docs/operations.md#tokens"
    TRACES = "docs/howto-links.md#traces"
    WEIGHTS = "docs/howto-model.md#weights-and-their-card"
