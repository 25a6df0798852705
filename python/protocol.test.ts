/** What the guest may say is checked: every shape that is none is refused, and nothing that is one. */
import { describe, expect, test } from 'vitest';
import { ProtocolError, parseAnswer, parseChannelLine } from './protocol.ts';

const error = { type: 'ValueError', message: 'boom', traceback: 'Traceback …' };

describe('answers', () => {
  test.each([
    { status: 'wait', timeoutMs: null },
    { status: 'wait', timeoutMs: 0 },
    { status: 'done', ok: true },
    { status: 'done', ok: true, resultJson: 'null' },
    { status: 'done', ok: true, resultError: 'result is not JSON-serializable: set (TypeError)' },
    { status: 'done', ok: false, error },
    { status: 'done', ok: false, error: { ...error, exitCode: 3 } },
  ])('%j', (answer) => {
    expect(parseAnswer(JSON.stringify(answer))).toEqual(answer);
  });

  test.each([
    '',
    'null',
    '[]',
    '7',
    '{}',
    '{"status":"wait"}',
    '{"status":"wait","timeoutMs":-1}',
    '{"status":"wait","timeoutMs":1e300}',
    '{"status":"done"}',
    '{"status":"done","ok":1}',
    '{"status":"done","ok":true,"resultJson":{}}',
    '{"status":"done","ok":false,"error":null}',
    '{"status":"done","ok":false,"error":{"type":"E","message":"m"}}',
    '{"status":"done","ok":false,"error":{"type":"E","message":"m","traceback":"t","exitCode":"1"}}',
    '{"status":"__proto__"}',
  ])('not %s', (text) => {
    expect(() => parseAnswer(text)).toThrow(ProtocolError);
  });
});

describe('lines of the channel', () => {
  test.each([
    { t: 'call', id: 1, name: 'echo', json: '{}' },
    { t: 'cancel', id: 1 },
    { t: 'wait', timeoutMs: 20 },
    { t: 'trace', event: { kind: 'line', lineno: 1 } },
    { t: 'trace', event: { kind: 'return', lineno: 2, function: 'f' } },
    { t: 'trace', event: { kind: 'callback_end', lineno: 0, name: 'echo', durationMs: 0.5 } },
  ])('%j', (message) => {
    expect(parseChannelLine(JSON.stringify(message))).toEqual(message);
  });

  test.each([
    'call',
    '{"t":"call","id":"1","name":"echo","json":"{}"}',
    '{"t":"call","id":1,"name":"echo","json":{}}',
    '{"t":"hasOwnProperty"}',
    '{"t":"__proto__"}',
    '{"t":["call"],"id":1}',
    '{"t":"trace"}',
    '{"t":"trace","event":{"kind":"constructor","lineno":1}}',
    '{"t":"trace","event":{"kind":"call","lineno":1}}',
    '{"t":"trace","event":{"kind":"line"}}',
    '{"t":"wait","timeoutMs":"soon"}',
  ])('not %s', (line) => {
    expect(() => parseChannelLine(line)).toThrow(ProtocolError);
  });
});
