/**
 * Trusted dealer for tests of setup, dWallet DKG and presign: sk is one known integer, so that tests look at plaintexts. Honest messages
 * are made by the production functions. Toy profile unless told otherwise; everything is a function of fixed seeds.
 */
import {
  type AccessStructure,
  type Ciphertext,
  type PublicParameters,
  createAccessStructure,
  decrypt,
  generateKey,
  withTable,
} from '@dwallet/class-groups';
import type { Element } from '@dwallet/kernel';
import { testParameters } from '../../../class-groups/test/helpers/test-profile.ts';
import {
  type Curve,
  type Random,
  Secret,
  type SessionId,
  type ValidatorId,
  encodeInt,
  concat,
  encodeText,
  encodeUint,
  hashTagged,
  secp256k1Curve,
  seededRandom,
  validatorId,
} from '@dwallet/sigma';
import {
  type Committee,
  type Fact,
  type QuorumCertificate,
  assembleCertificate,
  createCommittee,
  signFact,
} from '../../src/certificates.ts';
import type { Inbox } from '../../src/inbox.ts';
import { aggregateSetup } from '../../src/network-setup/aggregate.ts';
import { type SetupContext, contributeToSetup } from '../../src/network-setup/round-1-contribute.ts';
import { withSetupTables } from '../../src/network-setup/setup-commitment.ts';
import { openSession } from '../../src/session-id.ts';
import { signingPublicKey } from '../../src/signatures.ts';
import type { NetworkSetup } from '../../src/types.ts';

export const curve: Curve = secp256k1Curve;
export const { q } = curve;

/** Deterministic randomness for a named purpose. */
export const randomFor = (label: string): Random => seededRandom(hashTagged('test-random', [encodeText(label)], 32));

let toy: PublicParameters | undefined;
/** Delta_q of about 1033 bits unless a full-size profile is asked for. Built once per test file. */
export const toyParameters = (): PublicParameters => (toy ??= testParameters());

export const secretKeyFor = (label: string): Secret<Uint8Array> => new Secret(randomFor(`ed25519/${label}`)(32));
/** Like the production function over a fixed label: an id of the kind, owned by the account. */
export const sessionFor = (
  label: string,
  account: Uint8Array = new Uint8Array(32),
  type: 'USER' | 'SYSTEM' | 'INTERNAL_PRESIGN' = 'SYSTEM',
) => openSession(type, account, randomFor(`session/${label}`));

export interface NetworkFixture {
  readonly parameters: PublicParameters;
  readonly access: AccessStructure;
  readonly committee: Committee;
  /** sk of the network. */
  readonly networkKey: Secret<bigint>;
  readonly setupContext: SetupContext;
  readonly setupInbox: Inbox;
  /** With tables. */
  readonly setup: NetworkSetup;
  /** Plaintext under the network's key. */
  open(ciphertext: Ciphertext): bigint;
  certify(fact: Fact, validators?: readonly ValidatorId[]): QuorumCertificate;
}

export function createNetworkFixture(
  options: {
    readonly parameters?: PublicParameters;
    readonly weights?: readonly number[];
    readonly seed?: string;
  } = {},
): NetworkFixture {
  const parameters = options.parameters ?? toyParameters();
  const seed = options.seed ?? 'network';
  const access = createAccessStructure(options.weights ?? [1, 1, 1, 1]);
  const key = generateKey(parameters, randomFor(`${seed}/key`));
  const encryptionKey = withTable(parameters, key.encryptionKey);
  const identityKeys = access.validators.map((v) => secretKeyFor(`${seed}/validator/${v}`));
  const committee = createCommittee(identityKeys.map(signingPublicKey), access);
  const setupContext: SetupContext = {
    curve,
    parameters,
    encryptionKey,
    sessionId: sessionFor(`${seed}/setup`).sessionId,
  };
  const setupInbox: Inbox = new Map(
    access.validators.map((validator) => [
      validator,
      contributeToSetup({ ...setupContext, validator, random: randomFor(`${seed}/setup/${validator}`) }),
    ]),
  );
  const aggregated = aggregateSetup({
    ...setupContext,
    access,
    inbox: setupInbox,
    random: randomFor(`${seed}/setup-weights`),
  });
  const setup = withSetupTables(aggregated.setup);
  return {
    parameters,
    access,
    committee,
    networkKey: key.secretKey,
    setupContext,
    setupInbox,
    setup,
    open(ciphertext) {
      const plaintext = decrypt(parameters, key.secretKey, ciphertext);
      if (plaintext === undefined) throw new Error('does not decrypt');
      return plaintext;
    },
    certify: (fact, validators = access.validators) =>
      assembleCertificate(
        committee,
        fact,
        validators.map((v) => signFact(committee, fact, v, identityKeys[v - 1] as Secret<Uint8Array>)),
      ).certificate,
  };
}

/** The class of order 2 (CG 1.5): (p, p, (p + q^3)/4). Public, not a square. */
export function orderTwo({ group, p, q: order }: PublicParameters): Element {
  const width = group.elementBytes / 2;
  // (p, p, c) is reduced when p < c; else its reduced form is (c, ...): in all profiles here q^3 > 3p or the form is reduced by hand.
  const c = (p + order ** 3n) / 4n;
  const [a, b] = p <= c ? [p, p] : reduceAmbiguous(p, c);
  return group.decodeUnchecked(concat(encodeUint(a, width), encodeInt(b, width)));
}

function reduceAmbiguous(p: bigint, c: bigint): [bigint, bigint] {
  let [x, y, z] = [p, p, c];
  while (x > z || y <= -x || y > x) {
    if (x > z) [x, y, z] = [z, -y, x];
    const r = x - y >= 0n || (x - y) % (2n * x) === 0n ? (x - y) / (2n * x) : (x - y) / (2n * x) - 1n;
    [y, z] = [y + 2n * r * x, z + r * (y + r * x)];
  }
  return [x, x === z && y < 0n ? -y : y];
}

export const v = (n: number): ValidatorId => validatorId(n);
export type { SessionId };
