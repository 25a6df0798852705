"""A terminal for tests: starts a command in it, waits for texts and types answers, and prints all that the terminal showed.

Arguments: the steps as JSON, `[[text to wait for, what to type then], …]`, and the command. Ends with the command's status, or
with 99 if a text has not come in time; then stderr tells which.
"""

import json
import os
import pty
import select
import signal
import sys
import time

PATIENCE_SECONDS = 60

steps, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

shown, seen, end = '', 0, time.monotonic() + PATIENCE_SECONDS


def read():
    """False: the terminal has closed."""
    global shown
    ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
    if not ready:
        sys.stdout.write(shown)
        os.kill(pid, signal.SIGKILL)
        sys.exit('the time is up')
    try:
        data = os.read(terminal, 4096)
    except OSError:
        return False
    shown += data.decode('utf-8', 'replace').replace('\r', '')
    return bool(data)


for text, answer in steps:
    while text not in shown[seen:]:
        if not read():
            sys.stdout.write(shown)
            sys.stderr.write(f'has ended before {text!r}\n')
            sys.exit(99)
    seen = shown.index(text, seen) + len(text)
    os.write(terminal, answer.encode())
while read():
    pass
sys.stdout.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
