/**
 * Which rpc carries which method of the protocol. One table for both ends of a line.
 *
 * @module
 */

/** rpcs of SigningService that change something, by the kind of the client's envelope. */
export const signingRpcs = {
  'client/register-user-key': 'RegisterEncryptionKey',
  'client/create-dwallet': 'CreateDWallet',
  'client/accept-dwallet': 'AcceptDWallet',
  'client/take-presign': 'TakePresign',
  'client/sign': 'Sign',
} as const;

export type SigningMethod = keyof typeof signingRpcs;
export type SigningRpc = (typeof signingRpcs)[SigningMethod];

export const isSigningMethod = (method: string): method is SigningMethod => Object.hasOwn(signingRpcs, method);

/** The method that reads the network's parameters; not signed. */
export const networkMethod = 'network';
/** Kind of the envelope that asks for the dWallets of its signer. */
export const listDWalletsKind = 'client/list-dwallets';

/** What a request between validators names beside its envelope. */
export type PeerRouting = 'session' | 'account' | 'dwallet' | 'presign' | 'kind' | 'slot';

export interface PeerMethod {
  readonly rpc: string;
  readonly routing: PeerRouting;
  /** `bulk` acts carry whole rounds; they have a connection of their own so that nothing waits behind them. */
  readonly lane: 'quick' | 'bulk';
}

/** rpcs of PeerService by method. All of them are idempotent: the same request gets the same answer. */
export const peerMethods = {
  'session/contribute': { rpc: 'Contribute', routing: 'session', lane: 'bulk' },
  'session/status': { rpc: 'InboxStatus', routing: 'session', lane: 'bulk' },
  'session/propose': { rpc: 'ProposeInbox', routing: 'session', lane: 'bulk' },
  'session/fix': { rpc: 'FixInbox', routing: 'session', lane: 'bulk' },
  'session/vote': { rpc: 'VoteSession', routing: 'session', lane: 'bulk' },
  'session/commit': { rpc: 'CommitSession', routing: 'session', lane: 'bulk' },
  'user-key': { rpc: 'RegisterUserKey', routing: 'account', lane: 'quick' },
  'dwallet/vote': { rpc: 'VoteDWallet', routing: 'dwallet', lane: 'quick' },
  'dwallet/commit': { rpc: 'CommitDWallet', routing: 'dwallet', lane: 'quick' },
  'dwallet/accept': { rpc: 'AcceptDWallet', routing: 'dwallet', lane: 'quick' },
  'sign/assign': { rpc: 'AssignPresign', routing: 'presign', lane: 'quick' },
  'sign/bind': { rpc: 'BindPresign', routing: 'presign', lane: 'quick' },
  'sign/share': { rpc: 'ReleaseShares', routing: 'presign', lane: 'quick' },
  'sign/prove': { rpc: 'ProveShares', routing: 'presign', lane: 'quick' },
  'sign/alarm': { rpc: 'RaiseAlarm', routing: 'presign', lane: 'quick' },
  'sign/record': { rpc: 'RecordSignature', routing: 'presign', lane: 'quick' },
  'records/fetch': { rpc: 'FetchRecord', routing: 'kind', lane: 'bulk' },
  'records/list': { rpc: 'ListRecords', routing: 'kind', lane: 'bulk' },
  'zones/status': { rpc: 'ZoneLogStatus', routing: 'slot', lane: 'quick' },
  'zones/propose': { rpc: 'ProposeSlot', routing: 'slot', lane: 'quick' },
  'zones/fix': { rpc: 'FixSlot', routing: 'slot', lane: 'quick' },
  'zones/decide': { rpc: 'DecideSlot', routing: 'slot', lane: 'quick' },
  'zones/fetch': { rpc: 'FetchSlots', routing: 'slot', lane: 'quick' },
  'zones/certify': { rpc: 'CertifySlot', routing: 'slot', lane: 'quick' },
  'zones/offer': { rpc: 'OfferRecord', routing: 'slot', lane: 'quick' },
} as const satisfies Record<string, PeerMethod>;

export type PeerMethodName = keyof typeof peerMethods;

export const isPeerMethod = (method: string): method is PeerMethodName => Object.hasOwn(peerMethods, method);

/** Metadata key of the trace (W3C Trace Context). */
export const traceHeader = 'traceparent';
/** Trailer of a rich error. */
export const statusHeader = 'grpc-status-details-bin';
/** Version of this contract, said in Hello. */
export const protocolVersion = 1;
