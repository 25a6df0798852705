/**
 * The engines that are compared, in the order in which a round visits them; native first, for it is the reference.
 */
import type { Engine, EngineName } from './engines/engine.ts';
import { native } from './engines/native.ts';
import { polywasm } from './engines/polywasm.ts';
import { metered, unmetered } from './engines/sandglass.ts';
import { wasm2js } from './engines/wasm2js.ts';

export const ENGINES: readonly Engine[] = [native, metered, unmetered, polywasm, wasm2js];
export const ENGINE_NAMES: readonly EngineName[] = ENGINES.map(({ name }) => name);

export function engineNamed(name: EngineName): Engine {
  return ENGINES.find((engine) => engine.name === name)!;
}
