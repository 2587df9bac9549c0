/**
 * Partially signed Bitcoin transactions, BIP-174 (version 0) and BIP-370 (version 2), made by anybody: which inputs are ours, what
 * our key signs for them, and the PSBT or the finished transaction with our signatures in.
 *
 * A key spends P2PKH, P2WPKH and P2SH-P2WPKH, in any mixture and beside inputs of others, with SIGHASH_ALL only. Whatever is
 * not about our inputs stays as it came.
 *
 * About the fee that a person sees. It is certain only if every input brings the transaction that it spends from
 * (PSBT_IN_NON_WITNESS_UTXO), whose hash is in the outpoint. An amount in PSBT_IN_WITNESS_UTXO is a claim: a P2WPKH signature
 * commits to the amount of its own input only, so somebody who may ask twice can lie about another input each time, join the
 * honest halves and burn the difference. A P2PKH signature commits to no amount at all, so there the previous transaction is required.
 *
 * @module
 */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { RawTx, RawWitness, Transaction } from '@scure/btc-signer';
import { equalBytes, formatUnits } from '../bytes.ts';
import {
  assertSignatures,
  decodeDer,
  decodePublicKey,
  type EcdsaSignature,
  encodeDer,
  hashMessage,
  verifiesLowS,
} from '../ecdsa.ts';
import { decoding, EncodingMismatchError, InvalidIntentError, TransactionDecodeError } from '../errors.ts';
import type { SigningPayload } from '../native-chain.ts';
import { formatTime } from '../text.ts';
import {
  addressToScript,
  BITCOIN_NETWORKS,
  type BitcoinNetworkName,
  hash160,
  p2wpkhAddress,
  scriptToAddress,
} from './address.ts';
import { bip143, type Bip143Transaction, p2wpkhScriptCode, SIGHASH_ALL } from './bip143.ts';
import { compactSize, readUint32, readUint64, uint32, uint64, withLength } from './encoding.ts';
import { encodeWitness, type InputType, type PreparedTransaction } from './input-type.ts';
import { serialise } from './legacy-sighash.ts';
import { p2pkhInputs } from './p2pkh.ts';
import { p2shP2wpkhInputs } from './p2sh-p2wpkh.ts';
import { p2wpkhInputs } from './p2wpkh-inputs.ts';
import { type BitcoinOutput, DEFAULT_SEQUENCE, MAX_INPUTS, MAX_SATS } from './p2wpkh.ts';
import { decodeMaps, encodeMaps, type PsbtEntry, type PsbtMap, type PsbtMaps, single, withEntry } from './psbt-map.ts';

/** Previous transactions may be large; a whole request is still bounded. */
export const MAX_PSBT_REQUEST_BYTES = 1_000_000;
/** Every validator reads every output of a request, and a person should. */
export const MAX_OUTPUTS = 250;

/** Types of entries: BIP-174, and BIP-370 for version 2. */
const GLOBAL = {
  unsignedTx: 0,
  txVersion: 2,
  fallbackLockTime: 3,
  inputs: 4,
  outputs: 5,
  modifiable: 6,
  version: 0xfb,
};
const INPUT = {
  nonWitnessUtxo: 0,
  witnessUtxo: 1,
  partialSig: 2,
  sighashType: 3,
  redeemScript: 4,
  witnessScript: 5,
  finalScriptSig: 7,
  finalWitness: 8,
  txid: 0x0e,
  vout: 0x0f,
  sequence: 0x10,
  timeLock: 0x11,
  heightLock: 0x12,
};
const OUTPUT = { amount: 3, script: 4 };
const LOCK_TIME_THRESHOLD = 500_000_000;
const FINAL_SEQUENCE = 0xffff_ffff;
const INPUT_TYPES: readonly InputType[] = [p2pkhInputs, p2wpkhInputs, p2shP2wpkhInputs];

/** An input and the output that it spends. */
export interface PsbtInput {
  /** As displayed (byte-reversed), 64 lower-case hex digits. */
  readonly txid: string;
  readonly vout: number;
  readonly sequence: number;
  readonly amountSats: bigint;
  readonly scriptPubKey: Uint8Array;
  /** Whether the amount was read from the transaction that `txid` names, not merely claimed. */
  readonly proven: boolean;
}

/** What a PSBT does, and everything it contains. */
export interface PsbtIntent {
  readonly psbtVersion: 0 | 2;
  readonly version: 1 | 2;
  readonly inputs: readonly PsbtInput[];
  readonly outputs: readonly BitcoinOutput[];
  /** 0, a block height (below 500 000 000) or a Unix time in seconds. */
  readonly lockTime: number;
  /** The entries as they came. */
  readonly maps: PsbtMaps;
}

/** A PSBT with our signatures. */
export interface SignedPsbt {
  readonly intent: PsbtIntent;
  /** The PSBT with a partial signature for each of our inputs, for those who still have to sign. */
  readonly psbt: Uint8Array;
  /** Network serialisation, once every input is complete; undefined while signatures of others are missing. */
  readonly rawTransaction: Uint8Array | undefined;
  /** Undefined while a scriptSig of others, which the id covers, may still be missing. */
  readonly txid: string | undefined;
}

