"""Makes a restored image differ from its siblings: everything that drew random numbers before the image was made
draws again. `os.urandom` is the host's, and seeded by it on request: then all of this is repeatable too. Only the
hash seed stays that of the image."""

from posix import urandom
from sys import modules


def freshen():
    random = modules.get('random')
    if random is not None:
        random.seed(urandom(32))
    uuid = modules.get('uuid')
    if uuid is not None:
        uuid._node = uuid._last_timestamp = None
    tempfile = modules.get('tempfile')
    if tempfile is not None:
        tempfile._name_sequence = None
    process = modules.get('multiprocessing.process')
    if process is not None:
        process.current_process().authkey = urandom(32)
