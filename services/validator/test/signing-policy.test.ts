/**
 * Validators sign what they have read: requests of chains, raw bytes only for a dWallet whose owner allowed them, and nothing that a policy refuses.
 * The owner, a leader and two validators are the liars here.
 */
import { attachRequest, parseRequest } from '@dwallet/chains/registry';
import { encodeRequest, p2wpkhAddress, p2wpkhScript } from '@dwallet/chains';
import { spendPsbt } from '@dwallet/chains/bitcoin';
import { eip1559Chain, evmTransfer } from '@dwallet/chains/evm';
import { encodeUint } from '@dwallet/sigma';
import { signAcceptance } from '@dwallet/two-pc-mpc/client';
import {
  type Fact,
  type MessageToSign,
  RemoteError,
  type SignContent,
  type SignOrder,
  type SignRequest,
  assembleCertificate,
  boundDigestOf,
  clientKind,
  encodeAcceptDWallet,
  encodeCertificate,
  encodeParts,
  rawOrder,
  signFact,
} from '@dwallet/two-pc-mpc/network';
import { afterEach, describe, expect, it } from 'vitest';
import { richStatusOf } from '../src/api/errors.ts';
import { dwalletMessage } from '../src/api/replies.ts';
import { bindingFact } from '../src/network-state.ts';
import { type PolicyRequest, type SigningPolicy, refuseByPolicy } from '../src/policy/signing-policy.ts';
import type { RecordStore } from '../src/store/record-store.ts';
import { encodeExpected } from '../src/sessions/sign-transcript.ts';
import { RawClient, type Taken } from './helpers/raw-client.ts';
import { ToyNetwork, type ToyOptions, accountKeyOf, curve, fixture, hex, v } from './helpers/toy-network.ts';

const networks: ToyNetwork[] = [];
afterEach(() => {
  for (const network of networks.splice(0)) network.close();
});

/** Alice's dWallet of the fixture; unless told otherwise she has accepted it without raw digests. */
function newNetwork(options: ToyOptions = {}, policy: 'transactions' | 'raw-digests' = 'transactions') {
  const network = new ToyNetwork({ from: fixture(), ...options });
  networks.push(network);
  const alice = new RawClient(network);
  const account = accountKeyOf(fixture().wallet);
  const acceptance = signAcceptance(alice.record, policy, account);
  for (const store of network.stores) store.put('dwallet-acceptance', hex(alice.id), acceptance);
  network.restartAll();
  return { network, alice, account };
}

const publicKeyOf = (alice: RawClient): Uint8Array => curve.encodePoint(alice.record.publicKey);
const none = new Uint8Array(0);
const evm = eip1559Chain({ chainId: 1 });
const payment = evm.encodeUnsigned(
  evm.build(
    evmTransfer({
      nonce: 7,
      to: '0x00000000000000000000000000000000000d0a11',
      valueWei: 10n ** 18n,
      maxFeePerGasWei: 20n * 10n ** 9n,
      maxPriorityFeePerGasWei: 10n ** 9n,
    }),
  ),
);
const paymentRequest = encodeRequest({ chainId: 'eip155:1', format: 'eip1559', raw: payment });
const ask = (request: Uint8Array, payload = 0, authority: Uint8Array = none): SignOrder => ({
  content: { kind: 'request', request, payload },
  authority,
});
const messageOf = (alice: RawClient, chainId: string, format: string, raw: Uint8Array, payload = 0): MessageToSign => {
  const { message, hashScheme } = parseRequest(chainId, format, raw, publicKeyOf(alice)).payloads[
    payload
  ] as MessageToSign;
  return { message, hashScheme };
};
const paymentMessage = (alice: RawClient): MessageToSign => messageOf(alice, 'eip155:1', 'eip1559', payment);

/** How a call was refused. */
async function refusal(
  work: Promise<unknown>,
): Promise<{ code: string; check: string; field: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemoteError)) throw error ?? new Error('it was not refused');
  const { code, check = '', field = '', message } = error;
  return { code, check, field, message };
}

/** A certificate that three validators made, whatever they should have checked. */
function certify(network: ToyNetwork, fact: Fact): Uint8Array {
  const votes = [1, 2, 3].map((i) => signFact(network.committee, fact, v(i), network.keystore(i).identity));
  return encodeCertificate(assembleCertificate(network.committee, fact, votes).certificate);
}
const shareRequest = (envelope: Uint8Array, certificate: Uint8Array): Uint8Array =>
  encodeParts([envelope, certificate, encodeExpected([v(1), v(2), v(3), v(4)])]);