/** An output of our own to spend, for {@link spendPsbt}. */
export interface SpendInput {
  readonly txid: string;
  readonly vout: number;
  readonly amountSats: bigint;
  readonly scriptPubKey: Uint8Array;
  /** 0xfffffffe if absent. */
  readonly sequence?: number;
  /** The whole transaction that contains the output. Required for P2PKH, and makes the amount certain for the others. */
  readonly previousTransaction?: Uint8Array;
}

/** The PSBTs of one Bitcoin network. Keys are 33 bytes, compressed. */
export interface PsbtChain {
  readonly id: string;
  readonly network: BitcoinNetworkName;
  readonly curve: 'secp256k1';
  readonly scheme: 'ecdsa';
  /** The P2WPKH address; P2PKH and P2SH-P2WPKH ones of the same key are spent as well. */
  address(publicKey: Uint8Array): string;
  /** @throws {@link TransactionDecodeError} On anything that is not a strictly encoded PSBT whose fee can be computed. */
  parse(bytes: Uint8Array): PsbtIntent;
  encode(intent: PsbtIntent): Uint8Array;
  /**
   * Indexes of the inputs that the key can spend and has to sign.
   *
   * @throws {@link InvalidIntentError} If there is none, or one of them asks for something else than a first SIGHASH_ALL signature.
   */
  ownInputs(intent: PsbtIntent, publicKey: Uint8Array): readonly number[];
  /** One per own input, in order. Message and digest are computed when they are read: @throws EncodingMismatchError */
  payloads(intent: PsbtIntent, publicKey: Uint8Array): readonly SigningPayload[];
  /** @throws InvalidSignatureError if a signature is missing, of another key, or high-s. */
  attach(intent: PsbtIntent, publicKey: Uint8Array, signatures: readonly EcdsaSignature[]): SignedPsbt;
  /** Whether a finished transaction is the intent's, with a valid signature in each of our inputs. */
  verify(intent: PsbtIntent, rawTransaction: Uint8Array, publicKey: Uint8Array): boolean;
  describe(intent: PsbtIntent, publicKey: Uint8Array): readonly string[];
}

/** The PSBTs of one Bitcoin network. */
export function psbtChain(network: BitcoinNetworkName): PsbtChain {
  const payloads = (intent: PsbtIntent, publicKey: Uint8Array): readonly SigningPayload[] =>
    payloadsOf(intent, ownInputs(intent, publicKey), publicKey, network);
  return {
    id: BITCOIN_NETWORKS[network].id,
    network,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: (publicKey) => p2wpkhAddress(publicKey, network),
    parse: (bytes) => parse(bytes, network),
    encode: ({ maps }) => encodeMaps(maps),
    ownInputs,
    payloads,
    attach(intent, publicKey, signatures) {
      const own = ownInputs(intent, publicKey);
      assertSignatures(payloads(intent, publicKey), publicKey, signatures);
      const partial = new Map(
        own.map((index, i) => [
          index,
          { type: INPUT.partialSig, keyData: publicKey, value: toPartialSig(signatures[i] as EcdsaSignature) },
        ]),
      );
      const maps: PsbtMaps = {
        // The signatures cover all inputs and outputs: BIP-370 wants them no longer marked as modifiable.
        global: intent.maps.global.map((entry) =>
          entry.type === GLOBAL.modifiable && intent.psbtVersion === 2
            ? { ...entry, value: Uint8Array.of((entry.value[0] ?? 0) & ~3) }
            : entry,
        ),
        inputs: intent.maps.inputs.map((map, i) => {
          const entry = partial.get(i);
          return entry === undefined ? map : withEntry(map, entry);
        }),
        outputs: intent.maps.outputs,
      };
      const finished = finish(intent, publicKey, partial);
      const rawTransaction = finished === undefined ? undefined : extract(intent, finished, network);
      // What leaves here must be exactly what was described, under our own reading.
      if (rawTransaction !== undefined && !isSpend(intent, rawTransaction, publicKey, network)) {
        throw new EncodingMismatchError('transaction', 'the finished transaction is not the one that was signed');
      }
      return {
        intent,
        psbt: encodeMaps(maps),
        rawTransaction,
        txid: finished === undefined ? undefined : txidOf(toTransaction(intent, network), finished),
      };
    },
    verify(intent, rawTransaction, publicKey) {
      try {
        return isSpend(intent, rawTransaction, publicKey, network);
      } catch {
        return false;
      }
    },
    describe: (intent, publicKey) => describe(intent, publicKey, network),
  };
}

/**
 * A PSBT of version 0 that spends outputs of our key.
 *
 * @returns Its bytes, which `psbtChain(network).parse` reads.
 * @throws {@link InvalidIntentError} If an output is not ours, or {@link TransactionDecodeError} naming a field that cannot be.
 */
