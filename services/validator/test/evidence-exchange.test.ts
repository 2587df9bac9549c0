/** What one validator can prove, all of them say: evidence passes, judged by everybody who takes it, and within bounds. */
import { concat, encodeList, encodeText, encodeUint32, sessionId } from '@dwallet/sigma';
import {
  ComputeError,
  type ComputePool,
  InlinePool,
  encodeEnvelope,
  encodeResult,
  maxBodyBytes,
  sealEnvelope,
} from '@dwallet/two-pc-mpc/network';
import { afterEach, expect, test } from 'vitest';
import { decodeList } from '../src/core.ts';
import { evidenceJob } from '../src/compute/evidence-job.ts';
import { validatorJobs } from '../src/compute/jobs.ts';
import { ThreadPool } from '../src/compute/thread-pool.ts';
import {
  decodeEvidence,
  encodeEvidence,
  encodeMessagePair,
  evidenceId,
  exportEvidence,
  listEvidence,
  maxEvidenceBytes,
} from '../src/evidence.ts';
import { garbage, lyingWhen, swollen } from './helpers/lies.ts';
import { RawClient } from './helpers/raw-client.ts';
import { ToyNetwork, type ToyOptions, curve, fixture, toyParameters } from './helpers/toy-network.ts';

const networks: ToyNetwork[] = [];
afterEach(() => networks.splice(0).forEach((network) => network.close()));

/** Validator 1 leads a signature and gets garbage of 3: it alone has the proof. */
async function withLiar(computeOf: ToyOptions['computeOf'] = () => undefined): Promise<ToyNetwork> {
  const network = new ToyNetwork({ from: fixture(), label: 'evidence-exchange', computeOf });
  networks.push(network);
  const alice = new RawClient(network);
  const taken = await alice.take(1, 'exchange');
  network.line = lyingWhen(network, [{ by: 3, method: 'sign/share', lie: garbage }]);
  await alice.sign(1, alice.signRequest(taken, await alice.signMessage(taken)));
  network.line = ({ pass }) => pass();
  return network;
}

const ids = (network: ToyNetwork, index: number): string[] => listEvidence(network.store(index)).map(({ id }) => id);
const listed = async (network: ToyNetwork, from: number): Promise<string[]> =>
  decodeList(await network.ask(2, from, 'records/list', encodeText('evidence')), 'list', 4096).map((bytes) =>
    new TextDecoder().decode(bytes),
  );
/** A file as it is passed where it fits in one part. */
const whole = (file: Uint8Array): Uint8Array => concat(encodeUint32(file.length), file);
/** Counts what validator `to` is asked for, and may answer in its place. */
function watching(
  network: ToyNetwork,
  to: number,
  answer: (method: string) => Uint8Array | undefined = () => undefined,
) {
  const asked: string[] = [];
  const line = network.line;
  network.line = (call) => {
    if (call.to !== to) return line(call);
    asked.push(call.method);
    const instead = answer(call.method);
    return instead === undefined ? line(call) : Promise.resolve(encodeResult(instead));
  };
  return asked;
}

test('every validator names the same blame, in words of its own checks; what is known is not fetched again', async () => {
  const network = await withLiar();
  expect([1, 2, 3, 4].map((i) => ids(network, i).length)).toEqual([1, 0, 0, 0]);
  // The one that has it writes something else for people.
  const [id] = ids(network, 1) as [string];
  const evidence = decodeEvidence(exportEvidence(network.store(1), id) as Uint8Array);
  network.store(1).put('evidence', id, encodeEvidence({ ...evidence, reason: 'validator 2 did it' }));
  for (const i of [2, 4]) await network.validator(i).learnEvidence();
  for (const i of [2, 4]) {
    const [found] = listEvidence(network.store(i));
    expect(found).toMatchObject({ id, accused: 3, check: 'CG:3.10', reason: evidence.reason });
    expect((await network.validator(i).judgeEvidence(network.validator(i).evidence(id) as Uint8Array)).valid).toBe(
      true,
    );
  }
  const asked = watching(network, 1);
  await network.validator(2).learnEvidence();
  expect(asked).toEqual(['records/list']);
});

test('what proves nothing is not kept, and who hands it out is not asked again', async () => {
  const network = await withLiar();
  const [id] = ids(network, 1) as [string];
  const file = exportEvidence(network.store(1), id) as Uint8Array;
  const honest = id.replace('.3.', '.1.');
  const evidence = decodeEvidence(file);
  const lies: readonly (readonly [string, Uint8Array])[] = [
    // An honest one accused; a true file under another name; no file; no name of a file.
    [honest, whole(encodeEvidence({ ...evidence, accused: 1 }))],
    [id.replace(/\.[0-9a-f]{64}\./, `.${'ab'.repeat(32)}.`), whole(file)],
    [id, whole(file.slice(0, -1))],
    ['../keystore', whole(file)],
    // Less than it says; more than there may be; crumbs, which would take as many calls as the file has bytes.
    [id, concat(encodeUint32(file.length + 1), file)],
    [id, concat(encodeUint32(maxEvidenceBytes + 1), new Uint8Array(maxBodyBytes - 4096))],
    [id, concat(encodeUint32(file.length), file.subarray(0, 1))],
  ];
  for (const [name, bytes] of lies) {
    network.restart(2);
    const asked = watching(network, 1, (method) =>
      method === 'records/list' ? encodeList([encodeText(name)]) : method === 'records/fetch' ? bytes : undefined,
    );
    await network.validator(2).learnEvidence();
    const once = asked.length;
    expect(once).toBe(name.includes('/') ? 1 : 2);
    await network.validator(2).learnEvidence();
    expect([ids(network, 2), asked.length], name).toEqual([[], once]);
    network.line = ({ pass }) => pass();
  }
  // It is about that one alone: from others it learns.
  network.store(4).put('evidence', id, file);
  await network.validator(2).learnEvidence();
  expect(ids(network, 2)).toEqual([id]);
});

