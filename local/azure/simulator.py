"""The simulated Azure as one whole: what it remembers, its time, its callers, its faults."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from local.azure.arm.errors import FAILURE_CAUSE, AzureRefusal
from local.azure.arm.headers import operation_identifier
from local.azure.arm.operations import Operations
from local.azure.arm.resource_manager import Arm
from local.azure.arm.roles import Role, Roles
from local.azure.arm.route import Service
from local.azure.arm.state import State
from local.azure.arm.throttle import Throttle
from local.azure.call_facts import facts_of, operation_of
from local.azure.clock import Clock, machine_now
from local.azure.controls.faults import Faults
from local.azure.controls.misfortunes import Facts, Misfortune, refusal_error
from local.azure.deploying.cloud import Cloud
from local.azure.entra.tokens import Caller, Tokens
from local.azure.event_grid.bodies import event_of
from local.azure.event_grid.dead_letters import DeadLetters
from local.azure.event_grid.deliveries import Outbox
from local.azure.event_grid.subscriptions import subscriptions_of, topic_subscriptions_of
from local.azure.fleet import Fleet
from local.azure.journal import Journal
from local.azure.json_values import JsonObject
from local.azure.options import Options
from local.azure.replies import Call, Change, Reply

_NOBODY = Caller("", "", "")
_CALM = Misfortune()


@dataclass(slots=True)
class Setup:
    """How a simulator is made: fleet, time, switches, who hears of changes."""

    fleet: Fleet = field(default_factory=Fleet)
    clock: Clock = field(default_factory=lambda: Clock(machine_now()))
    options: Options = field(default_factory=Options)
    throttle: Throttle = field(default_factory=Throttle)
    events_to: tuple[str, ...] = ()
    topic_events_to: tuple[str, ...] = ()
    dead_letter: Path | None = None
    event_retry_scale: float = 1.0
    roles: Mapping[str, Role] = field(default_factory=dict)
    roles_after: timedelta = timedelta()
    identity_header: str = ""
    client_secret: str = ""
    wall: Callable[[], datetime] = machine_now


class Simulator:
    """Answers calls, keeps the journal and owes events; knows no server and no network."""

    def __init__(self, setup: Setup | None = None) -> None:
        setup = setup or Setup()
        self.fleet = setup.fleet
        self.clock = setup.clock
        self.identity_header = setup.identity_header
        self.client_secret = setup.client_secret
        self.url = "https://localhost"
        self.state = State()
        self.options = setup.options
        self._first_options = replace(setup.options)
        self.operations = Operations(self.state, self.options)
        self._first_roles = dict(setup.roles)
        self._roles_after = setup.roles_after
        self.roles = Roles()
        self.arm = Arm(self.state, self.operations, setup.throttle, self.options, self.roles)
        self.tokens = Tokens(secrets.token_bytes(32), setup.wall)
        self.faults = Faults()
        self.journal = Journal()
        subscriptions = subscriptions_of(setup.events_to)
        subscriptions.extend(topic_subscriptions_of(setup.topic_events_to))
        self.outbox = Outbox(subscriptions, setup.event_retry_scale)
        self.dead_letters = DeadLetters(setup.dead_letter) if setup.dead_letter else None
        self.cloud = Cloud(self.state, self.roles, self.outbox, lambda: self.url, self.clock.now)
        self.event_copies = 1
        self.on_event: Callable[[], None] = _nothing
        self.reset()

    def reset(self) -> None:
        """Go back to the fleet and the switches of the start; what happened since is forgotten."""
        self.fleet.fill(self.state, self.clock.now())
        self.faults.clear()
        self.journal.clear()
        self.outbox.clear()
        self.arm.throttle.clear()
        self.operations.clear()
        self.roles.clear()
        self.cloud.clear()
        arrives = self.clock.now() + self._roles_after if self._roles_after else None
        for client_id, role in self._first_roles.items():
            self.roles.give(client_id, role, arrives)
        for name in Options.__slots__:
            setattr(self.options, name, getattr(self._first_options, name))
        self.event_copies = 1

    def settle(self) -> None:
        """End the operations that are due, and raise the events of those that ended."""
        self.operations.settle(self.clock.now())
        for ended in self.operations.take_ended():
            change = ended.change
            if ended.fails:
                change = replace(change, kind=change.kind.failure)
            self.announce(change, ended.caller, ended.ended)

    def misfortune(self, call: Call) -> Misfortune:
        """Find out what faults do to a call; each call may be asked once."""
        if not self.faults:
            return _CALM
        return self.faults.strike(self.facts(call), self.clock.now())

    def answer(self, call: Call, misfortune: Misfortune = _CALM) -> Reply:
        """Answer a call to Resource Manager, write it down, and raise its event."""
        self.settle()
        now = self.clock.now()
        caller = _NOBODY
        try:
            if misfortune.refusal is not None:
                caller = self._caller_or_nobody(call)
                raise refusal_error(misfortune.refusal, self.facts(call))
            caller = self.tokens.caller(call.headers.get("Authorization", ""))
            reply = self.arm.answer(call, caller, now, misfortune)
        except AzureRefusal as refusal:
            reply = refusal.reply()
        self.record(call, reply, now, caller=caller.app_id, faults=misfortune.names)
        if reply.change is not None:
            self.announce(reply.change, caller)
        self.settle()
        return reply

    def record(
        self,
        call: Call,
        reply: Reply,
        now: datetime,
        *,
        caller: str = "",
        faults: Iterable[str] = (),
    ) -> None:
        """Write a call and its answer down in the journal."""
        self.journal.add(
            now,
            method=call.method,
            path=call.path,
            api_version=call.query.get("api-version", ""),
            operation=operation_of(call),
            caller=caller,
            status=reply.status,
            code=reply.code,
            body=call.body,
            fault=", ".join(faults),
            window_start=reply.window_start,
        )

    def announce(self, change: Change, caller: Caller, at: datetime | None = None) -> None:
        """Raise the event of a change that was made now, or at an earlier instant."""
        now = self.clock.now()
        self.outbox.publish(event_of(change, caller, at or now), now, self.event_copies)
        self.on_event()

    def publish(self, topic: str, events: Iterable[JsonObject]) -> None:
        """Take events for a custom topic; whoever subscribes to topics is owed them."""
        for event in events:
            self.outbox.publish(event, self.clock.now(), self.event_copies, topic)
        self.on_event()

    def caller_headers(self, call: Call, reply: Reply) -> dict[str, str]:
        """Write the headers that name the caller and say what throttling leaves to it.

        The gateway's refusals have none (azure-powershell's recording TestNodePoolMode, 2025-10).
        """
        caller, route = self._caller_or_nobody(call), call.route
        if route is None or not caller.app_id or FAILURE_CAUSE in reply.headers:
            return {}
        if route.row.service is Service.GRAPH:
            return self.arm.throttle.graph_quota(caller.app_id)
        headers = self.arm.throttle.remaining(call.method, route.subscription, caller.app_id)
        way = route.way(call.method)
        if route.is_by_aks and (way is None or way.names_caller):
            headers |= operation_identifier(caller.tenant_id, caller.object_id)
        return headers

    def _caller_or_nobody(self, call: Call) -> Caller:
        try:
            return self.tokens.caller(call.headers.get("Authorization", ""))
        except AzureRefusal:
            return _NOBODY

    def facts(self, call: Call) -> Facts:
        """Say what a call is, as faults and refusals want to know it."""
        facts = facts_of(call, self._caller_or_nobody(call))
        cluster = self.state.cluster(facts.subscription, facts.group, facts.cluster)
        return replace(facts, location=cluster.location) if cluster else facts


def _nothing() -> None:
    """Tell nobody of events."""