export function spendPsbt(
  args: {
    readonly publicKey: Uint8Array;
    readonly inputs: readonly SpendInput[];
    readonly outputs: readonly BitcoinOutput[];
    readonly version?: 1 | 2;
    readonly lockTime?: number;
  },
  network: BitcoinNetworkName,
): Uint8Array {
  const inputs = args.inputs.map((input) => ({ ...input, sequence: input.sequence ?? DEFAULT_SEQUENCE }));
  inputs.forEach(({ txid, vout, sequence }, i) => {
    if (!/^[0-9a-f]{64}$/.test(txid)) throw new InvalidIntentError(`inputs[${i}].txid`, 'must be 64 hex digits');
    checkUint32(`inputs[${i}].vout`, vout);
    checkUint32(`inputs[${i}].sequence`, sequence);
  });
  const lockTime = args.lockTime ?? 0;
  checkUint32('lockTime', lockTime);
  const outputs = args.outputs.map(({ address, amountSats }, i) => {
    checkSats(`outputs[${i}].amountSats`, amountSats);
    return { amountSats, scriptPubKey: addressToScript(address, network, `outputs[${i}].address`) };
  });
  const unsigned = serialise({ version: args.version ?? 2, lockTime, inputs, outputs });
  const own = ownScripts(args.publicKey);
  const maps: PsbtMaps = {
    global: [entryOf(GLOBAL.unsignedTx, unsigned)],
    inputs: inputs.map((input, i) => {
      checkSats(`inputs[${i}].amountSats`, input.amountSats);
      const type = typeOf(input.scriptPubKey, own);
      if (type === undefined) {
        throw new InvalidIntentError(`inputs[${i}].scriptPubKey`, 'belongs to another public key');
      }
      const redeemScript = type.redeemScript(args.publicKey);
      return [
        ...(input.previousTransaction === undefined ? [] : [entryOf(INPUT.nonWitnessUtxo, input.previousTransaction)]),
        ...(type.segwit
          ? [entryOf(INPUT.witnessUtxo, concatBytes(uint64(input.amountSats), withLength(input.scriptPubKey)))]
          : []),
        ...(redeemScript === undefined ? [] : [entryOf(INPUT.redeemScript, redeemScript)]),
      ];
    }),
    outputs: outputs.map(() => []),
  };
  const bytes = encodeMaps(maps);
  ownInputs(parse(bytes, network), args.publicKey);
  return bytes;
}

/** What the miner gets: inputs minus outputs, in sats. Never negative for a parsed intent. */
export function psbtFeeSats(intent: PsbtIntent): bigint {
  const sum = (parts: readonly { readonly amountSats: bigint }[]): bigint =>
    parts.reduce((a, b) => a + b.amountSats, 0n);
  return sum(intent.inputs) - sum(intent.outputs);
}

const entryOf = (type: number, value: Uint8Array): PsbtEntry => ({ type, keyData: new Uint8Array(0), value });

const toPartialSig = (signature: EcdsaSignature): Uint8Array => Uint8Array.of(...encodeDer(signature), SIGHASH_ALL);

/** The output scripts that a key can spend. */
type OwnScripts = readonly { readonly type: InputType; readonly script: Uint8Array }[];

const ownScripts = (publicKey: Uint8Array): OwnScripts =>
  INPUT_TYPES.map((type) => ({ type, script: type.script(publicKey) }));

const typeOf = (scriptPubKey: Uint8Array, own: OwnScripts): InputType | undefined =>
  own.find(({ script }) => equalBytes(script, scriptPubKey))?.type;

function checkUint32(field: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new InvalidIntentError(field, 'must be an integer from 0 to 2^32 - 1');
  }
}

function checkSats(field: string, value: bigint): void {
  if (typeof value !== 'bigint' || value < 1n || value > MAX_SATS) {
    throw new InvalidIntentError(field, `must be from 1 to ${MAX_SATS} sats`);
  }
}

/* ------------------------------------------------------------------ reading */

/** The transaction inside, before the outputs that it spends are looked up. */
interface Frame {
  readonly psbtVersion: 0 | 2;
  readonly version: number;
  readonly lockTime: number;
  readonly inputs: readonly { readonly txid: string; readonly vout: number; readonly sequence: number }[];
  readonly outputs: readonly { readonly amountSats: bigint; readonly scriptPubKey: Uint8Array }[];
}

