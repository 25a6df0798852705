/** A program's WASI in a snapshot: descriptors that it was given, the clock that goes on; open files are refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { HOST_STATE, type HostState } from '../runtime/snapshot/host-state.ts';
import { Guest, RESULT } from '../test/support/wasi-guest.ts';
import type { WasiOptions } from './index.ts';
import { RIGHTS } from './types.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-wasi-state-'));
writeFileSync(join(folder, 'file'), 'text');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program with two directories, 3 and 4, at a time of its clock. */
function started(time = 1000n, options: WasiOptions = { preopens: { '/a': folder, '/b': folder } }) {
  const clocks = { now: time, realtime: () => 5n, monotonic: () => clocks.now };
  const guest = new Guest({ clocks, ...options });
  const module = guest.wasi.imports.wasi_snapshot_preview1 as { [HOST_STATE]?: HostState };
  return { guest, clocks, state: module[HOST_STATE]! };
}

function monotonic(guest: Guest): bigint {
  guest.call('clock_time_get', 1, 0n, RESULT);
  return guest.memory.view.getBigUint64(RESULT, true);
}

const isOpen = (guest: Guest, fd: number) => guest.call('fd_fdstat_get', fd, RESULT) === 'SUCCESS';

describe('the state of WASI', () => {
  test('descriptors are what they were, with the rights that are left', () => {
    const first = started();
    first.guest.call('fd_close', 0);
    first.guest.call('fd_renumber', 4, 3);
    first.guest.call('fd_fdstat_set_rights', 3, RIGHTS.PATH_OPEN!, 0n);
    const saved = first.state.saveState();
    const { guest, state } = started();
    state.restoreState(saved)();
    expect([0, 1, 2, 3, 4].map((fd) => isOpen(guest, fd))).toEqual([false, true, true, true, false]);
    guest.call('fd_prestat_dir_name', 3, RESULT, 2);
    expect(guest.text(RESULT, 2)).toBe('/b');
    expect(guest.call('path_unlink_file', 3, 'file')).toBe('NOTCAPABLE');
  });

  test('the monotonic clock goes on from where it was', () => {
    const first = started(1000n);
    expect(monotonic(first.guest)).toBe(1000n);
    const saved = first.state.saveState();
    const { guest, state, clocks } = started(7n);
    const commit = state.restoreState(saved);
    expect(monotonic(guest)).toBe(7n);
    commit();
    clocks.now += 20n;
    expect(monotonic(guest)).toBe(1020n);
  });

  test('files that are open are refused; those opened since are closed', () => {
    const { guest, state } = started();
    const saved = state.saveState();
    const fd = guest.open(3, 'file') as number;
    expect(() => state.saveState()).toThrow(`the program has descriptor ${fd} open, a file of the host`);
    state.restoreState(saved)();
    expect(isOpen(guest, fd)).toBe(false);
    expect(guest.open(3, 'file')).toBe(fd);
  });

  test('what is not given, or no state at all, is refused', () => {
    const { state, guest } = started();
    const saved = state.saveState();
    const other = started(1n, { preopens: { '/a': folder } });
    expect(() => other.state.restoreState(saved)).toThrow(
      'descriptor 4 open ("preopen 1 /b"), which is not given',
    );
    guest.call('fd_close', 3);
    expect(() => state.restoreState(saved)).toThrow('descriptor 3 open ("preopen 0 /a")');
    for (const text of [
      '',
      '{}',
      '[]',
      'null',
      '{"monotonic":"x","descriptors":[]}',
      '{"monotonic":"1","descriptors":[[3]]}',
    ])
      expect(() => state.restoreState(new TextEncoder().encode(text)), text).toThrow('the state of WASI');
  });
});
