/**
 * An XRP Ledger payment signed by a dWallet over SHA-512Half, accepted by the ledger's own library, as far as that goes offline.
 */
import { parseRequest, attachRequest } from '@dwallet/chains/registry';
import { XRPL_NETWORKS, xrplAddress, xrplPayments } from '@dwallet/chains/xrpl';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { afterAll, describe, expect, it } from 'vitest';
import { decode, hashes, verifySignature } from 'xrpl';
import { fixture, ToyNetwork } from '../../services/validator/test/helpers/toy-network.ts';

const network = new ToyNetwork({ from: fixture() });
afterAll(() => network.close());
const [testnet] = XRPL_NETWORKS.slice(1);
if (testnet === undefined) throw new Error('no test network');
const bytes32 = (value: bigint): Uint8Array => hexToBytes(value.toString(16).padStart(64, '0'));

describe('a payment of a dWallet', () => {
  it('is signed under sha512-half and verified by xrpl.js, also against changed bytes', async () => {
    const client = await network.client();
    const [wallet] = client.wallets;
    if (wallet === undefined) throw new Error('the fixture has no wallet');
    const { publicKey } = wallet;
    const chain = xrplPayments(testnet);
    const bytes = chain.encodeUnsigned(
      chain.build({
        account: xrplAddress(publicKey),
        destination: 'rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh',
        amount: 25_000_000n,
        feeDrops: 12n,
        sequence: 1,
        lastLedgerSequence: 99,
        publicKey,
      }),
    );
    const { payloads } = parseRequest('xrpl:1', 'payment', bytes, publicKey);
    expect(payloads.map(({ hashScheme }) => hashScheme)).toEqual(['sha512-half']);
    const signatures = [];
    for (const { message, hashScheme } of payloads) {
      const { signature } = await wallet.signRaw(hashScheme, message);
      signatures.push({ r: bytes32(signature.r), s: bytes32(signature.s), recoveryId: signature.recoveryId });
    }
    const { encoded, txid } = attachRequest('xrpl:1', 'payment', bytes, publicKey, signatures);
    const blob = bytesToHex(encoded).toUpperCase();
    expect(verifySignature(blob)).toBe(true);
    expect(hashes.hashSignedTx(blob)).toBe(txid);
    expect(decode(blob)).toMatchObject({ TransactionType: 'Payment', Amount: '25000000', Fee: '12' });
    // One drop more.
    expect(blob).toContain('6140000000017D7840');
    expect(verifySignature(blob.replace('6140000000017D7840', '6140000000017D7841'))).toBe(false);
  });
});
