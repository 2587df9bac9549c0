/**
 * User DKG in encrypted mode: the user's key, the client's one message, its verification by one validator, acceptance.
 *
 * @module
 */
import { Secret } from '@dwallet/sigma';
import {
  type DWalletRecord,
  acceptDWallet,
  createDWallet,
  deriveUserKey,
  dwalletFact,
  encodeDWalletRecord,
  openSession,
  registerUserKey,
  signingPublicKey,
  userKeyId,
  verifyAcceptance,
  verifyDWallet,
  verifyUserKeyRegistration,
} from '@dwallet/two-pc-mpc';
import { type BenchContext, curve, random } from './context.ts';
import type { Setups } from './network-setup.ts';

export interface User {
  readonly record: DWalletRecord;
  /** x_A. */
  readonly userShare: Secret<bigint>;
}

export function runUserDkg(context: BenchContext, setups: Setups): User {
  const { parameters, committee, recorder } = context;
  const accountKey = new Secret(random(32));
  const account = signingPublicKey(accountKey);
  const seed = new Secret(random(32));

  const key = recorder.time('user.key', () => {
    const { secretKey, encryptionKey } = deriveUserKey(curve, parameters, seed);
    const registration = registerUserKey(curve, parameters, encryptionKey, accountKey);
    const id = userKeyId(curve, parameters, encryptionKey, account);
    return { secretKey, userKey: { key: encryptionKey, id, account }, registration };
  });
  recorder.size('user.key', key.registration.length);
  const registered = recorder.time('user.verify-key', () =>
    verifyUserKeyRegistration(curve, parameters, key.registration),
  );

  const { sessionId, opening } = openSession('USER', account, random);
  const pending = recorder.time('user.create', () =>
    createDWallet({
      setup: setups.client,
      sessionId,
      share: { mode: 'encrypted', userKey: key.userKey },
      accountKey,
      random,
    }),
  );
  recorder.size('user.create', pending.message.length);

  const verified = recorder.time('user.verify', () =>
    verifyDWallet({
      setup: setups.plain,
      message: pending.message,
      registration: () => ({ opening, used: false }),
      userKey: () => registered,
      random,
    }),
  );
  const output = encodeDWalletRecord(setups.plain, verified);
  const certificate = context.certify(dwalletFact(verified));
  const accepted = recorder.time('user.accept', () =>
    acceptDWallet({
      setup: setups.client,
      pending,
      output,
      certificate,
      committee,
      userSecretKey: key.secretKey,
      accountKey,
    }),
  );
  verifyAcceptance(verified, accepted.acceptance);
  return { record: accepted.record, userShare: accepted.userShare };
}