function parse(bytes: Uint8Array, network: BitcoinNetworkName): PsbtIntent {
  if (bytes.length > MAX_PSBT_REQUEST_BYTES) {
    throw new TransactionDecodeError('psbt', `is longer than ${MAX_PSBT_REQUEST_BYTES} bytes`);
  }
  return decoding('psbt', 'a PSBT', () => {
    const maps = decodeMaps(bytes, (global) => {
      const unsigned = single(global, GLOBAL.unsignedTx, 'psbt.global.unsignedTx');
      if (unsigned !== undefined) {
        const { inputs, outputs } = readTransaction(unsigned, 'psbt.global.unsignedTx');
        return { inputs: inputs.length, outputs: outputs.length };
      }
      return {
        inputs: readCount(single(global, GLOBAL.inputs, 'psbt.global.inputCount'), 'psbt.global.inputCount'),
        outputs: readCount(single(global, GLOBAL.outputs, 'psbt.global.outputCount'), 'psbt.global.outputCount'),
      };
    });
    const frame = readFrame(maps);
    if (frame.version !== 1 && frame.version !== 2) throw new TransactionDecodeError('version', 'must be 1 or 2');
    if (frame.inputs.length === 0) throw new TransactionDecodeError('inputs', 'must not be empty');
    if (frame.inputs.length > MAX_INPUTS) throw new TransactionDecodeError('inputs', `must be at most ${MAX_INPUTS}`);
    if (frame.outputs.length === 0) throw new TransactionDecodeError('outputs', 'must not be empty');
    if (frame.outputs.length > MAX_OUTPUTS) {
      throw new TransactionDecodeError('outputs', `must be at most ${MAX_OUTPUTS}`);
    }
    const seen = new Set<string>();
    const inputs = frame.inputs.map((input, i): PsbtInput => {
      const outpoint = `${input.txid}:${input.vout}`;
      if (seen.has(outpoint))
        throw new TransactionDecodeError(`inputs[${i}]`, 'spends the same output as an earlier input');
      seen.add(outpoint);
      return { ...input, ...readUtxo(maps.inputs[i] ?? [], input, `inputs[${i}]`) };
    });
    const outputs = frame.outputs.map(({ amountSats, scriptPubKey }, i): BitcoinOutput => {
      checkSats(`outputs[${i}].amountSats`, amountSats);
      return { address: scriptToAddress(scriptPubKey, network, `outputs[${i}].script`), amountSats };
    });
    const { psbtVersion, version, lockTime } = frame;
    const intent: PsbtIntent = { psbtVersion, version, inputs, outputs, lockTime, maps };
    const fee = psbtFeeSats(intent);
    if (fee < 0n) throw new TransactionDecodeError('outputs', `pay ${-fee} sats more than the inputs hold`);
    if (!equalBytes(encodeMaps(maps), bytes)) throw new TransactionDecodeError('psbt', 'is not canonically encoded');
    return intent;
  });
}

function readFrame(maps: PsbtMaps): Frame {
  const global = (type: number, name: string): Uint8Array | undefined =>
    single(maps.global, type, `psbt.global.${name}`);
  const unsigned = global(GLOBAL.unsignedTx, 'unsignedTx');
  const versionBytes = global(GLOBAL.version, 'version');
  const psbtVersion = versionBytes === undefined ? 0 : readUint32(versionBytes, 'psbt.global.version');
  if (psbtVersion !== 0 && psbtVersion !== 2) throw new TransactionDecodeError('psbt.global.version', 'is not 0 or 2');
  if (psbtVersion === 0) {
    if (unsigned === undefined) throw new TransactionDecodeError('psbt.global.unsignedTx', 'is missing');
    const foreign = maps.global.some(({ type }) => type >= GLOBAL.txVersion && type <= GLOBAL.modifiable);
    if (foreign) throw new TransactionDecodeError('psbt.global', 'has fields of version 2');
    const tx = readTransaction(unsigned, 'psbt.global.unsignedTx');
    // Scripts or witnesses here would be signatures in the wrong place, and change what the txid is.
    if (!equalBytes(serialise(tx), unsigned))
      throw new TransactionDecodeError('psbt.global.unsignedTx', 'is not unsigned');
    maps.inputs.forEach((map, i) => {
      if (map.some(({ type }) => type >= INPUT.txid && type <= INPUT.heightLock)) {
        throw new TransactionDecodeError(`psbt.inputs[${i}]`, 'has fields of version 2');
      }
    });
    maps.outputs.forEach((map, i) => {
      if (map.some(({ type }) => type === OUTPUT.amount || type === OUTPUT.script)) {
        throw new TransactionDecodeError(`psbt.outputs[${i}]`, 'has fields of version 2');
      }
    });
    return { psbtVersion, ...tx };
  }
  if (unsigned !== undefined) throw new TransactionDecodeError('psbt.global.unsignedTx', 'is not part of version 2');
  const modifiable = global(GLOBAL.modifiable, 'modifiable');
  if (modifiable !== undefined && modifiable.length !== 1) {
    throw new TransactionDecodeError('psbt.global.modifiable', 'must be 1 byte');
  }
  const need = (value: Uint8Array | undefined, field: string): Uint8Array => {
    if (value === undefined) throw new TransactionDecodeError(field, 'is missing');
    return value;
  };
  const locks: { readonly time: number | undefined; readonly height: number | undefined }[] = [];
  const inputs = maps.inputs.map((map, i) => {
    const field = (name: string): string => `psbt.inputs[${i}].${name}`;
    const number = (type: number, name: string): number | undefined => {
      const value = single(map, type, field(name));
      return value === undefined ? undefined : readUint32(value, field(name));
    };
    const txid = need(single(map, INPUT.txid, field('txid')), field('txid'));
    if (txid.length !== 32) throw new TransactionDecodeError(field('txid'), 'must be 32 bytes');
    const vout = readUint32(need(single(map, INPUT.vout, field('vout')), field('vout')), field('vout'));
    const time = number(INPUT.timeLock, 'timeLock');
    const height = number(INPUT.heightLock, 'heightLock');
    if (time !== undefined && time < LOCK_TIME_THRESHOLD)
      throw new TransactionDecodeError(field('timeLock'), 'is no time');
    if (height !== undefined && (height === 0 || height >= LOCK_TIME_THRESHOLD)) {
      throw new TransactionDecodeError(field('heightLock'), 'is no block height');
    }
    locks.push({ time, height });
    return {
      txid: bytesToHex(txid.toReversed()),
      vout,
      sequence: number(INPUT.sequence, 'sequence') ?? FINAL_SEQUENCE,
    };
  });
  const outputs = maps.outputs.map((map, i) => {
    const field = (name: string): string => `psbt.outputs[${i}].${name}`;
    return {
      amountSats: readUint64(need(single(map, OUTPUT.amount, field('amount')), field('amount')), field('amount')),
      scriptPubKey: need(single(map, OUTPUT.script, field('script')), field('script')),
    };
  });
  const fallback = global(GLOBAL.fallbackLockTime, 'fallbackLockTime');
  const txVersion = need(global(GLOBAL.txVersion, 'txVersion'), 'psbt.global.txVersion');
  return {
    psbtVersion,
    version: readUint32(txVersion, 'psbt.global.txVersion'),
    lockTime: lockTimeOf(locks, fallback === undefined ? 0 : readUint32(fallback, 'psbt.global.fallbackLockTime')),
    inputs,
    outputs,
  };
}

