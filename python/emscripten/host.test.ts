/**
 * What the interpreter's owner gives it: signals, waiting, the channel, limits, mounts. On native WebAssembly, since the host is
 * the same code on either engine (interpreter.test.ts compares them).
 */
import nodeFs, { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { nativePythonEngine } from '../../bench/native-python.ts';
import { ExitError } from '../../runtime/errors.ts';
import { needing, PYODIDE } from '../../test/e2e-runtimes.ts';
import { MemoryFileSystem } from '../../wasi/files/memory-file-system.ts';
import { Interpreter, type InterpreterOptions } from '../interpreter.ts';
import { findPythonFiles } from '../pyodide-files.ts';
import { standardLibrary } from '../standard-library.ts';

const BOOTSTRAP = `
names = {}
def main(request):
    try:
        exec(request.decode(), names)
    except BaseException as error:
        print(type(error).__name__, error, flush=True)
    print(end='', flush=True)
    return b''
`;

class Python {
  readonly interpreter: Interpreter;
  readonly #main: number;
  #output = '';

  constructor(options: Partial<InterpreterOptions> = {}) {
    const files = findPythonFiles(PYODIDE);
    const collect = (bytes: Uint8Array) => {
      this.#output += Buffer.from(bytes).toString();
    };
    const library = standardLibrary(files.library);
    const all = { library, stdout: collect, stderr: collect, ...options };
    this.interpreter = Interpreter.boot(nativePythonEngine(files.wasm), all);
    this.#main = this.interpreter.load(BOOTSTRAP, '<bootstrap>', 'main');
  }

  run(...lines: string[]): string {
    this.#output = '';
    this.interpreter.call(this.#main, new TextEncoder().encode(lines.join('\n')));
    return this.#output;
  }
}

/** SIGINT, once, when somebody has looked for it so many times after it was set off. */
class LateSignal {
  #looks = Infinity;

  setOff(looks = 3): void {
    this.#looks = looks;
  }

  pending(): number {
    return --this.#looks <= 0 ? 2 : 0;
  }

  take(): number {
    const signal = this.pending();
    if (signal !== 0) this.#looks = Infinity;
    return signal;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'sandglass-mounts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TITLE = needing(PYODIDE, 'pyodide', 'the host of CPython');
describe.skipIf(PYODIDE === undefined)(TITLE, () => {
  test('a signal ends what runs or waits with KeyboardInterrupt, and the interpreter goes on', () => {
    const signals = new LateSignal();
    const channel = { receive: () => {}, next: () => undefined };
    const python = new Python({ signals, channel, pause: () => {}, stdin: () => new Uint8Array(0) });
    const opened = 'os.open("/dev/sandglass", os.O_RDWR)';
    python.run(
      'import os, select, time',
      `channel = ${opened}`,
      'poll = select.poll()',
      'poll.register(channel, 1)',
    );
    for (const program of [
      'while True: pass',
      'sum(i for i in range(10**12))',
      'time.sleep(3600)',
      'select.select([], [], [], 3600)',
      'select.select([channel], [], [], 3600)',
      'poll.poll()',
      'os.read(channel, 1)',
    ]) {
      signals.setOff();
      expect([program, python.run(program)]).toEqual([program, 'KeyboardInterrupt \n']);
    }
    expect(python.run('print("goes on")')).toBe('goes on\n');
  });

  test('sleeping waits as long as it should, by the injected clock', () => {
    let now = 0n;
    let longest = 0;
    const python = new Python({
      clocks: { realtime: () => 1_700_000_000_000_000_000n + now, monotonic: () => now },
      pause: (milliseconds) => {
        longest = Math.max(longest, milliseconds);
        now += BigInt(Math.round(milliseconds * 1e6));
      },
    });
    expect(
      python.run(
        'import time',
        'start = time.monotonic()',
        'time.sleep(2)',
        'print(round(time.monotonic() - start, 2), int(time.time()))',
      ),
    ).toBe('2.0 1700000002\n');
    expect(longest).toBeLessThan(10);
  });

  test('the channel carries messages both ways', () => {
    const received: string[] = [];
    const queue = ['one', 'and another'];
    const python = new Python({
      channel: {
        receive: (message) => received.push(Buffer.from(message).toString()),
        next: () => Buffer.from(queue.shift() ?? 'no more'),
      },
    });
    expect(
      python.run(
        'import os',
        'channel = os.open("/dev/sandglass", os.O_RDWR)',
        'print(os.write(channel, b"hello"), os.read(channel, 99), os.read(channel, 3), os.read(channel, 99))',
      ),
    ).toBe("5 b'one' b'and' b' another'\n");
    expect(received).toEqual(['hello']);
  });

  test('beyond the memory limit there is MemoryError, and the interpreter goes on', () => {
    const python = new Python({ memoryLimit: () => 50_000_000 });
    expect(python.run('bytearray(2**30)')).toBe('MemoryError \n');
    expect(python.run('hoard = []', 'while True: hoard.append(bytearray(100_000))')).toBe('MemoryError \n');
    expect(python.run('hoard = None', 'print(len(bytearray(5_000_000)))')).toBe('5000000\n');
    expect(python.interpreter.memoryBytes).toBeLessThanOrEqual(50_000_000);
  });

  test('randomness and standard input are the owner’s', () => {
    const python = new Python({ random: (bytes) => bytes.fill(7), stdin: Buffer.from('one\ntwo\n') });
    expect(python.run('import os', 'print(os.urandom(3), input(), input())', 'input()')).toBe(
      "b'\\x07\\x07\\x07' one two\nEOFError EOF when reading a line\n",
    );
  });

  test('an exit cuts the interpreter off', () => {
    const python = new Python();
    expect(() => python.run('import os', 'os._exit(3)')).toThrow(ExitError);
    expect(python.interpreter.broken).toBe(true);
    expect(() => python.run('pass')).toThrow('cannot go on');
  });

  test('mounts of host directories, single files and memory', () => {
    writeFileSync(join(folder, 'a.txt'), 'host');
    writeFileSync(join(folder, 'secret.txt'), 'secret');
    symlinkSync('/etc', join(folder, 'etc'));
    symlinkSync('/data/a.txt', join(folder, 'absolute'));
    const volume = new MemoryFileSystem({ maxBytes: 10 });
    volume.addFile('/deep/b.txt', Buffer.from('memory'));
    const python = new Python({
      mounts: [
        { path: '/data', fileSystem: nodeFs, root: folder },
        { path: '/data/inner', fileSystem: volume, root: '/deep' },
        { path: '/fixed', fileSystem: nodeFs, root: folder, readOnly: true },
        { path: '/one/only.txt', fileSystem: nodeFs, root: join(folder, 'a.txt'), readOnly: true },
      ],
    });
    const attempt = (expression: string) => python.run('import os', `print(${expression})`);
    expect(attempt('sorted(os.listdir("/")), sorted(os.listdir("/data")), os.listdir("/one")')).toBe(
      "['data', 'dev', 'fixed', 'lib', 'one', 'tmp', 'usr'] ['a.txt', 'absolute', 'etc', 'inner', 'secret.txt'] ['only.txt']\n",
    );
    expect(
      attempt('open("/data/a.txt").read(), open("/one/only.txt").read(), open("/data/inner/b.txt").read()'),
    ).toBe('host host memory\n');
    expect(attempt('open("/data/absolute").read(), os.path.realpath("/data/inner/../inner/b.txt")')).toBe(
      'host /data/inner/b.txt\n',
    );
    for (const path of [
      '/data/etc/passwd',
      '/data/../etc/passwd',
      '/one/secret.txt',
      '/data/inner/../../etc/passwd',
    ])
      expect(attempt(`open("${path}")`)).toMatch(/^FileNotFoundError /);
    for (const action of [
      ...[
        'open("/fixed/a.txt", "w")',
        'os.remove("/fixed/a.txt")',
        'os.mkdir("/fixed/x")',
        'os.truncate("/fixed/a.txt", 0)',
      ],
      ...[
        'os.utime("/fixed/a.txt")',
        'open("/one/only.txt", "a")',
        'os.symlink("a", "/fixed/l")',
        'os.rename("/fixed/a.txt", "/fixed/b")',
      ],
    ])
      expect([action, attempt(action)]).toEqual([action, expect.stringContaining('Read-only file system')]);
    for (const action of ['os.rmdir("/data")', 'os.rename("/data", "/x")', 'os.remove("/one/only.txt")'])
      expect([action, attempt(action)]).toEqual([action, expect.stringContaining('Resource busy')]);
    expect(attempt('open("/data/inner/c.txt", "w").write("1234")')).toBe('4\n');
    expect(attempt('open("/data/new.txt", "w").write("from the guest")')).toBe('14\n');
    expect(readFileSync(join(folder, 'new.txt'), 'utf8')).toBe('from the guest');
    expect(attempt('os.rename("/data/new.txt", "/data/inner/new.txt")')).toContain('Cross-device link');
  });

  test('a mounted file that is gone is in no listing', () => {
    const volume = new MemoryFileSystem();
    volume.addFile('/a', Buffer.from('a'));
    const python = new Python({
      mounts: [
        { path: '/all', fileSystem: volume, root: '/' },
        { path: '/one/a', fileSystem: volume, root: '/a' },
      ],
    });
    const show = 'print(os.listdir("/one"), os.path.exists("/one/a"))';
    expect(python.run('import os', show, 'os.remove("/all/a")', show)).toBe("['a'] True\n[] False\n");
  });

  test('a full volume is ENOSPC', () => {
    const python = new Python({
      mounts: [{ path: '/v', fileSystem: new MemoryFileSystem({ maxBytes: 10 }), root: '/' }],
    });
    expect(python.run('open("/v/a", "w").write("x" * 11)')).toContain('No space left on device');
    expect(python.run('import os', 'print(os.path.getsize("/v/a"))')).toBe('0\n');
  });
});
