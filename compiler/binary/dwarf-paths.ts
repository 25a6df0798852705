/** Paths in DWARF: a file's name, relative to a directory, which may be relative to where the compiler ran. */

/** `/src`, `lib/../include`, `a.h` → `/src/lib/../include/a.h`: `..` may lead through a link, so it stays. */
export function joinPath(...parts: readonly string[]): string {
  let path = '';
  for (const part of parts) {
    const name = part.replace(/^(?:\.[\\/])+(?=.)/, '');
    if (name === '' || name === '.') continue;
    path = path === '' || isAbsolute(part) ? name : `${path.replace(/[\\/]+$/, '')}/${name}`;
  }
  return path;
}

/** On whatever system the compiler ran. */
export function isAbsolute(path: string): boolean {
  return /^(?:[\\/]|[A-Za-z]:[\\/])/.test(path);
}
