"""The threads that Python of a contract runs on, so that whatever it does, nobody else waits for it.

A function runs on a thread of its own, with a limit of time. An event loop has a request that needs such a function
handled by a StepThread, which takes turns with the loop: one of the two runs while the other waits, except while the
function runs. So the pipeline needs no locks.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

# The functions that run at a time, those included that were given up and have not ended; others wait for their turn,
# for as long as a function may take.
RUNNING_LIMIT, WAIT_SECONDS = 32, 0.01
# The requests of an event loop that are handled at a time; more wait.
STEP_LIMIT = 256
# How long a function that was interrupted has to end, and the attempts that are made.
GRACE_SECONDS, INTERRUPTS = 0.05, 3
T = TypeVar("T")
_current_frames_lock = threading.Lock()


class Interrupted(BaseException):
    """Raised inside a function that has run for too long."""


class CallTimeout(Exception):
    """A function did not end in time, or could not be begun since too many others have not ended.

    `stack` has the file and the line of each frame that it was in, the outermost first.
    """

    def __init__(self, reason: str, stack: Sequence[tuple[str, int]] = ()) -> None:
        self.stack = tuple(stack)
        super().__init__(reason)


class LoopClosed(GeneratorExit):
    """Ends a StepThread whose event loop was closed: nobody waits for its result."""


class _CallThread(threading.Thread):
    """Runs one function."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(name="mockserver-handler", daemon=True)
        self._function = function
        self.ended = threading.Event()
        self.is_given_up = False
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        # The interrupt may arrive anywhere in here, at the latest when the function has just returned.
        with suppress(Interrupted):
            try:
                self.result = self._function()
            except BaseException as error:
                self.error = error
            self.ended.set()

    def stack(self) -> list[tuple[str, int]]:
        """The file and the line of each frame that the function is in, the outermost first."""
        frame, places = _current_frames().get(self.ident or 0), list[tuple[str, int]]()
        while frame is not None:
            places.insert(0, (frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        return places

    def interrupt(self) -> None:
        """Raise Interrupted where the function is; one that waits in C code gets it when it comes back."""
        import ctypes  # only needed where a function does not end

        identity, kind = ctypes.c_ulong(self.ident or 0), ctypes.py_object(Interrupted)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, kind)


def _current_frames() -> Mapping[int, FrameType]:
    """The innermost frame of each thread.

    Before Python 3.12.1, a garbage collection in the midst of this that frees a `threading.local` ends in a deadlock of
    the whole process: https://github.com/python/cpython/issues/106883. So there is none meanwhile.
    """
    with _current_frames_lock:
        is_enabled = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if is_enabled:
                gc.enable()


class CallThreads:
    """Runs functions, each on a thread of its own that is given up after a time."""

    def __init__(self) -> None:
        self._threads: list[_CallThread] = []
        self._lock = threading.Lock()

    def call(self, function: Callable[[], T], seconds: float) -> T:
        """The function's result. Raises what it raises, and CallTimeout after so many seconds.

        Called by a thread of this kind, the function runs there. A StepThread lets the event loop run meanwhile.
        """
        current = threading.current_thread()
        if isinstance(current, _CallThread):
            return function()
        thread = _CallThread(function)
        if isinstance(current, StepThread):
            stack = current.while_loop_runs(lambda: self._run(thread, seconds))
        else:
            stack = self._run(thread, seconds)
        if stack is not None:
            raise CallTimeout(f"the limit is {seconds:g} s", stack)
        if thread.error is not None:
            raise thread.error
        result: T = thread.result
        return result

    def _run(self, thread: _CallThread, seconds: float) -> list[tuple[str, int]] | None:
        """Run a thread to its end; interrupt it after a time, and return where it was then."""
        for _ in range(int(seconds / WAIT_SECONDS) + 1):
            if self._start(thread):
                break
            thread.ended.wait(WAIT_SECONDS)
        else:
            raise CallTimeout(f"{RUNNING_LIMIT} other calls have not ended, so it was not called")
        if thread.ended.wait(seconds):
            return None
        stack = thread.stack()
        thread.is_given_up = True
        for _ in range(INTERRUPTS):
            thread.interrupt()
            if thread.ended.wait(GRACE_SECONDS):
                break
        return stack

    def _start(self, thread: _CallThread) -> bool:
        """Start a thread, unless too many have not ended."""
        with self._lock:
            self._threads = [other for other in self._threads if other.is_alive()]
            if len(self._threads) >= RUNNING_LIMIT:
                for other in self._threads:
                    if other.is_given_up:
                        other.interrupt()
                return False
            thread.start()
            self._threads.append(thread)
            return True


class StepThread(threading.Thread):
    """Handles one request in turns with an event loop. `on_done` is called in the loop with what `handle` returns."""

    def __init__(self, loop: asyncio.AbstractEventLoop, handle: Callable[[], T], on_done: Callable[[T], None]) -> None:
        super().__init__(name="mockserver-request", daemon=True)
        self._loop, self._handle, self._done = loop, handle, on_done
        self._own_turn, self._turn_of_loop = threading.Semaphore(0), threading.Semaphore(0)
        self._result: Any = None
        self._error: BaseException | None = None
        self._has_ended = False
        self.keeps_turn = False

    def run(self) -> None:
        """Handle the request, from the loop's first step on."""
        self._own_turn.acquire()
        try:
            self._result = self._handle()
        except BaseException as error:
            self._error = error
        self._has_ended = True
        self._turn_of_loop.release()

    def step(self) -> None:
        """Let the thread run until it needs no turn, or has ended. Called in the loop."""
        self._own_turn.release()
        self._turn_of_loop.acquire()
        if self._error is not None:
            raise self._error
        if self._has_ended:
            self._done(self._result)

    def while_loop_runs(self, act: Callable[[], T]) -> T:
        """Do something while the loop runs."""
        if self.keeps_turn:
            return act()
        self._turn_of_loop.release()
        try:
            return act()
        finally:
            try:
                self._loop.call_soon_threadsafe(self.step)
            except RuntimeError:
                raise LoopClosed from None
            self._own_turn.acquire()


@contextmanager
def kept_turn() -> Iterator[None]:
    """Have the current thread, if it takes turns with an event loop, let the loop wait until this ends."""
    thread = threading.current_thread()
    if not isinstance(thread, StepThread):
        yield
        return
    before, thread.keeps_turn = thread.keeps_turn, True
    try:
        yield
    finally:
        thread.keeps_turn = before


class StepThreads:
    """The requests of an event loop that need a thread: so many at a time, the others in their order."""

    def __init__(self) -> None:
        self._waiting: deque[StepThread] = deque()
        self._running, self._is_starting = 0, False

    def start(self, loop: asyncio.AbstractEventLoop, handle: Callable[[], T], on_done: Callable[[T], None]) -> None:
        """Handle a request, now or when its turn comes. Called in the loop."""

        def end(result: T) -> None:
            self._running -= 1
            self._start_waiting()
            on_done(result)

        self._waiting.append(StepThread(loop, handle, end))
        self._start_waiting()

    def _start_waiting(self) -> None:
        if self._is_starting:
            return  # called by a request that ended in its first step
        self._is_starting = True
        try:
            while self._waiting and self._running < STEP_LIMIT:
                self._running += 1
                thread = self._waiting.popleft()
                thread.start()
                thread.step()
        finally:
            self._is_starting = False


class Turns:
    """A lock for each key that somebody needs right now."""

    def __init__(self) -> None:
        # Reentrant: a conditional change calls the handler of the GET at its address in between.
        self._locks: dict[Any, tuple[threading.RLock, int]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, key: Any) -> Iterator[None]:
        """Wait for the lock of a key, and hold it; a StepThread lets the event loop run while it waits."""
        with self._lock:
            lock, users = self._locks.get(key, (threading.RLock(), 0))
            self._locks[key] = lock, users + 1
        try:
            if not lock.acquire(blocking=False):
                thread = threading.current_thread()
                if isinstance(thread, StepThread):
                    thread.while_loop_runs(lock.acquire)
                else:
                    lock.acquire()
            try:
                yield
            finally:
                lock.release()
        finally:
            with self._lock:
                lock, users = self._locks[key]
                if users == 1:
                    del self._locks[key]
                else:
                    self._locks[key] = lock, users - 1
