"""The controls under /_simulator/, over TLS as their users reach them."""

from urllib.parse import quote

import pytest

from local.azure.json_values import JsonObject, as_list, as_object
from tests.local.azure.conftest import Served
from tests.local.azure.world import CLUSTER, CONFIGURATIONS, NAPTIME, NODE_OS, cluster, window

STATE = f"state{CLUSTER}"
SCHEDULE = f"state{NODE_OS}"


async def arm(served: Served, method: str, target: str, body: object = None) -> int:
    url = f"{served.server.url}{target}?api-version=2026-08-01"
    async with served.session.request(method, url, json=body, headers=served.bearer()) as response:
        await response.read()
        return response.status


async def refused(served: Served, method: str, path: str, body: object = None) -> tuple[int, str]:
    url = f"{served.server.url}/_simulator/{path}"
    async with served.session.request(method, url, json=body) as response:
        answer: object = await response.json()
        return response.status, str(as_object(answer)["error"])


async def events(served: Served) -> list[JsonObject]:
    listed = as_list((await served.control("GET", "events"))["value"])
    return [as_object(as_object(each)["event"]) for each in listed]


async def test_contents(served: Served) -> None:
    """The root of the controls lists every URL and every control."""
    contents = await served.control("GET", "")
    assert contents["arm"] == served.server.url
    assert str(contents["identityEndpoint"]).startswith("http://127.0.0.1:")
    assert "GET /_simulator/journal" in as_list(contents["controls"])


async def test_journal(served: Served) -> None:
    """The journal shows each call, and for an accepted write the lead time computed here."""
    await arm(served, "GET", CONFIGURATIONS)
    await arm(served, "PUT", NODE_OS, window())
    listed = as_list((await served.control("GET", "journal"))["value"])
    read, write = (as_object(each) for each in listed)
    assert (read["sequence"], read["method"], read["status"]) == (1, "GET", 200)
    assert (read["caller"], read["apiVersion"]) == (NAPTIME, "2026-08-01")
    assert write["requestBody"] == window()
    assert write["nextStart"] == "2026-08-30T01:00:00Z"
    assert write["leadMinutes"] == 85 * 60


async def test_journal_tells_of_open_windows(served: Served) -> None:
    """The lead time of a window that is open when it is accepted is negative."""
    daily = {"daily": {"intervalDays": 1}}
    await arm(served, "PUT", NODE_OS, window(schedule=daily, startTime="11:00"))
    (write,) = as_list((await served.control("GET", "journal"))["value"])
    assert as_object(write)["leadMinutes"] == -60


async def test_journal_filters(served: Served) -> None:
    """The journal is filtered by method, path, sequence and time, and can be emptied."""
    for target in (CLUSTER, CONFIGURATIONS, NODE_OS):
        await arm(served, "GET", target)
        served.simulator.clock.advance(60)

    async def count(query: str) -> int:
        return len(as_list((await served.control("GET", f"journal?{query}"))["value"]))

    assert await count("method=get") == 3
    assert await count("method=PUT") == 0
    assert await count("path=maintenanceconfigurations") == 2
    assert await count("since=2") == 1
    assert await count(f"since={quote('2026-08-26T12:01:00Z')}") == 2
    await served.control("DELETE", "journal")
    assert await count("") == 0


async def test_refused_calls_are_in_the_journal_with_their_code(served: Served) -> None:
    """A refused call is in the journal with its status and its error code."""
    await arm(served, "PUT", NODE_OS, window(durationHours=1))
    (entry,) = as_list((await served.control("GET", "journal"))["value"])
    assert (as_object(entry)["status"], as_object(entry)["code"]) == (400, "InvalidParameter")
    assert "leadMinutes" not in as_object(entry)


async def test_put_cluster_raises_somebody_elses_event(served: Served) -> None:
    """A cluster put by control is there, and raises an event of somebody with a name."""
    target = STATE.replace("nap-1", "new-1")
    shown = await served.control("PUT", target, cluster("new-1"))
    assert shown["name"] == "new-1"
    assert await arm(served, "GET", CLUSTER.replace("nap-1", "new-1")) == 200
    (event,) = await events(served)
    data = as_object(event["data"])
    assert data["operationName"] == "Microsoft.ContainerService/managedClusters/write"
    claims = as_object(data["claims"])
    assert claims["appid"] != NAPTIME
    assert claims["name"]
    assert "httpRequest" not in data


async def test_delete_schedule_by_control(served: Served) -> None:
    """A schedule deleted by control is gone, and its event is a delete."""
    await served.control("PUT", f"{SCHEDULE}?events=false", window())
    await served.control("DELETE", SCHEDULE)
    assert await arm(served, "GET", NODE_OS) == 404
    (event,) = await events(served)
    assert event["eventType"] == "Microsoft.Resources.ResourceDeleteSuccess"


async def test_state_may_hold_what_aks_refuses(served: Served) -> None:
    """A configuration put by control is taken as it is, under any name."""
    target = f"state{CONFIGURATIONS}/linked"
    await served.control("PUT", target, {"properties": {"maintenanceWindowId": "x"}})
    shown = await served.control("GET", STATE)
    (child,) = as_list(shown["maintenanceConfigurations"])
    assert as_object(child)["properties"] == {"maintenanceWindowId": "x"}


