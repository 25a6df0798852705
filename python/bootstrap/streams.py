"""The program's standard streams, and what becomes of open files when a program ends.

Text goes to the descriptors 1 and 2 unbuffered: what was printed before a hard stop has been printed. The host
captures the descriptors, so that `os.write(1, …)` is captured like `print`.
"""

import atexit
import gc
import sys
from _io import FileIO, TextIOWrapper, _IOBase

from _sandglass.errors import is_subclass


def _writer(descriptor, name, errors):
    raw = FileIO(descriptor, 'w', closefd=False)
    raw.name = name
    stream = TextIOWrapper(raw, 'utf-8', errors, newline='\n', write_through=True)
    stream.mode = 'w'
    return stream


class Streams:
    def __init__(self):
        self._original = {}
        self._open('stdout')
        self._open('stderr')

    def _open(self, name):
        number, errors = (1, 'strict') if name == 'stdout' else (2, 'backslashreplace')
        stream = _writer(number, f'<{name}>', errors)
        self._original[name] = stream
        setattr(sys, name, stream)
        setattr(sys, f'__{name}__', stream)

    def ready(self):
        """Before an execution: whatever an earlier program left in their place, or closed."""
        for name, stream in self._original.items():
            if stream.closed:
                self._open(name)
            else:
                setattr(sys, name, stream)

    def flush(self):
        """After an execution: what the program put in their place may hold text back."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and stream not in self._original.values():
                _quietly(stream)


def _quietly(stream):
    try:
        stream.flush()
    except Exception:
        pass  # closed, or an object of the program that cannot flush: Python is silent here as well


def flush_files(namespace):
    """At the end of an execution of a session: files still open in global variables are written out."""
    if not any(is_subclass(kind, _IOBase) for kind in set(map(type, namespace.values()))):
        return
    for value in list(namespace.values()):
        if is_subclass(type(value), _IOBase) and not value.closed:
            _quietly(value)


def end_program(namespace):
    """At the end of a program whose interpreter is thrown away: what the end of a Python process would do.
    Functions registered with `atexit` run, global variables die (those with one underscore first), cycles too,
    and with them `__del__` methods run and files are written out."""
    atexit._run_exitfuncs()
    names = [name for name in namespace if isinstance(name, str) and name != '__builtins__']
    for private in (True, False):
        for name in names:
            if (name.startswith('_') and not name.startswith('__')) == private:
                namespace[name] = None
    gc.collect()
