/**
 * EIP-7702 authorisations: an account hands itself over to the code of a contract.
 *
 * The message to sign is `0x05 || rlp([chainId, address, nonce])` under keccak256; the signed form is
 * `rlp([chainId, address, nonce, yParity, r, s])`, one tuple of the list in a type-4 transaction. Chain id 0, valid on every
 * network, is refused.
 *
 * @module
 */
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { fromRlp, hexToBigInt, numberToHex, toRlp, trim } from 'viem/utils';
import { equalBytes } from '../bytes.ts';
import { assertSignature, assertSignatures, decodePublicKey, type EcdsaSignature, hashMessage } from '../ecdsa.ts';
import { decoding, TransactionDecodeError } from '../errors.ts';
import type { SigningFormat, SigningPayload } from '../native-chain.ts';
import { decodeEvmAddress, encodeEvmAddress, evmAddress, type Hex } from './address.ts';
import { checkNonce, type EvmChainOptions, evmNames, hex, word } from './fields.ts';
import { onlyParity } from './transaction.ts';

/** Which code an account runs from now on. The chain id belongs to the chain object. */
export interface AuthorizationIntent {
  /** EIP-55 address of the contract; 20 zero bytes take the delegation back. */
  readonly address: Hex;
  /** The nonce of the authorising account when the transaction runs. */
  readonly nonce: number;
}

/** A signed tuple for the authorisation list. */
export interface SignedAuthorization {
  readonly intent: AuthorizationIntent;
  readonly signature: EcdsaSignature;
}

export type AuthorizationFormat = SigningFormat<
  AuthorizationIntent,
  { readonly intent: AuthorizationIntent },
  SignedAuthorization
> & { readonly chainId: number };

/** Longest encoding: 1 + 1 + 9 + 21 + 9. */
const MAX_BYTES = 64;
const NO_CODE: Hex = `0x${'00'.repeat(20)}`;

/** The payload of an authorisation for any chain id, 0 included: other people may have signed such ones. */
export function authorizationPayload(chainId: number, intent: AuthorizationIntent): SigningPayload {
  const message = concatBytes(Uint8Array.of(5), hexToBytes(toRlp(fields(chainId, intent)).slice(2)));
  return { message, hashScheme: 'keccak256', digest: hashMessage('keccak256', message) };
}

/** The EIP-7702 authorisations for one EVM network. */
export function eip7702Authorizations(options: EvmChainOptions): AuthorizationFormat {
  const chain = evmNames(options);
  const { chainId } = chain;
  const encode = ({ intent, signature }: SignedAuthorization): Uint8Array =>
    hexToBytes(
      toRlp([
        ...fields(chainId, intent),
        integer(signature.recoveryId),
        trimmed(signature.r),
        trimmed(signature.s),
      ]).slice(2),
    );
  return {
    id: `eip155:${chainId}`,
    chainId,
    curve: 'secp256k1',
    scheme: 'ecdsa',
    address: evmAddress,
    build: (intent) => ({ intent: normalise(intent) }),
    encodeUnsigned: ({ intent }) => authorizationPayload(chainId, intent).message,
    parse(bytes) {
      if (bytes.length > MAX_BYTES || bytes[0] !== 5) {
        throw new TransactionDecodeError('authorization', 'is not an EIP-7702 authorisation');
      }
      return decoding('authorization', 'an EIP-7702 authorisation', () => {
        const list = strings(fromRlp(hex(bytes.slice(1)), 'hex'), 3);
        return read(chainId, list, (intent) => equalBytes(authorizationPayload(chainId, intent).message, bytes));
      });
    },
    payloads: ({ intent }) => [authorizationPayload(chainId, intent)],
    attach({ intent }, publicKey, signatures) {
      decodePublicKey(publicKey);
      assertSignatures([authorizationPayload(chainId, intent)], publicKey, signatures);
      return { intent, signature: onlyParity(signatures[0] as EcdsaSignature) };
    },
    verify(signed, publicKey) {
      try {
        const bytes = encode(signed);
        const list = strings(fromRlp(hex(bytes), 'hex'), 6);
        const intent = read(chainId, list.slice(0, 3), () => true);
        const [parity, r, s] = list.slice(3) as [string, string, string];
        const signature = { r: word(r), s: word(s), recoveryId: Number(toInteger(parity)) };
        if (!equalBytes(encode({ intent, signature }), bytes)) return false;
        assertSignature('signature', signature, authorizationPayload(chainId, intent).digest, publicKey);
        return signature.recoveryId <= 1;
      } catch {
        return false;
      }
    },
    encode,
    describe(intent) {
      const { address, nonce } = normalise(intent);
      const where = `on ${chain.name} (eip155:${chainId})`;
      return [
        address === NO_CODE
          ? `Take back the account's delegation ${where}: it runs no contract's code any more.`
          : `Hand over the whole account ${where} to the code of the contract ${address}: ` +
            'from then on that code can move everything the account holds, until another authorisation replaces it.',
        `Valid once, while the account's nonce is ${nonce}. Anybody may submit it.`,
      ];
    },
  };
}

function normalise(intent: AuthorizationIntent): AuthorizationIntent {
  checkNonce('nonce', intent.nonce);
  return { address: encodeEvmAddress(decodeEvmAddress(intent.address, 'address')), nonce: intent.nonce };
}

function read(
  chainId: number,
  list: readonly string[],
  isCanonical: (intent: AuthorizationIntent) => boolean,
): AuthorizationIntent {
  const [found, address, nonce] = list as readonly [string, string, string];
  if (toInteger(found) === 0n) throw new TransactionDecodeError('chainId', 'is 0: it would be valid on every network');
  if (toInteger(found) !== BigInt(chainId)) {
    throw new TransactionDecodeError('chainId', `is ${toInteger(found)}, not ${chainId}`);
  }
  const intent = normalise({ address: address as Hex, nonce: Number(toInteger(nonce)) });
  if (!isCanonical(intent)) throw new TransactionDecodeError('authorization', 'is not canonically encoded');
  return intent;
}

const fields = (chainId: number, { address, nonce }: AuthorizationIntent): readonly Hex[] => [
  integer(chainId),
  `0x${address.slice(2).toLowerCase()}`,
  integer(nonce),
];

/** RLP integers have no leading zeros; zero is the empty string. */
const integer = (value: number): Hex => (value === 0 ? '0x' : numberToHex(value));
const trimmed = (bytes: Uint8Array): Hex => trim(`0x${bytesToHex(bytes)}`);
const toInteger = (text: string): bigint => (text === '0x' ? 0n : hexToBigInt(text as Hex));

function strings(value: unknown, length: number): readonly string[] {
  if (!Array.isArray(value) || value.length !== length || value.some((item) => typeof item !== 'string')) {
    throw new TransactionDecodeError('authorization', `is not a list of ${length} strings`);
  }
  return value as string[];
}
