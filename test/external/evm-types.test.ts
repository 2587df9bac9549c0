/**
 * Legacy, EIP-2930 and EIP-7702 transactions, decided by anvil, and messages checked by a contract's own ecrecover.
 * An ordinary key stands in for the dWallet.
 */
import { recoverPublicKey } from '@dwallet/chains';
import {
  eip191Messages,
  eip2930Chain,
  eip712Messages,
  eip7702Authorizations,
  eip7702Chain,
  encodeEvmAddress,
  evmAddress,
  legacyChain,
  parseTypedData,
  personalText,
} from '@dwallet/chains/evm';
import { attachRequest, parseRequest } from '@dwallet/chains/registry';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EvmNode, startEvmNode } from '../../cli/src/local-chains/evm-node.ts';
import { standInSigner } from '../../packages/chains/test/stand-in-signer.ts';

const signer = standInSigner(new Uint8Array(32).fill(0x6a));
const delegator = standInSigner(new Uint8Array(32).fill(0x6b));
const sender = evmAddress(signer.publicKey);
const recipient = encodeEvmAddress(new Uint8Array(20).fill(0xb2));
const ETHER = 10n ** 18n;
let node: EvmNode;
let nonce = 0;
beforeAll(async () => {
  node = await startEvmNode();
  await node.fund(sender, 10n * ETHER);
});
afterAll(() => node?.stop());

/** As a wallet and a validator would: raw bytes in, transaction out. */
function sign(format: string, bytes: Uint8Array, key = signer) {
  const chainId = `eip155:${node.chainId}`;
  const { payloads } = parseRequest(chainId, format, bytes, key.publicKey);
  return attachRequest(chainId, format, bytes, key.publicKey, key.sign(payloads));
}

const call = () => ({ nonce: nonce++, to: recipient, valueWei: ETHER, gasLimit: 50_000n, data: new Uint8Array(0) });

async function accepted(format: string, unsigned: Uint8Array): Promise<void> {
  const before = await node.balance(recipient);
  const { encoded, txid } = sign(format, unsigned);
  // One bit of s: then it is somebody else's transaction, who has no money, or nobody's.
  const bent = encoded.with(encoded.length - 1, (encoded.at(-1) ?? 0) ^ 1);
  expect(await node.submit(bent)).toMatchObject({ accepted: false });
  expect(await node.submit(encoded)).toMatchObject({ accepted: true, hash: txid, status: 'success' });
  expect((await node.balance(recipient)) - before).toBe(ETHER);
  const mined = (await node.request('eth_getTransactionByHash', [txid])) as { from: string; type: string };
  expect(mined.from).toBe(sender.toLowerCase());
  expect(await node.submit(encoded)).toMatchObject({ accepted: false });
}

describe('anvil accepts once, and refuses bent', () => {
  it('a legacy transaction with EIP-155', async () => {
    const chain = legacyChain({ chainId: node.chainId });
    await accepted('legacy', chain.encodeUnsigned(chain.build({ ...call(), gasPriceWei: 3_000_000_000n })));
  });

  it('an EIP-2930 transaction with an access list', async () => {
    const chain = eip2930Chain({ chainId: node.chainId });
    const accessList = [{ address: recipient, storageKeys: [`0x${'00'.repeat(31)}01` as const] }];
    await accepted(
      'eip2930',
      chain.encodeUnsigned(chain.build({ ...call(), gasPriceWei: 3_000_000_000n, accessList })),
    );
  });

  it('an EIP-7702 transaction installs the authorised code, and a second one takes it back', async () => {
    const authorizations = eip7702Authorizations({ chainId: node.chainId });
    const chain = eip7702Chain({ chainId: node.chainId });
    const account = evmAddress(delegator.publicKey);
    const code = (): Promise<unknown> => node.request('eth_getCode', [account, 'latest']);
    const delegate = async (address: `0x${string}`, authorityNonce: number): Promise<void> => {
      const intent = { address, nonce: authorityNonce };
      const unsignedTuple = authorizations.encodeUnsigned(authorizations.build(intent));
      expect(sign('eip7702-authorization', unsignedTuple, delegator).encoded.length).toBeGreaterThan(80);
      const { signature } = authorizations.attach(
        { intent },
        delegator.publicKey,
        delegator.sign(authorizations.payloads({ intent })),
      );
      await accepted(
        'eip7702',
        chain.encodeUnsigned(
          chain.build({
            ...call(),
            gasLimit: 200_000n,
            maxFeePerGasWei: 3_000_000_000n,
            maxPriorityFeePerGasWei: 1_000_000_000n,
            accessList: [],
            authorizationList: [{ chainId: node.chainId, ...intent, signature }],
          }),
        ),
      );
    };
    expect(await code()).toBe('0x');
    await delegate(recipient, 0);
    expect(await code()).toBe(`0xef0100${recipient.slice(2).toLowerCase()}`);
    // The same tuple again would be skipped, as the account's nonce has moved on.
    await delegate(`0x${'00'.repeat(20)}`, 1);
    expect(await code()).toBe('0x');
  });
});

describe('the ecrecover precompile finds the signer of messages', () => {
  const ecrecover = async (digest: Uint8Array, signature: Uint8Array): Promise<string> => {
    const v = (signature[64] ?? 0).toString(16).padStart(64, '0');
    const data = `0x${bytesToHex(digest)}${v}${bytesToHex(signature.slice(0, 64))}`;
    const word = String(await node.request('eth_call', [{ to: `0x${'00'.repeat(19)}01`, data }, 'latest']));
    return encodeEvmAddress(hexToBytes(word.slice(26)));
  };

  it('EIP-191 and EIP-712', async () => {
    const message = eip191Messages({ chainId: node.chainId });
    const typed = eip712Messages({ chainId: node.chainId });
    const intent = parseTypedData({
      types: {
        Permit: [
          { name: 'owner', type: 'address' },
          { name: 'value', type: 'uint256' },
        ],
      },
      primaryType: 'Permit',
      domain: { name: 'Token', version: '1', chainId: node.chainId, verifyingContract: recipient },
      message: { owner: sender, value: 5 },
    });
    for (const [format, bytes] of [
      ['eip191', message.encodeUnsigned({ intent: personalText('I agree') })],
      ['eip712', typed.encodeUnsigned(typed.build(intent))],
    ] as const) {
      const { payloads } = parseRequest(`eip155:${node.chainId}`, format, bytes, signer.publicKey);
      const { encoded } = sign(format, bytes);
      const digest = payloads[0]?.digest ?? new Uint8Array();
      expect(await ecrecover(digest, encoded)).toBe(sender);
      const [signature] = signer.sign(payloads);
      if (signature === undefined) throw new Error('no signature');
      expect(recoverPublicKey(signature, digest)).toEqual(signer.publicKey);
    }
  });
});