async def test_delete_cluster_by_control(served: Served) -> None:
    """A cluster deleted by control is gone for Resource Manager too."""
    await served.control("DELETE", STATE)
    assert await arm(served, "GET", CONFIGURATIONS) == 404


async def test_whole_state_is_a_fleet(served: Served) -> None:
    """The whole state lists every cluster with its configurations."""
    state = await served.control("GET", "state")
    assert len(as_list(state["clusters"])) == 4
    assert len(as_list(state["subscriptions"])) == 2


async def test_reset(served: Served) -> None:
    """A reset brings the fleet of the start back and clears journal, faults and events."""
    await arm(served, "PUT", NODE_OS, window())
    await served.control("DELETE", STATE)
    await served.control("POST", "faults", {"fault": "unavailable"})
    await served.control("POST", "reset")
    assert await events(served) == []
    assert as_list((await served.control("GET", "journal"))["value"]) == []
    assert as_list((await served.control("GET", "faults"))["value"]) == []
    assert await arm(served, "GET", NODE_OS) == 404
    assert await arm(served, "GET", CLUSTER) == 200


async def test_faults_are_listed_and_withdrawn(served: Served) -> None:
    """Orders are listed with what is left of them, and withdrawn one by one or all at once."""
    for _ in range(3):
        await served.control("POST", "faults", {"fault": "unavailable", "times": 2})
    await arm(served, "GET", CLUSTER)
    first = as_object(as_list((await served.control("GET", "faults"))["value"])[0])
    assert (first["timesLeft"], first["hit"]) == (1, 1)
    assert await served.control("DELETE", "faults/1") == {"withdrawn": 1}
    assert await served.control("DELETE", "faults") == {"withdrawn": 2}
    assert await arm(served, "GET", CLUSTER) == 200


async def test_clock(served: Served) -> None:
    """The simulated time is shown, set, advanced, and set going; Date headers follow it."""
    assert await served.control("POST", "clock", {"advance": 90}) == {
        "now": "2026-08-26T12:01:30Z",
        "frozen": True,
    }
    await served.control("POST", "clock", {"now": "2027-01-01T00:00:00+01:00"})
    async with served.session.get(f"{served.server.url}/subscriptions") as response:
        assert response.headers["Date"] == "Thu, 31 Dec 2026 23:00:00 GMT"
    assert (await served.control("POST", "clock", {"freeze": False}))["frozen"] is False


async def test_node_images_are_released(served: Served) -> None:
    """A node image released by control replaces the older version in its location."""
    image = {"location": "westeurope", "os": "AKSAzureLinux", "sku": "V3gen2"}
    released = await served.control("POST", "node-images", {**image, "version": "202608.20.0"})
    versions = {as_object(e)["sku"]: as_object(e)["version"] for e in as_list(released["value"])}
    assert versions["V3gen2"] == "202608.20.0"
    assert versions["2404gen2containerd"] == "202608.06.1"


async def test_events_by_hand(served: Served) -> None:
    """An event is sent as it is given, alone or in a list, in copies and reversed."""
    await served.control("POST", "events", {"id": "1", "eventType": "x"})
    await served.control("POST", "events", [{"id": "2"}, {"id": "3"}])
    order = {"events": [{"id": "4"}, {"id": "5"}], "copies": 2, "reversed": True}
    assert await served.control("POST", "events", order) == {"sent": 2, "copies": 2}
    assert [event["id"] for event in await events(served)] == ["1", "2", "3", "5", "4"]


async def test_event_options(served: Served) -> None:
    """Copies and reversed groups are set for all events to come."""
    options = {"copies": 2, "reversedGroups": 3}
    assert await served.control("POST", "events/options", options) == options
    assert await served.control("POST", "events/retry-now") == {"hurried": 0}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "nothing", None, 404, "no control"),
        ("PUT", "state/subscriptions/x", {}, 400, "must be the id"),
        ("PUT", STATE, {}, 400, "location"),
        ("PUT", STATE, [], 400, "must be JSON objects"),
        ("GET", STATE.replace("nap-1", "gone"), None, 404, "no cluster"),
        ("POST", STATE, {}, 405, "must be GET, PUT or DELETE"),
        ("POST", "faults", {"fault": "x"}, 400, "fault"),
        ("DELETE", "faults/x", None, 400, "must be the number"),
        ("POST", "clock", {"hours": 1}, 400, "hours"),
        ("POST", "clock", {"advance": "1"}, 400, "advance"),
        ("POST", "clock", {"freeze": 1}, 400, "freeze"),
        ("POST", "clock", {"now": "soon"}, 400, "soon"),
        ("POST", "node-images", {"os": "x"}, 400, "location, sku, version"),
        ("POST", "events", [1], 400, "events"),
        ("POST", "events/options", {"copies": 0}, 400, "copies"),
        ("GET", "journal?since=soon", None, 400, "soon"),
    ],
)
async def test_mistakes_are_named(  # noqa: PLR0917, PLR0913 - the columns of the table
    served: Served, method: str, path: str, body: object, status: int, text: str
) -> None:
    """A mistake in a control is answered with its status and a text that names the field."""
    answered, error = await refused(served, method, path, body)
    assert answered == status
    assert text in error
