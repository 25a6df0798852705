"""Puts the host's functions into the program's globals: `echo`, `http.get`, `invoke`, `list_callbacks`.

Refreshed before each execution: what the host no longer offers disappears. A name that would hide a builtin, a well
known module or this machinery is left out; such a callback is reached by `await invoke(name, …)`.
"""

import builtins
from keyword import iskeyword

from _sandglass.calls import call_host

RESERVED = frozenset(dir(builtins)) | {
    'invoke',
    'list_callbacks',
    'asyncio',
    'json',
    'math',
    're',
    'os',
    'subprocess',
    'socket',
}


class Namespace:
    """The callbacks that share a prefix: `mcp.server.tool` is also `mcp["server"].tool`."""

    def __init__(self, path):
        self.__dict__['__name__'] = path

    def __getitem__(self, name):
        try:
            return self.__dict__[name]
        except KeyError:
            raise KeyError(f'{self.__name__} has no callback {name!r}') from None

    def __getattr__(self, name):
        raise AttributeError(f'{self.__name__} has no callback {name!r}', name=name, obj=self)

    def __call__(self, *arguments, **named):
        """A namespace may itself be a callback: `search` beside `search.dashboards`."""
        function = self.__dict__.get('__call__')
        if function is None:
            raise TypeError(f'{self.__name__} is a namespace of callbacks, not a callback')
        return function(*arguments, **named)

    def __repr__(self):
        names = ', '.join(name for name in self.__dict__ if not name.startswith('__'))
        return f'<callbacks {self.__name__}: {names}>'


def _bind(name, parameters, arguments, named):
    """Positional arguments by the order of the schema's properties."""
    if len(arguments) > len(parameters):
        raise TypeError(
            f'{name}() takes {len(parameters)} positional arguments but {len(arguments)} were given'
        )
    for parameter, argument in zip(parameters, arguments):
        if parameter in named:
            raise TypeError(f'{name}() got multiple values for argument {parameter!r}')
        named[parameter] = argument
    return named


def _function(entry):
    name = entry['name']
    schema = entry.get('schema')
    properties = schema.get('properties') if isinstance(schema, dict) else None
    parameters = list(properties) if isinstance(properties, dict) else []

    async def callback(*arguments, **named):
        return await call_host(name, _bind(name, parameters, arguments, named))

    callback.__name__ = callback.__qualname__ = name
    callback.__doc__ = entry.get('description') or None
    callback.__module__ = 'sandglass'
    return callback


class Names:
    """What stands in the globals of one program."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._last = None
        self._entries = {}
        self._installed = {}

        async def invoke(name, /, **named):
            """Calls the callback of that name: `await invoke("search.dashboards", query="overview")`."""
            if name not in self._entries:
                raise RuntimeError(f"Callback '{name}' not found")
            return await call_host(name, named)

        def list_callbacks():
            """Name, description and parameters_schema of every callback there is."""
            return [
                {
                    'name': name,
                    'description': entry.get('description') or '',
                    'parameters_schema': entry.get('schema') or {},
                }
                for name, entry in self._entries.items()
            ]

        for function in (invoke, list_callbacks):
            function.__qualname__ = function.__name__
            function.__module__ = 'sandglass'
        self._always = {'invoke': invoke, 'list_callbacks': list_callbacks}

    def refresh(self, entries):
        """Called before each execution with the callbacks of the host."""
        namespace = self._namespace
        if entries == self._last:
            namespace.update(self._installed)
            return
        self._last = entries
        for name, value in self._installed.items():
            if namespace.get(name) is value:
                del namespace[name]
        self._entries = {entry['name']: entry for entry in entries}
        self._installed = {**_tree(entries), **self._always}
        namespace.update(self._installed)

    def owns(self, name, value):
        """Whether a global is ours and not the program's."""
        return name in self._installed and self._installed[name] is value


def _tree(entries):
    """The values by first name: functions, and namespaces for dotted names."""
    roots = {}
    for entry in entries:
        first, *rest = entry['name'].split('.')
        if first in RESERVED or first.startswith('__') or not first.isidentifier() or iskeyword(first):
            continue
        _place(roots, first, first, rest, _function(entry))
    return roots


def _place(container, path, name, rest, function):
    there = container.get(name)
    if not rest:
        if isinstance(there, Namespace):
            there.__dict__['__call__'] = function
        else:
            container[name] = function
        return
    if not isinstance(there, Namespace):
        container[name] = namespace = Namespace(path)
        if there is not None:
            namespace.__dict__['__call__'] = there
        there = namespace
    _place(there.__dict__, f'{path}.{rest[0]}', rest[0], rest[1:], function)
