/**
 * A client as a process: one that keeps to the rules and retries, and ones that do not. It writes down what it knows before it goes on, so that another
 * process can go on with the same bytes when this one is killed.
 *
 * @module
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { deriveTestParameters, equalWeights } from '@dwallet/class-groups';
import { DWalletClient, type WalletData } from '@dwallet/client-sdk';
import { GrpcPeer } from '@dwallet/client-sdk/node';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { type Random, Secret, bytesToInteger, encodeText, hashTagged, secp256k1Curve, sessionId } from '@dwallet/sigma';
import { MemorySignMessageStore, checkFinalSignature, signOnce } from '@dwallet/two-pc-mpc/client';
import {
  assignmentFact,
  clientKind,
  createCommittee,
  decodeBlame,
  decodeCertificate,
  decodeDWalletRecord,
  decodeNetworkReply,
  decodeParts,
  decodePresign,
  decodeReply,
  decodeSetupRecord,
  decodeSignatureRecord,
  encodeCall,
  encodeEnvelope,
  encodeSignRequest,
  encodeTakePresign,
  maxBodyBytes,
  networkIdOf,
  presignIdsOf,
  presignRequestDigest,
  rawMessageRequest,
  rawOrder,
  sealEnvelope,
  signOrderDigest,
  verifyCertificate,
  verifyPresignCertificate,
} from '@dwallet/two-pc-mpc/network';
import { Chance } from '../../simulation/scheduler.ts';
import type { ClientLine, ClientSettings } from './messages.ts';

const settings = JSON.parse(process.argv[2] ?? '{}') as ClientSettings;
const { folder, label, leaders } = settings;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const curve = secp256k1Curve;
const parameters = deriveTestParameters(wasmKernel, 520);
const random: Random = (length) => new Uint8Array(randomBytes(length));
const chance = new Chance(settings.seed, 200);

const pathOf = (of: string): string => join(folder, `client-${of}.jsonl`);
const write = (line: ClientLine): void => appendFileSync(pathOf(label), `${JSON.stringify(line)}\n`, { mode: 0o600 });
const linesOf = (of: string): ClientLine[] =>
  existsSync(pathOf(of))
    ? readFileSync(pathOf(of), 'utf8')
        .split('\n')
        .filter((text) => text.endsWith('}'))
        .map((text) => JSON.parse(text) as ClientLine)
    : [];
const note = (what: string, error: unknown): void =>
  write({ line: 'note', text: `${what}: ${error instanceof Error ? error.message : String(error)}` });

const peers = settings.endpoints.map(
  (endpoint, i) =>
    new GrpcPeer({ endpoint, ca: settings.ca, tlsName: `validator-${i + 1}`, deadlineMs: settings.deadlineMs }),
);
const peer = (index: number): GrpcPeer => peers[index - 1] as GrpcPeer;

const walletPath = join(folder, 'wallet.json');
if (settings.act === 'create') {
  let data: WalletData | undefined;
  const client = await DWalletClient.connect({
    peers,
    parameters,
    curve,
    store: {
      load: () => data,
      save(next) {
        data = next;
        writeFileSync(walletPath, JSON.stringify(next), { mode: 0o600 });
      },
    },
    messages: new MemorySignMessageStore(),
    random,
    prepare: false,
    allowTestProfile: true,
  });
  await client.createDWallet({ rawDigests: true });
  process.exit(0);
}

// What it knows of the network ------------------------------------------------------------------------------------------------------------

async function networkReply(): Promise<Uint8Array> {
  for (let i = 0; ; i++) {
    try {
      return decodeReply(
        await peer(leaders[i % leaders.length] as number).call(encodeCall('network', new Uint8Array(0))),
        maxBodyBytes,
      );
    } catch (error) {
      if (i >= 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
const [name, , keys, , , setupBytes] = decodeNetworkReply(await networkReply());
const identities = decodeParts(keys, 'Network.identityKeys', settings.endpoints.length);
const committee = createCommittee(identities, equalWeights(identities.length));
const setup = decodeSetupRecord(curve, parameters, setupBytes);
const networkId = networkIdOf(new TextDecoder().decode(name), parameters.profile.id, committee.digest);

const wallet = JSON.parse(readFileSync(walletPath, 'utf8')) as WalletData;
const [stored] = wallet.wallets;
const account = new Secret(hashTagged('wallet-account-key', [fromHex(wallet.seed)], 32));
const dwallet = decodeDWalletRecord(setup, fromHex(stored?.record ?? ''));
const dwalletId = sessionId(fromHex(stored?.id ?? ''));
const userShare = bytesToInteger(fromHex(stored?.userShare ?? ''));

// Acts ------------------------------------------------------------------------------------------------------------------------------------

interface Purpose {
  readonly message: Uint8Array;
  readonly nonce: Uint8Array;
  readonly kind: 'message' | 'reservation';
}
const purposeOf = (text: string, kind: Purpose['kind']): Purpose => ({
  message: encodeText(`pay ${text}`),
  nonce: hashTagged('fault-nonce', [encodeText(`${settings.seed}/${label}/${kind === 'message' ? text : ''}`)], 32),
  kind,
});
const requestOf = ({ kind, nonce, message }: Purpose) =>
  kind === 'message' ? rawMessageRequest('sha256', message, nonce) : ({ kind, nonce } as const);

const envelope = (kind: string, session: Uint8Array, body: Uint8Array): Uint8Array =>
  encodeCall(kind, encodeEnvelope(sealEnvelope(account, { networkId, session, kind, body })));

function openTaken(reply: Uint8Array, purpose: Purpose) {
  const [bytes, batch, certificateBytes, assignment] = decodeParts(reply, 'Presign', 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const presign = decodePresign(setup, bytes);
  const certificate = { ids: presignIdsOf(batch), certificate: decodeCertificate(certificateBytes) };
  verifyPresignCertificate(setup, committee, presign, certificate);
  const fact = assignmentFact(presign.presignId, dwalletId, presignRequestDigest(dwalletId, requestOf(purpose)));
  verifyCertificate(committee, decodeCertificate(assignment), fact, 'MPC:V3');
  return { presign, certificate, assignment };
}
type Taken = ReturnType<typeof openTaken>;

async function take(leader: number, purpose: Purpose): Promise<Taken> {
  const call = envelope(clientKind.takePresign, dwalletId, encodeTakePresign(dwalletId, requestOf(purpose)));
  const reply = decodeReply(await peer(leader).call(call), maxBodyBytes);
  const taken = openTaken(reply, purpose);
  write({ line: 'taken', reply: hex(reply) });
  return taken;
}

/** The call that asks for a signature. Each variant is another client message. */
async function signCall(taken: Taken, purpose: Purpose, variant: number): Promise<Uint8Array> {
  const { presignId } = taken.presign;
  const signMessage = await signOnce({
    store: new MemorySignMessageStore(),
    setup,
    committee,
    certificate: taken.certificate,
    record: dwallet,
    presign: taken.presign,
    userShare: new Secret(userShare),
    hashScheme: 'sha256',
    message: purpose.message,
    order: signOrderDigest(rawOrder('sha256', purpose.message)),
    random,
  });
  if (variant === badProof) {
    const at = signMessage.length - 40;
    signMessage[at] = (signMessage[at] ?? 0) ^ 1;
  }
  const call = envelope(
    clientKind.sign,
    presignId,
    encodeSignRequest({
      id: dwalletId,
      presignId,
      assignedTo: purpose.kind,
      nonce: purpose.nonce,
      ...rawOrder('sha256', purpose.message),
      signMessage,
      assignment: taken.assignment,
    }),
  );
  // Stored before it is sent, as a wallet does.
  write({ line: 'call', variant, call: hex(call) });
  return call;
}
const badProof = 99;

