/**
 * One validator of the main job as a process of its own: opens its folder, answers encoded calls, leads sessions when its operator (the
 * main process) says so.
 *
 * @module
 */
import { join } from 'node:path';
import { equalWeights } from '@dwallet/class-groups';
import { secp256k1Curve, validatorId } from '@dwallet/sigma';
import { type Peer, createCommittee } from '@dwallet/two-pc-mpc/network';
import { FileRecordStore, FileSingleUseStore, Keystore, Validator } from '@dwallet/validator';
import { ed25519 } from '@noble/curves/ed25519.js';
import { byzantineValidator } from './byzantine-validator.ts';
import { type ValidatorSettings, decodeJson, encodeJson } from './local-network.ts';
import { ProcessLink } from './process-link.ts';
import { fromHex, networkName, parametersOf, systemRandom, toHex } from './system.ts';

interface Command {
  readonly name: 'identity' | 'start' | 'catch-up' | 'genesis' | 'presigns' | 'status' | 'evidence' | 'check-evidence';
  readonly identities?: readonly string[];
  readonly batch?: number;
  readonly id?: string;
  readonly evidence?: string;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as ValidatorSettings;
const keystore = Keystore.open(settings.folder, systemRandom);
const index = validatorId(settings.index);
let validator: Validator | undefined;
let serving: Peer | undefined;

function running(): Validator {
  if (validator === undefined) throw new Error('the validator is not started');
  return validator;
}

function start(identities: readonly string[]): void {
  const committee = createCommittee(identities.map(fromHex), equalWeights(identities.length));
  const parameters = parametersOf(settings.profile);
  const peers = new Map(
    committee.access.validators
      .filter((v) => v !== index)
      .map((v) => [v, { call: (bytes: Uint8Array) => link.request(String(v), bytes) }] as const),
  );
  validator = new Validator({
    index,
    networkName,
    committee,
    parameters,
    curve: secp256k1Curve,
    keystore,
    store: new FileRecordStore(join(settings.folder, 'records')),
    markers: new FileSingleUseStore(
      join(settings.folder, 'single-use.log'),
      committee.identityKeys[index - 1] as Uint8Array,
    ),
    random: systemRandom,
    peers,
    log: (text) => link.note(text),
  });
  serving = settings.byzantine
    ? byzantineValidator(validator, {
        index,
        committee,
        curve: secp256k1Curve,
        parameters,
        keystore,
        networkId: validator.networkId,
        random: systemRandom,
      })
    : validator;
}

async function obey(command: Command): Promise<unknown> {
  switch (command.name) {
    case 'identity':
      return { key: toHex(ed25519.getPublicKey(keystore.identity.expose())) };
    case 'start':
      start(command.identities ?? []);
      return running().status();
    case 'catch-up':
      await running().catchUp();
      return running().status();
    case 'genesis':
      await running().leadGenesis();
      return running().status();
    case 'presigns':
      await running().leadPresigns(command.batch ?? 16);
      return running().status();
    case 'status':
      return running().status();
    case 'evidence': {
      const evidence = running().evidence(command.id ?? '');
      return { evidence: evidence === undefined ? null : toHex(evidence) };
    }
    case 'check-evidence':
      return { blamed: await running().checkEvidence(fromHex(command.evidence ?? '')) };
  }
}

const link = new ProcessLink(process, async (to, bytes) => {
  if (to === 'host') return encodeJson((await obey(decodeJson<Command>(bytes))) ?? {});
  if (serving === undefined) throw new Error('the validator is not started');
  return serving.call(bytes);
});

// The main process is gone: nobody is left to serve.
process.on('disconnect', () => process.exit(0));
