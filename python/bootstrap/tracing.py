"""Tells the host what a program does, by `sys.settrace`: line, call, return and exception events of user code, and
the beginning and end of callbacks.

Only code of the program's own text is traced, known by its filename; functions whose names begin with `_`, and the
StopIteration that ends every `for`, are left out. Off (the usual case), this costs nothing but one test per callback.
"""

from sys import settrace

from _sandglass.wire import channel

# By far the most frequent of all: without the work of a general message.
_LINE = b'{"t": "trace", "event": {"kind": "line", "lineno": %d}}\n'

_class_name = type.__dict__['__name__'].__get__


def _send(kind, lineno, **details):
    channel.send({'t': 'trace', 'event': {'kind': kind, 'lineno': lineno, **details}})


def _local(frame, event, argument):
    if event == 'line':
        channel.send_line(_LINE % frame.f_lineno)
    elif event == 'return':
        _send('return', frame.f_lineno, function=frame.f_code.co_name)
    elif event == 'exception' and not issubclass(argument[0], StopIteration):
        _send('exception', frame.f_lineno, message=_message(*argument[:2]))
    return _local


def _global(frame, event, argument):
    code = frame.f_code
    if code.co_filename != tracing.filename or code.co_name.startswith('_'):
        return None
    _send('call', frame.f_lineno, function=code.co_name)
    return _local


def _message(exception_type, value):
    name = _class_name(exception_type)
    try:
        text = str(value)[:2000]
    except Exception:
        text = '<exception str() failed>'
    return f'{name}: {text}' if text else name


class Tracing:
    """The switch, and the events that `sys.settrace` does not know."""

    def __init__(self):
        self.on = False
        self.filename = None

    def start(self, filename):
        self.on = True
        self.filename = filename
        settrace(_global)

    def stop(self):
        self.on = False
        settrace(None)

    def callback_start(self, name):
        if self.on:
            _send('callback_start', 0, name=name)

    def callback_end(self, name, duration):
        if self.on:
            _send('callback_end', 0, name=name, durationMs=duration)


tracing = Tracing()