/** BIP-370, "Determining Lock Time": the highest of a kind that every demanding input accepts; heights are preferred. */
function lockTimeOf(
  locks: readonly { readonly time: number | undefined; readonly height: number | undefined }[],
  fallback: number,
): number {
  const demanding = locks.filter(({ time, height }) => time !== undefined || height !== undefined);
  if (demanding.length === 0) return fallback;
  for (const kind of ['height', 'time'] as const) {
    const values = demanding.map((lock) => lock[kind]);
    if (values.every((value) => value !== undefined)) return Math.max(...values);
  }
  throw new TransactionDecodeError('lockTime', 'inputs demand block heights and times at once');
}

function readCount(value: Uint8Array | undefined, field: string): number {
  if (value === undefined) throw new TransactionDecodeError(field, 'is missing');
  const [first = 0, low = 0, high = 0] = value;
  const count = first < 0xfd ? first : low + 256 * high;
  if (first > 0xfd || !equalBytes(compactSize(count), value)) throw new TransactionDecodeError(field, 'is not a count');
  return count;
}

/** A transaction by the library's parser, re-encoded to be sure that nothing was skipped. */
function readTransaction(
  bytes: Uint8Array,
  field: string,
): Bip143Transaction & { readonly scriptSigs: readonly Uint8Array[] } {
  return decoding(field, 'a transaction', () => {
    let raw: ReturnType<typeof RawTx.decode>;
    try {
      raw = RawTx.decode(bytes);
    } catch (cause) {
      // BIP-174 vectors have an unsigned transaction without inputs, which looks like a witness marker; it is of no use here.
      throw new TransactionDecodeError(field, 'is not a transaction', { cause });
    }
    if (!equalBytes(RawTx.encode(raw), bytes)) throw new TransactionDecodeError(field, 'is not canonically encoded');
    return {
      version: raw.version,
      lockTime: raw.lockTime,
      inputs: raw.inputs.map(({ txid, index, sequence }) => ({ txid: bytesToHex(txid), vout: index, sequence })),
      outputs: raw.outputs.map(({ amount, script }) => ({ amountSats: amount, scriptPubKey: Uint8Array.from(script) })),
      scriptSigs: raw.inputs.map(({ finalScriptSig }) => Uint8Array.from(finalScriptSig)),
    };
  });
}

/** What an input spends. */
function readUtxo(
  map: PsbtMap,
  outpoint: { readonly txid: string; readonly vout: number },
  at: string,
): Pick<PsbtInput, 'amountSats' | 'scriptPubKey' | 'proven'> {
  const witnessBytes = single(map, INPUT.witnessUtxo, `${at}.witnessUtxo`);
  const claimed = witnessBytes === undefined ? undefined : readOutput(witnessBytes, `${at}.witnessUtxo`);
  const previousBytes = single(map, INPUT.nonWitnessUtxo, `${at}.nonWitnessUtxo`);
  if (previousBytes === undefined) {
    if (claimed === undefined) throw new TransactionDecodeError(`${at}.utxo`, 'is missing: the fee cannot be known');
    checkSats(`${at}.witnessUtxo`, claimed.amountSats);
    return { ...claimed, proven: false };
  }
  const previous = readTransaction(previousBytes, `${at}.nonWitnessUtxo`);
  if (
    txidOf(
      previous,
      previous.scriptSigs.map((scriptSig) => ({ scriptSig })),
    ) !== outpoint.txid
  ) {
    throw new TransactionDecodeError(`${at}.nonWitnessUtxo`, 'is not the transaction that the input names');
  }
  const spent = previous.outputs[outpoint.vout];
  if (spent === undefined) throw new TransactionDecodeError(`${at}.nonWitnessUtxo`, `has no output ${outpoint.vout}`);
  checkSats(`${at}.nonWitnessUtxo`, spent.amountSats);
  const agree =
    claimed === undefined ||
    (claimed.amountSats === spent.amountSats && equalBytes(claimed.scriptPubKey, spent.scriptPubKey));
  if (!agree) throw new TransactionDecodeError(`${at}.witnessUtxo`, 'is not the output in nonWitnessUtxo');
  return { amountSats: spent.amountSats, scriptPubKey: spent.scriptPubKey, proven: true };
}

