"""The headers that Resource Manager puts on every answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from uuid import uuid4

from local.azure.json_values import iso

_ALWAYS = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Cache": "CONFIG_NOCACHE",
    # Of AKS's answers, recorded in 2023; in the place of what the web server would say of itself.
    "Server": "nginx",
}
_REGION = "WESTEUROPE"
_EDGE = "AMS231020512017"


@lru_cache(maxsize=8)
def http_date(second: datetime) -> str:
    """Write the Date header of a second in UTC."""
    return format_datetime(second, usegmt=True)


def arm_headers(
    asked: Mapping[str, str], now: datetime, *, by_gateway: bool = False
) -> dict[str, str]:
    """Make the headers of an answer: ids of request and correlation, and the simulated date.

    What a resource provider answers has a request id of that provider's; the route is told by the
    correlation (azure-powershell's recordings, 2021 to 2025). The client's own request id is echoed
    when it asks for that, as the REST guidelines have it.
    """
    second = now.astimezone(UTC).replace(microsecond=0)
    request_id = str(uuid4())
    correlation = asked.get("x-ms-correlation-request-id")
    correlation = correlation or (request_id if by_gateway else str(uuid4()))
    headers = {
        **_ALWAYS,
        "Date": http_date(second),
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": correlation,
        "x-ms-routing-request-id": f"{_REGION}:{second:%Y%m%dT%H%M%SZ}:{correlation}",
        # On every answer since 2024, as X-Cache is (recordings of azure-cli and azure-powershell).
        "X-MSEdge-Ref": f"Ref A: {uuid4().hex.upper()} Ref B: {_EDGE} Ref C: {iso(second)}",
    }
    client_id = asked.get("x-ms-client-request-id")
    if client_id and asked.get("x-ms-return-client-request-id", "").lower() == "true":
        headers["x-ms-client-request-id"] = client_id
    return headers


def operation_identifier(tenant_id: str, object_id: str) -> dict[str, str]:
    """Name the caller and the call as AKS does (azure-powershell's recordings of 2025)."""
    value = f"tenantId={tenant_id},objectId={object_id}/{_REGION.lower()}/{uuid4()}"
    return {"x-ms-operation-identifier": value}
