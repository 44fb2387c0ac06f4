"""`python -m local.azure`: the simulator alone."""

import argparse
import asyncio
import signal
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from local.azure.arm.aks_rules import Rules
from local.azure.arm.roles import RoleIsInvalidError, read_role
from local.azure.arm.throttle import Throttle
from local.azure.clock import Clock, machine_now
from local.azure.fleet import Fleet, FleetIsInvalidError, read_fleet
from local.azure.json_values import instant_of
from local.azure.options import Options
from local.azure.server import Ports, SimulatorServer
from local.azure.simulator import Setup, Simulator

_USAGE = 2


@dataclass(slots=True)
class Arguments(argparse.Namespace):
    """The command line."""

    port: int = 8443
    http_port: int = 0
    fleet: Path | None = None
    ca_out: Path | None = None
    events_to: list[str] = field(default_factory=list)
    topic_events_to: list[str] = field(default_factory=list)
    event_retry_scale: float = 1.0
    dead_letter: Path | None = None
    role: list[str] = field(default_factory=list)
    role_after: float = 0.0
    identity_header: str = ""
    client_secret: str = ""
    now: datetime | None = None
    freeze: bool = False
    page_size: int = 100
    created_201: bool = False
    allow_past_start_date: bool = False
    operation_seconds: float = 15.0
    operation_reads: int = 0
    conflict_while_busy: bool = False
    list_lag: float = 0.0
    tag_event_names_cluster: bool = False
    throttle: bool = False
    throttle_scale: float = 1.0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.azure",
        description="A simulator of Azure on 127.0.0.1: Resource Manager with AKS clusters and"
        " their maintenance configurations, managed identity, Event Grid. Prints 'ready URL' when"
        " it listens. GET /_simulator/ lists the controls.",
    )
    add = parser.add_argument
    add("--port", type=int, default=8443, help="of https; 0 is any free one (default 8443)")
    add("--http-port", type=int, default=0, help="of plain http, for IDENTITY_ENDPOINT (default 0)")
    add("--fleet", type=Path, metavar="FILE", help="JSON of clusters and configurations")
    add("--ca-out", type=Path, metavar="FILE", help="write the CA bundle for SSL_CERT_FILE here")
    add("--events-to", action="append", metavar="URL", help="webhook of events; may be repeated")
    add("--topic-events-to", action="append", metavar="URL", help="the same for custom topics")
    add("--dead-letter", type=Path, metavar="DIR", help="folder for what cannot be delivered")
    add("--event-retry-scale", type=float, default=1.0, help="factor on the delays of retries")
    add(
        "--role", action="append", metavar="CLIENT_ID=FILE", help="what a caller may do; repeatable"
    )
    add("--role-after", type=float, default=0.0, help="seconds until those roles arrive (0)")
    add("--identity-header", default="", help="the X-IDENTITY-HEADER to insist on (default: any)")
    add("--client-secret", default="", help="the only right secret of a client (default: any)")
    add("--now", type=instant_of, metavar="ISO", help="where the simulated time starts")
    add("--freeze", action="store_true", help="the simulated time stands still")
    add("--page-size", type=int, default=100, help="clusters a page; 0 is all (default 100)")
    add("--created-201", action="store_true", help="answer 201, not 200, to a new configuration")
    add("--allow-past-start-date", action="store_true", help="accept a startDate before today")
    add("--operation-seconds", type=float, default=15.0, help="how long clusters take (15)")
    add("--operation-reads", type=int, default=0, help="or how often they are asked (0: not)")
    add("--conflict-while-busy", action="store_true", help="409 to configurations meanwhile")
    add("--list-lag", type=float, default=0.0, help="seconds that lists of clusters lag (0)")
    add("--tag-event-names-cluster", action="store_true", help="a tag event has the cluster's id")
    add("--throttle", action="store_true", help="enforce the limits of ARM and of AKS")
    add("--throttle-scale", type=float, default=1.0, help="factor on those limits")
    return parser


def _simulator(arguments: Arguments) -> Simulator:
    fleet = read_fleet(arguments.fleet) if arguments.fleet else Fleet()
    return Simulator(
        Setup(
            fleet=fleet,
            clock=Clock(arguments.now or machine_now(), frozen=arguments.freeze),
            options=Options(
                page_size=arguments.page_size,
                created_status=201 if arguments.created_201 else 200,
                rules=Rules(past_start_dates=arguments.allow_past_start_date),
                operation_seconds=arguments.operation_seconds,
                operation_reads=arguments.operation_reads,
                conflict_while_busy=arguments.conflict_while_busy,
                list_lag_seconds=arguments.list_lag,
                tag_event_names_cluster=arguments.tag_event_names_cluster,
            ),
            throttle=Throttle(enforced=arguments.throttle, scale=arguments.throttle_scale),
            events_to=tuple(arguments.events_to or ()),
            topic_events_to=tuple(arguments.topic_events_to or ()),
            dead_letter=arguments.dead_letter,
            event_retry_scale=arguments.event_retry_scale,
            roles=dict(map(read_role, arguments.role or ())),
            roles_after=timedelta(seconds=arguments.role_after),
            identity_header=arguments.identity_header,
            client_secret=arguments.client_secret,
        )
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def _serve(arguments: Arguments) -> int:
    simulator = _simulator(arguments)
    server = SimulatorServer(simulator, Ports(arguments.port, arguments.http_port), _say)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stopped.set)
    await server.start()
    try:
        if arguments.ca_out is not None:
            arguments.ca_out.write_bytes(server.certificates.bundle())
        for name, url in server.urls.items():
            _say(f"{name}: {url}")
        print(f"ready {server.url}", flush=True)
        await stopped.wait()
    finally:
        await server.stop()
    return 0


def main() -> int:
    """Serve until a signal comes; 2 for a command line or a fleet that cannot be used."""
    arguments = _parser().parse_args(namespace=Arguments())
    try:
        return asyncio.run(_serve(arguments))
    except FleetIsInvalidError as error:
        for problem in error.problems:
            _say(f"fleet: {problem}")
    except RoleIsInvalidError as error:
        _say(f"role: {error}")
    except OSError as error:
        _say(f"cannot start: {error}")
    return _USAGE


if __name__ == "__main__":
    sys.exit(main())