const requestOf = (
  alice: RawClient,
  taken: Taken,
  signMessage: Uint8Array,
  order: SignOrder,
  assignedTo: SignRequest['assignedTo'] = 'message',
): SignRequest => ({
  id: alice.id,
  presignId: taken.presign.presignId,
  assignedTo,
  nonce: taken.nonce,
  signMessage,
  ...order,
});
const votesOf = (network: ToyNetwork, i: number): string[] =>
  network
    .store(i)
    .list('vote')
    .filter((id) => id.startsWith('presign-binding.'));

describe('a request that everybody reads', () => {
  it('is signed, and the signature goes into the very transaction', async () => {
    const { network, alice } = newNetwork();
    const order = ask(paymentRequest, 0, Uint8Array.of(1, 2, 3));
    const taken = await alice.takeOrder(1, 'payment', order, paymentMessage(alice));
    const { signature } = await alice.sign(2, alice.signRequest(taken, await alice.signMessage(taken)));
    const { r, s, recoveryId } = signature;
    const signed = [{ r: encodeUint(r, 32), s: encodeUint(s, 32), recoveryId }];
    const { txid } = attachRequest('eip155:1', 'eip1559', payment, publicKeyOf(alice), signed);
    expect(txid).toMatch(/^0x[0-9a-f]{64}$/);
    for (const i of network.access.validators) expect(network.marked(i).size).toBe(1);
  });

  it('what cannot be read is refused with its field, by every validator, before anything is bound', async () => {
    const { network, alice } = newNetwork();
    const taken = await alice.takeOrder(1, 'payment', ask(paymentRequest), paymentMessage(alice));
    const signMessage = await alice.signMessage(taken);
    const key = publicKeyOf(alice);
    const psbt = (owner: Uint8Array): Uint8Array =>
      encodeRequest({
        chainId: 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328',
        format: 'psbt',
        raw: spendPsbt(
          {
            publicKey: owner,
            inputs: [{ txid: 'ab'.repeat(32), vout: 0, amountSats: 5000n, scriptPubKey: p2wpkhScript(owner) }],
            outputs: [{ address: p2wpkhAddress(owner, 'regtest'), amountSats: 4000n }],
          },
          'regtest',
        ),
      });
    const stranger = curve.encodePoint(curve.multiply(curve.G, 5n));
    const cases: readonly (readonly [string, SignContent, string])[] = [
      ['nothing', { kind: 'request', request: none, payload: 0 }, 'request.version'],
      [
        'a chain that nobody knows',
        ask(encodeRequest({ chainId: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', format: 'legacy', raw: payment }))
          .content,
        'chainId',
      ],
      [
        'a format that the chain has not',
        ask(encodeRequest({ chainId: 'eip155:1', format: 'raw', raw: payment })).content,
        'format',
      ],
      ['bytes that are not canonical', ask(Uint8Array.of(...paymentRequest, 0)).content, 'transaction'],
      [
        'another chain than the transaction says',
        ask(encodeRequest({ chainId: 'eip155:5', format: 'eip1559', raw: payment })).content,
        'chainId',
      ],
      ['coins of somebody else', ask(psbt(stranger)).content, 'inputs'],
      ['a payload that there is not', ask(paymentRequest, 1).content, 'payload'],
      ['a payload that there is not, of a PSBT', ask(psbt(key), 1).content, 'payload'],
    ];
    for (const [what, content, field] of cases) {
      const envelope = alice.signRequest(taken, signMessage, { content });
      for (const told of [() => alice.sign(2, envelope), () => network.ask(1, 3, 'sign/bind', envelope)]) {
        const { code, check, field: found } = await refusal(told());
        expect([code, check], what).toEqual(['UNREADABLE_TRANSACTION', 'ZONE:1']);
        expect(found, what).toContain(field);
      }
    }
    for (const i of network.access.validators) {
      expect(network.marked(i).size).toBe(0);
      expect(votesOf(network, i)).toEqual([]);
    }
  });

  it('no byte of it can be changed after the assignment, by nobody (MPC:S1)', async () => {
    const { network, alice } = newNetwork();
    const taken = await alice.takeOrder(1, 'payment', ask(paymentRequest), paymentMessage(alice));
    const signMessage = await alice.signMessage(taken);
    const other = evm.encodeUnsigned(
      evm.build({ ...evm.parse(payment), to: '0x00000000000000000000000000000000000d0a12' }),
    );
    const requests = [
      // Every byte class: encoding, chain, format, and each field of the transaction.
      ...Array.from(paymentRequest, (byte, at) => paymentRequest.with(at, byte ^ 1)),
      encodeRequest({ chainId: 'eip155:1', format: 'eip1559', raw: other }),
    ];
    const outcomes = new Map<string, number>();
    for (const request of requests) {
      // The client's message, and its digest, stay those of the payment.
      const envelope = alice.signRequest(taken, signMessage, ask(request));
      const { code, check } = await refusal(network.ask(1, 3, 'sign/bind', envelope));
      const outcome = code === 'CHECK_FAILED' ? check : code;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].sort()).toEqual(['MPC:S1', 'UNREADABLE_TRANSACTION']);
    expect(outcomes.get('MPC:S1')).toBeGreaterThan(20);
    expect(votesOf(network, 3)).toEqual([]);
    // The control: the request itself is voted for.
    await expect(network.ask(1, 3, 'sign/bind', alice.signRequest(taken, signMessage))).resolves.toHaveLength(64);
  });

  it('with another authority, or raw, it is another request, although the digest to sign is the same (MPC:S1)', async () => {
    const { network, alice } = newNetwork({}, 'raw-digests');
    const message = paymentMessage(alice);
    const taken = await alice.takeOrder(1, 'payment', ask(paymentRequest), message);
    const signMessage = await alice.signMessage(taken);
    for (const order of [ask(paymentRequest, 0, Uint8Array.of(1)), rawOrder(message.hashScheme, message.message)]) {
      const envelope = alice.signRequest(taken, signMessage, order);
      expect((await refusal(alice.sign(1, envelope))).check).toBe('MPC:S1');
      expect((await refusal(network.ask(1, 3, 'sign/bind', envelope))).check).toBe('MPC:S1');
    }
  });
});

describe('a reserved presign serves one order (MPC 5.8 rule 2)', () => {
  it('two orders with the same digest and the same client bytes: the second is refused by all, and no share leaves for it', async () => {
    const { network, alice } = newNetwork();
    const message = paymentMessage(alice);
    const [a, b] = [ask(paymentRequest, 0, Uint8Array.of(1)), ask(paymentRequest, 0, Uint8Array.of(2))];
    const taken = await alice.reserveOrder(1, 'later', a, message);
    const signMessage = await alice.signMessage(taken);
    const reserved = { assignedTo: 'reservation' } as const;
    const [first, second] = [a, b].map((order) => alice.signRequest(taken, signMessage, { ...reserved, ...order })) as [
      Uint8Array,
      Uint8Array,
    ];
    await network.ask(1, 3, 'sign/bind', first);
    expect((await refusal(network.ask(1, 3, 'sign/bind', second))).code).toBe('ALREADY_VOTED');
    // A leader that swaps the request: the certificate of one, the envelope of the other.
    const facts = [a, b].map((order) =>
      bindingFact(
        taken.presign.presignId,
        boundDigestOf(curve, requestOf(alice, taken, signMessage, order, 'reservation')),
      ),
    ) as [Fact, Fact];
    expect(hex(facts[0].digest)).not.toBe(hex(facts[1].digest));
    const certificate = certify(network, facts[0]);
    expect((await refusal(network.ask(1, 4, 'sign/share', shareRequest(second, certificate)))).check).toBe('MPC:S2');
    await expect(network.ask(1, 4, 'sign/share', shareRequest(first, certificate))).resolves.toBeInstanceOf(Uint8Array);
    // Even a quorum of liars that certifies both gets no second answer from one who has answered.
    const lie = shareRequest(second, certify(network, facts[1]));
    expect((await refusal(network.ask(1, 4, 'sign/share', lie))).check).toBe('MPC:S2');
    expect(network.marked(4).get(hex(taken.presign.presignId))).toBe(hex(facts[0].digest));
  });
});

describe('raw bytes', () => {
  it('are not signed for a dWallet that has not opted in: no vote, no share even against a certificate (ZONE:1)', async () => {
    const { network, alice } = newNetwork();
    const taken = await alice.take(1, 'nobody can read this');
    const signMessage = await alice.signMessage(taken);
    const envelope = alice.signRequest(taken, signMessage);
    for (const told of [() => alice.sign(2, envelope), () => network.ask(1, 3, 'sign/bind', envelope)]) {
      const error = await refusal(told());
      expect([error.code, error.check]).toEqual(['RAW_DIGEST_NOT_ALLOWED', 'ZONE:1']);
    }
    const request = requestOf(alice, taken, signMessage, rawOrder('sha256', taken.message));
    const certificate = certify(network, bindingFact(taken.presign.presignId, boundDigestOf(curve, request)));
    for (const method of ['sign/share', 'sign/prove'])
      expect((await refusal(network.ask(1, 4, method, shareRequest(envelope, certificate)))).code).toBe(
        'RAW_DIGEST_NOT_ALLOWED',
      );
    for (const i of network.access.validators) {
      expect(votesOf(network, i)).toEqual([]);
      expect(network.marked(i).size).toBe(0);
    }
  });

  it('what callers are told: gRPC code, reason, rule', async () => {
    const { network, alice } = newNetwork();
    const taken = await alice.take(1, 'raw');
    const envelope = alice.signRequest(taken, await alice.signMessage(taken));
    const error = await alice.sign(2, envelope).catch((reason: unknown) => reason);
    const status = richStatusOf(error, 'Sign');
    expect(status).toMatchObject({
      code: 7,
      reason: 'RAW_DIGEST_NOT_ALLOWED',
      metadata: { rule: 'ZONE:1', retryable: 'false', signature_may_exist: 'false' },
    });
    const unreadable = await network
      .ask(1, 2, 'sign/bind', alice.signRequest(taken, none, ask(none)))
      .catch((reason: unknown) => reason);
    expect(richStatusOf(unreadable, 'Sign')).toMatchObject({
      code: 3,
      reason: 'UNREADABLE_TRANSACTION',
      metadata: { field: 'request.version' },
    });
    expect(richStatusOf(refuseByPolicy('ZONE:5', 'more than the ceiling'), 'Sign')).toMatchObject({
      code: 7,
      reason: 'POLICY_REFUSED',
      metadata: { rule: 'ZONE:5' },
    });
  });
});

describe("the owner's choice", () => {
  it('is signed, stored once, and shown: a second acceptance changes nothing', async () => {
    const { network, alice, account } = newNetwork();
    const accept = (policy: 'transactions' | 'raw-digests'): Uint8Array =>
      alice.seal(
        clientKind.acceptDWallet,
        alice.id,
        encodeAcceptDWallet(alice.id, signAcceptance(alice.record, policy, account)),
      );
    expect((await refusal(alice.send(1, clientKind.acceptDWallet, accept('raw-digests')))).code).toBe(
      'ALREADY_ACCEPTED',
    );
    await expect(alice.send(1, clientKind.acceptDWallet, accept('transactions'))).resolves.toBeInstanceOf(Uint8Array);
    for (const i of network.access.validators) {
      const stored = network.validator(i).dwallet(alice.id);
      expect(stored?.signingPolicy).toBe('transactions');
      expect(dwalletMessage(alice.id, stored as NonNullable<typeof stored>).signingPolicy).toBe(
        'SIGNING_POLICY_TRANSACTIONS',
      );
    }
    // Nobody but the owner chooses: the byte is under his signature.
    const forged = signAcceptance(alice.record, 'transactions', account);
    forged[34] = 1;
    const envelope = alice.seal(clientKind.acceptDWallet, alice.id, encodeAcceptDWallet(alice.id, forged));
    expect((await refusal(network.ask(1, 2, 'dwallet/accept', envelope))).check).toBe('MPC:A3');
    const unknown = forged.with(34, 2);
    const other = alice.seal(clientKind.acceptDWallet, alice.id, encodeAcceptDWallet(alice.id, unknown));
    expect((await refusal(network.ask(1, 2, 'dwallet/accept', other))).field).toBe('AcceptMsg.signingPolicy');
  });
});

describe('policies', () => {
  /** Counts what it allowed, durably, and refuses when it is told to. */
  class Ledger implements SigningPolicy {
    readonly asked: PolicyRequest[] = [];
    refuse = false;
    readonly #store: RecordStore;
    constructor(store: RecordStore) {
      this.#store = store;
    }
    authorise(request: PolicyRequest): void {
      this.asked.push(request);
      if (this.refuse) throw refuseByPolicy('TEST:1', 'not now');
      this.#store.putOnce('test-ledger', hex(request.binding), Uint8Array.of(1));
    }
  }
  function withLedgers(policy?: 'raw-digests') {
    const ledgers = new Map<number, readonly [Ledger, Ledger]>();
    const made = newNetwork(
      {
        policiesOf: (index, store) => {
          const pair = [new Ledger(store), new Ledger(store)] as const;
          ledgers.set(index, pair);
          return pair;
        },
      },
      policy,
    );
    return { ...made, of: (i: number) => ledgers.get(i) as readonly [Ledger, Ledger] };
  }

  it('see what the validator has read, and count in the transaction of the vote or not at all', async () => {
    const { network, alice, of } = withLedgers();
    const order = ask(paymentRequest, 0, Uint8Array.of(9));
    const taken = await alice.reserveOrder(1, 'later', order, paymentMessage(alice));
    const signMessage = await alice.signMessage(taken);
    const reserved = { assignedTo: 'reservation' } as const;
    const envelope = alice.signRequest(taken, signMessage, reserved);
    const binding = boundDigestOf(curve, requestOf(alice, taken, signMessage, order, 'reservation'));
    const ledgerOf = (i: number): string[] => network.store(i).list('test-ledger');

    const [first, second] = of(3);
    second.refuse = true;
    const error = await refusal(network.ask(1, 3, 'sign/bind', envelope));
    expect([error.code, error.check]).toEqual(['POLICY_REFUSED', 'TEST:1']);
    // The first one had said yes: what it wrote is undone with the rest.
    expect(first.asked).toHaveLength(1);
    expect([ledgerOf(3), votesOf(network, 3)]).toEqual([[], []]);
    expect(first.asked[0]).toMatchObject({
      presignId: taken.presign.presignId,
      binding,
      authority: order.authority,
      content: { kind: 'request', payload: 0, raw: payment, chainRequest: { chainId: 'eip155:1', format: 'eip1559' } },
    });
    expect(first.asked[0]?.dwallet.record.sessionId).toEqual(alice.id);

    second.refuse = false;
    await network.ask(1, 3, 'sign/bind', envelope);
    expect(ledgerOf(3)).toEqual([hex(binding)]);
    // Another order for the presign: the vote is refused, and with it what the policies counted.
    const other = alice.signRequest(taken, signMessage, { ...reserved, ...ask(paymentRequest) });
    expect((await refusal(network.ask(1, 3, 'sign/bind', other))).code).toBe('ALREADY_VOTED');
    expect(ledgerOf(3)).toEqual([hex(binding)]);

    // A yes may become a no before the share; and one who did not vote is asked before its share.
    const certificate = certify(network, bindingFact(taken.presign.presignId, binding));
    for (const i of [3, 4]) {
      for (const ledger of of(i)) ledger.refuse = true;
      for (const method of ['sign/share', 'sign/prove'])
        expect((await refusal(network.ask(1, i, method, shareRequest(envelope, certificate)))).check).toBe('TEST:1');
      expect(network.marked(i).size).toBe(0);
      for (const ledger of of(i)) ledger.refuse = false;
      await network.ask(1, i, 'sign/share', shareRequest(envelope, certificate));
      expect(ledgerOf(i)).toEqual([hex(binding)]);
    }
  });

  it("the owner's rule comes first, and every policy must agree: one that allows does not help raw bytes", async () => {
    const { network, alice, of } = withLedgers();
    const taken = await alice.take(1, 'raw');
    const envelope = alice.signRequest(taken, await alice.signMessage(taken));
    expect((await refusal(network.ask(1, 3, 'sign/bind', envelope))).code).toBe('RAW_DIGEST_NOT_ALLOWED');
    expect(of(3)[0].asked).toEqual([]);
  });

  it('a refusal of more than f validators is what the client hears; of one, nothing', async () => {
    const { alice, of } = withLedgers('raw-digests');
    const taken = await alice.take(1, 'raw');
    const envelope = alice.signRequest(taken, await alice.signMessage(taken));
    for (const i of [2, 3]) of(i)[0].refuse = true;
    expect(await refusal(alice.sign(1, envelope))).toMatchObject({ code: 'POLICY_REFUSED', check: 'TEST:1' });
    of(2)[0].refuse = false;
    expect((await alice.sign(1, envelope)).presignId).toEqual(taken.presign.presignId);
  });
});
