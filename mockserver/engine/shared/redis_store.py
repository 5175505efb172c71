"""The store in Redis. Each step is one Lua script there: it is carried out completely or not at all."""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mockserver.engine.clock import monotonic, sleep
from mockserver.engine.journal import ENTRY_LIMIT
from mockserver.engine.journal_memory import MEMORY_LIMIT
from mockserver.engine.sandboxes import DEFAULT, EVICTED_SHARE, GUEST_LIMIT, IDLE_SECONDS
from mockserver.engine.shared.redis_deliveries import DELIVERY_PARTS, RedisDeliveries
from mockserver.engine.shared.redis_scripts import (
    ADD_ENTRY,
    APPEND,
    BYTES,
    CLEAR_ENTRIES,
    COUNTED,
    FETCH_UPDATES,
    JOURNALS,
    LISTS,
    NAMES,
    PARTS,
    REMOVE,
    REPLACE_ENTRY,
    SCRIPTS,
    SUMMARIZE,
)
from mockserver.engine.shared.store import (
    EVENT_LIMIT,
    Conflict,
    EncodedEntry,
    JournalCounts,
    SandboxContent,
    SandboxUpdates,
    StoredSummary,
    Use,
)
from mockserver.refusals import SandboxLimit, StoreLogFull, StoreUnavailable

if TYPE_CHECKING:
    import redis

TIMEOUT_SECONDS = 1.0
TRIES = 2
# How long to wait between attempts to find out whether a store that did not respond in time does so again.
PROBE_SECONDS = 0.5
# Of how many sandboxes a process keeps what it needs for each request.
KEPT_NAMES = 10_000


