/**
 * Bitcoin transactions that spend P2WPKH outputs of one key (BIP-141, BIP-143), to any standard address.
 *
 * The canonical unsigned encoding is a PSBT of version 0 (BIP-174) with the spent output of each input (`witnessUtxo`) and
 * nothing else. The messages to sign are the BIP-143 preimages, one per input, under double SHA-256.
 *
 * About the fee that a person sees: each signature commits to the amount of its own input only. A dishonest requester who may
 * ask twice can lie about another input each time and join the honest halves, which burns the difference as fee. So sign all
 * inputs of one intent or none, and let policy check the amounts against the chain when the requester is not the owner.
 *
 * @module
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { RawTx, Transaction } from '@scure/btc-signer';
import { equalBytes, formatUnits } from '../bytes.ts';
import {
  assertSignature,
  decodeDer,
  decodePublicKey,
  type EcdsaSignature,
  encodeDer,
  hashMessage,
  verifiesLowS,
} from '../ecdsa.ts';
import {
  ChainError,
  EncodingMismatchError,
  InvalidIntentError,
  InvalidSignatureError,
  TransactionDecodeError,
} from '../errors.ts';
import type { NativeChain, SigningPayload } from '../native-chain.ts';
import {
  addressToScript,
  BITCOIN_NETWORKS,
  type BitcoinNetworkName,
  p2wpkhAddress,
  p2wpkhKeyHash,
  p2wpkhScript,
  scriptToAddress,
} from './address.ts';
import { bip143Preimages, p2wpkhScriptCode, SIGHASH_ALL } from './bip143.ts';

/** Nodes relay transactions of at most 400 000 weight units, so no unsigned encoding of interest is longer. */
export const MAX_PSBT_BYTES = 200_000;
/** Each input costs one MPC signature; more than this is refused rather than started. */
export const MAX_INPUTS = 250;
/** Every amount that can exist. */
export const MAX_SATS = 21_000_000n * 100_000_000n;
/** Sequence that neither opts out of lock time nor signals replaceability (BIP-125). */
export const DEFAULT_SEQUENCE = 0xffff_fffe;
/** Nodes do not relay P2WPKH outputs below this: spending one costs more than it is worth. */
export const P2WPKH_DUST_SATS = 294n;

const MAX_UINT32 = 0xffff_ffff;

/** An unspent output that belongs to the dWallet. */
export interface Utxo {
  /** As displayed (byte-reversed), 64 lower-case hex digits. */
  readonly txid: string;
  readonly vout: number;
  readonly amountSats: bigint;
  /** P2WPKH: 22 bytes. */
  readonly scriptPubKey: Uint8Array;
}

/** An output to spend, and its sequence number. */
export interface P2wpkhInput extends Utxo {
  readonly sequence: number;
}

/** Who gets how much. */
export interface BitcoinOutput {
  readonly address: string;
  readonly amountSats: bigint;
}

/** What a transaction does. The fee is what the inputs hold beyond the outputs. */
export interface P2wpkhIntent {
  readonly version: 1 | 2;
  readonly inputs: readonly P2wpkhInput[];
  readonly outputs: readonly BitcoinOutput[];
  /** 0, a block height (below 500 000 000) or a Unix time in seconds. */
  readonly lockTime: number;
}

/** A checked and normalised intent. */
export interface UnsignedP2wpkh {
  readonly intent: P2wpkhIntent;
}

/** A transaction that nodes accept while its inputs are unspent. */
export interface SignedP2wpkh {
  readonly intent: P2wpkhIntent;
  /** Network serialisation with witnesses. */
  readonly rawTransaction: Uint8Array;
}

export type P2wpkhChain = NativeChain<P2wpkhIntent, UnsignedP2wpkh, SignedP2wpkh> & {
  readonly network: BitcoinNetworkName;
};

