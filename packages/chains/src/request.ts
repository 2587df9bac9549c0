/**
 * From the raw bytes of a sign request to what a person or a policy judges and what the key signs.
 *
 * A validator calls {@link ChainRegistry.parseRequest} on what the requester sent. It derives payloads and text from these bytes
 * alone, so it signs only what it has read, and it refuses what it cannot read. Everything is pure.
 *
 * @module
 */
import { decodePublicKey, type EcdsaSignature } from './ecdsa.ts';
import { InvalidIntentError, UnsupportedRequestError } from './errors.ts';
import type { NativeChain, SigningFormat, SigningPayload } from './native-chain.ts';

/** What a request asks for. */
export interface SigningRequest<Intent = unknown> {
  /** CAIP-2. */
  readonly chainId: string;
  readonly format: string;
  /** Address of the key that signs, as this format uses it. */
  readonly address: string;
  readonly intent: Intent;
  /** What this key has to sign, in the order that `attach` expects. Never empty. */
  readonly payloads: readonly SigningPayload[];
  /** What a person reads before approving. */
  readonly lines: readonly string[];
}

/** A request with its signatures in. */
export interface SignedRequest {
  /** For a node or a verifier; for a PSBT that still lacks signatures of others, the PSBT. */
  readonly encoded: Uint8Array;
  /** Undefined for messages and for what is not complete yet. */
  readonly txid: string | undefined;
}

/** One format of one chain, ready for requests. `publicKey` is 33 bytes, compressed. */
export interface RequestFormat<Intent = unknown> {
  /** CAIP-2. */
  readonly chainId: string;
  /** Name within the chain, such as `eip1559` or `psbt`. */
  readonly format: string;
  /** Address of a key, as this format uses it. */
  address(publicKey: Uint8Array): string;
  /**
   * @throws TransactionDecodeError on bytes that are not the canonical form of something this format can describe.
   * @throws InvalidIntentError if it is not for this key.
   */
  read(bytes: Uint8Array, publicKey: Uint8Array): SigningRequest<Intent>;
  /** @throws as `read`, and InvalidSignatureError. */
  attach(bytes: Uint8Array, publicKey: Uint8Array, signatures: readonly EcdsaSignature[]): SignedRequest;
}

/** One chain with its formats. */
export interface ChainModule {
  /** CAIP-2. */
  readonly id: string;
  readonly name: string;
  readonly formats: readonly RequestFormat[];
}

/** The chains of one CAIP-2 namespace. */
export interface ChainFamily {
  /** Part before the colon. */
  readonly namespace: string;
  /** References (parts after the colon) of the chains known by name. */
  readonly references: readonly string[];
  /** The chain, or undefined if it is unknown. */
  chain(reference: string): ChainModule | undefined;
}

export interface ChainRegistry {
  /** Chains known by name. Families may know more (every EVM chain id). */
  readonly chainModules: readonly ChainModule[];
  /** @throws {@link UnsupportedRequestError} If the id is malformed or the chain is unknown. */
  readonly chainFor: (chainId: string) => ChainModule;
  /**
   * Reads the raw unsigned bytes of a request.
   *
   * @param publicKey - of the dWallet that is to sign: 33 bytes, compressed.
   * @throws {@link UnsupportedRequestError} For an unknown chain or format.
   * @throws TransactionDecodeError, InvalidIntentError Naming the field, for what cannot be read or is not for this key.
   */
  readonly parseRequest: (
    chainId: string,
    format: string,
    rawBytes: Uint8Array,
    publicKey: Uint8Array,
  ) => SigningRequest;
  /** Reads the bytes again, checks every signature and puts them in. */
  readonly attachRequest: (
    chainId: string,
    format: string,
    rawBytes: Uint8Array,
    publicKey: Uint8Array,
    signatures: readonly EcdsaSignature[],
  ) => SignedRequest;
}

/** A registry of some families: a browser bundle takes only those that it names. */
export function createRegistry(families: readonly ChainFamily[]): ChainRegistry {
  const chainFor = (chainId: string): ChainModule => {
    const [, namespace, reference] = /^([-a-z0-9]{3,8}):([-_a-zA-Z0-9]{1,32})$/.exec(chainId) ?? [];
    if (namespace === undefined || reference === undefined) {
      throw new UnsupportedRequestError('chainId', 'is not a CAIP-2 chain id');
    }
    const chain = families.find((family) => family.namespace === namespace)?.chain(reference);
    if (chain === undefined) throw new UnsupportedRequestError('chainId', `${chainId} is not a known chain`);
    return chain;
  };
  const formatFor = (chainId: string, name: string): RequestFormat => {
    const chain = chainFor(chainId);
    const found = chain.formats.find(({ format }) => format === name);
    if (found !== undefined) return found;
    const known = chain.formats.map(({ format }) => format).join(', ');
    throw new UnsupportedRequestError('format', `is not one of ${known} (${chainId})`);
  };
  return {
    chainModules: families.flatMap((family) =>
      family.references.map((reference) => chainFor(`${family.namespace}:${reference}`)),
    ),
    chainFor,
    parseRequest: (chainId, format, rawBytes, publicKey) => formatFor(chainId, format).read(rawBytes, publicKey),
    attachRequest: (chainId, format, rawBytes, publicKey, signatures) =>
      formatFor(chainId, format).attach(rawBytes, publicKey, signatures),
  };
}

/**
 * A {@link SigningFormat} as a {@link RequestFormat}.
 *
 * @param checkOwner - throws InvalidIntentError where the intent names a sender other than this key.
 */
export function requestFormat<Intent, Unsigned extends { readonly intent: Intent }, Signed>(
  format: string,
  chain: SigningFormat<Intent, Unsigned, Signed> | NativeChain<Intent, Unsigned, Signed>,
  checkOwner: (intent: Intent, publicKey: Uint8Array) => void = () => {},
): RequestFormat<Intent> {
  const read = (bytes: Uint8Array, publicKey: Uint8Array): { intent: Intent; unsigned: Unsigned; address: string } => {
    decodePublicKey(publicKey);
    const intent = chain.parse(bytes);
    checkOwner(intent, publicKey);
    return { intent, unsigned: chain.build(intent), address: chain.address(publicKey) };
  };
  return {
    chainId: chain.id,
    format,
    address: (publicKey) => chain.address(publicKey),
    read(bytes, publicKey) {
      const { intent, unsigned, address } = read(bytes, publicKey);
      const payloads = chain.payloads(unsigned);
      const lines = [...chain.describe(intent), `Signed by ${address}.`];
      return { chainId: chain.id, format, address, intent, payloads, lines };
    },
    attach(bytes, publicKey, signatures) {
      const { unsigned } = read(bytes, publicKey);
      const signed = chain.attach(unsigned, publicKey, signatures);
      return { encoded: chain.encode(signed), txid: 'txid' in chain ? chain.txid(signed) : undefined };
    },
  };
}

/** Refuses an intent whose sender is not the address of the key. */
export function checkSender(field: string, sender: string, own: string): void {
  if (sender !== own) throw new InvalidIntentError(field, `is ${sender}, but this key is ${own}`);
}
