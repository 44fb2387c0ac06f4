"""What every HTTP function does: whatever is wrong with a request is a problem, never a 500."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps

import azure.functions as func

from functions.problems import invalid, problem, refused_by_azure
from functions.request_bodies import BODY_LIMIT, TooLarge
from shared.bootstrap import app
from shared.domain.cluster_id import ClusterId
from shared.domain.errors import InvalidInput, InvalidSetting
from shared.reconcile.look_at_cluster import LiveReadFailed

type Handler = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]


class RequestRefused(Exception):
    """A request that is well-formed, and that naptime does not grant."""

    def __init__(self, status: int, reason: str, detail: str, field: str) -> None:
        """Take what the problem says."""
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.field = field


def answers_with_problems(handler: Handler) -> Handler:
    """Turn what a handler raises on purpose into a problem; a bug stays a 500."""

    @wraps(handler)
    async def answering(req: func.HttpRequest) -> func.HttpResponse:
        try:
            return await handler(req)
        except InvalidSetting as error:
            return problem(503, "InvalidSetting", str(error), field=error.problems[0].field)
        except InvalidInput as error:
            return invalid(error)
        except TooLarge:
            return problem(
                413, "BodyTooLarge", f"a body holds at most {BODY_LIMIT} bytes", field="body"
            )
        except RequestRefused as error:
            return problem(error.status, error.reason, error.detail, field=error.field)
        except LiveReadFailed as error:
            return refused_by_azure(error.cause, **error.remembered)

    return answering


def allowed(cluster_id: ClusterId) -> ClusterId:
    """Give the id of a cluster that naptime may act on; raise `RequestRefused`."""
    allowed_subscription(cluster_id.subscription_id)
    return cluster_id


def allowed_subscription(subscription_id: str) -> str:
    """Give the id of a subscription that naptime may act on; raise `RequestRefused`."""
    if not app().settings.allows(subscription_id):
        detail = f"{subscription_id} is not in NAPTIME_SUBSCRIPTIONS"
        raise RequestRefused(403, "ForeignSubscription", detail, "subscriptionId")
    return subscription_id


def refuse_unknown(params: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Refuse query parameters that mean nothing here; `code` is the host's own key."""
    for name, value in params.items():
        if name not in {*known, "code"}:
            rule = f"is not known here; known are {', '.join(known)}"
            raise InvalidInput.because(name, value, rule)


def filters(params: Mapping[str, str], **names: tuple[str, ...]) -> dict[str, str]:
    """Read filters, each with the values it may have (none: any), in any casing."""
    found = {}
    for name, values in names.items():
        if value := params.get(name, ""):
            found[name] = _one_of(name, value, values) if values else value
    return found


def _one_of(name: str, value: str, values: tuple[str, ...]) -> str:
    for known in values:
        if known.lower() == value.lower():
            return known
    raise InvalidInput.because(name, value, f"must be one of {', '.join(values)}")
