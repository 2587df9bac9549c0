/**
 * What every schedule begins with: a finished network of four validators (fixture test/fixtures/toy-network.json) in the toy group, on arithmetic
 * that remembers (memo/), and the messages of its clients, each computed once.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveTestParameters, equalWeights } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { Secret, type SessionId, type ValidatorId, bytesToInteger, secp256k1Curve, sessionId } from '@dwallet/sigma';
import {
  MemorySignMessageStore,
  type PresignCertificate,
  acceptDWallet,
  createDWallet,
  rawOrder,
  signOnce,
  signOrderDigest,
} from '@dwallet/two-pc-mpc/client';
import {
  type Committee,
  type DWalletRecord,
  type Generations,
  type NamedGenerations,
  type NetworkSetup,
  type Presign,
  createCommittee,
  decodeDWalletRecord,
  decodeParts,
  decodeSetupRecord,
  encodeGenerations,
  namingSession,
  networkIdOf,
  signingPublicKey,
} from '@dwallet/two-pc-mpc/network';
import { Keystore } from '../../services/validator/src/keystore.ts';
import {
  accountKeyOf,
  fixture,
  fromHex,
  networkName,
  randomFor,
  toyUnlock,
} from '../../services/validator/test/helpers/toy-network.ts';
import { rememberCurve, rememberKernel } from './memo/arithmetic.ts';
import { RememberingJobs } from './memo/pool.ts';

export const access = equalWeights(4);
export const parameters = deriveTestParameters(rememberKernel(wasmKernel), 520);
export const curve = rememberCurve(secp256k1Curve);
export const jobs = new RememberingJobs(parameters, curve);

const folder = mkdtempSync(join(tmpdir(), 'dwallet-simulation-'));
export const keystores: readonly Keystore[] = fixture().keystores.map((text, i) => {
  const own = join(folder, String(i));
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'keystore.json'), text);
  return Keystore.open(own, randomFor('not used'), toyUnlock());
});
rmSync(folder, { recursive: true, force: true });

export const committee: Committee = createCommittee(
  keystores.map((keystore) => signingPublicKey(keystore.identity)),
  access,
);
export const networkId = networkIdOf(networkName, parameters.profile.id, committee.digest);

/** Records of each validator by `kind/id`. */
const baseRecords: readonly ReadonlyMap<string, Uint8Array>[] = fixture().own.map((own) => {
  const records = new Map<string, Uint8Array>();
  for (const part of [fixture().common, own])
    for (const [kind, entries] of Object.entries(part))
      for (const [id, value] of Object.entries(entries)) records.set(`${kind}/${id}`, fromHex(value));
  return records;
});

const limited = new Map<string, ReadonlyMap<string, Uint8Array>>();
/** Records of a validator with a pool of so many presigns. */
export function recordsWith(validator: ValidatorId, presigns: number): ReadonlyMap<string, Uint8Array> {
  const key = `${validator}/${presigns}`;
  const known = limited.get(key);
  if (known !== undefined) return known;
  const all = baseRecords[validator - 1] as ReadonlyMap<string, Uint8Array>;
  const ids = [...all.keys()].filter((name) => name.startsWith('presign/')).sort();
  const away = new Set(ids.slice(presigns));
  const records = new Map([...all].filter(([name]) => !away.has(name)));
  limited.set(key, records);
  return records;
}

const [setupRecord] = decodeParts(baseRecords[0]?.get('network/setup') as Uint8Array, 'setup', 2) as [Uint8Array];
export const setup: NetworkSetup = decodeSetupRecord(curve, parameters, setupRecord);

const { wallet } = fixture();
export const account: Secret<Uint8Array> = accountKeyOf(wallet);
export const dwallet: DWalletRecord = decodeDWalletRecord(setup, fromHex(wallet.wallets[0]?.record ?? ''));
export const dwalletId: SessionId = sessionId(fromHex(wallet.wallets[0]?.id ?? ''));
const userShare = bytesToInteger(fromHex(wallet.wallets[0]?.userShare ?? ''));

const messages = new Map<string, Promise<Uint8Array>>();

/** A wallet's message for a presign. Equal arguments give equal bytes; another `variant` is another message for the same purpose. */
export function signMessageFor(
  presign: Presign,
  certificate: PresignCertificate,
  message: Uint8Array,
  variant: number,
): Promise<Uint8Array> {
  const key = `${Buffer.from(presign.presignId).toString('hex')}/${Buffer.from(message).toString('hex')}/${variant}`;
  const known = messages.get(key);
  if (known !== undefined) return known;
  const made = signOnce({
    store: new MemorySignMessageStore(),
    setup,
    committee,
    certificate,
    record: dwallet,
    presign,
    userShare: new Secret(userShare),
    hashScheme: 'sha256',
    message,
    order: signOrderDigest(rawOrder('sha256', message)),
    random: randomFor(`simulation/${key}`),
  });
  messages.set(key, made);
  return made;
}

/** A dWallet that a client asks for: one session for the generations that it names, with one of two messages. */
export interface Creation {
  readonly session: SessionId;
  readonly named: NamedGenerations;
  readonly message: Uint8Array;
  readonly accept: (record: Uint8Array, certificate: Uint8Array) => Uint8Array;
}

const creations = new Map<string, Creation>();
export function creationFor(variant: number, generations: Generations): Creation {
  const key = `${variant}/${Buffer.from(encodeGenerations(generations)).toString('hex')}`;
  const known = creations.get(key);
  if (known !== undefined) return known;
  const named = { nonce: randomFor('simulation/creation')(32), generations };
  const session = namingSession('USER', signingPublicKey(account), named);
  const pending = createDWallet({
    setup,
    sessionId: session,
    share: { mode: 'none' },
    accountKey: account,
    random: randomFor(`simulation/creation/${variant}`),
  });
  const creation: Creation = {
    session,
    named,
    message: pending.message,
    accept: (output, certificate) =>
      acceptDWallet({ setup, pending, output, certificate, committee, accountKey: account }).acceptance,
  };
  creations.set(key, creation);
  return creation;
}
