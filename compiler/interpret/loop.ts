/**
 * The text of the interpreter: a loop around one `switch`, whose cases for numeric instructions are made from the opcode
 * table's templates. So an instruction means the same wherever it runs.
 *
 *   case 71: b = s[p--]; a = s[p]; s[p] = a + b | 0; break;
 *
 * The stack `s` holds the locals, then the operands; `p` is the topmost operand. i64 values are BigInts here.
 */

import { template } from '../emit/template.ts';
import { OPCODES, type Opcode, signatureOf } from '../opcodes.ts';
import { OPERATION as O, ROW_OPERATIONS } from './operations.ts';

/** Body of a function with the parameter `H` (helpers by name); returns `interpret(E, body, functions, s)`. */
export function interpreterText(names: readonly string[]): string {
  const rows = OPCODES.filter((row) => ROW_OPERATIONS.has(row) && signatureOf(row) !== undefined);
  return `'use strict';
const { ${names.join(', ')} } = H;

function invoke(code, env, S, s, p, { count, wide, result }) {
  const at = p - count + 1;
  let r;
  if (wide !== undefined) {
    const args = [env];
    let cell = S.sp;
    for (let k = 0; k < count; k++) if (wide[k]) S.R[cell++] = s[at + k]; else args.push(s[at + k]);
    r = code(...args);
  } else switch (count) {
    case 0: r = code(env); break;
    case 1: r = code(env, s[p]); break;
    case 2: r = code(env, s[at], s[p]); break;
    case 3: r = code(env, s[at], s[at + 1], s[p]); break;
    case 4: r = code(env, s[at], s[at + 1], s[at + 2], s[p]); break;
    default: r = code(env, ...s.slice(at, p + 1));
  }
  if (result === 'none') return at - 1;
  s[at] = result === 'cell' ? S.R[S.sp] : r;
  return at;
}

return function interpret(E, body, F, s) {
  const S = E.S, R = S.R, RL = S.RL, RD = S.RD, RF = S.RF;
  const code = body.code, K = body.constants, base = body.locals;
  let pc = 0, at = 0, p = base - 1, V = E.V, a, b, c, x, y, i, j, ea;
  try {
    for (;;) {
      at = pc;
      switch (code[pc++]) {
${CONTROL}
${rows.map(rowText).join('\n')}
      default: throw new Error('interpreter: unknown operation');
      }
    }
  } catch (e) {
    throw struck(e, body, at);
  }
}`;
}

/** Moves the top \`count\` operands down to \`height\`. */
const MOVE = `x = base + code[pc + 1]; for (i = code[pc + 2], p -= i; i > 0; i--) s[x++] = s[++p]; p = x - 1; pc = code[pc];`;

const CALLED = 'V = E.V; break;';

const CONTROL = `
      case ${O.charge}: S.fuel -= code[pc++]; break;
      case ${O.check}: if ((S.fuel -= code[pc++]) < 0) { \`\${E}\`; V = E.V; } break;
      case ${O.jump}: pc = code[pc]; break;
      case ${O.jumpUnless}: pc = s[p--] === 0 ? code[pc] : pc + 1; break;
      case ${O.branchIf}: if (s[p--] === 0) { pc += 3; break; }
      case ${O.branch}: ${MOVE} break;
      case ${O.branchTable}: a = s[p--] >>> 0; b = code[pc++]; pc += 3 * (a < b ? a : b); ${MOVE} break;
      case ${O.return}: return code[pc] === 0 ? undefined : s[p];
      case ${O.unreachable}: unreachable();
      case ${O.call}: p = invoke(F[code[pc]], E, S, s, p, K[code[pc + 1]]); pc += 2; ${CALLED}
      case ${O.callImport}: x = E.I[code[pc]]; p = invoke(x.code, x.env, S, s, p, K[code[pc + 1]]); pc += 2; ${CALLED}
      case ${O.callIndirect}: x = indirect(E, code[pc], s[p--], code[pc + 1]); p = invoke(x.code, x.env, S, s, p, K[code[pc + 2]]); pc += 3; ${CALLED}
      case ${O.get}: s[++p] = s[code[pc++]]; break;
      case ${O.set}: s[code[pc++]] = s[p--]; break;
      case ${O.tee}: s[code[pc++]] = s[p]; break;
      case ${O.constant}: s[++p] = K[code[pc++]]; break;
      case ${O.drop}: p--; break;
      case ${O.select}: p -= 2; if (s[p + 2] === 0) s[p] = s[p + 1]; break;
      case ${O.globalGet}: s[++p] = E[K[code[pc]]][code[pc + 1]]; pc += 2; break;
      case ${O.globalSet}: E[K[code[pc]]][code[pc + 1]] = s[p--]; pc += 2; break;`;

function rowText(row: Opcode): string {
  const { params, results } = signatureOf(row)!;
  const below = params.length - 1;
  const operands = params.map((_, k) => `${'abc'[k]} = s[p - ${below - k}];`).join(' ');
  const value = template(row.js!).isBoolean ? `(${row.js}) | 0` : row.js!;
  const moved = below === 0 ? '' : below < 0 ? 'p++;' : `p -= ${below};`;
  const done = results.length === 0 ? `${value}; p -= ${params.length};` : `x = ${value}; ${moved} s[p] = x;`;
  const view = row.effect === 'call' ? ' V = E.V;' : '';
  return `      case ${ROW_OPERATIONS.get(row)}: ${operands} ${immediateText(row)} ${done}${view} break;`;
}

function immediateText({ immediate }: Opcode): string {
  if (immediate === 'none') return '';
  if (immediate === 'memarg') return 'ea = (a >>> 0) + code[pc++];';
  return immediate.includes(' ') ? 'i = code[pc++]; j = code[pc++];' : 'i = code[pc++];';
}
