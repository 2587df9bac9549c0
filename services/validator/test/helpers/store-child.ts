/**
 * Child process of the store's tests. Arguments: folder, act.
 * - `hold`: opens the store, says `ready`, keeps it until it is killed.
 * - `write`: votes, marks and transactions without end, each said on standard output once it is acknowledged.
 * - `fill`: votes until the disk takes no more, then says how many were acknowledged and what everything after is answered with.
 * - `read`: opens the store and says which of its records are there, as the parent's damage left them.
 */
import { type PresignId, digest, presignId } from '@dwallet/sigma';
import { sha256 } from '@noble/hashes/sha2.js';
import { LmdbStore } from '../../src/store/lmdb-store.ts';
import { StoreError } from '../../src/store/store-error.ts';

const [folder, act] = process.argv.slice(2) as [string, string];
const bytesOf = (n: number): Uint8Array => sha256(new TextEncoder().encode(`value ${n}`));
const idOf = (n: number): PresignId => presignId(sha256(new TextEncoder().encode(`presign ${n}`)));
const open = (): LmdbStore =>
  LmdbStore.open({
    folder,
    owner: new Uint8Array(32).fill(1),
    networkId: digest(new Uint8Array(32).fill(2)),
    random: (length) => new Uint8Array(length).fill(3),
  });
const say = (text: string): void => {
  // A pipe is written before this returns.
  process.stdout.write(`${text}\n`);
};

switch (act) {
  case 'hold':
    open();
    say('ready');
    setInterval(() => {}, 1000);
    break;
  case 'write': {
    const store = open();
    const markers = store.markers();
    for (let n = 0; ; n++) {
      store.putOnce('vote', `v${n}`, bytesOf(n));
      await markers.mark(idOf(n), digest(bytesOf(n)));
      store.transaction(() => {
        for (let part = 0; part < 3; part++) store.put('batch', `b${n}-${part}`, new Uint8Array(3000).fill(n));
      });
      say(String(n));
    }
  }
  // eslint-disable-next-line no-fallthrough -- the loop above never ends
  case 'fill': {
    const store = open();
    const codeOf = async (work: () => unknown): Promise<string> => {
      try {
        await work();
        return 'answered';
      } catch (error) {
        return error instanceof StoreError ? error.code : String(error);
      }
    };
    let written = 0;
    const codes = [
      await codeOf(() => {
        for (; ; written++) store.put('vote', `v${written}`, new Uint8Array(20_000).fill(written));
      }),
      await codeOf(() => store.get('vote', 'v0')),
      await codeOf(() => store.put('vote', 'x', new Uint8Array(1))),
      await codeOf(() => store.markers().lookup(idOf(1))),
    ];
    say(JSON.stringify({ written, codes }));
    break;
  }
  default:
    try {
      const store = open();
      const there = store.list('vote').filter((id) => {
        const value = store.get('vote', id);
        return value !== undefined && Buffer.from(value).equals(bytesOf(Number(id.slice(1))));
      });
      const markers = store.markers();
      let marked = 0;
      for (let n = 0; n < there.length; n++) if ((await markers.lookup(idOf(n))) !== undefined) marked++;
      await store.close();
      say(JSON.stringify({ votes: there.length, marked }));
    } catch (error) {
      say(JSON.stringify({ code: error instanceof StoreError ? error.code : String(error) }));
    }
}
