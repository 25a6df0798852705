/**
 * Sockets: `sock_accept`, `sock_recv`, `sock_send`, `sock_shutdown`. There is no way to give a guest a socket yet, so they answer
 * NOSYS; they and `proc_raise` (proc.ts) are all that is missing. The README quotes the list.
 */
import type { Family } from './context.ts';
import { WasiError } from './errno.ts';

export const UNIMPLEMENTED = [
  'proc_raise',
  'sock_accept',
  'sock_recv',
  'sock_send',
  'sock_shutdown',
] as const;

export function sock(): Family {
  return Object.fromEntries(
    UNIMPLEMENTED.filter((name) => name.startsWith('sock_')).map((name) => [name, notYet]),
  );
}

export function notYet(): never {
  throw new WasiError('NOSYS');
}