/** The P2WPKH transactions of one Bitcoin network. */
export function p2wpkhChain(network: BitcoinNetworkName): P2wpkhChain {
  const payloads = (unsigned: UnsignedP2wpkh): readonly SigningPayload[] => signingPayloads(unsigned.intent, network);
  return {
    id: BITCOIN_NETWORKS[network].id,
    network,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: (publicKey) => p2wpkhAddress(publicKey, network),
    build: (intent) => ({ intent: normalise(intent, network) }),
    encodeUnsigned: (unsigned) => toLibrary(unsigned.intent, network).toPSBT(0),
    parse: (bytes) => parsePsbt(bytes, network),
    payloads,
    attach(unsigned, publicKey, signatures) {
      const { intent } = unsigned;
      decodePublicKey(publicKey);
      const ownScript = p2wpkhScript(publicKey);
      intent.inputs.forEach((input, i) => {
        if (!equalBytes(input.scriptPubKey, ownScript)) {
          throw new InvalidIntentError(`inputs[${i}].scriptPubKey`, 'belongs to another public key');
        }
      });
      if (signatures.length !== intent.inputs.length) {
        throw new InvalidSignatureError(
          'signatures',
          'count',
          `needs exactly ${intent.inputs.length} (one per input), not ${signatures.length}`,
        );
      }
      const tx = toLibrary(intent, network);
      payloads(unsigned).forEach(({ digest }, i) => {
        const signature = signatures[i] as EcdsaSignature;
        assertSignature(`signatures[${i}]`, signature, digest, publicKey);
        const der = Uint8Array.of(...encodeDer(signature), SIGHASH_ALL);
        tx.updateInput(i, { partialSig: [[publicKey, der]] }, true);
      });
      tx.finalize();
      const signed = { intent, rawTransaction: tx.extract() };
      // The library serialised it; what leaves here must still be exactly the intent, under our own reading.
      if (!isSpend(signed, publicKey, network)) {
        throw new EncodingMismatchError('transaction', 'the finished transaction is not the one that was signed');
      }
      return signed;
    },
    verify(signed, publicKey) {
      try {
        return isSpend({ ...signed, intent: normalise(signed.intent, network) }, publicKey, network);
      } catch {
        return false;
      }
    },
    encode: (signed) => signed.rawTransaction,
    // Without witnesses: the same id before and after signing.
    txid: (signed) => bytesToHex(hashMessage('sha256d', toLibrary(signed.intent, network).unsignedTx).reverse()),
    describe: (intent) => describe(normalise(intent, network), network),
  };
}

/**
 * Intent of a plain payment that spends all given outputs and returns the rest.
 *
 * @param args.feeRateSatsPerVbyte - at least 1 for nodes to relay it; fractions are allowed.
 * @param args.changeAddress - gets what is left, unless that is dust, which then goes to the fee.
 * @throws {@link InvalidIntentError} If the outputs do not hold amount and fee.
 */
export function p2wpkhTransfer(
  args: {
    readonly utxos: readonly Utxo[];
    readonly to: string;
    readonly amountSats: bigint;
    readonly changeAddress: string;
    readonly feeRateSatsPerVbyte: number;
  },
  network: BitcoinNetworkName,
): P2wpkhIntent {
  if (!(args.feeRateSatsPerVbyte > 0 && args.feeRateSatsPerVbyte <= 1e6)) {
    throw new InvalidIntentError('feeRateSatsPerVbyte', 'must be above 0 and at most 1000000');
  }
  const scripts = [
    addressToScript(args.to, network, 'to'),
    addressToScript(args.changeAddress, network, 'changeAddress'),
  ];
  const feeFor = (outputs: number): bigint =>
    BigInt(Math.ceil(estimateVbytes(args.utxos.length, scripts.slice(0, outputs)) * args.feeRateSatsPerVbyte));
  const available = args.utxos.reduce((sum, utxo) => sum + utxo.amountSats, 0n);
  const missing = args.amountSats + feeFor(1) - available;
  if (missing > 0n) throw new InvalidIntentError('utxos', `hold ${missing} sats less than the amount and the fee`);
  const change = available - args.amountSats - feeFor(2);
  const outputs = [{ address: args.to, amountSats: args.amountSats }];
  if (change >= P2WPKH_DUST_SATS) outputs.push({ address: args.changeAddress, amountSats: change });
  const inputs = args.utxos.map((utxo) => ({ ...utxo, sequence: DEFAULT_SEQUENCE }));
  return normalise({ version: 2, inputs, outputs, lockTime: 0 }, network);
}