async function sign(leader: number, presign: Uint8Array, message: Uint8Array, call: Uint8Array): Promise<void> {
  const parts = decodeParts(decodeReply(await peer(leader).call(call), maxBodyBytes), 'Signature', 2);
  const [record, faults] = parts as [Uint8Array, Uint8Array];
  const { signature } = decodeSignatureRecord(curve, record);
  checkFinalSignature(dwallet, 'sha256', message, signature);
  write({
    line: 'signed',
    leader,
    presign: hex(presign),
    call: hex(call),
    r: signature.r.toString(16),
    s: signature.s.toString(16),
    blamed: decodeBlame(faults).map(({ party }) => party),
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const purpose = purposeOf(label, 'message');

/** What an honest client does at one validator: a presign if it has none, then the signature, always with the same bytes. */
class Wish {
  #taken: Taken | undefined;
  #call: Uint8Array | undefined;
  done = false;
  constructor() {
    for (const line of linesOf(label)) {
      if (line.line === 'taken') this.#taken ??= openTaken(fromHex(line.reply), purpose);
      if (line.line === 'call') this.#call ??= fromHex(line.call);
      if (line.line === 'signed') this.done = true;
    }
  }
  async attempt(leader: number): Promise<void> {
    if (this.#taken === undefined) {
      const taken = await take(leader, purpose);
      this.#taken ??= taken;
    }
    if (this.#call === undefined) {
      const call = await signCall(this.#taken, purpose, 0);
      this.#call ??= call;
    }
    await sign(leader, this.#taken.presign.presignId, purpose.message, this.#call);
    this.done = true;
  }
  async persist(rounds: number): Promise<void> {
    for (let i = 0; i < rounds && !this.done; i++) {
      const leader = leaders[i % leaders.length] as number;
      await this.attempt(leader).catch((error: unknown) => note(`attempt at ${leader}`, error));
      if (!this.done && i % leaders.length === leaders.length - 1) await pause(300);
    }
  }
}

async function takeSomewhere(what: Purpose): Promise<Taken | undefined> {
  for (const leader of leaders) {
    const taken = await take(leader, what).catch((error: unknown) => note(`take at ${leader}`, error));
    if (taken !== undefined) return taken;
  }
  return undefined;
}

/** Two client messages for one presign. */
async function twoFaces(act: 'two-faces' | 'second-thoughts' | 'reservation-for-two'): Promise<void> {
  const first = act === 'reservation-for-two' ? purposeOf(label, 'reservation') : purpose;
  const second = act === 'reservation-for-two' ? { ...first, message: encodeText('pay Mallory') } : first;
  const taken = await takeSomewhere(first);
  if (taken === undefined) return;
  const { presignId } = taken.presign;
  const calls = [await signCall(taken, first, 0), await signCall(taken, second, 1)] as const;
  for (let i = 0; i < 2; i++) {
    const [x, y] = chance.shuffle(leaders) as [number, number];
    const one = sign(x, presignId, first.message, calls[0]).catch((error: unknown) => note(`first at ${x}`, error));
    if (act === 'second-thoughts') await one;
    else if (chance.happens(0.5)) await pause(chance.between(0, 40));
    await Promise.all([
      one,
      sign(y, presignId, second.message, calls[1]).catch((error: unknown) => note(`second at ${y}`, error)),
    ]);
  }
}

async function run(): Promise<void> {
  switch (settings.act) {
    case 'patient':
    case 'vanishes':
      return new Wish().persist(leaders.length);
    case 'complete': {
      const wish = new Wish();
      await wish.persist(3 * leaders.length);
      if (!wish.done) process.exitCode = 3;
      return;
    }
    case 'two-leaders': {
      const wish = new Wish();
      const both = leaders
        .slice(0, 2)
        .map((leader) => wish.attempt(leader).catch((error: unknown) => note(`at ${leader}`, error)));
      await Promise.all(both);
      return wish.persist(leaders.length);
    }
    case 'two-faces':
    case 'second-thoughts':
    case 'reservation-for-two':
      return twoFaces(settings.act);
    case 'bad-proof': {
      const taken = await takeSomewhere(purpose);
      if (taken === undefined) return;
      const call = await signCall(taken, purpose, badProof);
      for (const leader of leaders.slice(0, 2)) {
        const signed = await sign(leader, taken.presign.presignId, purpose.message, call).then(
          () => true,
          (error: unknown) => note(`bad proof at ${leader}`, error),
        );
        if (signed === true) write({ line: 'wrong', what: 'a signature for a wrong proof' });
      }
      return;
    }
    case 'again':
      return again();
  }
}

/** What was answered is still there, and the same. */
async function again(): Promise<void> {
  for (const of of settings.labels ?? []) {
    for (const line of linesOf(of)) {
      if (line.line !== 'signed') continue;
      const what = `${line.presign} of ${line.leader}`;
      try {
        const reply = decodeReply(await peer(line.leader).call(fromHex(line.call)), maxBodyBytes);
        const [record] = decodeParts(reply, 'Signature', 2) as [Uint8Array];
        const { signature } = decodeSignatureRecord(curve, record);
        const same = signature.r.toString(16) === line.r && signature.s.toString(16) === line.s;
        write({ line: same ? 'kept' : 'lost', what });
      } catch (error) {
        note(what, error);
        write({ line: 'lost', what });
      }
    }
  }
}

await run();
process.exit();
