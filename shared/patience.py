"""What holds a message up is waited out for a day, and is no bug: storage, and refused settings."""

import os
import random
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from shared.azure import is_storage_trouble, opened_alone
from shared.domain.errors import InvalidSetting
from shared.domain.messages.envelope import HeldBack
from shared.domain.vocabulary.invalid import InvalidMessage
from shared.ports.every import queue_named
from shared.reconcile.cluster.waiting_room import WaitingRoom
from shared.storage_settings import read_storage
from shared.telemetry.lines import MESSAGE_HELD_BACK
from shared.world import app

if TYPE_CHECKING:
    from shared.ports.storage import Queue

FORBIDDEN = 403
STORAGE = "storage was in trouble for a day"


class Delivery(Struct, frozen=True):
    """A message as the Functions host delivers it, and when its queue took it in."""

    queue: str
    text: str
    inserted_at: datetime | None = None


async def hold_up(delivery: Delivery, error: Exception) -> bool:
    """Hide a message again for what passes; False where it is something else, or cannot be done.

    Then the host delivers it again, five times in all, and sets it aside.
    """
    try:
        match error:
            case InvalidSetting():
                await _until_the_setting_is_right(delivery, error)
            case _ if is_storage_trouble(error):
                await _until_storage_is_back(delivery, error)
            case _:
                return False
    except InvalidMessage:
        return False
    return True


async def _until_the_setting_is_right(delivery: Delivery, error: InvalidSetting) -> None:
    from shared.clients.clock import SystemClock  # noqa: PLC0415 - none of it where all is well

    room = WaitingRoom(SystemClock(), random.random)
    held = room.next_attempt(delivery.text, delivery.inserted_at)
    async with opened_alone(read_storage(os.environ), delivery.queue) as queue:
        await _hold(room, queue, delivery, held, error)


async def _until_storage_is_back(delivery: Delivery, error: Exception) -> None:
    ports = app().ports
    room = WaitingRoom(ports.clock, ports.jitter)
    held = room.next_attempt(delivery.text, delivery.inserted_at)
    if room.is_spent(held) and await _given_up(delivery):
        return
    await _hold(room, queue_named(ports, delivery.queue), delivery, held, error)


async def _given_up(delivery: Delivery) -> bool:
    """Keep the message in the table; False while that cannot be reached either."""
    try:
        await app().poison.record(delivery.text, STORAGE)
    except Exception as error:
        if not is_storage_trouble(error):
            raise
        return False
    return True


async def _hold(
    room: WaitingRoom,
    queue: "Queue[HeldBack]",
    delivery: Delivery,
    held: HeldBack,
    error: Exception,
) -> None:
    # A role assignment on its way takes minutes; the message of storage's own errors may hold keys.
    slow = getattr(error, "status_code", None) == FORBIDDEN
    await room.hold(queue, held, slow=slow)
    why = str(error) if isinstance(error, InvalidSetting) else type(error).__name__
    MESSAGE_HELD_BACK.log(queue=delivery.queue, attempt=held.attempt, why=why)