function readOutput(
  bytes: Uint8Array,
  field: string,
): { readonly amountSats: bigint; readonly scriptPubKey: Uint8Array } {
  if (bytes.length < 9) throw new TransactionDecodeError(field, 'is cut off');
  const amountSats = readUint64(bytes.slice(0, 8), field);
  const first = bytes[8] ?? 0;
  const scriptPubKey = bytes.slice(first < 0xfd ? 9 : 11);
  if (!equalBytes(bytes, concatBytes(uint64(amountSats), withLength(scriptPubKey)))) {
    throw new TransactionDecodeError(field, 'is not an output');
  }
  return { amountSats, scriptPubKey };
}

/** Double SHA-256 of the serialisation without witnesses, as displayed. */
function txidOf(tx: Bip143Transaction, inputs: readonly { readonly scriptSig: Uint8Array }[]): string {
  const bytes = serialise(
    tx,
    inputs.map(({ scriptSig }) => scriptSig),
  );
  return bytesToHex(hashMessage('sha256d', bytes).reverse());
}

/* ------------------------------------------------------------------ signing */

function ownInputs(intent: PsbtIntent, publicKey: Uint8Array): readonly number[] {
  decodePublicKey(publicKey);
  const scripts = ownScripts(publicKey);
  const own = intent.inputs.flatMap((input, i) => {
    const type = typeOf(input.scriptPubKey, scripts);
    if (type === undefined) return [];
    checkOwnInput(intent.maps.inputs[i] ?? [], input, type, publicKey, `inputs[${i}]`);
    return [i];
  });
  if (own.length === 0) throw new InvalidIntentError('inputs', 'none of them belongs to this key');
  return own;
}

function checkOwnInput(map: PsbtMap, input: PsbtInput, type: InputType, publicKey: Uint8Array, at: string): void {
  const sighash = single(map, INPUT.sighashType, `${at}.sighashType`);
  if (sighash !== undefined && !equalBytes(sighash, uint32(SIGHASH_ALL))) {
    throw new InvalidIntentError(`${at}.sighashType`, 'is not SIGHASH_ALL');
  }
  if (!type.segwit && !input.proven) {
    throw new InvalidIntentError(
      `${at}.nonWitnessUtxo`,
      `is missing: a ${type.name} signature does not cover the amount`,
    );
  }
  const redeemScript = single(map, INPUT.redeemScript, `${at}.redeemScript`);
  const expected = type.redeemScript(publicKey);
  if (expected === undefined ? redeemScript !== undefined : !equalBytes(redeemScript ?? new Uint8Array(0), expected)) {
    throw new InvalidIntentError(`${at}.redeemScript`, `is not the one of a ${type.name} output of this key`);
  }
  for (const [name, wrong] of [
    ['witnessScript', INPUT.witnessScript],
    ['partialSig', INPUT.partialSig],
    ['finalScriptSig', INPUT.finalScriptSig],
    ['finalWitness', INPUT.finalWitness],
  ] as const) {
    if (map.some(({ type: found }) => found === wrong)) {
      const why = name === 'witnessScript' ? `has no place in a ${type.name} input` : 'is there already';
      throw new InvalidIntentError(`${at}.${name}`, why);
    }
  }
}

const toTransaction = (intent: PsbtIntent, network: BitcoinNetworkName): Bip143Transaction => ({
  version: intent.version,
  lockTime: intent.lockTime,
  inputs: intent.inputs,
  outputs: intent.outputs.map(({ amountSats }, i) => ({
    amountSats,
    scriptPubKey: outputScripts(intent, network)[i] as Uint8Array,
  })),
});

/** Scripts of the addresses that a person reads. Reading one of a taproot address costs a square root, so it is done once per intent. */
function outputScripts({ outputs }: PsbtIntent, network: BitcoinNetworkName): readonly Uint8Array[] {
  const known = scriptsOf.get(outputs);
  if (known?.network === network) return known.scripts;
  const scripts = outputs.map(({ address }) => addressToScript(address, network));
  scriptsOf.set(outputs, { network, scripts });
  return scripts;
}

const scriptsOf = new WeakMap<
  readonly BitcoinOutput[],
  { readonly network: BitcoinNetworkName; readonly scripts: readonly Uint8Array[] }
>();

