"""The portable form of a session's variables: a pickle that another session, process or version of this product may
load. What cannot travel (open files, generators, coroutines, sockets …) is left out and reported by name.

All variables are one pickle, so that what they share stays shared. Modules are left out too, but a function that
travels takes the modules it names along: they are imported again where it arrives. Beside this there are exact
snapshots of the whole interpreter, which the host makes; this form is for what must outlive them.

The bytes: `sandglass-state`, a line of JSON (version, python, crc32, size), the pickle.
"""

import io
import pickle
import sys
import types
from zlib import crc32

from _sandglass.reducers import BUILDERS, MAIN, Reducers, names_used
from _sandglass.wire import decode, encode

MAGIC = b'sandglass-state\n'
VERSION = 1
DEFAULT_LIMIT = 10 * 1024 * 1024
_PYTHON = '.'.join(map(str, sys.version_info[:2]))
_NAMESPACE = 'namespace'


class StateError(Exception):
    """The state cannot be saved or loaded; the message says why."""


class _TooLarge(Exception):
    pass


class _Limited(io.RawIOBase):
    """Collects what is written, up to a limit."""

    def __init__(self, limit):
        self.parts = []
        self._left = limit

    def write(self, data):
        data = bytes(data)
        self._left -= len(data)
        if self._left < 0:
            raise _TooLarge
        self.parts.append(data)
        return len(data)


class _Pickler(pickle.Pickler):
    def __init__(self, file, namespace):
        super().__init__(file, protocol=5)
        self._namespace = namespace
        self._reducers = Reducers(namespace)

    def persistent_id(self, value):
        """The namespace itself, and our builders: the other side has its own."""
        if value is self._namespace:
            return _NAMESPACE
        if type(value) is types.FunctionType and BUILDERS.get(value.__name__) is value:
            return value.__name__
        return None

    def reducer_override(self, value):
        return self._reducers.reduce(value)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, namespace):
        super().__init__(file)
        self._namespace = namespace

    def persistent_load(self, name):
        return self._namespace if name == _NAMESPACE else BUILDERS[name]


def save(interpreter, request):
    """The answer with the bytes, and the names left out with reasons."""
    limit = request.get('limit', DEFAULT_LIMIT)
    namespace = interpreter.namespace
    candidates, modules, skipped = _sort_out(interpreter)
    payload = _pickle_all(namespace, candidates, modules, limit)
    if payload is None:
        candidates = _only_picklable(namespace, candidates, limit, skipped)
        payload = _pickle_all(namespace, candidates, modules, limit)
    if payload is None:
        raise StateError('the variables cannot be pickled together')
    header = {'version': VERSION, 'python': _PYTHON, 'crc32': crc32(payload), 'size': len(payload)}
    data = MAGIC + encode(header).encode('ascii') + b'\n' + payload
    return {'status': 'done', 'ok': True, 'names': list(candidates), 'skipped': skipped}, data


def load(interpreter, data):
    """Merges the saved variables into the namespace."""
    payload = _checked(data)
    namespace = interpreter.namespace
    try:
        variables, modules = _unpickle(payload, namespace)
    except Exception as exception:
        raise StateError(f'the state cannot be loaded: {type(exception).__name__}: {exception}') from exception
    for name, module in modules.items():
        namespace.setdefault(name, module)
    namespace.update(variables)
    return {'status': 'done', 'ok': True, 'names': list(variables), 'skipped': []}


def _sort_out(interpreter):
    """The program's variables, the modules its functions name, and what is left out."""
    variables, modules, skipped = {}, {}, []
    for name, value in interpreter.namespace.items():
        if not isinstance(name, str) or (name.startswith('__') and name.endswith('__')):
            continue
        if interpreter.names.owns(name, value):
            continue
        if isinstance(value, types.ModuleType):
            modules[name] = value
        else:
            variables[name] = value
    used = _used_by_functions(variables.values(), interpreter.namespace)
    for name in [name for name in modules if name not in used or modules[name].__name__ == MAIN]:
        del modules[name]
        skipped.append({'name': name, 'reason': 'module'})
    return variables, modules, skipped


def _used_by_functions(values, namespace):
    """The names that the code of functions, and of methods of classes, refers to."""
    names = set()
    for value in values:
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        for member in members:
            member = getattr(member, '__func__', member)
            member = getattr(member, 'fget', None) or getattr(member, '__wrapped__', member)
            if getattr(member, '__globals__', None) is namespace:
                names |= names_used(member.__code__)
    return names


def _pickle_all(namespace, variables, modules, limit):
    """The pickle, or None when something in it cannot be pickled, or not be loaded again: it is tried, for an error
    is of more use here than where the state arrives."""
    try:
        payload = _pickle(namespace, (variables, modules), limit)
        _unpickle(payload, {'__name__': MAIN})
        return payload
    except _TooLarge:
        raise StateError(f'the state is larger than {limit} bytes') from None
    except Exception:
        return None


def _pickle(namespace, value, limit):
    file = _Limited(limit)
    _Pickler(file, namespace).dump(value)
    return b''.join(file.parts)


def _unpickle(payload, namespace):
    return _Unpickler(io.BytesIO(payload), namespace).load()


def _only_picklable(namespace, variables, limit, skipped):
    """Each variable for itself: those that fail are reported."""
    kept = {}
    for name, value in variables.items():
        try:
            _unpickle(_pickle(namespace, value, limit), {'__name__': MAIN})
        except _TooLarge:
            raise StateError(f'the state is larger than {limit} bytes (variable {name!r})') from None
        except Exception as exception:
            reason = f'{type(exception).__name__}: {exception}'
            skipped.append({'name': name, 'reason': reason[:300]})
        else:
            kept[name] = value
    return kept


def _checked(data):
    """The pickle in `data`, when it is whole and ours."""
    if not data.startswith(MAGIC):
        raise StateError('not a saved state: the header is missing')
    line, _, payload = data[len(MAGIC) :].partition(b'\n')
    try:
        header = decode(line.decode('ascii'))
        version, python, size, checksum = (header[key] for key in ('version', 'python', 'size', 'crc32'))
    except Exception:
        raise StateError('damaged state: the header cannot be read') from None
    if version != VERSION:
        raise StateError(f'the state has format version {version!r}, this is version {VERSION}')
    if python != _PYTHON:
        raise StateError(f'the state was saved by Python {python!r}, this is Python {_PYTHON}')
    if size != len(payload) or checksum != crc32(payload):
        raise StateError('damaged state: its checksum is wrong')
    return payload
