import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { eip191Messages, personalText } from '@dwallet/chains/evm';
import { describe, expect, it } from 'vitest';
import {
  type Approval,
  type GovernanceKey,
  type Proposal,
  applyEvent,
  approvalBytes,
  approvalDigest,
  approvalText,
  emptyWorld,
  proposalRecord,
  verifyApproval,
  zoneProposal,
} from '../src/index.ts';
import { dapp, expectOk, governanceSet, seed, walletKey, walletSecret, zone } from './helpers/build.ts';

const edSecret = seed('governance/real');
const ed: GovernanceKey = { scheme: 'ed25519', publicKey: ed25519.getPublicKey(edSecret) };
const dwallet: GovernanceKey = { scheme: 'ecdsa-secp256k1', publicKey: walletKey('council') };

function approve(proposal: Proposal, key: GovernanceKey): Approval {
  const digest = proposalRecord.digest(proposal);
  const signature =
    key.scheme === 'ed25519'
      ? ed25519.sign(approvalBytes(digest), edSecret)
      : secp256k1.sign(approvalDigest(digest), walletSecret('council'), { prehash: false, lowS: true });
  return { key, proposal: digest, signature };
}

const first = zone(dapp, { governance: governanceSet([ed, dwallet], 2) });
const both = (proposal: Proposal): readonly Approval[] => [approve(proposal, ed), approve(proposal, dwallet)];

describe('governance with real signatures', () => {
  it('Ed25519 keys and dWallets approve; one of two is not enough', () => {
    const proposal = zoneProposal(first);
    const world = expectOk(applyEvent(emptyWorld, { kind: 'zone', record: first, approvals: both(proposal) }));
    const state = world.zones.get(dapp);
    if (state === undefined) throw new Error('no zone');
    const next = { ...first, status: 'frozen' as const, version: 1n, prev: state.digest };
    const approvals = both(zoneProposal(next));
    for (const some of [
      [],
      approvals.slice(0, 1),
      approvals.slice(1),
      [approvals[0], approvals[0]] as Approval[],
      both(proposal),
    ]) {
      expect(applyEvent(world, { kind: 'zone', record: next, approvals: some })).toMatchObject({
        ok: false,
        rule: 'GOVERNANCE:1',
      });
    }
    expectOk(applyEvent(world, { kind: 'zone', record: next, approvals }));
    // The approvals are for this record and no other.
    expect(applyEvent(world, { kind: 'zone', record: { ...next, settlementMs: 1 }, approvals })).toMatchObject({
      ok: false,
    });
  });

  it('a signature is by this key over this proposal only', () => {
    const approval = both(zoneProposal(first));
    const other = proposalRecord.digest(zoneProposal(zone(dapp, { version: 3n })));
    for (const good of approval) {
      expect(verifyApproval(good)).toBe(true);
      for (const bad of [
        { ...good, proposal: other },
        { ...good, signature: good.signature.slice(1) },
        { ...good, signature: good.signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) },
        { ...good, key: good.key === ed ? dwallet : ed },
      ]) {
        expect(verifyApproval(bad)).toBe(false);
      }
    }
  });

  it('a dWallet approves with the personal messages that it can sign anyway', () => {
    const digest = proposalRecord.digest(zoneProposal(first));
    const format = eip191Messages({ chainId: 1 });
    const [payload] = format.payloads(format.build(personalText(approvalText(digest))));
    expect(payload?.digest).toEqual(approvalDigest(digest));
  });
});
