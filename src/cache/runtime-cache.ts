/**
 * The options of a Runtime that concern its cache, checked, and the cache that they ask for.
 */
import { wrongType } from '../../runtime/errors.ts';
import { type CacheMode, DEFAULT_CACHE_BYTES, ModuleCache } from './module-cache.ts';

export interface CacheOptions {
  /**
   * A directory that keeps generated code from process to process, made if it is not there. It holds code that is run: it must be
   * yours alone (mode 0700), or it is refused by a `CacheError`.
   */
  readonly cache?: string | undefined;
  /** `read-only`: nothing is written, and a module that is not in the cache is a `CacheError`. Default `read-write`. */
  readonly cacheMode?: CacheMode | undefined;
  /** Beyond so many bytes the least recently used entries go (default: 1 GiB). */
  readonly cacheBytes?: number | undefined;
  /** Told in one line why an entry is not used or not written; by default `console.warn`. */
  readonly onCacheWarning?: ((message: string) => void) | undefined;
}

export const CACHE_OPTIONS: readonly (keyof CacheOptions)[] = [
  'cache',
  'cacheMode',
  'cacheBytes',
  'onCacheWarning',
];

export function cacheOf(options: CacheOptions): ModuleCache | undefined {
  const { cache, cacheMode = 'read-write', cacheBytes = DEFAULT_CACHE_BYTES, onCacheWarning } = options;
  if (cache === undefined) {
    const given = CACHE_OPTIONS.find((name) => options[name] !== undefined);
    if (given !== undefined) throw new TypeError(`${given} needs a cache: this Runtime has none`);
    return undefined;
  }
  if (typeof cache !== 'string' || cache === '')
    throw wrongType('cache to be the path of a directory', cache);
  if (cacheMode !== 'read-write' && cacheMode !== 'read-only')
    throw wrongType('cacheMode to be "read-write" or "read-only"', cacheMode);
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 0)
    throw wrongType('cacheBytes to be a number of bytes', cacheBytes);
  if (onCacheWarning !== undefined && typeof onCacheWarning !== 'function')
    throw wrongType('onCacheWarning to be a function', onCacheWarning);
  const warn = onCacheWarning ?? ((message) => console.warn(`sandglass: ${message}`));
  return new ModuleCache({ path: cache, mode: cacheMode, maxBytes: cacheBytes, warn });
}
