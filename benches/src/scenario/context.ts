/**
 * What all parts of a scenario share.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import {
  type AccessStructure,
  type Profile,
  type PublicParameters,
  createPublicParameters,
  equalWeights,
} from '@dwallet/class-groups';
import type { Element, Kernel } from '@dwallet/kernel';
import { type Random, Secret, type SessionId, type ValidatorId, secp256k1Curve, uniformBits } from '@dwallet/sigma';
import {
  type Committee,
  type Fact,
  assembleCertificate,
  createCommittee,
  encodeCertificate,
  openSession,
  signFact,
  signingPublicKey,
} from '@dwallet/two-pc-mpc';
import type { Progress } from '../progress.ts';
import type { Recorder } from '../recorder.ts';

export const curve = secp256k1Curve;
export const networkName = 'bench';

/** The platform's generator, as a party uses it. */
export const random: Random = (length) => new Uint8Array(randomBytes(length));

/** A step of the protocol did not do its work. */
export class BenchFailure extends Error {
  override readonly name = 'BenchFailure';
}

/** The work witness: a figure counts only if this holds. @throws BenchFailure */
export function requireWitness(holds: boolean, what: string): asserts holds {
  if (!holds) throw new BenchFailure(`the measured work was not done: ${what}`);
}

/** @throws BenchFailure instead of undefined. */
export function defined<T>(value: T | undefined, what: string): T {
  requireWitness(value !== undefined, what);
  return value;
}

export interface BenchContext {
  readonly parameters: PublicParameters;
  readonly access: AccessStructure;
  readonly committee: Committee;
  /** The first validator: the one that is measured where one measurement suffices. */
  readonly first: ValidatorId;
  /** The first validators of weight t: the expected set of a signature. */
  readonly quorum: readonly ValidatorId[];
  readonly recorder: Recorder;
  readonly progress: Progress;
  /** A certificate by weight t, as bytes. */
  certify(fact: Fact): Uint8Array;
  systemSession(): SessionId;
  /** Measures P once more, so that it is sampled all along the run. */
  samplePower(): void;
}

/** Parameters with the table of h. */
export function prepareParameters(kernel: Kernel, profile: Profile, recorder: Recorder): PublicParameters {
  const parameters = createPublicParameters(kernel, profile);
  const table = recorder.time('table-h', () => parameters.hTable);
  requireWitness(table.exponentBits === parameters.tableBits, 'the table of h');
  return parameters;
}

export function createContext(parameters: PublicParameters, recorder: Recorder, progress: Progress): BenchContext {
  const access = equalWeights(recorder.n);
  const identityKeys = access.validators.map(() => new Secret(random(32)));
  const committee = createCommittee(identityKeys.map(signingPublicKey), access);
  const [first] = access.validators;
  const quorum = access.validators.slice(0, access.threshold);
  const { group, h } = parameters;
  let base: Element = parameters.powerOfH(uniformBits(random, parameters.randomnessBits), parameters.randomnessBits);
  const top = 1n << 999n;
  return {
    parameters,
    access,
    committee,
    first: defined(first, 'a validator'),
    quorum,
    recorder,
    progress,
    certify(fact) {
      const votes = quorum.map((v, i) => signFact(committee, fact, v, identityKeys[i] as Secret<Uint8Array>));
      return encodeCertificate(assembleCertificate(committee, fact, votes).certificate);
    },
    systemSession: () =>
      openSession('SYSTEM', signingPublicKey(identityKeys[0] as Secret<Uint8Array>), random).sessionId,
    samplePower() {
      const exponent = top | uniformBits(random, 999);
      const power = recorder.time('power', () => group.powerVartime(base, exponent));
      requireWitness(!group.isIdentity(power) && !group.equals(power, h), 'a power');
      base = power;
    },
  };
}
