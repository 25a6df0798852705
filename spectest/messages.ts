/**
 * When an error's message says what the suite expects. The suite gives the beginning of a message; ours may say less or
 * more: one must begin with the other, ending at a word's end. Where ours is another wording, it stands in the table.
 */

/** Expected text → our wordings for it, with the reason why we do not use the suite's. */
export const ALTERNATIVES: readonly {
  readonly expected: string;
  readonly ours: RegExp;
  readonly reason: string;
}[] = [];

export function textMatches(expected: string, message: string): boolean {
  // ` (func 3 "f", offset 0x1f)` says where, not what.
  const ours = message.replace(/ \([^()]*offset 0x[0-9a-f]+\)$/, '');
  return (
    beginsWith(ours, expected) ||
    beginsWith(expected, ours) ||
    ALTERNATIVES.some((row) => row.expected === expected && row.ours.test(ours))
  );
}

function beginsWith(text: string, beginning: string): boolean {
  return beginning !== '' && text.startsWith(beginning) && !/^\w/.test(text.slice(beginning.length));
}
