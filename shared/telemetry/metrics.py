"""The figures of shared/telemetry/figures.py, through OpenTelemetry's API and nothing more of it.

Without an SDK, which only the worker configures (docs/telemetry.md), every call does nothing.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from shared.telemetry.figures import Metric

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, Meter, _Gauge

type Dimensions = Mapping[str, str]


def count(metric: Metric, dimensions: Dimensions) -> None:
    _counter(metric).add(1, dimensions)


def record(metric: Metric, dimensions: Dimensions, value: float) -> None:
    """Put a value into a histogram."""
    _histogram(metric).record(value, dimensions)


def show(metric: Metric, dimensions: Dimensions, value: int) -> None:
    _gauge(metric).set(value, dimensions)


def _meter() -> "Meter":
    # Imported by the first figure: an Event Grid event, which should be fast, has none.
    from opentelemetry.metrics import get_meter  # noqa: PLC0415 - see above

    return get_meter("naptime")


@cache
def _counter(metric: Metric) -> "Counter":
    return _meter().create_counter(metric.name, metric.unit, metric.meaning)


@cache
def _histogram(metric: Metric) -> "Histogram":
    return _meter().create_histogram(metric.name, metric.unit, metric.meaning)


@cache
def _gauge(metric: Metric) -> "_Gauge":
    return _meter().create_gauge(metric.name, metric.unit, metric.meaning)
