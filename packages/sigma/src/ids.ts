/**
 * Identifiers as types that cannot be mixed up (class-groups.md 3.1: ID discipline).
 *
 * @module
 */
import { InvalidArgumentsError } from './errors.ts';

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** Tangible validator number, 1..65535, in the canonical order of its committee. */
export type ValidatorId = Branded<number, 'ValidatorId'>;
/** Number of one share of the key, 1..total weight. A validator of weight w holds w of them. */
export type VirtualId = Branded<number, 'VirtualId'>;
/** 32 bytes, unique per protocol execution. */
export type SessionId = Branded<Uint8Array, 'SessionId'>;
/** 32 bytes, MPC 4.6. */
export type PresignId = Branded<Uint8Array, 'PresignId'>;
/** 32 bytes of SHAKE256. */
export type Digest = Branded<Uint8Array, 'Digest'>;

function number16(field: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > 0xffff) {
    throw new InvalidArgumentsError(field, `must be an integer from 1 to 65535, not ${value}`);
  }
  return value;
}

function bytes32(field: string, value: Uint8Array): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== 32) throw new InvalidArgumentsError(field, 'must be 32 bytes');
  return value;
}

export const validatorId = (value: number): ValidatorId => number16('validatorId', value) as ValidatorId;
export const virtualId = (value: number): VirtualId => number16('virtualId', value) as VirtualId;
export const sessionId = (value: Uint8Array): SessionId => bytes32('sessionId', value) as SessionId;
export const presignId = (value: Uint8Array): PresignId => bytes32('presignId', value) as PresignId;
export const digest = (value: Uint8Array): Digest => bytes32('digest', value) as Digest;
