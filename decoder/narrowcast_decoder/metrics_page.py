"""`/metrics`: the service's totals and its state of this moment, as Prometheus reads them.

Names are Prometheus's way (https://prometheus.io/docs/practices/naming): base units, `_total`
on what only grows. No label takes its values from outside, so the number of series is fixed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from narrowcast_decoder.metrics import Histogram, Metrics
from narrowcast_decoder.store.health import StoreCondition
from narrowcast_shared import __version__


class Now(NamedTuple):
    """The state of this moment.

    queued_frames: frames that wait for the worker. queued_samples: samples that wait for
    subscribers. subscribers: who follow a live series.
    """

    streams: int
    subscribers: int
    queued_frames: int
    queued_samples: int
    store: StoreCondition


class MetricsPage:
    """The page of one service. Everything is read when the page is asked for."""

    def __init__(self, metrics: Metrics, now: Callable[[], Now], model: str) -> None:
        """model: its name, which the page tells."""
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Service(metrics, now, model))
        for process in (ProcessCollector, PlatformCollector, GCCollector):
            process(registry=self._registry)

    def render(self, accept: str | None) -> tuple[bytes, str]:
        """The page and its media type, for an `Accept` header."""
        try:
            encode, media_type = choose_encoder(accept or "")
        except (TypeError, ValueError):  # of a version that is none
            encode, media_type = choose_encoder("")
        return encode(self._registry), media_type


class _Service(Collector):
    """Not `collector.describe`d: what it collects is its description."""

    def __init__(self, metrics: Metrics, now: Callable[[], Now], model: str) -> None:
        self._metrics = metrics
        self._now = now
        self._model = model

    def collect(self) -> Iterator[Metric]:
        yield _info(self._model)
        yield from _state(self._now())
        yield from _totals(self._metrics)
        yield from _by_label(self._metrics)
        yield from _histograms(self._metrics)


def _info(model: str) -> Metric:
    info = InfoMetricFamily(
        "narrowcast_build", "Version of the software, and the model it reads with"
    )
    info.add_metric([], {"version": __version__, "model": model})
    return info


def _state(now: Now) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "narrowcast_streams", "Sessions whose publisher is connected", now.streams
    )
    yield GaugeMetricFamily(
        "narrowcast_subscribers", "Subscribers to a live series", now.subscribers
    )
    yield GaugeMetricFamily(
        "narrowcast_inference_queue_frames", "Frames that wait for the worker", now.queued_frames
    )
    yield GaugeMetricFamily(
        "narrowcast_subscriber_queue_samples",
        "Samples that wait for subscribers",
        now.queued_samples,
    )
    condition = GaugeMetricFamily(
        "narrowcast_store_condition", "1 for how the store stands", labels=["condition"]
    )
    for each in StoreCondition:
        condition.add_metric([each], each is now.store)
    yield condition


def _totals(metrics: Metrics) -> Iterator[Metric]:
    for name, told, total in (
        ("messages_received", "Messages of publishers", metrics.messages),
        (
            "wire_received_bytes",
            "Bytes on the line of publishers' messages, all headers counted",
            metrics.wire_bytes,
        ),
        ("frames_received", "Frames taken in, those that are lost too", metrics.frames_received),
        ("frames_late", "Frames of these that were back-filled", metrics.frames_late),
        ("frames_read", "Frames that the worker has been through", metrics.frames_read),
        ("frames_shed", "Frames of these that there was no time to read", metrics.frames_shed),
        (
            "frames_reused",
            "Frames of these that show the picture before them, and have its estimate",
            metrics.frames_reused,
        ),
        ("reading_restarts", "Reading processes that have died", metrics.reading_restarts),
        ("reading_cpu_seconds", "CPU time of reading processes", metrics.reading_cpu_s),
        ("keyframe_requests", "Keyframes asked for", metrics.keyframe_requests),
    ):
        yield CounterMetricFamily(f"narrowcast_{name}", told, total)


def _by_label(metrics: Metrics) -> Iterator[Metric]:
    yield _labelled("samples", "Samples stored and published", "status", metrics.samples)
    yield _labelled(
        "publishers_ended", "Publishers' connections that are over", "code", metrics.ended
    )
    yield _labelled(
        "protocol_violations", "Publishers that broke the protocol", "code", metrics.violations
    )
    yield _labelled(
        "store_write_failures", "Rounds that the store did not take", "kind", metrics.store_failures
    )


def _labelled(name: str, told: str, label: str, totals: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(f"narrowcast_{name}", told, labels=[label])
    for value, total in totals.items():
        family.add_metric([value], total)
    return family


def _histograms(metrics: Metrics) -> Iterator[Metric]:
    yield _histogram(
        "ingest_to_sample_seconds",
        "From the arrival of a frame's message to its published sample, of frames that were read",
        metrics.latency,
    )
    yield _histogram("batch_frames", "Frames of a round of the worker", metrics.batch)
    yield _histogram(
        "store_write_seconds", "Time that a round took to be stored", metrics.store_write
    )


def _histogram(name: str, told: str, histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(f"narrowcast_{name}", told)
    bounds = [*map(floatToGoString, histogram.bounds), "+Inf"]
    buckets = list(zip(bounds, histogram.cumulative(), strict=True))
    family.add_metric([], buckets, histogram.sum)
    return family
