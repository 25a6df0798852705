/**
 * Escape attempts (test/support/escapes.ts): each works where there is no sandbox, that is its control; in the sandbox it ends in a
 * Python exception or a typed error, the host is untouched, and the next program finds everything in order.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SandboxError, type SandboxOptions, SandboxPool } from '../../src/python.ts';
import { PYODIDE } from '../e2e-runtimes.ts';
import { ATTEMPTS, type Attempt, CONTROL } from '../support/escapes.ts';
import { factory, PATIENCE_MS, titled, withoutPython } from './sandboxes.ts';

const LIBRARY = '/lib/python3.14';
const SECRET = 'secret-of-the-host';
/** What never ends by itself is given so long. */
const SHORT_MS = 700;

/** The machine's own Python, where it has one. */
function findPython(): string | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}
const PYTHON3 = findPython();

let home: string;
let server: Server;
let connections = 0;
let names: Readonly<Record<string, string>>;
let bridged: Readonly<Record<string, string>>;

function bridgeControls(): Record<string, string> {
  const codes = Object.values(ATTEMPTS)
    .flat()
    .flatMap(({ control, code }) => (control === 'pyodide' ? [code] : []));
  const script = new URL('../support/pyodide-control.mjs', import.meta.url).pathname;
  const folder = join(PYODIDE!, 'node_modules/pyodide');
  const outputs = JSON.parse(
    execFileSync(process.execPath, [script, folder, JSON.stringify(codes)], { encoding: 'utf8' }),
  ) as string[];
  return Object.fromEntries(codes.map((code, i) => [code, outputs[i]!]));
}

const filled = (code: string, more: Readonly<Record<string, string>>) =>
  Object.entries({ ...names, ...more }).reduce(
    (text, [name, value]) => text.replaceAll(`{${name}}`, value),
    code,
  );

const isStubborn = ({ code }: Attempt) => code.includes('{SECONDS}');

interface UnderPython {
  readonly output: string;
  readonly hung: boolean;
  readonly crashed: boolean;
}

/** The attempt under the machine's Python: what it wrote, and how it ended. */
function underPython(attempt: Attempt): Promise<UnderPython> {
  const host = CONTROL.replace('{INTERRUPTS}', isStubborn(attempt) ? 'True' : 'False');
  const child = spawn(PYTHON3!, ['-c', host], {
    env: { ...process.env, SECRET },
    timeout: attempt.shows === 'hangs' ? 2000 : 60_000,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => {});
  child.stdin.end(filled(attempt.code, { WRITABLE: fs.mkdtempSync(at('control-')), SECONDS: '1' }));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    child.on('close', (_, signal) => {
      const hung = signal === 'SIGKILL' && child.killed;
      resolve({ output, hung, crashed: signal !== null && !hung });
    });
  });
}

const at = (path: string) => join(home, path);

/** The attempt in a sandbox: `ok: ` and what it wrote, or the error's name and message. */
async function inSandbox({ code, shows }: Attempt, options: SandboxOptions = {}, more = {}): Promise<string> {
  const endless = shows === 'hangs' || code.includes('{SECONDS}');
  const sandbox = factory.createSandbox({
    resourceLimits: { executionTimeoutMs: endless ? SHORT_MS : 60_000 },
    callbacks: { reveal: () => SECRET.length },
    ...options,
  });
  try {
    const { rawStdout, rawStderr } = await sandbox.execute(
      filled(code, { WRITABLE: '/data', SECONDS: '60', LIBRARY, ...more }),
    );
    return `ok: ${rawStdout}${rawStderr}`;
  } catch (error) {
    const { name, message, stdout } = error as SandboxError;
    return `${name}: ${message}\n${stdout}`;
  }
}

/** What the control of an attempt showed, in one word. */
async function control(attempt: Attempt): Promise<string> {
  if (attempt.control === 'pyodide')
    return bridged[attempt.code]!.includes('ESCAPED') ? 'escaped' : bridged[attempt.code]!;
  if (attempt.control === 'volume') {
    const folder = fs.mkdtempSync(at('library-'));
    fs.writeFileSync(join(folder, 'os.py'), '');
    const volumes = [[folder, '/mnt/library', false] as const];
    const outcome = await inSandbox(attempt, { volumes }, { LIBRARY: '/mnt/library' });
    const emptied = fs.readdirSync(folder).length === 0;
    return outcome.includes('ESCAPED') || emptied ? 'escaped' : outcome;
  }
  fs.writeFileSync(at('secret'), SECRET);
  const { output, hung, crashed } = await underPython(attempt);
  if (attempt.shows === 'hangs') return hung ? 'escaped' : output;
  if (attempt.shows === 'crashes') return crashed ? 'escaped' : output;
  if (attempt.shows !== 'marker') return output.includes('ESCAPED') ? 'escaped' : output;
  const made = fs.existsSync(names.MARKER!);
  fs.rmSync(names.MARKER!, { force: true });
  return made ? 'escaped' : output;
}

