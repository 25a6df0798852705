/** Sockets: there are none. Making one is refused, and whatever else would need one first. Names are not looked up. */
import { type HostFamily, refuse, systemCalls } from './context.ts';

/** `getaddrinfo` failed, and trying again will not help. */
const EAI_FAIL = -4;

const OF_SOCKETS = [
  'accept4',
  'bind',
  'connect',
  'getpeername',
  'getsockname',
  'getsockopt',
  'listen',
  'recvfrom',
  'recvmsg',
  'sendmsg',
  'sendto',
];

export function sockets(): HostFamily {
  const notSocket = refuse('NOTSOCK');
  // Pyodide's wrappers ask first whether a descriptor is a socket of theirs: no.
  const nobody = () => null;
  return {
    ...systemCalls({
      __syscall_socket: refuse('ACCES'),
      ...Object.fromEntries(OF_SOCKETS.map((name) => [`__syscall_${name}`, notSocket])),
    }),
    _maybe_connect_async: nobody,
    _maybe_recvfrom_async: nobody,
    _maybe_sendto_async: nobody,
    _maybe_poll_async: nobody,
    _try_fcntl64: () => 0,
    _try_shutdown: () => 0,
    getaddrinfo: () => EAI_FAIL,
    getnameinfo: () => EAI_FAIL,
    getprotobyname: () => 0,
    _emscripten_lookup_name: () => 0,
  };
}