function payloadsOf(
  intent: PsbtIntent,
  indexes: readonly number[],
  publicKey: Uint8Array,
  network: BitcoinNetworkName,
): readonly SigningPayload[] {
  const tx = toTransaction(intent, network);
  const prepared: PreparedTransaction = { tx, witnessPreimage: bip143(tx) };
  const own = ownScripts(publicKey);
  const library = once(() =>
    Transaction.fromRaw(serialise(tx), {
      allowUnknownInputs: true,
      allowUnknownOutputs: true,
      disableScriptCheck: true,
    }),
  );
  const scriptCode = p2wpkhScriptCode(hash160(publicKey));
  const payload = (index: number): SigningPayload => {
    const { scriptPubKey, amountSats } = intent.inputs[index] as PsbtInput;
    const type = typeOf(scriptPubKey, own) as InputType;
    const message = type.preimage(prepared, index, amountSats, publicKey);
    const digest = hashMessage('sha256d', message);
    // Two implementations must agree before a key signs.
    const theirs = type.segwit
      ? library().preimageWitnessV0(index, scriptCode, SIGHASH_ALL, amountSats)
      : // Not in its published types.
        library()['preimageLegacy'](index, scriptPubKey, SIGHASH_ALL);
    if (!equalBytes(theirs, digest)) {
      throw new EncodingMismatchError(`inputs[${index}]`, `our ${type.name} preimage differs from the library`);
    }
    return { message, hashScheme: 'sha256d', digest };
  };
  // Each payload costs as much as the whole transaction is long, so whoever signs one of many pays for that one.
  return indexes.map((index) => {
    const made = once(() => payload(index));
    return {
      hashScheme: 'sha256d',
      get message() {
        return made().message;
      },
      get digest() {
        return made().digest;
      },
    };
  });
}

/** Computed when it is asked for first. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

interface FinishedInput {
  readonly scriptSig: Uint8Array;
  readonly witness: readonly Uint8Array[];
}

/** All inputs finished, or undefined while one of another key is not. */
function finish(
  intent: PsbtIntent,
  publicKey: Uint8Array,
  partial: ReadonlyMap<number, PsbtEntry>,
): readonly FinishedInput[] | undefined {
  const own = ownScripts(publicKey);
  const inputs = intent.inputs.map((input, i): FinishedInput | undefined => {
    const signature = partial.get(i)?.value;
    if (signature !== undefined) return typeOf(input.scriptPubKey, own)?.finish(signature, publicKey);
    const map = intent.maps.inputs[i] ?? [];
    const scriptSig = single(map, INPUT.finalScriptSig, `inputs[${i}].finalScriptSig`);
    const witness = single(map, INPUT.finalWitness, `inputs[${i}].finalWitness`);
    if (scriptSig === undefined && witness === undefined) return undefined;
    return {
      scriptSig: scriptSig ?? new Uint8Array(0),
      witness:
        witness === undefined
          ? []
          : decoding(`inputs[${i}].finalWitness`, 'a witness', () => RawWitness.decode(witness)),
    };
  });
  return inputs.every((input) => input !== undefined) ? inputs : undefined;
}

/** Network serialisation (BIP-144 where there are witnesses). */
function extract(intent: PsbtIntent, inputs: readonly FinishedInput[], network: BitcoinNetworkName): Uint8Array {
  const tx = toTransaction(intent, network);
  const plain = serialise(
    tx,
    inputs.map(({ scriptSig }) => scriptSig),
  );
  if (inputs.every(({ witness }) => witness.length === 0)) return plain;
  return concatBytes(
    plain.slice(0, 4),
    Uint8Array.of(0, 1),
    plain.slice(4, -4),
    ...inputs.map(({ witness }) => encodeWitness(witness)),
    plain.slice(-4),
  );
}

/** Reads the final bytes with the library and checks them field by field, then every signature of ours. */
function isSpend(
  intent: PsbtIntent,
  rawTransaction: Uint8Array,
  publicKey: Uint8Array,
  network: BitcoinNetworkName,
): boolean {
  const raw = RawTx.decode(rawTransaction);
  if (!equalBytes(RawTx.encode(raw), rawTransaction)) return false;
  const sameFrame =
    raw.version === intent.version &&
    raw.lockTime === intent.lockTime &&
    raw.inputs.length === intent.inputs.length &&
    raw.outputs.length === intent.outputs.length;
  if (!sameFrame) return false;
  const sameOutputs = intent.outputs.every(({ address, amountSats }, i) => {
    const found = raw.outputs[i];
    return found?.amount === amountSats && equalBytes(found.script, addressToScript(address, network));
  });
  const sameInputs = intent.inputs.every(({ txid, vout, sequence }, i) => {
    const found = raw.inputs[i];
    return (
      found !== undefined && bytesToHex(found.txid) === txid && found.index === vout && found.sequence === sequence
    );
  });
  if (!sameOutputs || !sameInputs) return false;
  const own = ownScripts(publicKey);
  const indexes = intent.inputs.flatMap(({ scriptPubKey }, i) => (typeOf(scriptPubKey, own) === undefined ? [] : [i]));
  const payloads = payloadsOf(intent, indexes, publicKey, network);
  return indexes.every((i, n) => {
    const type = typeOf(intent.inputs[i]?.scriptPubKey ?? new Uint8Array(0), own);
    const digest = payloads[n]?.digest;
    if (type === undefined || digest === undefined) return false;
    const scriptSig = raw.inputs[i]?.finalScriptSig ?? new Uint8Array(0);
    const witness = raw.witnesses?.[i] ?? [];
    const pushed = type.segwit ? witness[0] : scriptSig.slice(1, 1 + (scriptSig[0] ?? 0));
    if (pushed === undefined || pushed.at(-1) !== SIGHASH_ALL) return false;
    const expected = type.finish(pushed, publicKey);
    const sameForm =
      equalBytes(scriptSig, expected.scriptSig) && equalBytes(encodeWitness(witness), encodeWitness(expected.witness));
    if (!sameForm) return false;
    const { r, s } = decodeDer(pushed.slice(0, -1));
    return verifiesLowS(r, s, digest, publicKey);
  });
}

