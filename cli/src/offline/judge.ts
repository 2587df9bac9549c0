/**
 * Certificates and evidence judged offline, by the validator's own code.
 *
 * @module
 */
import { type PublicParameters, clg112, clg128, createPublicParameters } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { DWalletError, DecodeError, type Digest, digest, secp256k1Curve } from '@dwallet/sigma';
import {
  type Committee,
  type Fact,
  decodeCertificate,
  decodeDWalletRecord,
  decodeSetupRecord,
  dwalletFact,
  networkIdOf,
  setupFact,
  verifyCertificate,
} from '@dwallet/two-pc-mpc/client';
import { decodeEvidence, evidenceDigest, loadValidatorSet, verifyEvidence } from '@dwallet/validator';

/** The validators that a person trusts, from the file of their network. */
export interface TrustedSet {
  readonly committee: Committee;
  readonly networkId: Digest;
  /** Of the network's class group; made when a record is read. */
  readonly parameters: () => PublicParameters;
}

/** @throws ConfigError */
export function trustedSet(path: string): TrustedSet {
  const { committee, network } = loadValidatorSet(path);
  const profile = network.profile === '112' ? clg112 : clg128;
  return {
    committee,
    networkId: networkIdOf(network.name, profile.id, committee.digest),
    parameters: () => parametersOf(network.profile),
  };
}

const parametersOf = (profile: '112' | '128'): PublicParameters =>
  createPublicParameters(wasmKernel, profile === '112' ? clg112 : clg128);

export interface CertificateVerdict {
  readonly valid: boolean;
  readonly fact: Fact;
  readonly signers: readonly number[];
  /** Whether the record beside it is what the certificate states; undefined without one. */
  readonly record?: boolean;
  readonly problem?: string;
}

/** Objects that certificates are about, by their type byte. `setup` is needed to read a dWallet record. */
function factOf(record: Uint8Array, setup: Uint8Array | undefined, trusted: TrustedSet, claimed: Fact): Fact {
  const parameters = trusted.parameters();
  switch (record[1]) {
    case 2:
      return setupFact(decodeSetupRecord(secp256k1Curve, parameters, record), claimed.version);
    case 6: {
      if (setup === undefined)
        throw new DecodeError('setup', 'a dWallet record is read with the setup of its network: --setup');
      return dwalletFact(decodeDWalletRecord(decodeSetupRecord(secp256k1Curve, parameters, setup), record));
    }
    default:
      throw new DecodeError('record', 'certificates of such an object cannot be checked against it here');
  }
}

/**
 * A quorum of the trusted validators has signed this certificate, and it states this record.
 * @throws DecodeError for bytes that are no certificate or record.
 */
export function judgeCertificate(
  bytes: Uint8Array,
  trusted: TrustedSet,
  record?: Uint8Array,
  setup?: Uint8Array,
): CertificateVerdict {
  const certificate = decodeCertificate(bytes);
  const { fact, votes } = certificate;
  const expected = record === undefined ? fact : factOf(record, setup, trusted, fact);
  const facts = {
    fact,
    signers: votes.map(({ validator }) => validator),
    ...(record === undefined ? {} : { record: true }),
  };
  try {
    verifyCertificate(trusted.committee, certificate, expected, 'MPC:1.1');
    return { ...facts, valid: true };
  } catch (error) {
    if (!(error instanceof DWalletError)) throw error;
    return { ...facts, valid: false, problem: error.message, ...(record === undefined ? {} : { record: false }) };
  }
}

export interface EvidenceReport {
  readonly valid: boolean;
  /** Validator, check, reason. */
  readonly faults: readonly { readonly party: number; readonly check: string; readonly reason: string }[];
  readonly networkId: Digest | undefined;
  readonly problem?: string;
}

/** What a file says of itself; nothing is judged. @throws DecodeError */
export function describeEvidence(bytes: Uint8Array) {
  const { network, kind, session, accused, check, reason } = decodeEvidence(bytes);
  return {
    network: network.name,
    profile: network.profile,
    kind,
    session,
    accused,
    check,
    reason,
    id: evidenceDigest(bytes),
  };
}

/** Runs the checks that the file says were failed. @param networkId - the network that the reader trusts. */
export function judgeEvidence(bytes: Uint8Array, networkId?: Uint8Array): EvidenceReport {
  const { network } = decodeEvidence(bytes);
  if (network.profile !== clg112.id && network.profile !== clg128.id)
    throw new DecodeError('Evidence.profile', 'is unknown');
  const verdict = verifyEvidence(bytes, {
    parameters: parametersOf(network.profile === clg112.id ? '112' : '128'),
    curve: secp256k1Curve,
    ...(networkId === undefined ? {} : { networkId: digest(networkId) }),
  });
  const { valid, faults, problem } = verdict;
  return { valid, faults, networkId: verdict.networkId, ...(problem === undefined ? {} : { problem }) };
}
