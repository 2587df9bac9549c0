/**
 * The recovery seed as a person writes it down: 32 bytes as 24 words (BIP-39, English). With it and the network everything about a wallet comes back.
 *
 * The words encode the seed itself; no BIP-39 passphrase, no derivation.
 *
 * @module
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english';
import { InvalidArgumentsError } from '@dwallet/sigma';
import { fromHex } from './hex.ts';
import { type Keystore, KeystoreError, newWallet } from './keystore.ts';

/**
 * The words of a keystore, for its owner's eyes: show them once and never store or log them.
 * @throws KeystoreError when the keystore is empty.
 */
export async function recoveryWords(keystore: Keystore): Promise<string> {
  const known = await keystore.load();
  if (known === undefined)
    throw new KeystoreError('KEYSTORE_IO', 'the keystore is empty: there is nothing to write down');
  const seed = fromHex(known.data.seed);
  try {
    return entropyToMnemonic(seed, wordlist);
  } finally {
    seed.fill(0);
  }
}

/**
 * Puts a recovery seed into an empty keystore; `DWalletClient.recover` then brings the dWallets back.
 * @param words - 24 words; case and spaces do not matter.
 * @throws InvalidArgumentsError, which does not say more than that the words are wrong; KeystoreError KEYSTORE_NOT_EMPTY.
 */
export async function restoreKeystore(keystore: Keystore, words: string): Promise<void> {
  let seed: Uint8Array;
  try {
    seed = mnemonicToEntropy(words.normalize('NFKD').trim().toLowerCase().split(/\s+/).join(' '), wordlist);
  } catch {
    // The library's own message quotes the words.
    throw new InvalidArgumentsError('words', 'are no recovery words, or have a mistake in them');
  }
  try {
    if (seed.length !== 32) throw new InvalidArgumentsError('words', 'must be 24');
    if ((await keystore.load()) !== undefined || !(await keystore.compareAndSet(0, newWallet(seed))))
      throw new KeystoreError('KEYSTORE_NOT_EMPTY', 'the keystore has a wallet already');
  } finally {
    seed.fill(0);
  }
}
