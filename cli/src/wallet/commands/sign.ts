/**
 * `dwallet address`, `dwallet sign`, `dwallet message`.
 *
 * @module
 */
import { type Command, Option } from 'commander';
import { chainHelp } from '../chain-names.ts';
import {
  type Finish,
  acting,
  newCommand,
  withApproval,
  withConnection,
  withDWalletChoice,
  withWallet,
} from '../command-line.ts';

/** Commands that sign and send nothing, and the one that only tells addresses. */
export const signCommands = (finish: Finish): Command[] => [
  withDWalletChoice(
    withWallet(
      newCommand('address', 'addresses of a dWallet; no network is asked', [
        'dwallet address',
        'dwallet address --chain ethereum',
        'dwallet address --chain bitcoin-testnet --json',
      ]),
    ),
  )
    .option('--chain <name>', `one chain: ${chainHelp}`)
    .action(acting(finish, async () => (await import('../actions/sign.ts')).address)),
  withApproval(
    withDWalletChoice(
      withConnection(
        withWallet(
          newCommand('sign', 'signs a raw unsigned transaction or a PSBT, after showing what it does', [
            'dwallet sign --chain bitcoin payment.psbt --out signed.psbt',
            'dwallet sign --chain eip155:8453 unsigned.hex',
            'dwallet sign --chain cosmos --format sign-direct signdoc.bin --yes --json',
          ]),
        ),
      ),
    ),
  )
    .argument('<file>', 'bytes as they are, or in hex or base64; - for standard input')
    .requiredOption('--chain <name>', chainHelp)
    .option('--format <name>', 'how the bytes are to be read, where it cannot be told from them')
    .option('--out <file>', 'writes the signed bytes there instead of showing them')
    .action(acting(finish, async () => (await import('../actions/sign.ts')).sign)),
  withApproval(
    withDWalletChoice(
      withConnection(
        withWallet(
          newCommand('message', 'signs a message for EVM programs: text (EIP-191) or typed data (EIP-712)', [
            'dwallet message --text "I am me"',
            'dwallet message --file statement.txt',
            'dwallet message --typed-data permit.json --yes --json',
          ]),
        ),
      ),
    ),
  )
    .option('--text <text>', 'a text, signed as a personal message')
    .option('--file <file>', 'the bytes of a file, signed as a personal message')
    .option('--typed-data <file>', 'JSON with types, primaryType, domain and message')
    .addOption(
      new Option('--chain <name>', 'EVM chain named to the person; personal messages are the same on all').default(
        'ethereum',
      ),
    )
    .action(acting(finish, async () => (await import('../actions/sign.ts')).message)),
];
