/**
 * The validator set: one file, the same at every validator, that says who is in the network, where each one is reached and which keys it has.
 * Identity keys and weights are part of the network's identity; addresses and TLS pins are not.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { createAccessStructure } from '@dwallet/class-groups';
import { type ValidatorId, validatorId } from '@dwallet/sigma';
import { type Committee, createCommittee } from '@dwallet/two-pc-mpc/network';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ConfigError, addressSchema, describeIssues, nameSchema, parseMapping } from './config.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, '32 bytes in hex');

/** What a validator says of itself when the set is made: the file that `dwallet validator init` writes. */
export const entrySchema = z.strictObject({
  index: z.int().min(1).max(128),
  name: nameSchema,
  identity: hex32.describe('Ed25519 identity key'),
  weight: z.int().min(1).max(1000).default(1),
  peers: addressSchema.describe('where the other validators reach it'),
  clients: addressSchema.describe('where clients reach it'),
  tls: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, '"sha256:" and 64 hex characters')
    .describe('pin of its TLS certificate for peers: SHA-256 of SubjectPublicKeyInfo'),
  authority: z
    .string()
    .max(16_384)
    .regex(/^(-----BEGIN CERTIFICATE-----[0-9A-Za-z+/=\s]+-----END CERTIFICATE-----\s*)+$/, 'certificates in PEM')
    .describe('who signed its TLS certificates, in PEM'),
});

const setSchema = z.strictObject({
  version: z.literal(1),
  network: z.strictObject({ name: nameSchema, profile: z.enum(['128', '112']).default('128') }),
  validators: z.array(entrySchema).min(4).max(128),
});

export type ValidatorEntry = z.output<typeof entrySchema>;

export interface ValidatorSet {
  readonly network: { readonly name: string; readonly profile: '128' | '112' };
  /** By index, 1 first. */
  readonly entries: readonly ValidatorEntry[];
  readonly committee: Committee;
  /** PEM of everybody's authorities. */
  readonly authorities: string;
  readonly entry: (index: ValidatorId) => ValidatorEntry;
}

/** @throws ConfigError. */
export function parseEntry(text: string, source: string): ValidatorEntry {
  const given = parseMapping(text, source);
  const parsed = entrySchema.safeParse(given);
  if (!parsed.success) throw new ConfigError(source, describeIssues(parsed.error, given));
  return parsed.data;
}

/** @throws ConfigError, also for validators that are missing, doubled or share a key or an address. */
export function parseValidatorSet(text: string, source: string): ValidatorSet {
  const given = parseMapping(text, source);
  const parsed = setSchema.safeParse(given);
  if (!parsed.success) throw new ConfigError(source, describeIssues(parsed.error, given));
  const entries = parsed.data.validators.toSorted((a, b) => a.index - b.index);
  const problems: string[] = [];
  entries.forEach(({ index }, i) => {
    if (index !== i + 1)
      problems.push(`validators: given number ${index}, allowed 1 to ${entries.length}, each of them once`);
  });
  for (const field of ['identity', 'tls', 'name', 'peers'] as const) {
    const doubled = entries.filter((entry, i) => entries.findIndex((other) => other[field] === entry[field]) !== i);
    for (const { index } of doubled) problems.push(`validators: ${field} of validator ${index} is another one's too`);
  }
  if (problems.length > 0) throw new ConfigError(source, problems);
  const keys = entries.map(({ identity }) => new Uint8Array(Buffer.from(identity, 'hex')));
  const committee = createCommittee(keys, createAccessStructure(entries.map(({ weight }) => weight)));
  return {
    network: parsed.data.network,
    entries,
    committee,
    authorities: [...new Set(entries.map(({ authority }) => `${authority.trim()}\n`))].join(''),
    entry: (index) => entries[index - 1] as ValidatorEntry,
  };
}

export function loadValidatorSet(path: string): ValidatorSet {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'error';
    throw new ConfigError(path, [`the validator set cannot be read (${code})`], { cause });
  }
  return parseValidatorSet(text, path);
}

/**
 * The set that one configuration means, with this validator's own entry.
 * @throws ConfigError when configuration and set contradict each other.
 */
export function ownEntry(
  set: ValidatorSet,
  config: {
    readonly validator: { readonly index: number; readonly name?: string | undefined };
    readonly network: { readonly name: string; readonly profile: '128' | '112'; readonly set: string };
  },
): { readonly index: ValidatorId; readonly entry: ValidatorEntry } {
  const { validator, network } = config;
  const problems: string[] = [];
  if (set.network.name !== network.name) problems.push('network.name: is not the name of the network in this set');
  if (set.network.profile !== network.profile)
    problems.push(
      `network.profile: the set is of CLG-${set.network.profile}, the configuration asks for CLG-${network.profile}`,
    );
  const found = set.entries.find(({ index }) => index === validator.index);
  if (found === undefined) problems.push(`validator.index: the set has 1 to ${set.entries.length}`);
  else if (validator.name !== undefined && validator.name !== found.name)
    problems.push(`validator.name: validator ${validator.index} of the set has another name`);
  if (problems.length > 0 || found === undefined) throw new ConfigError(network.set, problems);
  return { index: validatorId(found.index), entry: found };
}

/** The text of a set file made of the entries of all validators. @throws ConfigError. */
export function makeValidatorSet(
  network: { readonly name: string; readonly profile: '128' | '112' },
  entries: readonly ValidatorEntry[],
): string {
  const validators = entries.toSorted((a, b) => a.index - b.index);
  const heading = '# The validator set of a dWallet network: the same file at every validator. Compare its digest.\n';
  const text = heading + stringify({ version: 1, network, validators }, { lineWidth: 0 });
  parseValidatorSet(text, 'the validator set');
  return text;
}