class RedisStore:
    """The store at `url`. Servers whose contracts have the same title share it; others do not see each other.

    Raises ImportError where redis is not installed, and ValueError for a `url` that is not a Redis address.
    """

    def __init__(self, url: str, contract: str) -> None:
        import redis

        self._redis, self._url = redis, url
        redis.connection.parse_url(url)  # type: ignore[no-untyped-call]
        # In braces: in a cluster, the keys that a script uses have to be on one node.
        self._prefix = f"mockserver:{{{hashlib.sha256(contract.encode()).hexdigest()[:16]}}}:"
        self.deliveries = RedisDeliveries(self._run_script, self._execute, self._key)
        self._shas = {text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for text in SCRIPTS}
        self._client: redis.Redis | None = None
        self._client_pid = 0
        # Set while the store is known not to respond: the process that found out. Its thread asks until it does.
        self._silent_pid = 0
        # The keys of a sandbox, in the order in which the scripts number them.
        self._keys = lru_cache(KEPT_NAMES)(self._name_keys)
        # When it was noted last that the journal of a sandbox was written to.
        self._noted: dict[str, float] = {}

    @property
    def is_available(self) -> bool:
        """Whether Redis responds."""
        try:
            self._execute("PING")
        except StoreUnavailable:
            return False
        return True

    def fetch_updates(self, name: str, epoch: str, length: int, limit: int, use: Use) -> SandboxUpdates | None:
        """The batches of a sandbox after the first `length` of `epoch`; see Store."""
        arguments = (epoch, length, uuid.uuid4().hex, name, limit, int(IDLE_SECONDS), int(use), DEFAULT, self._prefix)
        bounds = (GUEST_LIMIT, max(1, limit // EVICTED_SHARE))
        reply = self._run_script(FETCH_UPDATES, name, *arguments, *bounds)
        if reply == 0:
            raise SandboxLimit(limit)
        if reply == -1:
            return None
        return SandboxUpdates(reply[0].decode(), reply[1], int(reply[2]), reply[3])

    def append(
        self,
        name: str,
        epoch: str,
        length: int,
        batch: str,
        entry: EncodedEntry | None,
        new_epoch: str,
        content: SandboxContent,
    ) -> None:
        """Append a batch and a journal entry, if the sandbox is still at this epoch and length; see Store."""
        # Each batch begins with a number of its own, by which the script recognizes one that is sent again.
        beginning = f'["{uuid.uuid4().hex}",'
        entry_arguments = _entry_arguments(entry) if entry is not None else ("", "", "")
        arguments = (*self._limits, epoch, length, f"{beginning}{batch}]", beginning, new_epoch, EVENT_LIMIT)
        holds = (name, int(not content.is_empty), content.summary, self._must_note(name))
        reply = self._run_script(APPEND, name, *arguments, *entry_arguments, *holds)
        if reply == 0:
            raise Conflict
        if reply < 0:
            raise StoreLogFull(EVENT_LIMIT)

    def add_entry(self, name: str, entry: EncodedEntry) -> None:
        """Add a journal entry."""
        self._run_script(ADD_ENTRY, name, *self._limits, "", 0, *_entry_arguments(entry), name, self._must_note(name))

    def add_entry_if_unchanged(self, name: str, epoch: str, length: int, entry: EncodedEntry) -> bool:
        """Add a journal entry if the sandbox is still at this epoch and length; whether it is."""
        arguments = (*self._limits, epoch, length, *_entry_arguments(entry), name, self._must_note(name))
        return bool(self._run_script(ADD_ENTRY, name, *arguments) == 1)

    def replace_entry(self, name: str, entry: EncodedEntry, other: EncodedEntry) -> None:
        """Have another entry in place of one that may still be there."""
        further = [which for which in other.problem_lists if which not in entry.problem_lists]
        lists = "".join(map(str, map(_number, further)))
        self._run_script(REPLACE_ENTRY, name, ENTRY_LIMIT, entry.text, other.text, lists, other.code or "")

    def list_entries(self, name: str, which: str) -> list[bytes]:
        """The entries, oldest first, of a list of LISTS."""
        entries: list[bytes] = self._execute("LRANGE", self._key(name, LISTS[which]), 0, -1)
        return entries

    def count_entries(self, name: str) -> JournalCounts:
        """What the journal knows of entries that it may have dropped."""
        fields = self._execute("HGETALL", self._key(name, "meta"))
        problems: dict[str, dict[str | None, int]] = {
            which: {
                field[len(prefix) :].decode() or None: int(number)
                for field, number in fields.items()
                if field.startswith(prefix)
            }
            for which, prefix in ((which, f"{COUNTED}{_number(which)}:".encode()) for which in LISTS)
        }
        return JournalCounts(int(fields.get(b"cleared", 0)), problems)

    def clear_entries(self, name: str, which: Sequence[str]) -> None:
        """Empty these lists of entries, and count their entries from 0 again."""
        self._run_script(CLEAR_ENTRIES, name, "".join(map(_number, which)))

    def list_sandboxes(self) -> list[str]:
        """The names of all sandboxes that last."""
        return [name.decode() for name in self._execute("ZRANGE", f"{self._prefix}names", 0, -1)]

    def summarize_sandboxes(self) -> list[StoredSummary]:
        """Each sandbox that lasts, without reading its events."""
        return [
            StoredSummary(name.decode(), int(requests), int(violations), summary.decode())
            for name, requests, violations, summary in self._run_script(SUMMARIZE, "", self._prefix)
        ]

    def remove(self, name: str) -> bool:
        """Remove a sandbox; whether it existed."""
        return bool(self._run_script(REMOVE, name, name, self._prefix))

    def remove_all(self) -> None:
        """Remove every sandbox, those that do not last included."""
        for names in NAMES:
            for name in self._execute("ZRANGE", f"{self._prefix}{names}", 0, -1):
                self.remove(name.decode())

    @property
    def _limits(self) -> tuple[int, int]:
        """Of the entries in a list, and of the bytes of all entries."""
        return ENTRY_LIMIT, MEMORY_LIMIT

    def _key(self, name: str, part: str) -> str:
        return f"{self._prefix}{name}:{part}"

    def _name_keys(self, name: str) -> list[str]:
        of_sandbox, of_deliveries = ([self._key(name, part) for part in parts] for parts in (PARTS, DELIVERY_PARTS))
        names, shared = ([f"{self._prefix}{key}" for key in keys] for keys in (NAMES, (JOURNALS, BYTES)))
        return [*of_sandbox, *names, *of_deliveries, *shared]

    def _must_note(self, name: str) -> int:
        """1 where it must be noted that the journal of a sandbox is written to, which is once a second; else 0."""
        now = monotonic()
        if now - self._noted.get(name, -1.0) < 1.0:
            return 0
        if len(self._noted) >= KEPT_NAMES:
            self._noted.clear()
        self._noted[name] = now
        return 1

    def _run_script(self, script: str, name: str, *arguments: Any) -> Any:
        keys = self._keys(name)
        try:
            return self._execute("EVALSHA", self._shas[script], len(keys), *keys, *arguments)
        except self._redis.exceptions.NoScriptError:
            return self._execute("EVAL", script, len(keys), *keys, *arguments)

    def _execute(self, *command: Any) -> Any:
        """Send one command, and send it again over a new connection where the connection was broken."""
        if self._silent_pid == os.getpid():
            raise StoreUnavailable
        errors = self._redis.exceptions
        for tries_left in reversed(range(TRIES)):
            try:
                return self._connected().execute_command(*command)  # type: ignore[no-untyped-call]
            except errors.NoScriptError:
                raise
            except errors.TimeoutError:
                # Nobody else waits for it, and this request no longer than once.
                self._client = None
                self._await_response()
                raise StoreUnavailable from None
            except errors.RedisError:
                self._client = None
                if not tries_left:
                    raise StoreUnavailable from None
        raise AssertionError("unreachable")

    def _await_response(self) -> None:
        """Refuse every command at once, until the store responds to a thread of its own."""
        self._silent_pid = os.getpid()
        threading.Thread(target=self._probe, name="mockserver-store", daemon=True).start()

    def _probe(self) -> None:
        while True:
            try:
                with self._connect() as client:
                    client.ping()
            except self._redis.exceptions.TimeoutError:
                sleep(PROBE_SECONDS)
            except self._redis.exceptions.RedisError:
                break  # refused at once, so that nobody has to wait for it
            else:
                break
        self._silent_pid = 0

    def _connected(self) -> redis.Redis:
        # A connection belongs to one process: a forked process needs its own.
        if self._client is None or self._client_pid != os.getpid():
            self._client_pid = os.getpid()
            self._client = self._connect()
        return self._client

    def _connect(self) -> redis.Redis:
        never = self._redis.retry.Retry(self._redis.backoff.NoBackoff(), 0)
        client: redis.Redis = self._redis.Redis.from_url(
            self._url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=never,
            single_connection_client=True,
        )
        return client


def _number(which: str) -> str:
    """The number, as a digit, of the key of one of LISTS."""
    return str(PARTS.index(LISTS[which]) + 1)


def _entry_arguments(entry: EncodedEntry) -> tuple[bytes, str, str]:
    return entry.text, "".join(map(_number, ("all", *entry.problem_lists))), entry.code or ""
