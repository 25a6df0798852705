"""Runs a program: compiles it, runs plain code at once and code with a top-level `await` as a task, takes the result
variable, and says how it ended.

The way: `execute` starts a generator that yields whenever the program must wait; the host's `resume` goes on with
it. The namespace is that of `__main__` and lasts until it is cleared, or the host restores the interpreter.
"""

import gc
import linecache
import sys
from _signal import SIGINT, default_int_handler
from _signal import signal as set_signal
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from contextvars import Context
from functools import partial
from inspect import CO_COROUTINE
from types import FunctionType, ModuleType

from _sandglass import calls
from _sandglass.errors import class_name, describe, is_subclass
from _sandglass.loop import SandboxEventLoop, finish_tasks
from _sandglass.names import Names
from _sandglass.repl import compile_statements
from _sandglass.streams import Streams, end_program, flush_files
from _sandglass.tracing import tracing
from _sandglass.wire import channel, encode

_modules = sys.modules
_set_recursion_limit = sys.setrecursionlimit
_recursion_limit = sys.getrecursionlimit
_set_profile = sys.setprofile
_MISSING = object()

LEAST_RECURSION_LIMIT = 200
# Bytes held back from programs: more than an arena of Python's small objects takes.
RESERVE = 5 << 19

# Not `default_int_handler` itself: `asyncio.run` would take it for its own kind, and turn a soft interrupt into
# a cancellation that a busy task never sees.
_interrupt_handler = partial(default_int_handler)


def _main_module():
    module = ModuleType('__main__')
    module.__builtins__ = _modules['builtins']
    return module


