/**
 * EVM transactions of type 4 (EIP-7702): a call that also installs authorisations.
 *
 * The message to sign is `0x04 || rlp([chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList,
 * authorizationList])` under keccak256. The authorisations inside are signed already, by whoever hands over an account.
 *
 * @module
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { serializeTransaction } from 'viem/utils';
import { decodePublicKey, type EcdsaSignature, recoverPublicKey, toLowS } from '../ecdsa.ts';
import { InvalidIntentError } from '../errors.ts';
import { decodeEvmAddress, encodeEvmAddress, type Hex } from './address.ts';
import { authorizationPayload } from './eip7702-authorization.ts';
import {
  type AccessListEntry,
  checkNonce,
  describeAccessList,
  describeCall,
  describeFeeMarket,
  type EvmCall,
  type EvmChainOptions,
  type FeeMarket,
  hex,
  normaliseAccessList,
  normaliseCall,
  normaliseFeeMarket,
  word,
} from './fields.ts';
import {
  type EvmChain,
  type EvmTransactionKind,
  evmTransactions,
  parseSigned,
  readCall,
  type SignedEvm,
  writeCall,
} from './transaction.ts';

/** Each costs a public-key recovery to read, and a line to a person. */
const MAX_AUTHORIZATIONS = 32;

/** One signed authorisation in the list. */
export interface ListedAuthorization {
  /** The network, or 0 for every network. */
  readonly chainId: number;
  readonly address: Hex;
  readonly nonce: number;
  /** Must recover an account: the network would skip it otherwise. */
  readonly signature: EcdsaSignature;
}

/** What an EIP-7702 transaction does. */
export interface Eip7702Intent extends EvmCall, FeeMarket {
  /** Never null: this type cannot create contracts. */
  readonly to: Hex;
  readonly accessList: readonly AccessListEntry[];
  /** At least one. */
  readonly authorizationList: readonly ListedAuthorization[];
}

const kind: EvmTransactionKind<Eip7702Intent> = {
  title: 'EIP-7702',
  type: 4,
  write: (chainId, intent, signature) =>
    serializeTransaction(
      {
        type: 'eip7702',
        chainId,
        ...writeCall(intent),
        maxFeePerGas: intent.maxFeePerGasWei,
        maxPriorityFeePerGas: intent.maxPriorityFeePerGasWei,
        accessList: intent.accessList,
        authorizationList: intent.authorizationList.map(({ chainId: only, address, nonce, signature: inner }) => ({
          chainId: only,
          address,
          nonce,
          r: hex(inner.r),
          s: hex(inner.s),
          yParity: inner.recoveryId,
        })),
      },
      signature,
    ),
  read(tx) {
    const { authorizationList = [] } = tx as {
      readonly authorizationList?: readonly {
        readonly chainId: number;
        readonly address: Hex;
        readonly nonce: number;
        readonly r: Hex;
        readonly s: Hex;
        readonly yParity?: number;
      }[];
    };
    return {
      ...readCall(tx),
      to: tx.to as Hex,
      maxFeePerGasWei: tx.maxFeePerGas ?? 0n,
      maxPriorityFeePerGasWei: tx.maxPriorityFeePerGas ?? 0n,
      accessList: tx.accessList ?? [],
      authorizationList: authorizationList.map(({ chainId, address, nonce, r, s, yParity }, i) => ({
        chainId,
        address,
        nonce,
        signature: {
          r: word(r, `authorizationList[${i}].r`),
          s: word(s, `authorizationList[${i}].s`),
          recoveryId: yParity ?? 0,
        },
      })),
    };
  },
  normalise(intent, chainId) {
    if (typeof intent.to !== 'string')
      throw new InvalidIntentError('to', 'is missing: this type cannot create contracts');
    if (intent.authorizationList.length === 0) throw new InvalidIntentError('authorizationList', 'must not be empty');
    if (intent.authorizationList.length > MAX_AUTHORIZATIONS) {
      throw new InvalidIntentError('authorizationList', `must be at most ${MAX_AUTHORIZATIONS}`);
    }
    return {
      ...normaliseCall(intent),
      to: encodeEvmAddress(decodeEvmAddress(intent.to, 'to')),
      ...normaliseFeeMarket(intent),
      accessList: normaliseAccessList(intent.accessList),
      authorizationList: intent.authorizationList.map((listed, i) => {
        const at = `authorizationList[${i}]`;
        if (listed.chainId !== 0 && listed.chainId !== chainId) {
          throw new InvalidIntentError(`${at}.chainId`, `must be 0 or ${chainId}`);
        }
        checkNonce(`${at}.nonce`, listed.nonce);
        const { r, s, recoveryId } = listed.signature;
        const normal = {
          chainId: listed.chainId,
          address: encodeEvmAddress(decodeEvmAddress(listed.address, `${at}.address`)),
          nonce: listed.nonce,
          signature: { r: Uint8Array.from(r), s: Uint8Array.from(s), recoveryId },
        };
        if ((recoveryId !== 0 && recoveryId !== 1) || authority(normal) === undefined) {
          throw new InvalidIntentError(`${at}.signature`, 'recovers no account');
        }
        if (toLowS(normal.signature) !== normal.signature) {
          throw new InvalidIntentError(`${at}.signature`, 'has a high s: the network would skip it');
        }
        return normal;
      }),
    };
  },
  describe: (intent, chain) => [
    ...describeCall(intent, chain),
    ...intent.authorizationList.map((listed) => {
      const where = listed.chainId === 0 ? ' on EVERY network' : '';
      const who = authority(listed);
      return BigInt(listed.address) === 0n
        ? `Also takes back the delegation of the account ${who}${where} (its nonce ${listed.nonce}).`
        : `Also hands over the account ${who}${where} to the code of the contract ${listed.address} (its nonce ${listed.nonce}).`;
    }),
    describeFeeMarket(intent, chain),
    `Nonce: ${intent.nonce}.`,
    ...describeAccessList(intent.accessList),
  ],
};

/** Address of the account that signed an authorisation. */
function authority(listed: ListedAuthorization): Hex | undefined {
  const key = recoverPublicKey(listed.signature, authorizationPayload(listed.chainId, listed).digest);
  return key === undefined ? undefined : encodeEvmAddress(keccak_256(decodePublicKey(key).xy).slice(-20));
}

/** The EIP-7702 transactions of one EVM network. */
export const eip7702Chain = (options: EvmChainOptions): EvmChain<Eip7702Intent> => evmTransactions(kind, options);

/** Reads a signed type-4 transaction, strictly; the signature is not verified. @throws TransactionDecodeError */
export const parseSignedEip7702 = (chainId: number, bytes: Uint8Array): SignedEvm<Eip7702Intent> =>
  parseSigned(kind, chainId, bytes);
