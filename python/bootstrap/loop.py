"""The event loop: asyncio's own, over a selector that waits for the host instead of for sockets.

A program with `await` at its top level runs on one lasting loop, from outside: `until` hands the turn to the host
(it yields how long to wait) whenever nothing is ready, so that no Python code is on the WebAssembly stack while a
sandbox waits. A loop that a program runs itself (`asyncio.run`) blocks on the channel.
"""

import asyncio
from asyncio import base_events, tasks, unix_events
from heapq import heappop
from math import ceil

from _sandglass import calls
from _sandglass.wire import channel

# So many turns without rest, and answers that have arrived are fetched: a program may spin on `sleep(0)`.
TURNS_WITHOUT_REST = 100


def _milliseconds(seconds):
    return None if seconds is None else ceil(seconds * 1000)


class SandboxEventLoop(base_events.BaseEventLoop):
    """An event loop without sockets, subprocesses and threads: timers, tasks and callbacks of the host."""

    def __init__(self):
        super().__init__()
        self._selector = self
        self._from_outside = False
        self._turns = 0

    def select(self, timeout):
        """What BaseEventLoop asks of its selector; the host's answers are the only events there are."""
        if self._from_outside:
            return ()
        self._turns += 1
        if timeout == 0 and not (calls.pending() and self._turns % TURNS_WITHOUT_REST == 0):
            return ()
        channel.send({'t': 'wait', 'timeoutMs': _milliseconds(timeout)})
        calls.deliver(channel.receive().get('answers', ()))
        return ()

    def until(self, future):
        """Runs until `future` is done. A generator: yields the milliseconds to wait (None: for answers only)."""
        while not future.done():
            self._run_forever_setup()
            self._from_outside = True
            try:
                wait = self._run_ready(future)
            finally:
                self._from_outside = False
                self._run_forever_cleanup()
            if not future.done():
                yield _milliseconds(wait)

    def _run_ready(self, future):
        """Runs whatever is ready; returns the seconds until the next timer, None without one."""
        turns = 0
        while not future.done():
            wait = self._time_to_next()
            if wait != 0 or (turns >= TURNS_WITHOUT_REST and calls.pending()):
                return wait
            turns += 1
            self._run_once()
            if self._stopping:
                raise RuntimeError('Event loop stopped before Future completed.')
        return 0

    def _time_to_next(self):
        if self._ready:
            return 0
        while self._scheduled and self._scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1
            heappop(self._scheduled)._scheduled = False
        if not self._scheduled:
            return None
        left = self._scheduled[0]._when - self.time()
        return left if left >= self._clock_resolution else 0

    def drop_everything(self):
        """After a program has ended: what it scheduled goes with it."""
        self._ready.clear()
        for handle in self._scheduled:
            handle._scheduled = False
        self._scheduled.clear()
        self._timer_cancelled_count = 0
        self._asyncgens_shutdown_called = False

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass

    def run_in_executor(self, executor, function, *arguments):
        """There are no threads: the function runs at once, and the future is done when this returns."""
        self._check_closed()
        future = self.create_future()
        try:
            future.set_result(function(*arguments))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as exception:
            future.set_exception(exception)
        return future

    async def shutdown_default_executor(self, timeout=None):
        pass


def _unavailable(name, what):
    def refuse(self, *arguments, **options):
        raise NotImplementedError(f'{what} are not available in this sandbox')

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


_SOCKETS = """add_reader remove_reader add_writer remove_writer sock_recv sock_recv_into sock_recvfrom
 sock_recvfrom_into sock_sendall sock_sendto sock_connect sock_accept sock_sendfile create_connection create_server
 create_datagram_endpoint create_unix_connection create_unix_server connect_accepted_socket start_tls sendfile
 getaddrinfo getnameinfo connect_read_pipe connect_write_pipe"""
for _name in _SOCKETS.split():
    setattr(SandboxEventLoop, _name, _unavailable(_name, 'sockets and pipes'))
for _name in ('subprocess_exec', 'subprocess_shell'):
    setattr(SandboxEventLoop, _name, _unavailable(_name, 'subprocesses'))


def install():
    """Makes it the loop that `asyncio.run` and `asyncio.new_event_loop` create."""
    for module in (asyncio, unix_events):
        module.SelectorEventLoop = module.EventLoop = SandboxEventLoop
    unix_events._UnixDefaultEventLoopPolicy._loop_factory = SandboxEventLoop


def finish_tasks(loop):
    """What `asyncio.run` does at its end: cancels the tasks that are left, and closes async generators.
    A generator like `until`."""
    left = tasks.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        together = tasks.gather(*left, return_exceptions=True)
        yield from loop.until(together)
        for task in left:
            if not task.cancelled() and task.exception() is not None:
                loop.call_exception_handler(
                    {
                        'message': 'unhandled exception at the end of the program',
                        'exception': task.exception(),
                        'task': task,
                    }
                )
    if loop._asyncgens:
        yield from loop.until(loop.create_task(loop.shutdown_asyncgens()))
    loop.drop_everything()


install()