/* ------------------------------------------------------------------ words */

function describe(intent: PsbtIntent, publicKey: Uint8Array, network: BitcoinNetworkName): readonly string[] {
  const amount = (sats: bigint): string => `${formatUnits(sats, 8)} BTC (${sats} sats)`;
  const own = new Set(ownInputs(intent, publicKey));
  const ownAddresses = new Set(INPUT_TYPES.map((type) => scriptToAddress(type.script(publicKey), network)));
  const lines = intent.outputs.map(({ address, amountSats }) =>
    ownAddresses.has(address)
      ? `Return ${amount(amountSats)} to ${address}, an address of this same key (change).`
      : `Send ${amount(amountSats)} to ${address} on Bitcoin ${network}.`,
  );
  const spent = (wanted: boolean): { readonly count: number; readonly sats: bigint } => {
    const inputs = intent.inputs.filter((_, i) => own.has(i) === wanted);
    return { count: inputs.length, sats: inputs.reduce((sum, { amountSats }) => sum + amountSats, 0n) };
  };
  const [ours, theirs] = [spent(true), spent(false)];
  const outputs = (count: number): string => (count === 1 ? '1 output' : `${count} outputs`);
  const from = [...own].map((i) => scriptToAddress(intent.inputs[i]?.scriptPubKey ?? new Uint8Array(0), network));
  lines.push(`Spends ${outputs(ours.count)} of ${[...new Set(from)].join(', ')} with ${amount(ours.sats)} in all.`);
  const returned = intent.outputs
    .filter(({ address }) => ownAddresses.has(address))
    .reduce((sum, { amountSats }) => sum + amountSats, 0n);
  if (theirs.count > 0) {
    lines.push(`Others add ${outputs(theirs.count)} with ${amount(theirs.sats)}, and sign for them.`);
    const change = returned - ours.sats;
    lines.push(
      change < 0n
        ? `This key pays ${amount(-change)} in all, fee included.`
        : `This key receives ${amount(change)} more than it spends.`,
    );
  }
  const fee = psbtFeeSats(intent);
  const size = estimateSize(intent, network);
  const rate = size === undefined ? '' : `, about ${formatUnits((fee * 1000n) / BigInt(size), 3)} sats per vbyte`;
  lines.push(`Fee: ${amount(fee)}${rate}.`);
  const claimed = intent.inputs.filter(({ proven }) => !proven).length;
  if (claimed > 0) {
    lines.push(
      `The fee rests on amounts that the request only claims, for ${claimed} of ${intent.inputs.length} inputs.`,
    );
  }
  // Consensus ignores the lock time if every input is final.
  if (intent.lockTime !== 0 && intent.inputs.some(({ sequence }) => sequence !== FINAL_SEQUENCE)) {
    const when =
      intent.lockTime < LOCK_TIME_THRESHOLD ? `block ${intent.lockTime}` : formatTime(BigInt(intent.lockTime));
    lines.push(`Cannot be mined before ${when}.`);
  }
  if (intent.inputs.some(({ sequence }) => sequence < DEFAULT_SEQUENCE)) {
    lines.push('May be replaced by another transaction until it is mined (BIP-125), or waits for relative lock times.');
  }
  return lines;
}

/** Virtual size in vbytes, or undefined if another key's input is of a kind whose size is unknown. */
function estimateSize(intent: PsbtIntent, network: BitcoinNetworkName): number | undefined {
  let size = 11;
  for (const { scriptPubKey } of intent.inputs) {
    const [a, b] = scriptPubKey;
    const type =
      scriptPubKey.length === 22 && a === 0 && b === 20
        ? p2wpkhInputs
        : scriptPubKey.length === 25 && a === 0x76
          ? p2pkhInputs
          : scriptPubKey.length === 23 && a === 0xa9
            ? p2shP2wpkhInputs
            : undefined;
    if (type === undefined) return undefined;
    size += type.vbytes;
  }
  return outputScripts(intent, network).reduce((sum, script) => sum + 9 + script.length, size);
}
