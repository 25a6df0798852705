/** Programs that talk to the host past the bootstrap, or make it read what is hard to read: the host is none the worse. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SandboxOptions } from '../../src/python.ts';
import { factory, PATIENCE_MS, titled, withoutPython } from './sandboxes.ts';

const FORGE = `
import os, json
host = os.open("/dev/sandglass", os.O_RDWR)
def send(message):
    os.write(host, json.dumps(message).encode() + b"\\n")
`;

describe.skipIf(withoutPython)(titled('programs that forge'), () => {
  beforeAll(async () => void (await factory.ready()), PATIENCE_MS);
  afterAll(() => factory.close());

  const callbacks = {
    echo: ({ x }: { x: unknown }) => x,
    never: () => new Promise(() => {}),
    // biome-ignore lint/complexity/useArrowFunction: what is thrown has no text
    odd: function () {
      throw Object.create(null);
    },
  };
  const run = (code: string, options: SandboxOptions = {}) =>
    factory.createSandbox({ callbacks, ...options }).execute(code);

  test.each([
    '5',
    '{}',
    '{"t": "constructor"}',
    '{"t": ["call"], "id": 1, "name": "echo", "json": "{}"}',
    '{"t": "call", "id": "1", "name": "echo", "json": "{}"}',
    '{"t": "trace", "event": {"kind": ["line"], "lineno": 1}}',
    '{"t": "wait", "timeoutMs": -1}',
    '{',
  ])('%s is no message: the interpreter is given up', async (line) => {
    await expect(run(`${FORGE}os.write(host, ${JSON.stringify(`${line}\n`)}.encode())`)).rejects.toThrow(
      'the interpreter failed: ProtocolError: the guest sent',
    );
    expect((await run('print(await echo(x=1))')).stdout).toBe('1');
  });

  test('arguments nested without end, with whole numbers that are no doubles', async () => {
    const deep = 'x = 2**70\nfor _ in range(20000): x = [x]\n';
    const { stdout } = await run(
      `${deep}try:\n  await echo(x=x)\nexcept RuntimeError as error:\n  print(error)`,
    );
    expect(stdout).toContain('execution failed: ');
    const { result } = await run(`${deep}result = x`);
    let inner = result;
    while (Array.isArray(inner)) [inner] = inner;
    expect(inner).toBe(2n ** 70n);
  });

  test('a result worded to be slow to read', async () => {
    const started = performance.now();
    const code = 'result = [2**70, "bigint:"] + [f"bigint{i}:" for i in range(50000)]';
    expect((await run(code)).result).toHaveLength(50_002);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  test('a result that would fill the memory of the host', async () => {
    const { result, resultJson, resultError } = await run('result = [[]] * 5_000_000');
    expect([result, resultJson]).toEqual([undefined, undefined]);
    expect(resultError).toBe('result is too large: 20000000 bytes of JSON, at most 16777216 are passed on');
  });

  test('events of a trace that nobody asked for, and texts without end in one', async () => {
    const event = { kind: 'exception', lineno: 1, message: 'x', more: 'y' };
    const send = `${FORGE}send({"t": "trace", "event": {**${JSON.stringify(event)}, "message": "x" * 100000}})`;
    expect((await run(send)).trace).toEqual([]);
    const { trace } = await run(send, { trace: true });
    expect(trace).toContainEqual({ kind: 'exception', lineno: 1, message: 'x'.repeat(4096) });
  });

  test('more arguments at once than the host should keep', async () => {
    const code = `
import asyncio
large = "x" * 6_000_000
calls = [asyncio.ensure_future(never(x=large)) for _ in range(6)]
done, waiting = await asyncio.wait(calls, timeout=20, return_when=asyncio.FIRST_COMPLETED)
print(len(done), len(waiting), done.pop().exception())`;
    expect((await run(code)).stdout).toMatch(/^1 5 arguments of callbacks are too large: /);
  });

  test('a number for two calls', async () => {
    const call = 'send({"t": "call", "id": 7, "name": "never", "json": "{}"})\n';
    await expect(run(`${FORGE}${call}${call}`)).rejects.toThrow('uses the number of a call twice');
  });

  test('a host function that throws what has no text is answered like others', async () => {
    const code = 'try:\n  await odd()\nexcept RuntimeError as error:\n  print(error)';
    expect((await run(code)).stdout).toBe('execution failed: an error without a message');
  });
});
