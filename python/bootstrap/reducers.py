"""How what a program defined itself travels in a pickle: functions, lambdas, closures and classes of `__main__` by
value, with their code; what comes from an importable module by name, as always.

A reducer gives `(make, arguments, state, None, None, fill)`: `make` builds an empty shell, which is remembered
before its contents are looked at, so that a class whose methods refer to it, or a function that calls itself, is no
difficulty. `make` and `fill` are found again by name in `BUILDERS`.
"""

import annotationlib
import dataclasses
import enum
import functools
import importlib
import marshal
import types
import typing
from sys import modules

from _sandglass.errors import HIDDEN

MAIN = '__main__'
_FUNCTION_ATTRIBUTES = ('__defaults__', '__kwdefaults__', '__doc__', '__module__', '__type_params__')
_NOT_COPIED = frozenset(
    """__dict__ __weakref__ __abstractmethods__ _abc_impl __annotations_cache__ __annotate_func__ __slotnames__
    _member_names_ _member_map_ _value2member_map_ _hashable_values_ _unhashable_values_
    _unhashable_values_map_ _use_args_ _new_member_ _member_type_ _value_repr_ __new_member__""".split()
)
_SENTINELS = {
    id(value): name
    for name, value in vars(dataclasses).items()
    if type(value).__module__ == 'dataclasses' and not isinstance(value, (type, types.FunctionType))
}


def _make_function(namespace, code, name, qualname, cells):
    function = types.FunctionType(marshal.loads(code), namespace, name, None, cells)
    function.__qualname__ = qualname
    return function


def _fill_function(function, state):
    attributes, annotate, annotations, more = state
    for name, value in attributes.items():
        setattr(function, name, value)
    if annotate is not None:
        function.__annotate__ = annotate
    elif annotations is not None:
        function.__annotations__ = annotations
    function.__dict__.update(more)


def _make_cell():
    return types.CellType()


def _fill_cell(cell, state):
    if state:
        cell.cell_contents = state[0]


def _make_class(metaclass, name, bases, qualname, slots):
    def body(namespace):
        namespace['__module__'] = MAIN
        namespace['__qualname__'] = qualname
        if slots is not None:
            namespace['__slots__'] = slots

    return types.new_class(name, bases, {'metaclass': metaclass}, body)


def _make_enum(metaclass, name, bases, qualname, members):
    def body(namespace):
        namespace['__module__'] = MAIN
        namespace['__qualname__'] = qualname
        for member, value in members:
            namespace[member] = value

    return types.new_class(name, bases, {'metaclass': metaclass}, body)


def _fill_class(cls, state):
    attributes, abstract = state
    for name, value in attributes.items():
        type.__setattr__(cls, name, value)
    if abstract is not None:
        cls.__abstractmethods__ = abstract


def _make_typed_dict(name, annotations, total):
    return typing.TypedDict(name, annotations, total=total)


def _make_cached(function, parameters):
    return functools.lru_cache(**parameters)(function)


def _make_type_variable(kind, name, arguments, options):
    return kind(name, *arguments, **options)


def _make_proxy(mapping):
    return types.MappingProxyType(mapping)


def _make_alias(name, value, parameters):
    return typing.TypeAliasType(name, value, type_params=parameters)


def _sentinel(name):
    return getattr(dataclasses, name)


BUILDERS = {
    function.__name__: function
    for function in (
        _make_function,
        _fill_function,
        _make_cell,
        _fill_cell,
        _make_class,
        _make_enum,
        _fill_class,
        _make_typed_dict,
        _make_cached,
        _make_type_variable,
        _make_proxy,
        _make_alias,
        _sentinel,
    )
}


class Reducers:
    """The reducers for one namespace; `reduce` is what a pickler's `reducer_override` asks."""

    def __init__(self, namespace):
        self._namespace = namespace

    def reduce(self, value):
        """A reduction of ours, or NotImplemented: as pickle would."""
        kind = type(value)
        if kind is types.FunctionType:
            return self._function(value)
        if kind is types.CellType:
            return _reduce_cell(value)
        if issubclass(kind, type):
            return _reduce_class(value) if value.__module__ == MAIN else NotImplemented
        reducer = _BY_TYPE.get(kind)
        if reducer is not None:
            return reducer(value)
        if id(value) in _SENTINELS:
            return _sentinel, (_SENTINELS[id(value)],)
        return NotImplemented

    def _function(self, function):
        code, namespace = function.__code__, function.__globals__
        if code.co_filename.startswith(HIDDEN):
            raise TypeError('cannot pickle a callback of the host')
        if namespace is not self._namespace:
            if _importable(function):
                return NotImplemented
            used = names_used(code)
            namespace = {name: value for name, value in namespace.items() if name in used or name == '__name__'}
        attributes = {name: getattr(function, name) for name in _FUNCTION_ATTRIBUTES if hasattr(function, name)}
        annotate = getattr(function, '__annotate__', None)
        annotations = None
        if annotate is not None and '__classdict__' in annotate.__code__.co_freevars:
            annotate, annotations = None, _annotations(function)
        state = attributes, annotate, annotations, dict(function.__dict__)
        arguments = (namespace, marshal.dumps(code), function.__name__, function.__qualname__, function.__closure__)
        return _make_function, arguments, state, None, None, _fill_function


