"""The one function that the host calls: a request in, an answer out, each a line of JSON with bytes behind it.

It never raises: whatever goes wrong outside the program itself is an answer with an error. The messages are
described in `python/protocol.ts`.
"""

import gc
import os
import sys
from importlib import import_module

from _sandglass import state
from _sandglass.entropy import freshen
from _sandglass.errors import describe
from _sandglass.repl import completeness
from _sandglass.run import Interpreter
from _sandglass.wire import decode, encode

_interpreter = Interpreter()
_DONE = {'status': 'done', 'ok': True}


def _extend_path(directories):
    """Where modules are found besides. What importers remember of directories is of the time before the image."""
    sys.path += [directory for directory in directories if directory not in sys.path]
    for directory, importer in list(sys.path_importer_cache.items()):
        if importer is None:
            del sys.path_importer_cache[directory]
        elif hasattr(importer, 'invalidate_caches'):
            importer.invalidate_caches()


def _fresh(request, extra):
    """An image has become a sandbox: with packages of its own, perhaps, and never with its siblings' random numbers."""
    freshen()
    _extend_path(request.get('path', ()))
    os.environ.update(request.get('env', {}))
    return _DONE


def _clear(request, extra):
    _interpreter.clear()
    return _DONE


def _complete(request, extra):
    return {**_DONE, 'completeness': completeness(request['source'])}


def _import(request, extra):
    _extend_path(request.get('path', ()))
    for name in request['names']:
        import_module(name)
    return _DONE


def _seal(request, extra):
    """Before an image is made: what exists now is never looked at again by the garbage collector."""
    gc.collect()
    gc.freeze()
    return _DONE


_OPERATIONS = {
    'execute': lambda request, extra: _interpreter.execute(request),
    'resume': lambda request, extra: _interpreter.resume(request),
    'pickle': lambda request, extra: state.save(_interpreter, request),
    'unpickle': lambda request, extra: state.load(_interpreter, extra),
    'fresh': _fresh,
    'clear': _clear,
    'complete': _complete,
    'import': _import,
    'seal': _seal,
}


def call(request):
    """bytes → bytes. An operation's answer is a dict, or a dict and bytes."""
    try:
        line, _, extra = request.partition(b'\n')
        message = decode(line.decode('utf-8'))
        answer = _OPERATIONS[message['op']](message, extra)
        answer, extra = answer if isinstance(answer, tuple) else (answer, b'')
        return encode(answer).encode('ascii') + b'\n' + extra
    except BaseException as exception:
        error = describe(exception)
        return encode({'status': 'done', 'ok': False, 'error': error}).encode('ascii') + b'\n'
