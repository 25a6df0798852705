/**
 * Addresses, indices and sizes: plain numbers everywhere inside, whatever the address type of the memory or table is.
 * Values of constant expressions and of the host become such numbers here.
 *
 * Not here: operands of instructions (compiler/emit/addresses.ts).
 */
import { wrongType } from './errors.ts';
import type { AddressType } from './types.ts';

/** An i32 or i64 as an unsigned number. From 2^53 on it is not exact, and out of bounds for certain. */
export function unsignedNumber(value: number | bigint): number {
  return typeof value === 'number' ? value >>> 0 : Number(BigInt.asUintN(64, value));
}

/** WebIDL's `[EnforceRange] unsigned long`, the type of 32-bit sizes and indices in the JavaScript API. */
export function enforceUint32(value: unknown, what: string): number {
  const integer = Math.trunc(+(value as number));
  if (!(integer >= 0 && integer <= 0xffffffff)) throw wrongType(`${what} from 0 to 4294967295`, value);
  return integer + 0;
}

/** AddressValueToU64 of the JavaScript API: 64-bit sizes and indices are bigints. */
export function addressFromHost(value: unknown, address: AddressType, what: string): number {
  if (address === 'i32') return enforceUint32(value, what);
  if (typeof value !== 'bigint' || value < 0n || value >= 2n ** 64n)
    throw wrongType(`${what} as a bigint from 0 to 2^64-1`, value);
  return Number(value);
}

/** U64ToAddressValue. */
export function addressToHost(value: number, address: AddressType): number | bigint {
  return address === 'i64' ? BigInt(value) : value;
}

/** The `address` of a descriptor. */
export function parseAddressType(value: unknown): AddressType {
  if (value === undefined || value === 'i32') return 'i32';
  if (value === 'i64') return 'i64';
  throw wrongType('address to be "i32" or "i64"', value);
}
