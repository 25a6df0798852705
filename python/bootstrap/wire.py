"""How guest and host talk: JSON texts, and the channel `/dev/sandglass` that is open while a program runs.

Everything here holds its own references to the C functions it needs: a program may replace `json.dumps` or
`os.write` without harm to the conversation. What the messages mean is said in `python/protocol.ts`.
"""

from _json import encode_basestring_ascii, make_encoder, make_scanner
from json.decoder import JSONDecoder
from posix import O_RDWR, close, read, write
from posix import open as open_file

CHANNEL = '/dev/sandglass'

_scan = make_scanner(JSONDecoder())


def _refuse(value):
    raise TypeError(f'Object of type {type(value).__name__} is not JSON serializable')


def encode(value):
    """The text that `json.dumps(value, allow_nan=False)` gives."""
    encoder = make_encoder({}, _refuse, encode_basestring_ascii, None, ': ', ', ', False, False, False)
    return ''.join(encoder(value, 0))


def decode(text):
    return _scan(text, 0)[0]


class Channel:
    """The lines that pass while a program runs. Opened anew in each execution, and only when needed: the host may
    have given the program a fresh table of descriptors in between."""

    def __init__(self):
        self._descriptor = None
        self._rest = b''

    def forget(self):
        """Before an execution: what was opened in an earlier one says nothing about this one."""
        self._descriptor = None
        self._rest = b''

    def close(self):
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            try:
                close(descriptor)
            except OSError:
                pass  # the program closed it

    def send(self, message):
        self.send_line(encode(message).encode('ascii') + b'\n')

    def send_line(self, line):
        try:
            write(self._open(), line)
        except OSError:
            self._descriptor = None  # the program closed it: once more with a new one
            write(self._open(), line)

    def receive(self):
        """Waits for one line of the host."""
        while b'\n' not in self._rest:
            chunk = read(self._open(), 65536)
            if not chunk:
                raise OSError('the channel to the host is closed')
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b'\n')
        return decode(line.decode('utf-8'))

    def _open(self):
        if self._descriptor is None:
            self._descriptor = open_file(CHANNEL, O_RDWR)
        return self._descriptor


channel = Channel()
