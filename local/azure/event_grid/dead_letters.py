"""Where events end that could not be delivered: a folder in the place of a blob container.

MicrosoftDocs "Event Grid message delivery and retry" and "Set dead-letter location": one JSON array
for each event, under the subscription's name in upper case and the hour. The real one waits five
minutes after the last attempt.
"""

import json
from datetime import UTC
from pathlib import Path
from uuid import uuid4

from local.azure.event_grid.deliveries import Delivery
from local.azure.json_values import JsonObject, iso

_OUTCOMES = {
    "400": "BadRequest",
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "NotFound",
    "413": "PayloadTooLarge",
    "429": "Busy",
    "503": "Busy",
}


class DeadLetters:
    """A folder of dead letters; raises OSError where it cannot be made."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def bury(self, delivery: Delivery) -> None:
        """Write the event down, with why it was given up."""
        last, _ = delivery.attempts[-1]
        hour = last.astimezone(UTC)
        name = delivery.subscription.name.upper()
        place = self._folder / name / f"{hour.year}/{hour.month}/{hour.day}/{hour.hour}"
        place.mkdir(parents=True, exist_ok=True)
        text = json.dumps([dead_letter(delivery)], indent=1)
        (place / f"{uuid4()}.json").write_text(text, encoding="utf-8")


def dead_letter(delivery: Delivery) -> JsonObject:
    """Write the event as a dead letter."""
    last, outcome = delivery.attempts[-1]
    return {
        **delivery.event,
        "deadLetterReason": delivery.dead_reason,
        "deliveryAttempts": len(delivery.attempts),
        # An attempt without a status had no answer.
        "lastDeliveryOutcome": _OUTCOMES.get(outcome, outcome if outcome.isdigit() else "TimedOut"),
        "publishTime": iso(delivery.published),
        "lastDeliveryAttemptTime": iso(last),
    }
