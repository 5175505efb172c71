"""Events of the stream of jobs: how late they come, how many of them are sent, and what an open stream takes."""

from __future__ import annotations

import contextlib
import itertools
import resource
import selectors
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from tests.bench import connection, servers
from tests.bench.connection import Connection
from tests.bench.report import Comparison, Row, ratio
from tests.bench.rounds import SCENARIO, read_failed_jobs
from tests.bench.servers import Server

STREAM = "/admin/jobs/stream"
LISTENERS, POSTS, WARM_UP_POSTS = (1, 100, 1_000), 240, 20
WRITER_LISTENERS, WRITER_POSTS, WRITER_ROUNDS = 100, 250, 5
# Streams that are open before the memory of the others is measured, so that it is not that of the first ones.
FIRST_STREAMS = 10
# Sockets of the clients, and as many of the server, which inherits the limit.
OPEN_FILES = 2_048
# Each event has this once, as the JSON of its data has no line breaks.
EVENT_LINE = b"\nevent: "
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from sending a POST to its event, for each event and listener; and to its response without listeners."""

    events: Sequence[float]
    response: float

    @property
    def median(self) -> float:
        """The median of the events."""
        return statistics.median(self.events)

    @property
    def p99(self) -> float:
        """What 99 of 100 events take at most."""
        return sorted(self.events)[len(self.events) * 99 // 100]


@dataclass(frozen=True, slots=True)
class Burst:
    """POSTs per second of one client, without listeners and with them, and the server's CPU seconds for one of these."""

    alone: float
    heard: float
    cpu: float


class Client(Protocol):
    """What reads from a connection as soon as something has come."""

    connection: Connection

    def receive(self) -> int:
        """Read what has come; the number of events in it."""


class EventCounter:
    """Counts the events in the parts in which a stream comes."""

    def __init__(self) -> None:
        self._tail = b""

    def count(self, part: bytes) -> int:
        """The number of events that have come with this part, up to the beginning of their name at least."""
        text = self._tail + part
        # Shorter than the line by a byte: a line that comes in two parts is counted, and none is counted twice.
        self._tail = text[1 - len(EVENT_LINE) :]
        return text.count(EVENT_LINE)


class Listener:
    """A client of the stream of jobs."""

    def __init__(self, connection: Connection, request: bytes) -> None:
        self.connection = connection
        connection.send(request)
        _, text = connection.read_head()
        # The event `ready`, and the end of its chunk.
        while not text.endswith(b"\n\n\r\n"):
            text += connection.receive()
        self._counter = EventCounter()

    def receive(self) -> int:
        """Read what has come; the number of events in it."""
        return self._counter.count(self.connection.receive())


class Writer:
    """A client that sends each of its requests once the one before has its response."""

    def __init__(self, connection: Connection, requests: Iterator[bytes]) -> None:
        self.connection, self._requests = connection, requests
        connection.send(next(requests))

    def receive(self) -> int:
        """Read a response, and send the next request; there are no events in it."""
        self.connection.read()
        if request := next(self._requests, b""):
            self.connection.send(request)
        return 0


