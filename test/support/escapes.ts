/**
 * Attempts to break out of the sandbox, or to break it: programs of which each says `ESCAPED` if it gets what it wants. Beside each
 * stands where the same program does get it: that is the control, without which a failure would mean nothing. Data only; who runs
 * them is test/python/escape.test.ts.
 *
 * `{NAME}` in a program is replaced by whoever runs it; NAMES says by what.
 */

/**
 * Where an attempt works:
 *   python   the machine's own Python 3, in a process that keeps a secret from the code that it runs (CONTROL below)
 *   pyodide  the package pyodide with its JavaScript glue, in Node
 *   volume   our sandbox, with a writable volume at {LIBRARY}
 */
export type Control = 'python' | 'pyodide' | 'volume';

export interface Attempt {
  readonly title: string;
  readonly control: Control;
  readonly code: string;
  /** How the control shows it: by `ESCAPED` in its output (default), by a marker file, by not ending in time, by a crash. */
  readonly shows?: 'marker' | 'hangs' | 'crashes';
  /** How it must end in the sandbox: `ok`, with whatever Python raised in its output, or the error's name and message. */
  readonly ends: RegExp;
}

/** The process of a naive host: it has a secret, and runs what it is given. */
export const CONTROL = `
import os, signal, sys, threading
host_secret = 'host-' + 'secret-' + os.environ.pop('SECRET')
def main():
    kept = [host_secret]
    if {INTERRUPTS}:
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    exec(compile(sys.stdin.read(), '<user>', 'exec'), {'__name__': '__main__'})
    return kept
main()
`;

const HUGE_RECURSION = 'import sys\nsys.setrecursionlimit(10 ** 9)\n';
/** Says what became of an attempt that Python refuses. */
const saying = (code: string) => `try:
${code.replace(/^/gm, '    ')}
except BaseException as error:
    print(type(error).__name__, error)`;
const REFUSED = /^ok: (ModuleNotFoundError|ImportError|AttributeError|KeyError) /;
const OS_ERROR =
  /^ok: (FileNotFoundError|OSError|PermissionError|NotADirectoryError|ModuleNotFoundError|NotImplementedError|AttributeError|ConnectionRefusedError|URLError|TimeoutError|BlockingIOError|-1|gaierror)/;

const imports = (...lines: string[]): Attempt[] =>
  lines.map((line) => ({ title: line, control: 'python', code: saying(line), ends: REFUSED }));

const bridge = (...lines: string[]): Attempt[] =>
  lines.map((line) => ({ title: line, control: 'pyodide', code: saying(line), ends: REFUSED }));

const files = (...lines: string[]): Attempt[] =>
  lines.map((line) => ({ title: line, control: 'python', code: saying(line), ends: OS_ERROR }));

const marking = (...lines: string[]): Attempt[] =>
  lines.map((line) => ({
    title: line,
    control: 'python',
    code: saying(line),
    shows: 'marker',
    ends: /^ok: /,
  }));

const bombs = (ends: RegExp, ...lines: string[]): Attempt[] =>
  lines.map((line) => ({ title: line, control: 'python', code: saying(`${line}\nprint('ESCAPED')`), ends }));

const endless = (...lines: string[]): Attempt[] =>
  lines.map((line) => ({
    title: line,
    control: 'python',
    code: line,
    shows: 'hangs',
    ends: /^TimeoutError/,
  }));

const crashing = (...lines: string[]): Attempt[] =>
  lines.map((line) => ({
    title: line.split('\n', 1)[0]!,
    control: 'python',
    code: saying(HUGE_RECURSION + line),
    shows: 'crashes',
    ends: /^ok: (RecursionError|MemoryError)|^(SandboxError|ResourceLimitError|WorkerLostError|TimeoutError)/,
  }));

/** Goes on until the time is up, whatever it is told. */
const stubborn = (title: string, code: string): Attempt => ({
  title,
  control: 'python',
  code: `import signal, time\nend = time.monotonic() + {SECONDS}\n${code}\nprint('ESCAPED')`,
  ends: /^TimeoutError/,
});

const library = (...lines: string[]): Attempt[] =>
  lines.map((line) => ({
    title: line,
    control: 'volume',
    code: saying(`import os, pathlib, shutil\n${line}\nprint('ESCAPED')`),
    ends: /^ok: (OSError|PermissionError|FileNotFoundError)/,
  }));

const hostile = (payload: string) => `import pickle
class Hostile:
    def __reduce__(self):
        return ${payload}
pickle.loads(pickle.dumps(Hostile()))`;