describe.skipIf(withoutPython)(titled('escape attempts'), { timeout: 120_000 }, () => {
  beforeAll(async () => {
    home = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'sandglass-escape-')));
    fs.writeFileSync(at('secret'), SECRET);
    process.env.SANDGLASS_TEST_SECRET = `host-${SECRET}`;
    server = createServer((socket) => {
      connections++;
      socket.on('error', () => {});
      socket.end('HTTP/1.0 200 OK\r\n\r\nhello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = String((server.address() as AddressInfo).port);
    names = { SECRET_FILE: at('secret'), MARKER: at('marker'), PORT: port };
    bridged = bridgeControls();
    await factory.ready();
  }, PATIENCE_MS);

  afterAll(async () => {
    delete process.env.SANDGLASS_TEST_SECRET;
    await factory.close();
    server.close();
    fs.rmSync(home, { recursive: true });
  });

  for (const [category, attempts] of Object.entries(ATTEMPTS)) {
    describe(category, () => {
      test.each(attempts)('$title', async (attempt) => {
        if (attempt.control !== 'python' || PYTHON3 !== undefined)
          expect(await control(attempt)).toBe('escaped');
        fs.writeFileSync(at('secret'), SECRET);
        const before = connections;
        const outcome = await inSandbox(attempt);
        expect(outcome).toMatch(attempt.ends);
        expect(outcome).not.toMatch(/ESCAPED/);
        expect(outcome).not.toContain(SECRET);
        expect([fs.existsSync(names.MARKER!), connections]).toEqual([false, before]);
        expect(fs.readFileSync(at('secret'), 'utf8')).toBe(SECRET);
      });

      test('has at least three attempts, and the next program finds everything in order', async () => {
        expect(attempts.length).toBeGreaterThanOrEqual(3);
        const code =
          'import os, json, re\nprint(json.dumps([6 * 7, os.listdir("/data"), bool(re.match("a", "a"))]))';
        expect((await factory.createSandbox().execute(code)).stdout).toBe('[42, [], true]');
      });
    });
  }

  /** Programs that have their hands on what belongs to the interpreter, and to its host's side of it. */
  const SABOTAGE: [string, string][] = [
    [
      'functions of the guest side given other code',
      `import gc, types
def mine(*a, **k): return b'{"status":"done","ok":true,"resultJson":"\\\\"lie\\\\""}\\n'
for o in gc.get_objects():
    if isinstance(o, types.FunctionType) and '_sandglass' in str(o.__globals__.get('__name__')):
        try: o.__code__ = mine.__code__
        except (ValueError, TypeError): pass`,
    ],
    ['everything in sys.modules taken away', 'import sys\nsys.modules.clear()\nsys.path[:] = []'],
    [
      'builtins replaced',
      'import builtins\nfor n in list(vars(builtins)):\n    if n != "setattr": setattr(builtins, n, None)',
    ],
    [
      'nonsense to the host',
      `import os
fd = os.open('/dev/sandglass', os.O_RDWR)
for line in (b'x', b'{}', b'{"t":"call"}', b'{"t":"call","id":-1,"name":"reveal","json":"{"}', b'\\xff' * 1000, b'[' * 100000):
    os.write(fd, line + b'\\n')`,
    ],
    [
      'calls to the host that nobody made',
      `import os
fd = os.open('/dev/sandglass', os.O_RDWR)
for i in range(2000): os.write(fd, b'{"t":"call","id":%d,"name":"reveal","json":"{}"}\\n' % i)`,
    ],
    ['all descriptors closed', 'import os\nos.closerange(0, 4096)\nprint("x")'],
    ['the end of the process', 'import os\nos._exit(3)'],
    ['abort', 'import os\nos.abort()'],
    ['a signal to itself', 'import os, signal\nos.kill(os.getpid(), signal.SIGKILL)'],
  ];

  describe('a program that breaks its own interpreter', () => {
    test.each(SABOTAGE)('%s: harms nobody else', async (_, code) => {
      const pool = new SandboxPool(
        { factory, callbacks: { reveal: () => 'revealed' } },
        { maxSize: 2, minIdle: 0 },
      );
      try {
        const sandbox = await pool.acquire();
        const ended = await sandbox.execute(code).then(
          () => 'ok',
          (error: Error) => error.name,
        );
        expect(ended).toMatch(
          /^(ok|ExecutionError|SandboxError|ResourceLimitError|TimeoutError|WorkerLostError)$/,
        );
        sandbox.release();
        for (let i = 0; i < 2; i++) {
          const next = await pool.acquire();
          expect(
            (await next.execute('import json\nprint(json.dumps(await reveal()))\nresult = 1')).stdout,
          ).toBe('"revealed"');
          next.release();
        }
      } finally {
        await pool.close();
      }
    });
  });
});
