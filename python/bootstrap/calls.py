"""Calls of host functions: each is announced on the channel, and a future waits for its answer.

An answer may arrive in two ways: with a `resume` while the program is at rest, or as a line on the channel while an
event loop of the program blocks (`asyncio.run` in a plain script). Either way it ends in `deliver`.
"""

from asyncio import InvalidStateError, get_running_loop
from itertools import count
from time import perf_counter

from _sandglass.tracing import tracing
from _sandglass.wire import channel, decode, encode

_numbers = count(1)
_waiting = {}


def pending():
    """Whether any answer is still to come."""
    return bool(_waiting)


def forget():
    """The host was told of no interest in what was asked so far: late answers are ignored."""
    _waiting.clear()


def deliver(answers):
    for answer in answers:
        future = _waiting.pop(answer.get('id'), None)
        if future is None or future.done():
            continue
        try:
            future.set_result(answer)
        except (InvalidStateError, RuntimeError):
            pass  # its event loop is closed: nobody waits any more


async def call_host(name, arguments):
    """Calls a host function with a dict of arguments; its failure is a RuntimeError with the host's message."""
    text = encode(arguments)
    future = get_running_loop().create_future()
    number = next(_numbers)
    _waiting[number] = future
    tracing.callback_start(name)
    started = perf_counter()
    try:
        channel.send({'t': 'call', 'id': number, 'name': name, 'json': text})
        answer = await future
    except BaseException:
        if _waiting.pop(number, None) is not None:
            channel.send({'t': 'cancel', 'id': number})
        raise
    finally:
        tracing.callback_end(name, (perf_counter() - started) * 1000)
    if answer.get('ok'):
        return decode(answer['json'])
    raise RuntimeError(answer.get('message', 'execution failed'))
