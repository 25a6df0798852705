/*
 * An interpreter of a small stack language: one `switch` in a loop, operands in the code. The program that it runs adds
 * up the lengths of the Collatz sequences of 1 … n.
 */
#include "bench.h"

enum opcode {
  HALT, PUSH, POP, DUP, SWAP, LOAD, STORE, INCREMENT, ADD, SUB, MUL, SHR, AND, OR, XOR, LESS, EQUAL, JUMP, JUMP_IF_ZERO
};
enum variable { LIMIT, NUMBER, VALUE, TOTAL, VARIABLES };
enum label { NEXT_NUMBER = 4, NEXT_STEP = 15, STEP = 26, EVEN = 47, END = 56 };

static const uint8_t collatz[] = {
  /*  0 */ PUSH, 1, STORE, NUMBER,
  /*  4 */ LOAD, NUMBER, LOAD, LIMIT, LESS, JUMP_IF_ZERO, END,
  /* 11 */ LOAD, NUMBER, STORE, VALUE,
  /* 15 */ LOAD, VALUE, PUSH, 1, EQUAL, JUMP_IF_ZERO, STEP,
  /* 22 */ INCREMENT, NUMBER, JUMP, NEXT_NUMBER,
  /* 26 */ INCREMENT, TOTAL,
  /* 28 */ LOAD, VALUE, PUSH, 1, AND, JUMP_IF_ZERO, EVEN,
  /* 35 */ LOAD, VALUE, PUSH, 3, MUL, PUSH, 1, ADD, STORE, VALUE, JUMP, NEXT_STEP,
  /* 47 */ LOAD, VALUE, PUSH, 1, SHR, STORE, VALUE, JUMP, NEXT_STEP,
  /* 56 */ HALT,
};

static uint32_t variables[VARIABLES];
static uint32_t stack[64];

static NOINLINE void interpret(const uint8_t *code) {
  const uint8_t *pc = code;
  uint32_t *sp = stack;
  for (;;) {
    switch ((enum opcode)*pc++) {
      case HALT: return;
      case PUSH: *sp++ = *pc++; break;
      case POP: sp--; break;
      case DUP: sp[0] = sp[-1]; sp++; break;
      case SWAP: { uint32_t top = sp[-1]; sp[-1] = sp[-2]; sp[-2] = top; break; }
      case LOAD: *sp++ = variables[*pc++]; break;
      case STORE: variables[*pc++] = *--sp; break;
      case INCREMENT: variables[*pc++]++; break;
      case ADD: sp--; sp[-1] += *sp; break;
      case SUB: sp--; sp[-1] -= *sp; break;
      case MUL: sp--; sp[-1] *= *sp; break;
      case SHR: sp--; sp[-1] >>= *sp & 31; break;
      case AND: sp--; sp[-1] &= *sp; break;
      case OR: sp--; sp[-1] |= *sp; break;
      case XOR: sp--; sp[-1] ^= *sp; break;
      case LESS: sp--; sp[-1] = sp[-1] < *sp; break;
      case EQUAL: sp--; sp[-1] = sp[-1] == *sp; break;
      case JUMP: pc = code + *pc; break;
      case JUMP_IF_ZERO: pc = *--sp == 0 ? code + *pc : pc + 1; break;
    }
  }
}

EXPORT int32_t run(int32_t n) {
  variables[LIMIT] = (uint32_t)n + 1;
  variables[TOTAL] = 0;
  interpret(collatz);
  return (int32_t)variables[TOTAL];
}
