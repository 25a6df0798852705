/**
 * UTF-8 as names use it: strict (no surrogates, no overlong forms, nothing above U+10FFFF), and free of the host's
 * TextDecoder, which plain JavaScript engines lack.
 */

/** The text, or undefined where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let units: number[] = [];
  for (let i = start; i < end; ) {
    const first = bytes[i++]!;
    let code = first;
    if (first >= 0x80) {
      const extra = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
      if (first < 0xc2 || first > 0xf4 || i + extra > end) return undefined;
      code = first & (0x3f >> extra);
      for (let k = 0; k < extra; k++) {
        const byte = bytes[i++]!;
        if ((byte & 0xc0) !== 0x80) return undefined;
        code = (code << 6) | (byte & 0x3f);
      }
      if (code < SMALLEST[extra]! || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    }
    if (code < 0x10000) units.push(code);
    else units.push(0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
    if (units.length >= 4096) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}

/** The smallest code point that needs one, two, three continuation bytes. */
const SMALLEST = [0, 0x80, 0x800, 0x10000];