export const ATTEMPTS: Readonly<Record<string, readonly Attempt[]>> = {
  ctypes: imports(
    "import ctypes\nprint('ESCAPED', ctypes.CDLL(None).getpid())",
    "import _ctypes\nprint('ESCAPED', _ctypes.dlopen(None, 2))",
    "import importlib\nprint('ESCAPED', importlib.import_module('ctypes').string_at(id('x'), 1))",
    "from ctypes.util import find_library\nprint('ESCAPED', find_library('c'))",
  ),
  js: bridge(
    "import js\nprint('ESCAPED', js.process.version)",
    "from js import Function\nprint('ESCAPED', Function.new('return process.version')())",
    "import importlib\nprint('ESCAPED', importlib.import_module('js').globalThis.process.pid)",
    "import sys\nprint('ESCAPED', sys.modules['js'].process.cwd())",
  ),
  pyodide_js: bridge(
    "import pyodide_js\nprint('ESCAPED', pyodide_js.version)",
    "from pyodide_js import FS\nprint('ESCAPED', FS.readdir('/'))",
    "import pyodide_js\nprint('ESCAPED', pyodide_js._module.HEAP8.length)",
  ),
  _pyodide_core: bridge(
    "import _pyodide_core\nprint('ESCAPED', _pyodide_core.raw_call)",
    "from pyodide.code import run_js\nprint('ESCAPED', run_js('process.version'))",
    "import sys\nprint('ESCAPED', sys.modules['_pyodide_core'].to_js([1]))",
  ),
  'the file system': files(
    "print('ESCAPED', open('{SECRET_FILE}').read())",
    "print('ESCAPED', open('{WRITABLE}' + '/..' * 20 + '{SECRET_FILE}').read())",
    "import os\nos.symlink('{SECRET_FILE}', '{WRITABLE}/link')\nprint('ESCAPED', open('{WRITABLE}/link').read())",
    "print('ESCAPED', open('/proc/self/environ', 'rb').read()[:5])",
    "import os\nprint('ESCAPED', os.listdir('/etc'), os.stat('/etc/passwd').st_size)",
    "import os\nos.rename('{SECRET_FILE}', '{WRITABLE}/stolen')\nprint('ESCAPED')",
    "import os, shutil\nprint('ESCAPED', shutil.copy('{SECRET_FILE}', '{WRITABLE}/stolen'))",
    "import os\nprint('ESCAPED', os.scandir('/proc/self/fd').__next__())",
  ),
  'os.system': marking(
    "import os\nprint(os.system('echo > {MARKER}'))",
    "import subprocess\nsubprocess.run(['touch', '{MARKER}'])",
    "import os\nos.posix_spawn('/bin/sh', ['sh', '-c', 'echo > {MARKER}'], {})\nimport time\ntime.sleep(0.3)",
    "import os\nif os.fork() == 0:\n    os.execv('/bin/sh', ['sh', '-c', 'echo > {MARKER}'])\nos.wait()",
    "import os\nos.popen('echo > {MARKER}').read()",
    "import asyncio\nasync def main():\n    await (await asyncio.create_subprocess_shell('echo > {MARKER}')).wait()\nasyncio.run(main())",
  ),
  sockets: files(
    "import socket\ns = socket.create_connection(('127.0.0.1', {PORT}), 2)\ns.sendall(b'x')\nprint('ESCAPED', s.recv(9))",
    "import urllib.request\nprint('ESCAPED', urllib.request.urlopen('http://127.0.0.1:{PORT}/', timeout=2).read())",
    "import asyncio\nprint('ESCAPED', asyncio.run(asyncio.wait_for(asyncio.open_connection('127.0.0.1', {PORT}), 2)))",
    "import _socket\ns = _socket.socket()\ns.settimeout(2)\ns.connect(('127.0.0.1', {PORT}))\nprint('ESCAPED')",
    "import http.client\nc = http.client.HTTPConnection('127.0.0.1', {PORT}, timeout=2)\nc.request('GET', '/')\nprint('ESCAPED', c.getresponse().status)",
    "import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\nprint('ESCAPED', s.getsockname())\nsocket.create_connection(s.getsockname(), 2)",
  ),
  'frames and gc': [
    {
      title: 'strings of all objects',
      control: 'python',
      code: `import gc
found = [v for o in gc.get_objects() if isinstance(o, dict) for v in list(o.values()) if type(v) is str and v.startswith('host-' + 'secret-')]
print('ESCAPED' if found else 'nothing found', found[:1])`,
      ends: /^ok: nothing found/,
    },
    {
      title: 'frames up to the host',
      control: 'python',
      code: `import sys
frame, found = sys._getframe(), []
while frame := frame.f_back:
    found += [v for v in {**frame.f_globals, **frame.f_locals}.values() if 'host-' + 'secret-' in str(v)]
print('ESCAPED' if found else 'nothing found')`,
      ends: /^ok: nothing found/,
    },
    {
      title: 'frames of a traceback',
      control: 'python',
      code: `import gc
try: 1 / 0
except ZeroDivisionError as error: frame = error.__traceback__.tb_frame
found = []
while frame:
    for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
        several = value if isinstance(value, (list, tuple)) else [value]
        found += [v for v in several if type(v) is str and v.startswith('host-' + 'secret-')]
    frame = frame.f_back
print('ESCAPED' if found else 'nothing found')`,
      ends: /^ok: nothing found/,
    },
    {
      title: 'subclasses of object, down to os.system',
      control: 'python',
      shows: 'marker',
      code: saying(`import os
classes = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == '_wrap_close']
classes[0].__init__.__globals__['system']('echo > {MARKER}')`),
      ends: /^ok: /,
    },
  ],
  'signal handlers': [
    stubborn(
      'SIGINT is ignored',
      'signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile time.monotonic() < end: pass',
    ),
    stubborn(
      'a handler that does nothing',
      'signal.signal(signal.SIGINT, lambda *_: None)\nwhile time.monotonic() < end: pass',
    ),
    stubborn(
      'whoever catches it goes on',
      'while time.monotonic() < end:\n    try:\n        while time.monotonic() < end: pass\n    except BaseException: pass',
    ),
    stubborn(
      'a finally that never ends',
      'try:\n    try:\n        while time.monotonic() < end: pass\n    finally:\n        while time.monotonic() < end: pass\nexcept KeyboardInterrupt: pass',
    ),
    stubborn(
      'asleep, again and again',
      'while time.monotonic() < end:\n    try: time.sleep(0.1)\n    except BaseException: pass',
    ),
  ],
  'deep recursion': crashing(
    'x = []\nfor _ in range(10 ** 6): x = [x]\nrepr(x)',
    'class A:\n    def __str__(self): return str(self)\nstr(A())',
    'class A:\n    def __getattr__(self, name): return getattr(self, name)\nA().x',
    'import functools\nf = functools.partial(lambda: f())\nfor _ in range(10 ** 6): f = functools.partial(f)\nf()',
    "import json\njson.loads('[' * 10 ** 6)",
  ),
  'memory bombs': bombs(
    /^ok: MemoryError/,
    'x = bytearray(300 << 20)',
    'x = [0]\nwhile len(x) < 60_000_000: x += x',
    "x = 'x' * 300_000_000",
    "x = '%300000000d' % 1",
    'import zlib\nc = zlib.compressobj()\nz = b"".join(c.compress(bytes(1 << 20)) for _ in range(300)) + c.flush()\nx = zlib.decompress(z)',
    'x = {i: str(i) * 10 for i in range(2_500_000)}',
    'x = [bytes(1 << 20) for _ in range(300)]',
  ),
  'regular expressions and integers': endless(
    "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
    "import re\nre.match('(a|aa)+$', 'a' * 90 + 'b')",
    "import re\nre.search('(x+x+)+y', 'x' * 60)",
    'x = 7 ** (7 ** 9)',
    'import math\nmath.factorial(10 ** 8)',
    "import sys\nsys.set_int_max_str_digits(0)\nx = int('9' * 50_000_000)",
  ),
  pickles: [
    ...marking(
      hostile("(__import__('os').system, ('echo > {MARKER}',))"),
      hostile(`(eval, ("__import__('subprocess').call(['touch', '{MARKER}'])",))`),
      'import pickle\npickle.loads(b\'cposix\\nsystem\\n(S"echo > {MARKER}"\\ntR.\')',
    ),
    {
      title: 'a pickle that reads a file',
      control: 'python',
      code: saying(`${hostile(`(exec, ("print('ESCAPED', open('{SECRET_FILE}').read())",))`)}`),
      ends: OS_ERROR,
    },
  ],
  'writing to the library': library(
    "open('{LIBRARY}/os.py', 'a').write('hacked = 1')",
    "os.remove('{LIBRARY}/os.py')",
    "os.rename('{LIBRARY}/os.py', '{LIBRARY}/so.py')",
    "os.mkdir('{LIBRARY}/evil')",
    "pathlib.Path('{LIBRARY}/sitecustomize.py').write_text('hacked = 1')",
    "os.symlink('os.py', '{LIBRARY}/evil')",
    "shutil.rmtree('{LIBRARY}')",
  ),
};