/** Virtual size of the signed transaction in vbytes, with 71-byte DER signatures (the largest low-s ones). */
export function estimateVbytes(inputs: number, outputScripts: readonly Uint8Array[]): number {
  const count = (n: number): number => (n < 0xfd ? 1 : 3);
  const base =
    4 +
    count(inputs) +
    41 * inputs +
    count(outputScripts.length) +
    outputScripts.reduce((sum, s) => sum + 9 + s.length, 0) +
    4;
  // Witness: marker and flag; per input the item count, and two items of 72 and 33 bytes with their lengths.
  return Math.ceil((4 * base + 2 + inputs * (1 + 1 + 72 + 1 + 33)) / 4);
}

/** What the miner gets: inputs minus outputs, in sats. */
export function p2wpkhFeeSats(intent: P2wpkhIntent): bigint {
  const sum = (parts: readonly { readonly amountSats: bigint }[]): bigint =>
    parts.reduce((a, b) => a + b.amountSats, 0n);
  return sum(intent.inputs) - sum(intent.outputs);
}

function normalise(intent: P2wpkhIntent, network: BitcoinNetworkName): P2wpkhIntent {
  if (intent.version !== 1 && intent.version !== 2) throw new InvalidIntentError('version', 'must be 1 or 2');
  checkUint32('lockTime', intent.lockTime);
  if (intent.inputs.length === 0) throw new InvalidIntentError('inputs', 'must not be empty');
  if (intent.inputs.length > MAX_INPUTS) throw new InvalidIntentError('inputs', `must be at most ${MAX_INPUTS}`);
  if (intent.outputs.length === 0) throw new InvalidIntentError('outputs', 'must not be empty');
  const seen = new Set<string>();
  const inputs = intent.inputs.map((input, i): P2wpkhInput => {
    const at = `inputs[${i}]`;
    if (!/^[0-9a-fA-F]{64}$/.test(input.txid)) throw new InvalidIntentError(`${at}.txid`, 'must be 64 hex digits');
    const txid = input.txid.toLowerCase();
    checkUint32(`${at}.vout`, input.vout);
    checkUint32(`${at}.sequence`, input.sequence);
    checkSats(`${at}.amountSats`, input.amountSats);
    const outpoint = `${txid}:${input.vout}`;
    if (seen.has(outpoint)) throw new InvalidIntentError(at, 'spends the same output as an earlier input');
    seen.add(outpoint);
    if (p2wpkhKeyHash(input.scriptPubKey) === undefined) {
      throw new InvalidIntentError(`${at}.scriptPubKey`, 'is not P2WPKH');
    }
    const { vout, amountSats, sequence } = input;
    return { txid, vout, amountSats, scriptPubKey: Uint8Array.from(input.scriptPubKey), sequence };
  });
  const outputs = intent.outputs.map((output, i): BitcoinOutput => {
    const at = `outputs[${i}]`;
    checkSats(`${at}.amountSats`, output.amountSats);
    const script = addressToScript(output.address, network, `${at}.address`);
    return { address: scriptToAddress(script, network, `${at}.address`), amountSats: output.amountSats };
  });
  const normal: P2wpkhIntent = { version: intent.version, inputs, outputs, lockTime: intent.lockTime };
  if (p2wpkhFeeSats(normal) < 0n)
    throw new InvalidIntentError('outputs', `pay ${-p2wpkhFeeSats(normal)} sats more than the inputs hold`);
  return normal;
}

function checkUint32(field: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > MAX_UINT32) {
    throw new InvalidIntentError(field, 'must be an integer from 0 to 2^32 - 1');
  }
}