test('so many files about one validator and of one kind pass, no more; others are not held up by them', async () => {
  const network = await withLiar();
  const [id] = ids(network, 1) as [string];
  const alike = (n: number): string => id.replace(/\.[0-9a-f]{64}\./, `.${n.toString(16).padStart(64, '0')}.`);
  const other = (n: number): string => alike(n).replace('.3.', '.2.');
  for (let n = 0; n < 10; n++)
    for (const name of [alike(n), other(n)]) network.store(4).put('evidence', name, new Uint8Array(1));
  const offered = await listed(network, 4);
  expect(offered).toHaveLength(16);
  expect(offered.filter((name) => name.includes('.3.'))).toEqual(Array.from({ length: 8 }, (_, n) => alike(n)));
  // Whoever has so many takes no further one, true as it may be.
  for (let n = 0; n < 8; n++) network.store(2).put('evidence', alike(n), new Uint8Array(1));
  network.down.add(4);
  const asked = watching(network, 1);
  await network.validator(2).learnEvidence();
  expect(asked).toEqual(['records/list']);
  expect(network.store(2).list('evidence')).toHaveLength(8);
});

test('a file that fits in no answer passes all the same, in as few parts as it has', async () => {
  const network = await withLiar();
  const [small] = ids(network, 1) as [string];
  const { network: named } = decodeEvidence(exportEvidence(network.store(1), small) as Uint8Array);
  const session = sessionId(new Uint8Array(32).fill(7));
  const kind = 'ecdsa-presign/round-1';
  const message = (fill: number): Uint8Array => {
    // Two of them do not fit in one answer.
    const body = new Uint8Array(maxBodyBytes / 2).fill(fill);
    const fields = { networkId: network.networkId, session, kind, body };
    return encodeEnvelope(sealEnvelope(network.keystore(3).identity, fields));
  };
  const evidence = {
    network: named,
    kind: 'equivocation-message',
    session,
    accused: 3,
    check: 'MPC:C.3',
    reason: 'signed two different messages for one step of a session',
    records: {},
    material: encodeMessagePair(message(1), message(2)),
  } as const;
  const id = evidenceId(evidence);
  network.store(1).put('evidence', id, encodeEvidence(evidence));
  const asked = watching(network, 1);
  await network.validator(2).learnEvidence();
  // One for the small file, two for this one.
  expect(asked).toEqual(['records/list', ...Array<string>(3).fill('records/fetch')]);
  expect(ids(network, 2)).toEqual([small, id].sort());
});

test('evidence about one share holds nothing of what others sent in place of shares, however long', async () => {
  const network = new ToyNetwork({ from: fixture(), label: 'evidence-exchange' });
  networks.push(network);
  const alice = new RawClient(network);
  const taken = await alice.take(1, 'exchange');
  network.line = lyingWhen(
    network,
    [2, 3].map((by) => ({ by, method: 'sign/share', lie: swollen })),
  );
  await expect(alice.sign(1, alice.signRequest(taken, await alice.signMessage(taken)))).rejects.toBeInstanceOf(Error);
  network.line = ({ pass }) => pass();
  const found = listEvidence(network.store(1));
  expect(found.map(({ accused, check }) => [accused, check])).toEqual([
    [2, 'MPC:S13'],
    [3, 'MPC:S13'],
  ]);
  const { length } = swollen(network, new Uint8Array(0), undefined as never);
  for (const { id, bytes } of found) {
    expect(bytes).toBeGreaterThan(length);
    expect(bytes).toBeLessThan(2 * length);
    expect((await network.validator(4).judgeEvidence(exportEvidence(network.store(1), id) as Uint8Array)).valid).toBe(
      true,
    );
  }
});

test('it is judged in a thread, behind everything else; whoever gets no verdict blames nobody and asks again', async () => {
  const parameters = toyParameters();
  const threads = new ThreadPool({ parameters, curve, size: 1 });
  const inline = new InlinePool(validatorJobs, parameters, curve);
  const judged: (string | undefined)[] = [];
  let fails = true;
  const compute: ComputePool = {
    parallelism: 1,
    queued: 0,
    active: 0,
    run(job, options) {
      if (job.name !== evidenceJob) return inline.run(job);
      judged.push(options?.priority);
      if (fails) return Promise.reject(new ComputeError('COMPUTE_QUEUE_FULL', 'a test says so'));
      return threads.run(job, options);
    },
    close: () => threads.close(),
  };
  try {
    const network = await withLiar((index) => (index === 2 ? compute : undefined));
    await network.validator(2).learnEvidence();
    expect(ids(network, 2)).toEqual([]);
    fails = false;
    await network.validator(2).learnEvidence();
    expect(ids(network, 2)).toEqual(ids(network, 1));
    expect(judged).toEqual(['background', 'background']);
  } finally {
    await compute.close();
  }
});
