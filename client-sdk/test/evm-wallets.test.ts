/** A dWallet as viem account, ethers signer and EIP-1193 provider: each library's own code drives it, and a real EVM node decides. */
import type { DWallet } from '@dwallet/client-sdk';
import { ethersSigner, eip1193Provider, viemAccount } from '@dwallet/client-sdk/evm-wallets';
import { AbstractSigner, JsonRpcProvider, verifyMessage, verifyTypedData } from 'ethers';
import { createPublicClient, createWalletClient, custom, defineChain, http, verifyMessage as viemVerify } from 'viem';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EvmNode, startEvmNode } from '../../cli/src/local-chains/evm-node.ts';
import { ToyNetwork, fixture } from '../../services/validator/test/helpers/toy-network.ts';

const recipient = '0x000000000000000000000000000000000000bEEF';
const ether = 10n ** 18n;
let network: ToyNetwork;
let evm: EvmNode;
let wallet: DWallet;
let address: `0x${string}`;

beforeAll(async () => {
  network = new ToyNetwork({ from: fixture(), label: 'evm-wallets' });
  evm = await startEvmNode();
  const client = await network.client();
  wallet = client.wallets[0] as DWallet;
  ({ address } = viemAccount(wallet));
  await evm.fund(address, 10n * ether);
});
afterAll(async () => {
  network.close();
  await evm.stop();
});

it('viem: a wallet client sends with it; what would not be signed is refused', async () => {
  const account = viemAccount(wallet);
  const chain = defineChain({
    id: evm.chainId,
    name: 'local',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [evm.rpcUrl] } },
  });
  const transport = http(evm.rpcUrl, { retryCount: 0 });
  const client = createWalletClient({ account, chain, transport });
  const hash = await client.sendTransaction({ to: recipient, value: 5n });
  const receipt = await createPublicClient({ chain, transport }).waitForTransactionReceipt({ hash });
  expect([receipt.status, receipt.from]).toEqual(['success', address.toLowerCase()]);
  const signature = await client.signMessage({ message: 'viem' });
  expect(await viemVerify({ address, message: 'viem', signature })).toBe(true);
  const tx = { chainId: evm.chainId, nonce: 9, gas: 21_000n, maxFeePerGas: 1n, to: recipient };
  await expect(account.signTransaction({ ...tx, blobs: ['0x'] })).rejects.toThrow('blobs');
  const dear = account.signTransaction({ ...tx, maxFeePerGas: 10n ** 13n });
  await expect(dear).rejects.toMatchObject({ code: 'SEND_BUILD_FAILED' });
  await expect(account.signTransaction({ ...tx, from: recipient })).rejects.toThrow('from');
});

it('ethers: its own AbstractSigner does the rest', async () => {
  const provider = new JsonRpcProvider(evm.rpcUrl, evm.chainId, { staticNetwork: true });
  const signer = ethersSigner(wallet, AbstractSigner, provider);
  const sent = await signer.sendTransaction({ to: recipient, value: 7n });
  expect((await sent.wait())?.status).toBe(1);
  expect(sent.from).toBe(address);
  const dear = { to: recipient, maxFeePerGas: 10n ** 13n, maxPriorityFeePerGas: 1n };
  await expect(signer.sendTransaction(dear)).rejects.toMatchObject({ code: 'SEND_BUILD_FAILED' });
  const types = { Note: [{ name: 'line', type: 'Line' }], Line: [{ name: 'text', type: 'string' }] };
  const domain = { name: 'Test', chainId: 1 };
  const message = { line: { text: 'hello' } };
  expect(verifyTypedData(domain, types, message, await signer.signTypedData(domain, types, message))).toBe(address);
  provider.destroy();
});

it('EIP-1193: an application gets accounts, signatures and transactions, each after approval; blind signing does not exist', async () => {
  const shown: string[] = [];
  let approves = true;
  const provider = eip1193Provider(wallet, {
    rpc: evm.rpcUrl,
    approve: ({ lines }) => {
      shown.push(lines.join('\n'));
      return approves;
    },
  });
  expect(await provider.request({ method: 'eth_requestAccounts' })).toEqual([address]);
  const call = { from: address, to: recipient, value: '0x9' };
  const hash = (await provider.request({ method: 'eth_sendTransaction', params: [call] })) as `0x${string}`;
  const client = createPublicClient({ transport: custom(provider) });
  expect((await client.waitForTransactionReceipt({ hash })).status).toBe('success');
  expect(shown.join('\n')).toContain(recipient);
  const data = `0x${Buffer.from('hi').toString('hex')}`;
  const signature = (await provider.request({ method: 'personal_sign', params: [data, address] })) as string;
  expect(verifyMessage('hi', signature)).toBe(address);
  approves = false;
  const refused = provider.request({ method: 'personal_sign', params: [data, address] });
  await expect(refused).rejects.toMatchObject({ code: 4001 });
  const other = provider.request({ method: 'personal_sign', params: [data, recipient] });
  await expect(other).rejects.toMatchObject({ code: 4100 });
  for (const method of ['eth_sign', 'anvil_setBalance', 'wallet_switchEthereumChain'])
    await expect(provider.request({ method, params: [address, data] })).rejects.toMatchObject({ code: 4200 });
});
