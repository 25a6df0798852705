/** How the host ends a guest that cannot go on: thrown through its frames, after which its state is not to be used any more. */

/** The guest needed something that this host does not have, the JavaScript bridge above all. */
export class UnsupportedImport extends Error {
  override readonly name = 'UnsupportedImport';

  constructor(module: string, name: string) {
    super(`Python called ${module}.${name}, which this host does not have`);
  }
}

/** The guest gave up: a failed assertion, a fatal error of the interpreter. */
export class GuestAbort extends Error {
  override readonly name = 'GuestAbort';
}
