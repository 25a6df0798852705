/**
 * A factory of sandboxes: starts the interpreter once, imports modules, keeps that as an image, and has worker threads that
 * restore it in milliseconds.
 *
 *   const factory = new SandboxFactory({ imports: ['json'] });
 *   await factory.createSandbox().execute('import sys; print("json" in sys.modules)');
 */
import { readFile } from 'node:fs/promises';
import { wrongType } from '../runtime/errors.ts';
import { InitializationError } from './errors.ts';
import { FactoryCore, type LoadOptions } from './factory-core.ts';
import { decodeImage, ImageError } from './image.ts';
import { Sandbox, type SandboxOptions } from './sandbox.ts';
import { Session, type SessionOptions } from './session.ts';

export class SandboxFactory extends FactoryCore {
  /** What `save` wrote, or `toBytes` made. It holds code that is run: take it from nobody whom you do not trust. */
  static async load(source: string | URL | Uint8Array, options: LoadOptions = {}): Promise<SandboxFactory> {
    const isBytes = source instanceof Uint8Array;
    if (!isBytes && typeof source !== 'string' && !(source instanceof URL))
      throw wrongType('a path, or the bytes of an image', source);
    try {
      const image = decodeImage(isBytes ? source : await readFile(source));
      return await new SandboxFactory(options, image).ready();
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      const what = isBytes ? 'the image' : `the image ${source}`;
      throw new InitializationError(`${what} cannot be loaded: ${error.message}`, { cause: error });
    }
  }

  createSandbox(options: Omit<SandboxOptions, 'factory' | 'cache'> = {}): Sandbox {
    return new Sandbox({ ...options, factory: this });
  }

  createSession(options: Omit<SessionOptions, 'factory' | 'cache'> = {}): Session {
    return new Session({ ...options, factory: this });
  }
}
