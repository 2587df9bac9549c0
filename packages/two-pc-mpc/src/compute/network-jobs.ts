/**
 * The jobs of a validator: which there are, and the calls of those that do not have a file of their own.
 *
 * @module
 */
import type { AccessStructure } from '@dwallet/class-groups';
import {
  CheckError,
  DecodeError,
  type Digest,
  type Random,
  Reader,
  encodeText,
  encodeUint64,
  readElement,
  seededRandom,
  sessionId,
  validatorId,
} from '@dwallet/sigma';
import { decodeDkgMessage } from '../dwallet-dkg/dkg-message.ts';
import { verifyDWallet } from '../dwallet-dkg/network-verify.ts';
import { decodeDWalletRecord, encodeDWalletRecord } from '../dwallet-dkg/record.ts';
import { abortJob, runResolveAbort } from '../ecdsa/sign/identifiable-abort.ts';
import { runAssignPresign, runVerifySignMessage, signJob } from '../ecdsa/sign/network-verify.ts';
import { type Inbox, requireMembers } from '../inbox.ts';
import {
  type AggregatedSetup,
  checkSetupContributions,
  requireSetup as requireSetupOf,
} from '../network-setup/aggregate.ts';
import type { SetupContext } from '../network-setup/round-1-contribute.ts';
import { decodeSetupRecord, encodeSetupRecord } from '../network-setup/setup-record.ts';
import { type SessionOpening, sessionTypes } from '../session-id.ts';
import type { DWalletRecord, NetworkSetup } from '../types.ts';
import { verifyUserKeyRegistration } from '../user-encryption-key.ts';
import { bytesEqual } from '../wire/format.ts';
import type { JobContext, JobTable } from './job-context.ts';
import { decodeInbox, encodeInbox, encodeNumbers, readNumbers, seedBytes } from './parts.ts';
import {
  type ComputePool,
  type RunOptions,
  encodeBlames,
  packParts,
  readAnswer,
  readBlames,
  runJob,
  unpackParts,
} from './pool.ts';
import { presignJobs } from './presign-jobs.ts';

const names = { dwallet: 'dwallet/verify', setup: 'setup/aggregate' } as const;

// dWallet DKG ----------------------------------------------------------------------------------------------------------------------

const encodeOpening = ({ version, type, sender, fresh }: SessionOpening): Uint8Array =>
  packParts(encodeUint64(version), encodeText(type), sender, fresh);

