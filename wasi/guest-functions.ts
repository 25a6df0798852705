/** From families of functions that return or throw to what the guest imports: functions that answer an errno. */
import type { Family, WasiFunction } from './context.ts';
import { errnoOf } from './errno.ts';

export type GuestFunctions = Readonly<Record<string, (...parameters: never[]) => number>>;

/** `answer`: what the guest is told where an errno comes out. */
export function functionsOf(families: readonly Family[], answer = (errno: number) => errno): GuestFunctions {
  const functions = families.flatMap((family) => Object.entries(family));
  const answering = ([name, implementation]: [string, WasiFunction]) => [
    name,
    answeringWith(answer, implementation),
  ];
  return Object.fromEntries(functions.map(answering));
}

function answeringWith(
  answer: (errno: number) => number,
  implementation: WasiFunction,
): (...parameters: never[]) => number {
  return (...parameters) => {
    try {
      implementation(...parameters);
      return 0;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return answer(errno);
    }
  };
}
