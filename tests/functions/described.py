"""Holds every answer of the app's HTTP functions to the API's own description."""

import copy
import json
from functools import cached_property
from typing import Self, cast

import jsonschema_rs
import yaml

from local.host.payloads import HttpCall
from local.host.responses import HttpResponse
from local.host.worker import InvocationResult, Worker

type Json = dict[str, object]


OF_ANY_ANSWER = {
    *("content-type", "content-encoding", "vary", "cache-control"),
    *("x-content-type-options", "cross-origin-resource-policy"),
}
"""Headers that are HTTP's own: what they mean is no news of this API."""


class NotAsDescribed(AssertionError):
    """An answer that the description does not know: a status, a media type, a header, a member."""


class Description:
    """The document that the app gives of itself."""

    def __init__(self, document: Json) -> None:
        """Take the document."""
        self.document = document
        self._closed = _closed(cast("Json", document["components"]))

    def operation(self, name: str) -> Json | None:
        """Give the operation that a function is described as."""
        return self._operations.get(name)

    @cached_property
    def _operations(self) -> dict[str, Json]:
        paths = cast("dict[str, dict[str, Json]]", self.document["paths"])
        found = [operation for path in paths.values() for operation in path.values()]
        return {str(operation["operationId"]): operation for operation in found}

    def check(self, name: str, answer: HttpResponse) -> None:
        """Raise `NotAsDescribed` where an answer is anything but what the description says."""
        operation = self.operation(name)
        if operation is None:
            return
        responses = cast("dict[str, Json]", operation["responses"])
        described = responses.get(str(answer.status))
        if described is None:
            raise NotAsDescribed(f"{name} answered {answer.status}: {answer.body[:500]!r}")
        headers = {header.lower(): value for header, value in answer.headers.items()}
        if "content" not in described:
            assert not answer.body, f"{name} {answer.status} has a body"
            return
        named = cast("dict[str, Json]", described["headers"])
        required = {header.lower() for header, about in named.items() if about["required"]}
        missing = required - headers.keys()
        unknown = headers.keys() - {header.lower() for header in named} - OF_ANY_ANSWER
        content = cast("dict[str, Json]", described["content"])
        media_type = headers["content-type"].partition(";")[0]
        if missing or unknown or media_type not in content:
            told = f"{media_type}, without {missing}, with {unknown}"
            raise NotAsDescribed(f"{name} {answer.status}: {told}")
        self._check_body(name, cast("Json", content[media_type]["schema"]), answer)

    def _check_body(self, name: str, schema: Json, answer: HttpResponse) -> None:
        validator = jsonschema_rs.validator_for({**schema, "components": self._closed})
        if answer.headers.get("content-type", "").startswith("text/calendar"):
            assert validator.is_valid(answer.body.decode())
            return
        is_json = "json" in answer.headers.get("content-type", "json")
        body = json.loads(answer.body) if is_json else yaml.safe_load(answer.body)
        errors = [str(error) for error in validator.iter_errors(body)]
        if errors:
            raise NotAsDescribed(f"{name} {answer.status}\n" + "\n".join(errors)[:2000])


class DescribedWorker(Worker):
    """A worker whose HTTP answers are all held to the description that its own app gives."""

    _description: Description | None = None

    async def description(self) -> Description:
        """Ask the app for its description, once."""
        if self._description is None:
            result = await super().invoke_http("openapi", HttpCall())
            self._description = Description(json.loads(result.response.body))
        return self._description

    async def invoke_http(self: Self, name: str, call: HttpCall) -> InvocationResult:
        """Call an HTTP function, and check what it answers."""
        result = await super().invoke_http(name, call)
        if result.succeeded:
            (await self.description()).check(name, result.response)
        return result


def _closed(components: Json) -> Json:
    """Refuse members that are not described; clients are told to expect more, tests are not."""
    closed = copy.deepcopy(components)
    for schema in cast("dict[str, Json]", closed["schemas"]).values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return closed