function checkSats(field: string, value: bigint): void {
  if (typeof value !== 'bigint' || value < 1n || value > MAX_SATS) {
    throw new InvalidIntentError(field, `must be an integer from 1 to ${MAX_SATS} sats`);
  }
}

/** The same transaction as an object of @scure/btc-signer. */
function toLibrary(intent: P2wpkhIntent, network: BitcoinNetworkName): Transaction {
  const tx = new Transaction({ version: intent.version, lockTime: intent.lockTime });
  for (const { txid, vout, amountSats, scriptPubKey, sequence } of intent.inputs) {
    tx.addInput({ txid, index: vout, sequence, witnessUtxo: { amount: amountSats, script: scriptPubKey } });
  }
  for (const output of intent.outputs) {
    tx.addOutput({ script: addressToScript(output.address, network), amount: output.amountSats });
  }
  return tx;
}

function parsePsbt(bytes: Uint8Array, network: BitcoinNetworkName): P2wpkhIntent {
  if (bytes.length > MAX_PSBT_BYTES) throw new TransactionDecodeError('psbt', `is longer than ${MAX_PSBT_BYTES} bytes`);
  let intent: P2wpkhIntent;
  let again: Uint8Array;
  try {
    const tx = Transaction.fromPSBT(bytes);
    intent = normalise(
      {
        version: tx.version as 1 | 2,
        lockTime: tx.lockTime,
        inputs: Array.from({ length: tx.inputsLength }, (_, i): P2wpkhInput => {
          const { txid, index, sequence, witnessUtxo } = tx.getInput(i);
          if (txid === undefined || index === undefined || witnessUtxo === undefined) {
            throw new InvalidIntentError(`inputs[${i}]`, 'lacks its outpoint or the spent output');
          }
          return {
            txid: bytesToHex(txid),
            vout: index,
            amountSats: witnessUtxo.amount,
            scriptPubKey: witnessUtxo.script,
            sequence: sequence ?? MAX_UINT32,
          };
        }),
        outputs: Array.from({ length: tx.outputsLength }, (_, i): BitcoinOutput => {
          const { script, amount } = tx.getOutput(i);
          if (script === undefined || amount === undefined) {
            throw new InvalidIntentError(`outputs[${i}]`, 'lacks script or amount');
          }
          return { address: scriptToAddress(script, network, `outputs[${i}].script`), amountSats: amount };
        }),
      },
      network,
    );
    again = toLibrary(intent, network).toPSBT(0);
  } catch (cause) {
    const why = cause instanceof ChainError ? `: ${cause.message}` : '';
    throw new TransactionDecodeError('psbt', `is not an unsigned P2WPKH spend${why}`, { cause });
  }
  // Also refuses every extra field: signatures, other sighash types, scripts, unknown keys.
  if (!equalBytes(again, bytes)) throw new TransactionDecodeError('psbt', 'is not canonically encoded');
  return intent;
}

function signingPayloads(intent: P2wpkhIntent, network: BitcoinNetworkName): readonly SigningPayload[] {
  const spent = intent.inputs.map(({ scriptPubKey, amountSats }) => ({
    scriptCode: p2wpkhScriptCode(scriptPubKey.slice(2)),
    amountSats,
  }));
  const preimages = bip143Preimages(
    {
      version: intent.version,
      lockTime: intent.lockTime,
      inputs: intent.inputs,
      outputs: intent.outputs.map(({ address, amountSats }) => ({
        amountSats,
        scriptPubKey: addressToScript(address, network),
      })),
    },
    spent,
  );
  const library = toLibrary(intent, network);
  return preimages.map((message, i) => {
    const digest = hashMessage('sha256d', message);
    const { scriptCode, amountSats } = spent[i] as (typeof spent)[number];
    // Two implementations must agree before a key signs.
    if (!equalBytes(library.preimageWitnessV0(i, scriptCode, SIGHASH_ALL, amountSats), digest)) {
      throw new EncodingMismatchError(`inputs[${i}]`, 'our BIP-143 preimage differs from the library');
    }
    return { message, hashScheme: 'sha256d', digest };
  });
}