class Interpreter:
    """One namespace, one event loop, at most one program on its way."""

    def __init__(self):
        self._builtins = _modules['builtins']
        self.main = _main_module()
        self.namespace = vars(self.main)
        self.names = Names(self.namespace)
        self.streams = Streams()
        self._context = Context()
        self._loop = SandboxEventLoop()
        self._default_limit = _recursion_limit()
        self._program = None
        self._task = None
        self._interrupted = False
        self._reserve = bytearray(RESERVE)

    def execute(self, request):
        """Runs a program until it ends or must wait."""
        self.abandon()
        self._prepare(request)
        self._program = self._run(request)
        if self._reserve is None:
            self._refill()
        return self._advance()

    def resume(self, request):
        """Goes on with a program that waited."""
        if self._program is None:
            raise RuntimeError('no program is waiting')
        calls.deliver(request.get('answers', ()))
        if request.get('interrupt') and self._task is not None and not self._task.done():
            self._interrupted = True
            self._task.cancel()
        return self._advance()

    def clear(self):
        """Forgets the program's variables; modules stay imported."""
        self.abandon()
        self.namespace.clear()
        self.namespace.update(vars(_main_module()))
        self._context = Context()
        gc.collect()

    def abandon(self):
        """A waiting program that the host gave up: its tasks are dropped where they stand."""
        program, self._program = self._program, None
        if program is None:
            return
        calls.forget()
        self._loop.drop_everything()
        self._loop = SandboxEventLoop()
        self._task = None
        try:
            program.close()
        except Exception:
            pass  # its own clean-up failed

    def _prepare(self, request):
        sys.modules = _modules
        _modules['__main__'] = self.main
        _modules['sys'] = sys
        _modules['builtins'] = self.namespace['__builtins__'] = self._builtins
        set_signal(SIGINT, _interrupt_handler)
        channel.forget()
        self.streams.ready()
        self.names.refresh(request.get('callbacks', ()))
        if 'argv' in request:
            sys.argv = request['argv']
        self._interrupted = False

    def _refill(self):
        try:
            self._reserve = bytearray(RESERVE)
        except MemoryError:
            pass  # what a session holds fills the memory

    def _advance(self):
        program, self._program = self._program, None
        try:
            timeout = next(program)
        except StopIteration as end:
            return end.value
        self._program = program
        return {'status': 'wait', 'timeoutMs': timeout}

    def _run(self, request):
        error = None
        try:
            for code in _compile(request):
                trace = code.co_filename if request.get('trace') else None
                if code.co_flags & CO_COROUTINE:
                    error = yield from self._run_coroutine(code, trace)
                else:
                    error = self._run_plain(code, trace)
                if error is not None:
                    break
        except GeneratorExit:
            raise
        except BaseException as exception:
            error = exception
        if error is not None and is_subclass(type(error), MemoryError):
            self._reserve = None  # to tell of it takes memory
        self._restore_limits()
        answer = self._answer(request, error)
        error = None
        self._finish(request)
        return answer

    def _run_plain(self, code, trace):
        """Answers the exception that ended it: a StopIteration could not leave the generator that calls this."""
        try:
            if trace:
                tracing.start(trace)
            self._context.run(exec, code, self.namespace)
        except BaseException as exception:
            return exception
        finally:
            tracing.stop()

    def _run_coroutine(self, code, trace):
        try:
            coroutine = FunctionType(code, self.namespace)()
            self._task = task = self._loop.create_task(coroutine, context=self._context)
            task._log_destroy_pending = False
            if trace:
                tracing.start(trace)
            yield from self._loop.until(task)
            return _outcome(task, self._interrupted)
        finally:
            self._task = None
            tracing.stop()
            try:
                yield from finish_tasks(self._loop)
            except Exception:
                self._loop = SandboxEventLoop()  # the program broke the other one
                raise

    def _answer(self, request, error):
        value = self.namespace.pop(request.get('resultVariable', 'result'), _MISSING)
        # At a prompt, `exit()` is news.
        if error is not None and (request.get('mode') == 'single' or not _is_success(error)):
            return {'status': 'done', 'ok': False, 'error': describe(error)}
        answer = {'status': 'done', 'ok': True}
        if value is not _MISSING:
            try:
                answer['resultJson'] = encode(value)
            except Exception as exception:
                names = f'{class_name(type(value))} ({class_name(type(exception))})'
                answer['resultError'] = f'result is not JSON-serializable: {names}'
        return answer

    def _finish(self, request):
        self._restore_limits()
        try:
            if request.get('final'):
                end_program(self.namespace)
            else:
                flush_files(self.namespace)
            self.streams.flush()
        except (KeyboardInterrupt, Exception):
            pass  # the time was up, or an object of the program misbehaved: the answer stands
        channel.close()

    def _restore_limits(self):
        """Undoes what would break the next program: tracers, a tiny recursion limit."""
        if _recursion_limit() < LEAST_RECURSION_LIMIT:
            _set_recursion_limit(self._default_limit)
        tracing.stop()
        _set_profile(None)


def _compile(request):
    """The code objects of a request, their source known to tracebacks and to `inspect`."""
    source = request['code']
    filename = request.get('filename', '<user>')
    if request.get('mode') == 'single':
        codes = compile_statements(source, filename)
    else:
        codes = [compile(source, filename, 'exec', PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)]
    for code in codes:
        _remember(code, source, filename)
    return codes


def _remember(code, source, filename):
    """By code object, not by name alone: a function of an earlier execution keeps its own lines."""
    try:
        linecache._register_code(code, source, filename)
        if not filename.startswith('<'):
            lines = [line + '\n' for line in source.splitlines()]
            linecache.cache[filename] = len(source), None, lines, filename
    except Exception:
        pass  # a program replaced parts of linecache: tracebacks come without source


def _is_success(error):
    """`sys.exit()` and `sys.exit(0)`."""
    return is_subclass(type(error), SystemExit) and error.code in (None, 0)


def _outcome(task, interrupted):
    """The exception that a task ended with, or None; a cancellation that the host asked for is a KeyboardInterrupt."""
    try:
        task.result()
    except BaseException as exception:
        if interrupted and task.cancelled():
            return KeyboardInterrupt().with_traceback(exception.__traceback__)
        return exception
    return None
