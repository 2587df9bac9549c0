/** One user, one registered key, honest DKG messages of each mode, on top of a network fixture. */
import { Secret, type SessionId } from '@dwallet/sigma';
import { type CreateDWalletArgs, type PendingDWallet, createDWallet } from '../../src/dwallet-dkg/client-create.ts';
import { type SessionRegistration, verifyDWallet } from '../../src/dwallet-dkg/network-verify.ts';
import { openSession } from '../../src/session-id.ts';
import { signingPublicKey } from '../../src/signatures.ts';
import type { DWalletRecord, NetworkSetup, UserEncryptionKey } from '../../src/types.ts';
import { deriveUserKey, registerUserKey, verifyUserKeyRegistration } from '../../src/user-encryption-key.ts';
import { randomFor, secretKeyFor } from './network-fixture.ts';

export interface User {
  readonly accountKey: Secret<Uint8Array>;
  readonly account: Uint8Array;
  readonly seed: Secret<Uint8Array>;
  readonly userSecretKey: Secret<bigint>;
  readonly registration: Uint8Array;
  readonly userKey: UserEncryptionKey;
}

export function createUser(setup: NetworkSetup, label: string): User {
  const accountKey = secretKeyFor(`account/${label}`);
  const seed = new Secret(randomFor(`root seed/${label}`)(32));
  const { secretKey, encryptionKey } = deriveUserKey(setup.curve, setup.parameters, seed);
  const registration = registerUserKey(setup.curve, setup.parameters, encryptionKey, accountKey);
  return {
    accountKey,
    account: signingPublicKey(accountKey),
    seed,
    userSecretKey: secretKey,
    registration,
    userKey: verifyUserKeyRegistration(setup.curve, setup.parameters, registration),
  };
}

/** What a validator's store answers. */
export class Registry {
  readonly sessions = new Map<string, SessionRegistration>();
  readonly userKeys = new Map<string, UserEncryptionKey>();
  register(label: string, sender: Uint8Array, type: 'USER' | 'SYSTEM' = 'USER'): SessionId {
    const { sessionId, opening } = openSession(type, sender, randomFor(`dkg session/${label}`));
    this.sessions.set(sessionId.join(), { opening, used: false });
    return sessionId;
  }
  verify(setup: NetworkSetup, message: Uint8Array): DWalletRecord {
    return verifyDWallet({
      setup,
      message,
      registration: (id) => this.sessions.get(id.join()),
      userKey: (id) => this.userKeys.get(id.join()),
      random: randomFor('dkg weights'),
    });
  }
}

export interface CreatedDWallet {
  readonly sessionId: SessionId;
  readonly pending: PendingDWallet;
  readonly args: CreateDWalletArgs;
}

export function create(
  setup: NetworkSetup,
  registry: Registry,
  user: User,
  mode: 'encrypted' | 'public' | 'none',
  label: string,
): CreatedDWallet {
  const sessionId = registry.register(label, user.account);
  registry.userKeys.set(user.userKey.id.join(), user.userKey);
  const args: CreateDWalletArgs = {
    setup,
    sessionId,
    share: mode === 'encrypted' ? { mode, userKey: user.userKey } : { mode },
    accountKey: user.accountKey,
    random: randomFor(`dkg/${label}`),
  };
  return { sessionId, pending: createDWallet(args), args };
}
