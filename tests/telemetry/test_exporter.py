"""What the real exporter sends, configured by the real worker: the names of docs/telemetry.md."""

import asyncio
import sys
from typing import cast

from local.demo.surroundings import clean_environment
from shared.telemetry.custom_events import EVENTS
from shared.telemetry.figures import METRICS
from shared.telemetry.lines import LINES
from shared.telemetry.log import EXCEPTIONS, PROPERTY_PREFIX, TRACES
from tests.clusters import Json
from tests.telemetry.ingestion import Ingestion, listening
from tests.telemetry.running import KEY, PATIENCE_SECONDS, REFUSED, TELEMETRY


async def test_every_metric_is_sent_with_its_dimensions(sent: Ingestion) -> None:
    """Each metric of the table arrives, with exactly the dimensions that the table names."""
    found: dict[str, set[str]] = {}
    for name, _, dimensions in sent.metrics():
        found.setdefault(name, set()).update(dimensions)
    assert found == {metric.name: set(metric.dimensions) for metric in METRICS}


async def test_the_figures_are_those_of_the_day(sent: Ingestion) -> None:
    """One 429, ten given up, one shard stopped, one subscription that could not be read."""
    points = list(sent.metrics())

    def total(name: str) -> float:
        return sum(value for known, value, _ in points if known == name)

    assert total("naptime.throttled") == 1
    assert 0 <= total("naptime.event.lag") < PATIENCE_SECONDS
    assert 0 < total("naptime.unprotected") < PATIENCE_SECONDS / 60
    assert total("naptime.given_up") == len(REFUSED)
    assert total("naptime.run.stopped_shards") == 1
    assert total("naptime.run.unreadable_subscriptions") == 1
    states = {
        str(seen["state"]): value for name, value, seen in points if name == "naptime.clusters"
    }
    assert states == {
        "Protected": 1,
        "NeedsAttention": 0,
        "Unconfirmed": len(REFUSED),
        "LeftOut": 0,
    }


async def test_every_event_is_sent_with_its_properties(sent: Ingestion) -> None:
    """Each custom event of the table arrives, with properties of the table and no others."""
    known = {event.name: {f"naptime_{fact}" for fact in event.facts} for event in EVENTS}
    found: dict[str, set[str]] = {}
    for name, properties in sent.events():
        found.setdefault(name, set()).update(_ours(properties))
    assert set(found) == set(known)
    assert {name: found[name] - known[name] for name in found} == {name: set() for name in found}


async def test_the_heartbeat_can_be_queried(sent: Ingestion) -> None:
    """The values that the page's query compares with are those that arrive."""
    (heartbeat,) = [seen for name, seen in sent.events() if name == "Naptime.RunFinished"]
    assert (heartbeat["naptime_scope"], heartbeat["naptime_dryRun"]) == ("Everything", "False")
    assert heartbeat["naptime_unconfirmed"] == str(len(REFUSED))


async def test_lines_are_sent_with_their_facts(sent: Ingestion) -> None:
    """A line's facts are properties as well, of the table and no others; none is sent twice."""
    lines = [(message, seen) for message, seen in sent.lines() if _ours(seen)]
    for message, seen in lines:
        (line,) = [each for each in LINES if message.startswith(f"{each.what} ")]
        assert _ours(seen) <= {f"naptime_{fact}" for fact in line.facts}, message
    finished = [message for message, _ in lines if message.startswith("run finished ")]
    assert len(finished) == 1
    assert any(message.startswith("reconciled ") for message, _ in lines)


async def test_every_line_is_in_its_table() -> None:
    """A line with an exception is a row of AppExceptions and no other, the rest of AppTraces."""
    async with listening() as ingestion:
        key = "InstrumentationKey=00000000-0000-4000-8000-000000000002"
        ends = f"IngestionEndpoint={ingestion.url};LiveEndpoint={ingestion.url}"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.telemetry.every_line", f"{key};{ends}"),
            env={**clean_environment(), **TELEMETRY},
        )
        assert await process.wait() == 0
        found = {message: TRACES for message, _ in ingestion.lines()}
        found |= {message: EXCEPTIONS for message, _ in ingestion.exceptions()}
    of = {
        line.what: {found[text] for text in found if text.startswith(line.what)} for line in LINES
    }
    assert of == {line.what: {line.table} for line in LINES}


async def test_nothing_secret_and_nothing_raw_is_sent(sent: Ingestion) -> None:
    """No key, no token, and nobody that the event's claims name; no id of a cluster in metrics."""
    everything = repr(sent.envelopes)
    for secret in (KEY, "AccountKey", "Bearer ", "made-up", "A. Person", "203.0.113.7"):
        assert secret not in everything
    assert "fresh" not in repr(sent.of("MetricData"))


async def test_the_worker_is_the_only_one_that_configures(sent: Ingestion) -> None:
    """What is sent once is not sent by a second exporter: no envelope is there twice."""
    events = [repr((envelope["time"], envelope["data"])) for envelope in _of_events(sent)]
    assert len(events) == len(set(events)) > 0


def _of_events(sent: Ingestion) -> list[Json]:
    return [
        envelope
        for envelope in sent.envelopes
        if cast("Json", envelope["data"])["baseType"] == "EventData"
    ]


def _ours(properties: Json) -> set[str]:
    return {name for name in properties if name.startswith(PROPERTY_PREFIX)}
