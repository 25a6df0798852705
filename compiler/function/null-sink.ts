/**
 * The sink that does nothing: reading into it validates.
 */
import type { Sink } from './sink.ts';

function ignore(): void {}

export const NULL_SINK: Sink = {
  start: ignore,
  instruction: ignore,
  block: ignore,
  loop: ignore,
  if: ignore,
  else: ignore,
  end: ignore,
  br: ignore,
  brIf: ignore,
  brTable: ignore,
  return: ignore,
  unreachable: ignore,
  call: ignore,
  callIndirect: ignore,
  callRef: ignore,
  brOnCast: ignore,
  brOnNull: ignore,
  brOnNonNull: ignore,
  returnCall: ignore,
  returnCallIndirect: ignore,
  returnCallRef: ignore,
  tryTable: ignore,
  try: ignore,
  catch: ignore,
  catchAll: ignore,
  delegate: ignore,
  rethrow: ignore,
  throw: ignore,
  throwRef: ignore,
};
