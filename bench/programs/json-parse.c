/*
 * A parser of JSON, recursive descent, n times over a generated text of 1 MiB: strings with escapes, numbers with
 * fractions and exponents, arrays, objects, literals. The checksum takes in every key, string, number and bracket.
 */
#include "bench.h"

#define SIZE (1 << 20)

static char text[SIZE + 4096];
static uint32_t length;
static uint32_t seed;

static void put(const char *s) {
  while (*s) text[length++] = *s++;
}

static void put_integer(uint32_t value) {
  char digits[10];
  int count = 0;
  do digits[count++] = (char)('0' + value % 10);
  while (value /= 10);
  while (count > 0) text[length++] = digits[--count];
}

static void put_string(void) {
  static const char *const WORDS[] = {"alpha", "beta-2", "caf\\u00e9", "line\\nbreak", "quote\\\"d", "longer words here", "", "z"};
  text[length++] = '"';
  for (uint32_t i = next_random(&seed) % 3; i < 3; i++) put(WORDS[next_random(&seed) & 7]);
  text[length++] = '"';
}

static void put_record(uint32_t id) {
  put("{\"id\": ");
  put_integer(id);
  put(", \"name\": ");
  put_string();
  put(", \"score\": -");
  put_integer(next_random(&seed) % 1000);
  text[length++] = '.';
  put_integer(next_random(&seed) % 100000);
  put(next_random(&seed) & 1 ? "e3" : "E-2");
  put(next_random(&seed) & 1 ? ", \"active\": true" : ", \"active\": false");
  put(", \"parent\": null,\n  \"tags\": [");
  for (uint32_t i = next_random(&seed) & 7; i > 0; i--) {
    put_string();
    if (i > 1) put(", ");
  }
  put("]}");
}

static void generate(void) {
  length = 0;
  seed = 675248u;
  text[length++] = '[';
  for (uint32_t id = 0; length < SIZE; id++) {
    if (id > 0) put(",\n ");
    put_record(id);
  }
  text[length++] = ']';
  text[length] = 0;
}

static const char *at;
static uint32_t hash;
static double sum;
static int failed;

static inline void note(uint32_t value) {
  hash = (hash ^ value) * 16777619u;
}

static inline void skip_space(void) {
  while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  failed = 1;
  return 0;
}

static uint32_t parse_escape(void) {
  char c = *at++;
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'u': {
      uint32_t code = 0;
      for (int i = 0; i < 4; i++) code = code << 4 | (uint32_t)hex_digit(*at++);
      return code;
    }
    case '"':
    case '\\':
    case '/': return (uint8_t)c;
    default: failed = 1; return 0;
  }
}

static NOINLINE void parse_string(void) {
  at++;
  while (*at != '"' && *at != 0) {
    char c = *at++;
    note(c == '\\' ? parse_escape() : (uint8_t)c);
  }
  if (*at++ != '"') failed = 1;
}

static double power_of_ten(int exponent) {
  double power = 1;
  for (int i = exponent < 0 ? -exponent : exponent; i > 0; i--) power *= 10;
  return exponent < 0 ? 1 / power : power;
}

static NOINLINE void parse_number(void) {
  int negative = *at == '-', exponent = 0;
  at += negative;
  double value = 0;
  while (*at >= '0' && *at <= '9') value = value * 10 + (*at++ - '0');
  if (*at == '.') {
    for (at++; *at >= '0' && *at <= '9'; exponent--) value = value * 10 + (*at++ - '0');
  }
  if ((*at | 0x20) == 'e') {
    int sign = *++at == '-' ? -1 : 1, given = 0;
    if (*at == '-' || *at == '+') at++;
    while (*at >= '0' && *at <= '9') given = given * 10 + (*at++ - '0');
    exponent += sign * given;
  }
  value *= power_of_ten(exponent);
  sum += negative ? -value : value;
}

static void parse_literal(const char *word) {
  while (*word) failed |= *at++ != *word++;
}

static NOINLINE void parse_value(int depth);

static void parse_members(char close, int depth) {
  note((uint8_t)*at++);
  skip_space();
  while (*at != close) {
    if (close == '}') {
      if (*at != '"') failed = 1;
      parse_string();
      skip_space();
      if (*at++ != ':') failed = 1;
    }
    parse_value(depth + 1);
    skip_space();
    if (*at == ',') at++;
    else if (*at != close) failed = 1;
    if (failed) return;
    skip_space();
  }
  note((uint8_t)*at++);
}

static NOINLINE void parse_value(int depth) {
  skip_space();
  switch (*at) {
    case '{': parse_members('}', depth); break;
    case '[': parse_members(']', depth); break;
    case '"': parse_string(); break;
    case 't': note(1); parse_literal("true"); break;
    case 'f': note(2); parse_literal("false"); break;
    case 'n': note(3); parse_literal("null"); break;
    default:
      if (*at == '-' || (*at >= '0' && *at <= '9')) parse_number();
      else failed = 1;
  }
  if (depth > 100) failed = 1;
}

EXPORT double run(int32_t n) {
  generate();
  hash = 2166136261u;
  sum = 0;
  failed = 0;
  for (int32_t pass = 0; pass < n; pass++) {
    at = text;
    parse_value(0);
    if (failed || at != text + length) return -1;
  }
  return sum + (double)hash;
}
