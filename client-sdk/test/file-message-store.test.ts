/**
 * The wallet's durable record of used presigns (MPC:V4, MPC:T13): what is stored is what is resent, whatever crashes.
 */
import {
  existsSync,
  mkdirSync,
  fsyncSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concat, encodeBytes, encodeText, encodeUint32, presignId } from '@dwallet/sigma';
import { sha256 } from '@noble/hashes/sha2.js';
import { afterAll, describe, expect, it } from 'vitest';
import { FileMessageStore, MessageStoreError, messageFileVersion } from '../src/store/file-message-store.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-messages-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => join(root, `store-${counter++}`);
const id = (n: number) => presignId(new Uint8Array(32).fill(n));
const message = (n: number): Uint8Array => Uint8Array.from({ length: 6303 }, (_, i) => (i * 7 + n) & 255);
const onlyFile = (folder: string): string => {
  const [name] = readdirSync(folder);
  return join(folder, name as string);
};

describe('messages on disk', () => {
  it('first bytes win, across restarts, and are returned exactly (MPC:T13)', async () => {
    const folder = fresh();
    const first = new FileMessageStore(folder);
    expect(await first.get(id(1))).toBeUndefined();
    expect(await first.putIfAbsent(id(1), message(1))).toEqual(message(1));
    expect(await first.putIfAbsent(id(1), message(2))).toEqual(message(1));
    const second = new FileMessageStore(folder);
    expect(await second.get(id(1))).toEqual(message(1));
    expect(await second.putIfAbsent(id(1), message(3))).toEqual(message(1));
    expect(await second.get(id(2))).toBeUndefined();
    expect(readdirSync(folder)).toHaveLength(1);
    expect(statSync(onlyFile(folder)).mode & 0o077).toBe(0);
  });

  it('two stores on one folder at once: one message (MPC:V4)', async () => {
    const folder = fresh();
    const [x, y] = [new FileMessageStore(folder), new FileMessageStore(folder)];
    const results = await Promise.all([x.putIfAbsent(id(1), message(1)), y.putIfAbsent(id(1), message(2))]);
    expect(results[0]).toEqual(results[1]);
  });

  it('file and folder are synced before the bytes are given out, also on a second look', async () => {
    const folder = fresh();
    let syncs = 0;
    const store = new FileMessageStore(folder, {
      sync: (file) => {
        syncs += 1;
        fsyncSync(file);
      },
    });
    await store.putIfAbsent(id(1), message(1));
    expect(syncs).toBe(2);
    await store.get(id(1));
    expect(syncs).toBe(3);
  });

  it('a failing sync stores nothing that is given out', async () => {
    const folder = fresh();
    const failing = new FileMessageStore(folder, {
      sync: () => {
        throw new Error('EIO');
      },
    });
    await expect(failing.putIfAbsent(id(1), message(1))).rejects.toThrow('EIO');
    const again = new FileMessageStore(folder);
    expect(await again.get(id(1))).toBeUndefined();
    expect(await again.putIfAbsent(id(1), message(2))).toEqual(message(2));
  });

  it('a crash before the link leaves a temporary file, which never counts', async () => {
    const folder = fresh();
    const store = new FileMessageStore(folder);
    // No process has this number.
    const left = `.tmp-${2 ** 22 + 7}-0`;
    writeFileSync(join(folder, left), message(1));
    expect(await store.get(id(1))).toBeUndefined();
    expect(existsSync(join(folder, left))).toBe(true);
    expect(await new FileMessageStore(folder).get(id(1))).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('what another process of the wallet is writing stays', async () => {
    const folder = fresh();
    mkdirSync(folder);
    // Process 1 runs for ever.
    writeFileSync(join(folder, '.tmp-1-0'), message(1));
    const store = new FileMessageStore(folder);
    await store.putIfAbsent(id(2), message(2));
    expect(await store.get(id(1))).toBeUndefined();
    expect(readdirSync(folder)).toContain('.tmp-1-0');
  });

  it('a damaged or truncated file is an error, never "unused": truncate and flip at every byte', async () => {
    const folder = fresh();
    const store = new FileMessageStore(folder);
    const short = message(1).subarray(0, 150);
    await store.putIfAbsent(id(1), short);
    const path = onlyFile(folder);
    const whole = readFileSync(path);
    for (let i = 0; i < whole.length; i++) {
      writeFileSync(path, whole.subarray(0, i));
      await expect(store.get(id(1)), `truncated to ${i}`).rejects.toThrow(MessageStoreError);
      const flipped = Uint8Array.from(whole);
      flipped[i] = (flipped[i] as number) ^ 1;
      writeFileSync(path, flipped);
      await expect(store.get(id(1)), `flipped ${i}`).rejects.toThrow(MessageStoreError);
      await expect(store.putIfAbsent(id(1), message(2))).rejects.toThrow(MessageStoreError);
    }
    writeFileSync(path, whole);
    expect(await store.get(id(1))).toEqual(short);
  });

  it('the file of another presign, a newer version and an earlier one are refused', async () => {
    const folder = fresh();
    const store = new FileMessageStore(folder);
    await store.putIfAbsent(id(1), message(1));
    const path = onlyFile(folder);
    const bytes = Uint8Array.from(readFileSync(path));
    writeFileSync(path.replaceAll('01', '02'), bytes);
    await expect(store.get(id(2))).rejects.toThrow('damaged');
    bytes[11] = messageFileVersion + 1;
    writeFileSync(path, bytes);
    await expect(store.get(id(1))).rejects.toThrow('newer version');
    // As the first build wrote it: the message alone, without the order that it serves.
    const old = concat(encodeText('DWSIGNMS'), encodeUint32(1), id(1), encodeBytes(message(1)));
    writeFileSync(path, concat(old, sha256(old)));
    await expect(store.get(id(1))).rejects.toThrow('recover the wallet from its recovery words');
    // The presign stays used.
    await expect(store.putIfAbsent(id(1), message(1))).rejects.toThrow(MessageStoreError);
  });
});
