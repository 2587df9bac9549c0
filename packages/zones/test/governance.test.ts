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
  approvedBy,
  clusterProposal,
  verifyApproval,
  zoneProposal,
} from '../src/index.ts';
import { approvingKeys, governanceRules } from '../src/governance/proposal.ts';
import { applyEventWith } from '../src/world.ts';
import {
  approveBy,
  assetWorld,
  build,
  clusterEvent,
  clusterOfChains,
  dapp,
  defi,
  expectOk,
  governanceOf,
  governanceSet,
  historyRules,
  outside,
  policy,
  policyEvent,
  seed,
  walletKey,
  walletSecret,
  zone,
} from './helpers/build.ts';

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

  it('verify one signature per key and proposal, however many approvals somebody sends', () => {
    const proposal = proposalRecord.digest(zoneProposal(first));
    const [good] = both(zoneProposal(first)) as [Approval];
    const bad = { ...good, signature: new Uint8Array(64).fill(1) };
    let verified = 0;
    const rules = {
      'GOVERNANCE:4': (context: Parameters<(typeof governanceRules)['GOVERNANCE:4']>[0]) => {
        verified++;
        return governanceRules['GOVERNANCE:4'](context);
      },
    };
    const many = Array.from({ length: 1000 }, () => ({ ...bad }));
    expect(approvingKeys(rules, first.governance, proposal, many)).toBe(0);
    expect(verified).toBe(1);
    // Of one key's approvals of one proposal the first counts; those of other proposals do not stand in its way.
    const other = approve(zoneProposal(zone(dapp, { version: 3n })), ed);
    expect(approvingKeys(rules, first.governance, proposal, [other, good])).toBe(1);
    expect([approvedBy(ed, proposal, [other, good]), approvedBy(ed, proposal, [bad, good])]).toEqual([true, false]);
    expect([approvedBy(ed, proposal, [other]), approvedBy(dwallet, proposal, [good])]).toEqual([false, false]);
  });
});

describe('a zone joins a cluster', () => {
  it('with its own keys: members bring nobody in with keys of theirs', () => {
    const key = policyEvent(policy('cluster/c', { purpose: 'cluster', subject: 'c' }), 'cluster/c');
    const record = clusterOfChains('c', [dapp, defi]);
    const world = build([key, clusterEvent(record, 0)], assetWorld);
    const join = (governance: ReturnType<typeof governanceOf>, approvers: readonly string[]) => {
      const [member] = clusterOfChains('c', [outside]).members;
      const members = [...record.members, { ...member, chain: outside, governance }].sort((a, b) =>
        a.chain < b.chain ? -1 : 1,
      ) as typeof record.members;
      const next = { ...record, members, version: 1n, prev: world.clusters.get('c')?.digest as typeof record.prev };
      const approvals = approvers.flatMap((name) => approveBy(clusterProposal(next), governanceOf(name).keys));
      const event = { kind: 'amendment', record: next, approvals, at: 0 } as const;
      return applyEventWith(historyRules, world, { kind: 'cluster', cluster: 'c', event });
    };
    expect(join(governanceOf('eve'), [dapp, defi, 'eve'])).toMatchObject({
      ok: false,
      rule: 'CLUSTER:8',
      reason: `the keys of ${outside} are not those of its zone`,
    });
    // Nor with its own keys and somebody else's behind them, or with fewer approvals.
    const own = governanceOf(outside);
    const more = Array.from({ length: 8 }, (_, i) =>
      governanceSet([...own.keys, ...governanceOf(`eve${i}`).keys.slice(-1)], 2),
    );
    const longer = more.find(({ keys }) => own.keys.every((mine, i) => keys[i] === mine)) as typeof own;
    for (const strange of [longer, { ...own, threshold: 1 }])
      expect(join(strange, [dapp, defi, outside])).toMatchObject({ reason: expect.stringContaining('its zone') });
    expect(join(own, [dapp, defi])).toMatchObject({ ok: false, rule: 'CLUSTER:8' });
    expectOk(join(governanceOf(outside), [dapp, defi, outside]));
  });
});
