/**
 * A validator's service with faults: the product's own service, over a store, lines and a clock that do what the harness says. Nothing of this is in the
 * product: the service takes these parts as an argument.
 *
 * @module
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveTestParameters } from '@dwallet/class-groups';
import { wasmKernel } from '@dwallet/kernel/wasm';
import { type ValidatorId, secp256k1Curve } from '@dwallet/sigma';
import {
  type Peer,
  boundDigestOf,
  decodeCall,
  decodeParts,
  decodeReply,
  decodeSignRequest,
  encodeCall,
  maxBodyBytes,
  peekEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { type RecordStore, StoreError, Validator, type ValidatorOptions } from '@dwallet/validator';
import { ValidatorService, loadConfig, runService } from '@dwallet/validator/service';
import { Chance } from '../../simulation/scheduler.ts';
import { JumpingClock } from './jumping-clock.ts';
import { Liar } from './liar.ts';
import {
  type DiskFaults,
  type Event,
  type LineFaults,
  type Note,
  type Order,
  type ValidatorSettings,
  noLineFaults,
} from './messages.ts';

const settings = JSON.parse(process.argv[2] ?? '{}') as ValidatorSettings;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const never = (): Promise<never> => new Promise(() => {});
const parameters = deriveTestParameters(wasmKernel, 520);
const chance = new Chance(settings.seed, 100);
const clock = new JumpingClock();

// What is written down ------------------------------------------------------------------------------------------------------------------

const file = openSync(settings.events, 'a', 0o600);
/** In the file when it returns: a killed process does not take it back. */
const write = (event: Event): void => void writeSync(file, `${JSON.stringify(event)}\n`);

/** What a request and its answer say about this validator's promises. Before the answer leaves. */
function witness(request: Uint8Array, reply: Uint8Array): void {
  let method: string;
  let body: Uint8Array;
  let answer: Uint8Array;
  try {
    const call = decodeCall(request, 2 * maxBodyBytes);
    method = call.method;
    body = peekEnvelope(call.body).body;
    answer = decodeReply(reply, maxBodyBytes);
  } catch {
    return;
  }
  switch (method) {
    case 'sign/bind':
    case 'sign/assign':
    case 'dwallet/vote':
    case 'session/vote':
      return write({ event: 'vote', method, signature: hex(answer), request: hex(body) });
    case 'session/contribute':
      return write({ event: 'contribution', envelope: hex(answer) });
    case 'sign/share':
    case 'sign/prove': {
      const [client, certificate] = decodeParts(body, 'ShareRequest', 3) as [Uint8Array, Uint8Array];
      const signing = decodeSignRequest(peekEnvelope(client).body);
      write({ event: 'certificate', certificate: hex(certificate) });
      write({
        event: 'share',
        presign: hex(signing.presignId),
        digest: hex(boundDigestOf(secp256k1Curve, signing)),
      });
    }
  }
}

// Points at which the process dies ------------------------------------------------------------------------------------------------------

let armed = false;
let dieAt: number | undefined;
let names: string[] = [];

function point(where: string): void {
  if (!armed) return;
  names.push(where);
  if (names.length !== dieAt) return;
  write({ event: 'killed', where });
  process.kill(process.pid, 'SIGKILL');
  // The signal is for this very thread: it gets no further.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/** What was handed to the line has left by then, on a machine that is not overloaded. */
const leftMs = 4;

// Disk --------------------------------------------------------------------------------------------------------------------------------

let disk: DiskFaults = { slowMs: 0, full: false };

/** What the real store cannot write is counted. */
function noting<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError && error.code !== 'STORE_CLOSED')
      write({ event: 'refused-write', code: error.code });
    throw error;
  }
}

function faultyStore(inner: RecordStore): RecordStore {
  let depth = 0;
  const durable = <T>(name: string, work: () => T): T => {
    // A part of the transaction around it.
    if (depth > 0) return work();
    if (disk.slowMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, disk.slowMs);
    if (disk.full) throw new StoreError('STORE_DISK_FULL', 'the disk of the store is full; nothing was written');
    point(`before ${name} is written`);
    depth++;
    let value: T;
    try {
      value = noting(work);
    } finally {
      depth--;
    }
    point(`after ${name} is written`);
    return value;
  };
  return {
    get: (kind, id) => inner.get(kind, id),
    list: (kind) => inner.list(kind),
    put: (kind, id, value) => durable(kind, () => inner.put(kind, id, value)),
    putOnce: (kind, id, value) =>
      durable(kind, () => {
        if (!settings.forgetful) return inner.putOnce(kind, id, value);
        inner.put(kind, id, value);
        return undefined;
      }),
    delete: (kind, id) => durable(kind, () => inner.delete(kind, id)),
    transaction: (work) => durable('a transaction', () => inner.transaction(work)),
    get generation() {
      return inner.generation;
    },
  };
}