/** Reads the final bytes again and checks them field by field against the intent, then every signature. */
function isSpend(signed: SignedP2wpkh, publicKey: Uint8Array, network: BitcoinNetworkName): boolean {
  const { intent, rawTransaction } = signed;
  const tx = RawTx.decode(rawTransaction);
  if (!equalBytes(RawTx.encode(tx), rawTransaction)) return false;
  const ownScript = p2wpkhScript(publicKey);
  const sameFrame =
    tx.segwitFlag === true &&
    tx.version === intent.version &&
    tx.lockTime === intent.lockTime &&
    tx.inputs.length === intent.inputs.length &&
    tx.outputs.length === intent.outputs.length &&
    tx.witnesses?.length === intent.inputs.length;
  if (!sameFrame) return false;
  const sameOutputs = intent.outputs.every((output, i) => {
    const found = tx.outputs[i];
    return found?.amount === output.amountSats && equalBytes(found.script, addressToScript(output.address, network));
  });
  if (!sameOutputs) return false;
  const payloads = signingPayloads(intent, network);
  return intent.inputs.every((input, i) => {
    const found = tx.inputs[i];
    const [der, key, ...rest] = tx.witnesses?.[i] ?? [];
    const digest = payloads[i]?.digest;
    if (found === undefined || der === undefined || key === undefined || digest === undefined || rest.length > 0) {
      return false;
    }
    const { r, s } = decodeDer(der.slice(0, -1));
    return (
      bytesToHex(found.txid) === input.txid &&
      found.index === input.vout &&
      found.sequence === input.sequence &&
      found.finalScriptSig.length === 0 &&
      equalBytes(input.scriptPubKey, ownScript) &&
      equalBytes(key, publicKey) &&
      der.at(-1) === SIGHASH_ALL &&
      verifiesLowS(r, s, digest, publicKey)
    );
  });
}

function describe(intent: P2wpkhIntent, network: BitcoinNetworkName): readonly string[] {
  const amount = (sats: bigint): string => `${formatUnits(sats, 8)} BTC (${sats} sats)`;
  const own = new Set(intent.inputs.map((input) => scriptToAddress(input.scriptPubKey, network)));
  const lines = intent.outputs.map(({ address, amountSats }) =>
    own.has(address)
      ? `Return ${amount(amountSats)} to ${address}, the address it comes from (change).`
      : `Send ${amount(amountSats)} to ${address} on Bitcoin ${network}.`,
  );
  const total = intent.inputs.reduce((sum, input) => sum + input.amountSats, 0n);
  const coins = intent.inputs.length === 1 ? '1 output' : `${intent.inputs.length} outputs`;
  lines.push(`Spends ${coins} of ${[...own].join(', ')} with ${amount(total)} in all.`);
  const vbytes = estimateVbytes(
    intent.inputs.length,
    intent.outputs.map((output) => addressToScript(output.address, network)),
  );
  const milliRate = (p2wpkhFeeSats(intent) * 1000n) / BigInt(vbytes);
  lines.push(`Fee: ${amount(p2wpkhFeeSats(intent))}, about ${formatUnits(milliRate, 3)} sats per vbyte.`);
  // Consensus ignores the lock time if every input is final.
  if (intent.lockTime !== 0 && intent.inputs.some((input) => input.sequence !== MAX_UINT32)) {
    const when =
      intent.lockTime < 500_000_000
        ? `block ${intent.lockTime}`
        : // oxlint-disable-next-line no-restricted-globals -- formats a given time, reads no clock
          new Date(intent.lockTime * 1000).toISOString().replace('.000', '');
    lines.push(`Cannot be mined before ${when}.`);
  }
  if (intent.inputs.some((input) => input.sequence < DEFAULT_SEQUENCE)) {
    lines.push('May be replaced by another transaction until it is mined (BIP-125), or waits for relative lock times.');
  }
  return lines;
}
