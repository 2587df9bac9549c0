/** One request of every format that there is, by one key. */
import { p2wpkhAddress, p2wpkhScript, spendPsbt } from '../src/bitcoin/index.ts';
import { cosmosAddress, cosmosAminoChain, cosmosDirectChain, COSMOS_NETWORKS } from '../src/cosmos/index.ts';
import {
  eip1559Chain,
  eip191Messages,
  eip2930Chain,
  eip712Messages,
  eip7702Authorizations,
  eip7702Chain,
  encodeEvmAddress,
  evmTransfer,
  legacyChain,
  parseTypedData,
  personalText,
} from '../src/evm/index.ts';
import { TRON_NETWORKS, tronAddress, trxTransfers, trc20Transfers, type TronNetwork } from '../src/tron/index.ts';
import { xrplAddress, xrplPayments, XRPL_NETWORKS } from '../src/xrpl/index.ts';
import { standInSigner } from './stand-in-signer.ts';

export const signer = standInSigner(new Uint8Array(32).fill(0x41));
export const other = standInSigner(new Uint8Array(32).fill(9));
export const to = encodeEvmAddress(new Uint8Array(20).fill(0x35));
export const call = { nonce: 0, to, valueWei: 1n, gasLimit: 21_000n, data: new Uint8Array(0) };
export const fees = { maxFeePerGasWei: 2n, maxPriorityFeePerGasWei: 1n };
const evm = { chainId: 1 };
const authorization = { address: to, nonce: 1 };
const hub = COSMOS_NETWORKS[0] as (typeof COSMOS_NETWORKS)[number];
const tron = TRON_NETWORKS[0] as TronNetwork;
const xrpl = xrplPayments(XRPL_NETWORKS[0] as (typeof XRPL_NETWORKS)[number]);
const transfer = {
  accountNumber: 1n,
  sequence: 2n,
  sends: [
    {
      from: cosmosAddress(signer.publicKey, 'cosmos'),
      to: cosmosAddress(other.publicKey, 'cosmos'),
      amount: [{ denom: 'uatom', amount: 1n }],
    },
  ],
  fee: { amount: [], gasLimit: 1n },
  memo: '',
  timeoutHeight: 0n,
};
const frame = {
  owner: tronAddress(signer.publicKey),
  refBlockBytes: new Uint8Array(2).fill(1),
  refBlockHash: new Uint8Array(8).fill(1),
  expirationMs: 5n,
  timestampMs: 0n,
  feeLimitSun: 0n,
  memo: new Uint8Array(0),
};
const authorized = eip7702Authorizations(evm);
const { signature } = authorized.attach(
  { intent: authorization },
  other.publicKey,
  other.sign(authorized.payloads({ intent: authorization })),
);

/** One request of every format that there is. */
export const requests: readonly (readonly [chainId: string, format: string, bytes: Uint8Array])[] = [
  ['eip155:1', 'eip1559', eip1559Chain(evm).encodeUnsigned({ intent: evmTransfer({ ...fees, ...call }) })],
  ['eip155:1', 'eip2930', eip2930Chain(evm).encodeUnsigned({ intent: { ...call, gasPriceWei: 1n, accessList: [] } })],
  ['eip155:1', 'legacy', legacyChain(evm).encodeUnsigned({ intent: { ...call, gasPriceWei: 1n } })],
  [
    'eip155:1',
    'eip7702',
    eip7702Chain(evm).encodeUnsigned({
      intent: { ...call, ...fees, accessList: [], authorizationList: [{ chainId: 1, ...authorization, signature }] },
    }),
  ],
  ['eip155:1', 'eip7702-authorization', authorized.encodeUnsigned({ intent: authorization })],
  ['eip155:1', 'eip191', eip191Messages(evm).encodeUnsigned({ intent: personalText('hello') })],
  [
    'eip155:1',
    'eip712',
    eip712Messages(evm).encodeUnsigned({
      intent: parseTypedData({
        types: { Note: [{ name: 'text', type: 'string' }] },
        primaryType: 'Note',
        domain: { chainId: 1 },
        message: { text: 'hello' },
      }),
    }),
  ],
  [
    'bip122:0f9188f13cb7b2c71f2a335e3a4fc328',
    'psbt',
    spendPsbt(
      {
        publicKey: signer.publicKey,
        inputs: [
          { txid: 'ab'.repeat(32), vout: 0, amountSats: 5000n, scriptPubKey: p2wpkhScript(signer.publicKey) },
          { txid: 'ab'.repeat(32), vout: 1, amountSats: 5000n, scriptPubKey: p2wpkhScript(signer.publicKey) },
        ],
        outputs: [{ address: p2wpkhAddress(other.publicKey, 'regtest'), amountSats: 9000n }],
      },
      'regtest',
    ),
  ],
  [
    'cosmos:cosmoshub-4',
    'sign-direct',
    cosmosDirectChain(hub).encodeUnsigned({ intent: { ...transfer, publicKey: signer.publicKey } }),
  ],
  ['cosmos:cosmoshub-4', 'sign-amino', cosmosAminoChain(hub).encodeUnsigned({ intent: transfer })],
  [
    'tron:0x2b6653dc',
    'trx-transfer',
    trxTransfers(tron).encodeUnsigned({ intent: { ...frame, to: tronAddress(other.publicKey), amountSun: 1n } }),
  ],
  [
    'tron:0x2b6653dc',
    'trc20-transfer',
    trc20Transfers(tron).encodeUnsigned({
      intent: { ...frame, contract: tronAddress(other.publicKey), to: tronAddress(other.publicKey), amount: 1n },
    }),
  ],
  [
    'xrpl:0',
    'payment',
    xrpl.encodeUnsigned({
      intent: {
        account: xrplAddress(signer.publicKey),
        destination: xrplAddress(other.publicKey),
        amount: 1n,
        feeDrops: 1n,
        sequence: 1,
        publicKey: signer.publicKey,
      },
    }),
  ],
];