function decodeOpening(bytes: Uint8Array): SessionOpening {
  const [version, type, sender, fresh] = unpackParts(bytes, 'SessionOpening', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const name = sessionTypes.find((known) => bytesEqual(encodeText(known), type));
  if (name === undefined) throw new DecodeError('SessionOpening.type', 'is unknown');
  return { version: new Reader(version, 'SessionOpening').uint64('version'), type: name, sender, fresh };
}

/** In: setup record, DkgMsg, opening of the session, registration of the user key or nothing, seed. Out: the dWallet record. */
function runVerifyDWallet(context: JobContext, input: Uint8Array): Uint8Array {
  const [setupRecord, message, opening, registration, seed] = unpackParts(input, 'VerifyDWalletJob', 5) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const setup = context.setup(setupRecord);
  const record = verifyDWallet({
    setup,
    message,
    registration: () => ({ opening: decodeOpening(opening), used: false }),
    userKey: (id) => {
      if (registration.length === 0) return undefined;
      const key = verifyUserKeyRegistration(context.curve, context.parameters, registration);
      return bytesEqual(key.id, id) ? key : undefined;
    },
    random: seededRandom(seed),
  });
  return encodeDWalletRecord(setup, record);
}

export interface VerifyDWalletInArguments {
  readonly setup: NetworkSetup;
  /** DkgMsg as received. */
  readonly message: Uint8Array;
  /** The registered opening of the session. The caller has checked that the session is not used. */
  readonly opening: SessionOpening;
  /** The registration (RegisterUpk) of the user key with this id, if there is one. */
  readonly registrationOf: (id: Digest) => Uint8Array | undefined;
  readonly random: Random;
}

/**
 * `verifyDWallet` in a worker: MPC:K1 to MPC:K8, except whether the session was used before. The record that comes back is parsed and recomputed
 * here, and must have the digest that the client's own message names: a worker cannot make up another one.
 * @throws DecodeError, CheckError with the id of the failed check; ComputeError.
 */
export async function verifyDWalletIn(
  pool: ComputePool,
  args: VerifyDWalletInArguments,
  options: RunOptions = {},
): Promise<DWalletRecord> {
  const { setup, opening, registrationOf, random } = args;
  const bytes = args.message.slice();
  const message = decodeDkgMessage(setup, bytes);
  const { share } = message;
  const registration = share.mode === 'encrypted' ? registrationOf(share.userKeyId) : undefined;
  const input = packParts(
    encodeSetupRecord(setup),
    bytes,
    encodeOpening(opening),
    registration ?? new Uint8Array(0),
    random(seedBytes),
  );
  const output = await runJob(pool, { name: names.dwallet, input, secret: false }, { priority: 'normal', ...options });
  const record = readAnswer(names.dwallet, () => decodeDWalletRecord(setup, output));
  if (!bytesEqual(record.digest, message.outputDigest)) {
    throw new CheckError('MPC:K7', 'DkgMsg.output', 'differs from the output that the network derives');
  }
  return record;
}

// Network setup --------------------------------------------------------------------------------------------------------------------

/** In: pk, session, validators with their messages, seed. Out: accepted, blamed, setup record or nothing. */
function runAggregateSetup(context: JobContext, input: Uint8Array): Uint8Array {
  const [key, session, entries, seed] = unpackParts(input, 'AggregateSetupJob', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const { curve, parameters } = context;
  const { access, inbox } = decodeInbox(entries, 'AggregateSetupJob');
  const reader = new Reader(key, 'AggregateSetupJob');
  const element = readElement(reader, parameters.group, 'pk');
  reader.end();
  const checked = checkSetupContributions({
    curve,
    parameters,
    encryptionKey: { element },
    sessionId: sessionId(session),
    access,
    inbox,
    random: seededRandom(seed),
  });
  return packParts(
    encodeNumbers(checked.accepted),
    encodeBlames(checked.blamed),
    checked.setup === undefined ? new Uint8Array(0) : encodeSetupRecord(checked.setup),
  );
}

/** `aggregateSetup` in a worker. @throws as that; ComputeError. */
export async function aggregateSetupIn(
  pool: ComputePool,
  args: SetupContext & { readonly access: AccessStructure; readonly inbox: Inbox; readonly random: Random },
  options: RunOptions = {},
): Promise<AggregatedSetup> {
  const { curve, parameters, encryptionKey, access, inbox, random } = args;
  requireMembers(access, inbox);
  const input = packParts(
    parameters.group.encode(encryptionKey.element),
    args.sessionId,
    encodeInbox(inbox, undefined),
    random(seedBytes),
  );
  const output = await runJob(pool, { name: names.setup, input, secret: false }, { priority: 'normal', ...options });
  const checked = readAnswer(names.setup, () => {
    const [ids, faults, record] = unpackParts(output, 'AggregateSetupJob', 3) as [Uint8Array, Uint8Array, Uint8Array];
    const accepted = readNumbers(ids, 'AggregateSetupJob.accepted').map((v) => validatorId(v));
    if (new Set(accepted).size !== accepted.length || accepted.some((v) => !inbox.has(v))) {
      throw new DecodeError('AggregateSetupJob.accepted', 'names others than the senders');
    }
    const blames = new Reader(faults, 'AggregateSetupJob.blamed');
    const blamed = readBlames(blames, 'list');
    blames.end();
    const setup = record.length === 0 ? undefined : decodeSetupRecord(curve, parameters, record);
    if (setup !== undefined && !parameters.group.equals(setup.encryptionKey.element, encryptionKey.element)) {
      throw new DecodeError('AggregateSetupJob.setup', 'is of another network key');
    }
    return { accepted, blamed, setup };
  });
  return requireSetupOf(access, checked);
}

/** All jobs of a validator. */
export const networkJobs: JobTable = {
  ...presignJobs,
  [signJob.assign]: { secret: false, run: runAssignPresign },
  [signJob.verify]: { secret: false, run: runVerifySignMessage },
  [abortJob]: { secret: false, run: runResolveAbort },
  [names.dwallet]: { secret: false, run: runVerifyDWallet },
  [names.setup]: { secret: false, run: runAggregateSetup },
};

/** Those that may run on other machines of the operator: their inputs are public. */
export const publicJobs: readonly string[] = Object.entries(networkJobs)
  .filter(([, { secret }]) => !secret)
  .map(([name]) => name);