class Clients:
    """Clients of one process that read whatever has come first. Those that are added are closed at the end."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()
        self._selector.close()

    def listen(self, server: Server, sandbox: str, count: int) -> None:
        """Open streams of the jobs of a sandbox."""
        request = connection.request("GET", STREAM, headers_of(sandbox))
        for _ in range(count):
            self._add(Listener(self._stack.enter_context(Connection(server)), request))

    def write(self, server: Server, requests: Iterator[bytes]) -> None:
        """Send requests, beginning now; the next ones are sent within `receive`."""
        self._add(Writer(self._stack.enter_context(Connection(server)), requests))

    def receive(self, count: int) -> list[float]:
        """The times, by time.perf_counter, at which the next events came to listeners, `count` in all of them together.

        Raises RuntimeError if they do not come, or a connection ends.
        """
        times: list[float] = []
        while len(times) < count:
            ready = self._selector.select(TIMEOUT_SECONDS)
            if not ready:
                raise RuntimeError(f"{count - len(times)} of {count} events have not come")
            for key, _ in ready:
                client: Client = key.data
                events = client.receive()
                times += [time.perf_counter()] * events
        return times

    def _add(self, client: Client) -> None:
        self._selector.register(client.connection.socket, selectors.EVENT_READ, client)


def headers_of(sandbox: str) -> dict[str, str]:
    """The headers that select a sandbox, and the scenario of all these measurements."""
    return {**SCENARIO, "X-Mock-Sandbox": sandbox}


def changes(jobs: Sequence[str], sandbox: str, count: int) -> Iterator[bytes]:
    """Requests that each change a job of a new sandbox: all failed jobs are retried, then all are cancelled.

    Raises ValueError if there are too few jobs.
    """
    if count > 2 * len(jobs):
        raise ValueError(f"{count} changes of {len(jobs)} jobs: each can be retried and cancelled once")
    headers = headers_of(sandbox)
    pairs = itertools.product(("retry", "cancel"), jobs)
    for action, job in itertools.islice(pairs, count):
        yield connection.request("POST", f"/admin/jobs/{job}/{action}", headers)


def measure_delays(server: Server, jobs: Sequence[str], listeners: int, posts: int) -> Delays:
    """Send a POST without listeners and one with them in turn, the next pair once all events have come."""
    responses, events = list[float](), list[float]()
    alone, heard = (changes(jobs, f"{name}-{listeners}", posts + WARM_UP_POSTS) for name in ("alone", "heard"))
    with Clients() as clients, Connection(server) as client:
        clients.listen(server, f"heard-{listeners}", listeners)
        for number, (request, heard_request) in enumerate(zip(alone, heard, strict=True)):
            started = time.perf_counter()
            client.send(request)
            client.read()
            response = time.perf_counter() - started
            started = time.perf_counter()
            client.send(heard_request)
            times = clients.receive(listeners)
            client.read()
            if number >= WARM_UP_POSTS:
                responses.append(response)
                events += [at - started for at in times]
    return Delays(events, statistics.median(responses))


def measure_writer(server: Server, jobs: Sequence[str], listeners: int, posts: int, number: int) -> Burst:
    """Send POSTs without listeners, and then with them, until the last event has come to the last listener."""
    with Connection(server) as client:
        requests = list(changes(jobs, f"silent-{number}", posts))
        started = time.perf_counter()
        for request in requests:
            client.send(request)
            client.read()
        alone = posts / (time.perf_counter() - started)
    with Clients() as clients:
        sandbox = f"writer-{number}"
        clients.listen(server, sandbox, listeners)
        cpu, started = server.cpu_seconds, time.perf_counter()
        clients.write(server, changes(jobs, sandbox, posts))
        last = clients.receive(listeners * posts)[-1]
        return Burst(alone, posts / (last - started), (server.cpu_seconds - cpu) / posts)


def measure_memory(server: Server, streams: int) -> float:
    """Bytes of the server's memory that each of many idle streams takes, without those of the kernel."""
    with Clients() as clients:
        clients.listen(server, "idle", FIRST_STREAMS)
        before = server.megabytes
        clients.listen(server, "idle", streams)
        return (server.megabytes - before) * 1e6 / streams


def raise_file_limit() -> None:
    """Allow this process and those that it starts to have enough files open.

    Raises ValueError if the system does not let it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, hard))


def rows(
    listeners: Sequence[int] = LISTENERS, posts: int = POSTS, writer_listeners: int = WRITER_LISTENERS,
    writer_posts: int = WRITER_POSTS, rounds: int = WRITER_ROUNDS,
) -> Iterator[Row]:  # fmt: skip
    """The rows of the benchmark's table. The last of `listeners` is also the number of idle streams."""
    raise_file_limit()
    with servers.mockserver() as server:
        jobs = read_failed_jobs(server)
        memory = measure_memory(server, listeners[-1])
        yield _delays_row(listeners, [measure_delays(server, jobs, count, posts) for count in listeners])
        bursts = [measure_writer(server, jobs, writer_listeners, writer_posts, number) for number in range(rounds)]
        yield _burst_row(bursts, writer_listeners)
        yield Row(f"memory of an idle stream, with {listeners[-1]:,} open", f"{memory / 1e3:.1f} KB")


def _delays_row(listeners: Sequence[int], delays: Sequence[Delays]) -> Row:
    """From sending a POST to its event, with so many listeners."""
    first, last = delays[0], delays[-1]
    return Row(
        f"POST to its event, with {' · '.join(f'{count:,}' for count in listeners)} listeners",
        f"median {' · '.join(f'{delay.median * 1e3:.2f}' for delay in delays)} ms, "
        f"p99 {' · '.join(f'{delay.p99 * 1e3:.2f}' for delay in delays)} ms",
        [
            ratio(first.median / first.response, "a POST's response, with one listener"),
            Comparison(
                f"{(last.median - first.median) / (listeners[-1] - listeners[0]) * 1e6:.1f} µs for each further one"
            ),
        ],
        in_readme=True,
    )


def _burst_row(bursts: Sequence[Burst], listeners: int) -> Row:
    cpu = statistics.median(burst.cpu for burst in bursts) / listeners
    return Row(
        f"events to {listeners} listeners, one POST after the other",
        f"{statistics.median(burst.heard for burst in bursts) * listeners:,.0f}/s",
        [
            ratio(statistics.median(burst.heard / burst.alone for burst in bursts), "the POSTs/s without listeners"),
            Comparison(f"CPU time {cpu * 1e6:.1f} µs for each event"),
        ],
    )