def _importable(function):
    """Whether another process finds it by its name (what `namedtuple` makes, for one, it does not)."""
    if function.__module__ == MAIN:
        return False
    found = modules.get(function.__module__)
    for part in function.__qualname__.split('.'):
        found = getattr(found, part, None)
    return found is function


def names_used(code):
    """The names that a code object refers to, those within it included."""
    codes, names = [code], set()
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return names


def _annotations(value):
    """Evaluated: what would do so later, of a method or class, holds the dictionary of its class, which cannot travel."""
    try:
        return dict(value.__annotations__)
    except Exception:
        return dict(annotationlib.get_annotations(value, format=annotationlib.Format.STRING))


def _reduce_cell(cell):
    try:
        contents = (cell.cell_contents,)
    except ValueError:
        contents = ()  # not bound yet
    return _make_cell, (), contents, None, None, _fill_cell


def _reduce_class(cls):
    metaclass = type(cls)
    if typing.is_typeddict(cls):
        return _make_typed_dict, (cls.__name__, dict(cls.__annotations__), cls.__total__)
    slots = cls.__dict__.get('__slots__')
    slot_names = {slots} if isinstance(slots, str) else set(slots or ())
    left_out = _NOT_COPIED | slot_names
    attributes = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in left_out and not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType))
    }
    if '__annotate_func__' in cls.__dict__:
        attributes['__annotations__'] = _annotations(cls)
    abstract = cls.__abstractmethods__ if '__abstractmethods__' in cls.__dict__ else None
    state = attributes, abstract
    bases = cls.__dict__.get('__orig_bases__', cls.__bases__)
    if tuple in cls.__bases__:
        bases = cls.__bases__  # a NamedTuple: a class statement of its own made it, and made it whole
    arguments = (metaclass, cls.__name__, bases, cls.__qualname__)
    if isinstance(cls, enum.EnumMeta):
        members = [(name, member.value) for name, member in cls.__members__.items()]
        for name, _ in members:
            attributes.pop(name, None)
        for name in ('__new__', '__format__', '__repr__', '__str__', '__reduce_ex__'):
            if not _defined_in_main(attributes.get(name)):
                attributes.pop(name, None)
        return _make_enum, (*arguments, members), state, None, None, _fill_class
    return _make_class, (*arguments, slots), state, None, None, _fill_class


def _defined_in_main(value):
    return getattr(value, '__module__', None) == MAIN


def _reduce_type_variable(variable):
    options = {'bound': variable.__bound__} if variable.__bound__ is not None else {}
    for option in ('covariant', 'contravariant'):
        if getattr(variable, f'__{option}__'):
            options[option] = True
    return _make_type_variable, (typing.TypeVar, variable.__name__, variable.__constraints__, options)


def _reduce_module(module):
    if module.__name__ == MAIN:
        raise TypeError("cannot pickle the module '__main__'")
    return importlib.import_module, (module.__name__,)


_BY_TYPE = {
    types.ModuleType: _reduce_module,
    types.CodeType: lambda code: (marshal.loads, (marshal.dumps(code),)),
    types.MappingProxyType: lambda proxy: (_make_proxy, (dict(proxy),)),
    property: lambda value: (property, (value.fget, value.fset, value.fdel, value.__doc__)),
    staticmethod: lambda value: (staticmethod, (value.__func__,)),
    classmethod: lambda value: (classmethod, (value.__func__,)),
    functools._lru_cache_wrapper: lambda value: (
        _make_cached,
        (value.__wrapped__, value.cache_parameters()),
    ),
    typing.TypeVar: _reduce_type_variable,
    typing.TypeAliasType: lambda alias: (
        _make_alias,
        (alias.__name__, alias.__value__, alias.__type_params__),
    ),
}
