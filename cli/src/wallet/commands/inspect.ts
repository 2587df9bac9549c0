/**
 * `dwallet inspect` and `dwallet verify`.
 *
 * @module
 */
import type { Command } from 'commander';
import { type Finish, acting, newCommand } from '../command-line.ts';

export const inspectCommands = (finish: Finish): Command[] => [
  newCommand('inspect', 'shows what a file of the protocol says; nothing is judged, no secret is shown', [
    'dwallet inspect evidence.bin',
    'dwallet inspect .dwallet/wallets/default/wallet-000000000001.sealed',
    'dwallet inspect record.hex --json',
  ])
    .argument(
      '<file>',
      'envelope, certificate, record, presign, request, signature, evidence or keystore; as bytes, hex or base64; - for standard input',
    )
    .action(acting(finish, async () => (await import('../actions/inspect.ts')).inspect)),
  newCommand('verify', 'judges a certificate or evidence offline; exit code 1 when it does not hold', [
    'dwallet verify certificate.bin --validators validators.yaml',
    'dwallet verify certificate.bin --validators validators.yaml --record dwallet.bin --setup setup.bin',
    'dwallet verify evidence.bin --validators validators.yaml',
  ])
    .argument('<file>', 'certificate or evidence; as bytes, hex or base64; - for standard input')
    .option('--validators <file>', 'the validator set of the network that you trust; certificates need it')
    .option('--network-id <hex>', 'for evidence: the id of the network that you trust')
    .option('--record <file>', 'for a certificate: the setup or dWallet record that it is about')
    .option('--setup <file>', 'the setup of the network, to read a dWallet record with')
    .action(acting(finish, async () => (await import('../actions/inspect.ts')).verify)),
];
