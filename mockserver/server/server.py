"""Binds sockets, and serves an application until a signal or in a background thread."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from uvicorn.config import Config

from mockserver.server.protocol import Protocol
from mockserver.server.served_app import ServedApp

if TYPE_CHECKING:
    import ssl

    from _typeshed.wsgi import WSGIApplication

PORT_TRIES = 20
KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 1
START_SECONDS = 10.0
# How often uvicorn looks whether to end, ten times for each second of its dates.
TICK_SECONDS = 0.1
# The turns of the event loop that close connections that have nothing left to send.
CLOSING_TURNS = 3
# Thresholds of the garbage collector. A young collection runs after this many new objects (Python's default is 700) and
# takes about 1 ms per 1,000 objects. The older generations are collected rarely, since
# that could stop all requests for a second.
YOUNG_THRESHOLD, OLD_THRESHOLD = 20_000, 1_000
# The connections and files that may be open, where the system allows that; the default is 1,024 on Linux, 256 on macOS.
FILES = 10_240


class PortTaken(Exception):
    """Another program listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(f"Port {port} of {host} is in use by another program; --port 0 picks a free one.")


class BadHost(Exception):
    """The host is not an address of this machine."""

    def __init__(self, host: str, reason: str) -> None:
        self.host, self.reason = host, reason
        super().__init__(f"Cannot listen on {host}: {reason}.")


def listen(host: str, port: int) -> list[socket.socket]:
    """Bind every address of `host` to one port.

    `localhost` is 127.0.0.1 and, where there is IPv6, ::1; `::` is every address of IPv6 and of IPv4.

    Port 0 picks a free one. Raises PortTaken and BadHost.
    """
    addresses = ["127.0.0.1", "::1"] if host == "localhost" else _resolve(host)
    if "::" in addresses and "0.0.0.0" not in addresses:  # noqa: S104 - only where every address is asked for
        addresses.append("0.0.0.0")  # noqa: S104
    for tries_left in reversed(range(PORT_TRIES)):
        try:
            return _bind_all(host, addresses, port)
        except PortTaken:
            # A free port of one address may be taken on the other.
            if port != 0 or not tries_left:
                raise
    raise AssertionError("unreachable")


def _resolve(host: str) -> list[str]:
    try:
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise BadHost(host, getattr(error, "strerror", None) or "it is not a valid host name") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def _bind_all(host: str, addresses: Sequence[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    with contextlib.ExitStack() as undo:
        for address in addresses:
            try:
                bound = _bind(host, address, port)
            except BadHost:
                # Where both versions of IP are meant, one may be missing here.
                if not (host == "localhost" or "::" in addresses) or (address == addresses[-1] and not sockets):
                    raise
                continue
            undo.callback(bound.close)
            sockets.append(bound)
            port = bound.getsockname()[1]
        undo.pop_all()
    return sockets


def _bind(host: str, address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise BadHost(host, error.strerror or str(error)) from None
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
        # Bound but not listening, the port could still be shared with another program that also sets SO_REUSEADDR.
        bound.listen(2048)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        if error.errno in (98, 48, 10048):
            raise PortTaken(host, port) from None
        raise BadHost(host, error.strerror or str(error)) from None
    return bound


def url(host: str, sockets: Sequence[socket.socket], tls: ssl.SSLContext | None = None) -> str:
    """The address that a client of these sockets uses."""
    shown = f"[{host}]" if ":" in host else host
    return f"{'http' if tls is None else 'https'}://{shown}:{sockets[0].getsockname()[1]}"


class _Server(uvicorn.Server):
    """A uvicorn server that calls `ready` once it serves, and returns after a signal instead of raising it again."""

    def __init__(self, config: Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self._ready()

    async def main_loop(self) -> None:
        """As uvicorn's, which looks every TICK_SECONDS whether to end; but `stop` has it look at once."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), TICK_SECONDS)

    def stop(self) -> None:
        """End soon. Called by any thread, and by signal handlers."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._woken.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which waits a moment even where no connection is left."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(CLOSING_TURNS):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
        for bound in sockets or []:
            bound.close()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `serve` does so, before there is an event loop."""
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.stop()


def _protocol_factory(served: ServedApp) -> Any:
    """What makes the protocol of each connection: one that passes requests on where there is an upstream."""
    passing: Callable[..., Protocol] | None = None

    def make_protocol(**options: Any) -> Protocol:
        nonlocal passing
        service = served.current_service()
        if service is None or service.contract.upstream is None:
            return Protocol(**options)
        if passing is None:
            from mockserver.server.upstream.passing_protocol import passing_protocol

            passing = passing_protocol()
        return passing(**options)

    return make_protocol


def _server(
    app: WSGIApplication, body_limit: int | None, tls: ssl.SSLContext | None, ready: Callable[[], None]
) -> _Server:
    served = ServedApp.of(app, body_limit)
    config = Config(
        app=served,  # type: ignore[arg-type]
        http=_protocol_factory(served),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_context_factory=None if tls is None else lambda *_: tls,
    )
    return _Server(config, ready)


def serve(
    app: WSGIApplication, host: str, sockets: list[socket.socket], announce: Callable[[str], None],
    body_limit: int | None = None, tls: ssl.SSLContext | None = None,
) -> None:  # fmt: skip
    """Serve until SIGINT, SIGTERM or SIGHUP, then return; `announce` gets the address once connections are accepted."""
    # The loaded contract is permanent, so the collector need not scan it. Nor is it scanned now for the little garbage
    # that loading leaves: that would take a tenth of the start.
    gc.freeze()
    gc.set_threshold(YOUNG_THRESHOLD, OLD_THRESHOLD, OLD_THRESHOLD)
    _allow_many_files()
    address = url(host, sockets, tls)
    server = _server(app, body_limit, tls, lambda: announce(address))
    with _ended_by_signals(server):
        server.run(sockets)


def _allow_many_files() -> None:
    if os.name == "posix":
        import resource  # which Windows lacks

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        raised = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < raised:
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))


@contextlib.contextmanager
def _ended_by_signals(server: _Server) -> Iterator[None]:
    """Have SIGINT, SIGTERM and SIGHUP, unless nohup ignores that, end a server."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    # Windows has none.
    hang_up: signal.Signals | None = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        numbers.append(hang_up)
    former = {number: signal.signal(number, server.handle_exit) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            # Where a signal has ended it, a second one is not to interrupt the end of the process.
            is_ending = server.should_exit and handler in (signal.SIG_DFL, signal.default_int_handler)
            signal.signal(number, signal.SIG_IGN if is_ending else handler)


class BackgroundServer:
    """A server in a thread of this process: `with BackgroundServer(app) as server: … server.url …`."""

    def __init__(
        self,
        app: WSGIApplication,
        host: str = "localhost",
        port: int = 0,
        body_limit: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._ready = threading.Event()
        self._sockets = listen(host, port)
        self.url = url(host, self._sockets, tls)
        self._server = _server(app, body_limit, tls, self._ready.set)
        self._thread = threading.Thread(target=self._run, name="mockserver", daemon=True)

    def start(self) -> Self:
        """Start the thread, and return once the server accepts connections."""
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise RuntimeError("the server did not start")
        return self

    def stop(self) -> None:
        """Stop the server, and wait for its thread to end."""
        self._server.stop()
        self._thread.join(START_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
            runner.run(self._server.serve(sockets=self._sockets))
