"""Describes an exception as Python itself prints it, without the frames of this bootstrap.

The text comes from the module `traceback` (source lines, carets, chained exceptions, groups), and is bounded: an
exception may carry megabytes. Whatever a program does to that module or to its own exception classes, a shorter
description comes out.
"""

from traceback import TracebackException

HIDDEN = '<sandglass>/'
MAX_MESSAGE = 64 * 1024
MAX_TRACEBACK = 256 * 1024


# Past any metaclass that a program may have given its classes.
class_name = type.__dict__['__name__'].__get__
_subclass_check = type.__subclasscheck__


def is_subclass(cls, base):
    return _subclass_check(base, cls)


def describe(exception):
    """`{type, message, traceback}` and, of a SystemExit, `exitCode`."""
    kind = class_name(type(exception))
    if is_subclass(type(exception), SystemExit):
        code = exception.code
        message = '' if code is None else _bounded(_text(code), MAX_MESSAGE)
        more = {'exitCode': 0 if code is None else code & 0xFF if type(code) in (int, bool) else 1}
    else:
        message = _bounded(_text(exception), MAX_MESSAGE)
        more = {}
    return {'type': kind, 'message': message, 'traceback': _traceback(exception, kind, message), **more}


def _text(value):
    try:
        return str(value)
    except BaseException:
        return '<exception str() failed>'


def _bounded(text, limit):
    if len(text) <= limit:
        return str(text)
    cut = len(text) - limit
    return f'{text[: limit // 2]}\n... ({cut} characters left out) ...\n{text[-limit // 2 :]}'


def _traceback(exception, kind, message):
    try:
        whole = TracebackException(type(exception), exception, _visible(exception), compact=True)
        _hide(whole, 0)
        return _bounded(''.join(whole.format()).rstrip('\n'), MAX_TRACEBACK)
    except BaseException:
        return _plainly(exception, kind, message)


def _visible(exception):
    """The traceback from the first frame of the program on: what stands above is ours."""
    entry = exception.__traceback__
    while entry is not None and entry.tb_frame.f_code.co_filename.startswith(HIDDEN):
        entry = entry.tb_next
    return entry


def _hide(whole, depth):
    """Frames of ours below and between those of the program, in everything chained to it."""
    while whole is not None:
        if any(frame.filename.startswith(HIDDEN) for frame in whole.stack):
            whole.stack[:] = [frame for frame in whole.stack if not frame.filename.startswith(HIDDEN)]
        if depth < 20:
            for one in whole.exceptions or ():
                _hide(one, depth + 1)
            if whole.__cause__ is not None and whole.__context__ is not None:
                _hide(whole.__context__, depth + 1)
        whole = whole.__cause__ or whole.__context__


def _plainly(exception, kind, message):
    """When the module `traceback` fails, on purpose or not: where, and what."""
    lines = ['Traceback (most recent call last):']
    entry = _visible(exception)
    while entry is not None and len(lines) < 100:
        code = entry.tb_frame.f_code
        if not code.co_filename.startswith(HIDDEN):
            lines.append(f'  File "{code.co_filename}", line {entry.tb_lineno}, in {code.co_name}')
        entry = entry.tb_next
    lines.append(f'{kind}: {message}' if message else kind)
    return '\n'.join(lines)
