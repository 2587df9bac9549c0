/**
 * Releases: which nonce or coins a vault uses for an entry (ASSET:10).
 *
 * A release is an event of the world like any other: the validators agree on it before the first share, so all of them know the same ones and a
 * validator that was away, or restored from a backup, learns them with the rest.
 *
 * @module
 */
import { type Digest, digestTagged, encodeText } from '@dwallet/sigma';
import { type LedgerEntry, ledgerEntry } from '../asset/record.ts';
import { type Outcome, type Rule, accept, refuse } from '../outcome.ts';
import { chainField } from '../record/caip.ts';
import {
  byteString,
  digestField,
  hex,
  record,
  recordType,
  sameBytes,
  sortedList,
  struct,
  text,
} from '../record/codec.ts';
import { type ZoneFact, factId } from '../record/fact.ts';
import type { World } from '../world.ts';
import type { Slot } from './native-effects.ts';

/** The slots that the transactions for one entry may use from now on. */
export interface ReleaseRecord {
  /** The vault's public key: 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** CAIP-2 of the chain that it pays on. */
  readonly chain: string;
  /** Digest of the certified entry. */
  readonly entry: Digest;
  /** Ascending by id. */
  readonly slots: readonly Slot[];
}

/** Slots of one release: coins of one payment. */
export const maxReleaseSlots = 512;

const slotText = (most: number) => text(most, (value) => (/^[:a-z0-9]*$/.test(value) ? undefined : 'is no slot'));

export const releaseRecord = record<ReleaseRecord>('release', recordType.release, 131_072, {
  publicKey: byteString(33, 33),
  chain: chainField,
  entry: digestField,
  slots: sortedList(struct<Slot>({ id: slotText(96), claim: slotText(80) }), 1, maxReleaseSlots, ({ id }) =>
    encodeText(id),
  ),
});

export interface SlotContext {
  readonly world: Pick<World, 'releases' | 'slots'>;
  readonly chain: string;
  readonly slots: readonly Slot[];
  readonly publicKey: Uint8Array;
  /** Hex of the entry's digest. */
  readonly entry: string;
}

/** Key of a slot of one dWallet on one chain. */
export const slotId = (publicKey: Uint8Array, chain: string, { id }: Pick<Slot, 'id'>): string =>
  hex(digestTagged('zones/slot', [publicKey, encodeText(chain), encodeText(id)]));

/**
 * A second transaction for an entry must use up the anchor of the first, so that the chain confirms one of them at most; a slot serves one
 * entry; and what was claimed about a slot stays.
 */
export const oneRelease: Rule<SlotContext> = ({ world, chain, slots, publicKey, entry }) => {
  const ids = slots.map((slot) => slotId(publicKey, chain, slot));
  if (ids.length === 0) return refuse('ASSET:10', 'nothing keeps the transaction from being confirmed twice');
  if (ids.length > maxReleaseSlots)
    return refuse('ASSET:10', `the payment uses ${ids.length} coins, at most ${maxReleaseSlots} fit in a release`);
  if (new Set(ids).size < ids.length) return refuse('ASSET:10', 'the payment uses a coin twice');
  const release = world.releases.get(entry);
  if (release !== undefined && !ids.includes(release.anchor)) {
    return refuse('ASSET:10', 'the entry was released before with another nonce or coin');
  }
  for (const [i, id] of ids.entries()) {
    const use = world.slots.get(id);
    if (use === undefined) continue;
    if (use.entry !== entry) return refuse('ASSET:10', `${slots[i]?.id} serves another entry`);
    if (use.claim !== slots[i]?.claim) return refuse('ASSET:10', `${slots[i]?.id} was claimed to hold another amount`);
  }
  return undefined;
};

/** What a release binds: one anchor per entry, for ever. */
export const releaseFact = (entry: LedgerEntry, anchor: string): ZoneFact =>
  releaseFactOf(ledgerEntry.digest(entry), anchor);
const releaseFactOf = (entry: Digest, anchor: string): ZoneFact => ({
  kind: 'release',
  id: factId('release', hex(entry)),
  version: 0n,
  digest: digestTagged('zones/release', [encodeText(anchor)]),
});

/** Books the slots for the entry; the first slot of the first release is its anchor. The rules have allowed it. */
export function bookRelease(world: World, { chain, slots: used, publicKey, entry }: Omit<SlotContext, 'world'>): World {
  let { releases, slots } = world;
  used.forEach((slot, i) => {
    const id = slotId(publicKey, chain, slot);
    if (i === 0 && !releases.has(entry)) releases = releases.set(entry, { anchor: id });
    slots = slots.set(id, { entry, claim: slot.claim });
  });
  return { ...world, releases, slots };
}

/** A release that the validators agreed on: of a certified entry, by the vault that pays it. */
export function applyReleaseWith(
  rules: { readonly 'ASSET:10': Rule<SlotContext> },
  world: World,
  { publicKey, chain, entry: digest, slots }: ReleaseRecord,
): Outcome<World> {
  const subject = world.dwallets.get(hex(publicKey))?.policy.subject;
  const asset = subject === undefined ? undefined : world.assets.get(subject);
  const entry = asset?.ledger.entries.get(hex(digest));
  const isVault = asset?.record.deployments.some(
    (deployment) => deployment.chain === chain && sameBytes(deployment.vaultKey, publicKey),
  );
  if (entry?.to !== chain || isVault !== true)
    return refuse('ASSET:9', 'no certified entry is paid by this vault here');
  const context = { chain, slots, publicKey, entry: hex(digest) };
  return rules['ASSET:10']({ world, ...context }) ?? accept(bookRelease(world, context));
}

/** The fact of a release: which slot is the entry's anchor in `world`, where it was booked. */
export const releaseFactIn = (world: Pick<World, 'releases'>, { entry }: ReleaseRecord): ZoneFact | undefined => {
  const release = world.releases.get(hex(entry));
  return release === undefined ? undefined : releaseFactOf(entry, release.anchor);
};