/** Markers are written by the store itself; a step of their own. */
function faultyMarkers(inner: ValidatorOptions['markers']): ValidatorOptions['markers'] {
  const durable = async <T>(work: () => Promise<T>): Promise<T> => {
    if (disk.slowMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, disk.slowMs);
    if (disk.full) throw new StoreError('STORE_DISK_FULL', 'the disk of the store is full; nothing was written');
    point('before a marker is written');
    const value = await work();
    point('after a marker is written');
    return value;
  };
  return {
    mark: (id, digest) =>
      durable(async () => {
        const outcome = await inner.mark(id, digest);
        return settings.forgetful ? 'marked' : outcome;
      }),
    markVoid: (id) => durable(() => inner.markVoid(id)),
    lookup: (id) => (settings.forgetful ? Promise.resolve(undefined) : inner.lookup(id)),
  };
}

// Lines -------------------------------------------------------------------------------------------------------------------------------

let lines: LineFaults = noLineFaults;

/** One bit of the content, not of the frame: TLS would see to that. */
function corrupted(bytes: Uint8Array): Uint8Array {
  const { method, body } = decodeCall(bytes, 2 * maxBodyBytes);
  const changed = body.slice();
  const at = chance.below(changed.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << chance.below(8));
  return encodeCall(method, changed);
}

function faultyLine(to: ValidatorId, inner: Peer): Peer {
  const gone = async (): Promise<never> => {
    await sleep(chance.between(20, 400));
    throw new Error(`validator ${to} cannot be reached`);
  };
  return {
    async call(bytes) {
      const { method } = decodeCall(bytes, 2 * maxBodyBytes);
      point(`before ${method} is sent to ${to}`);
      const { cut, drop, duplicate, late, corrupt, delayMs } = lines;
      if (cut.includes(to)) return gone();
      if (delayMs > 0) await sleep(chance.below(delayMs));
      if (chance.happens(drop)) return gone();
      if (chance.happens(late))
        setTimeout(() => void inner.call(bytes).catch(() => {}), chance.between(200, 2500)).unref();
      if (chance.happens(duplicate)) void inner.call(bytes).catch(() => {});
      const answer = inner.call(chance.happens(corrupt) ? corrupted(bytes) : bytes);
      if (armed) {
        answer.catch(() => {});
        await sleep(leftMs);
        point(`after ${method} was sent to ${to}`);
      }
      const reply = await answer;
      // The request arrived; the answer does not.
      if (lines.cut.includes(to) || chance.happens(drop)) return gone();
      if (delayMs > 0) await sleep(chance.below(delayMs));
      return reply;
    },
  };
}

// The validator -----------------------------------------------------------------------------------------------------------------------

/** At the only door: what it answers, to others or to itself as a leader, leaves. */
class FaultyValidator extends Validator {
  readonly #liar: Liar | undefined;
  constructor(options: ValidatorOptions, liar: Liar | undefined) {
    super(options);
    this.#liar = liar;
  }
  override async call(bytes: Uint8Array): Promise<Uint8Array> {
    const honest = await super.call(bytes);
    const reply = this.#liar === undefined ? honest : this.#liar.reply(bytes, honest);
    if (reply === undefined) return never();
    if (this.#liar === undefined) witness(bytes, reply);
    if (armed) {
      const { method } = decodeCall(bytes, 2 * maxBodyBytes);
      point(`before ${method} is answered`);
      setTimeout(() => point(`after ${method} was answered`), leftMs);
    }
    return reply;
  }
}

const service = new ValidatorService({
  config: loadConfig({ file: settings.config, set: settings.set }),
  environment: {},
  seams: {
    parameters,
    store: faultyStore,
    validator(options) {
      const liar = settings.lie === undefined ? undefined : new Liar(settings.lie, options, parameters);
      const peers = new Map([...options.peers].map(([to, peer]) => [to, faultyLine(to, peer)]));
      const log = (text: string): void => {
        if (text.startsWith('internal error')) write({ event: 'internal', text });
        options.log?.(text);
      };
      const markers = faultyMarkers(options.markers);
      return new FaultyValidator({ ...options, peers, markers, clock, log, allowTestProfile: true }, liar);
    },
  },
});

const tell = (note: Note): void => void (process.connected && process.send?.(note));

process.on('message', (raw: unknown) => {
  const order = raw as Order;
  switch (order.order) {
    case 'arm':
      armed = true;
      dieAt = order.at;
      names = [];
      return;
    case 'disarm':
      armed = false;
      return;
    case 'count':
      return tell({ note: 'count', id: order.id, points: names.length, names });
    case 'lines':
      lines = order.faults;
      return;
    case 'disk':
      disk = order.faults;
      return;
    case 'clock':
      clock.jump(order.aheadMs);
  }
});
// Whoever started this is gone.
process.on('disconnect', () => process.exit(0));

const watch = setInterval(() => {
  if (service.phase !== 'serving') return;
  clearInterval(watch);
  tell({ note: 'serving' });
}, 20);

process.exit(await runService(service, false));
