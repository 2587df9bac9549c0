/** What a leader answers is on its own disk first (found by the simulation: a leader whose disk failed answered signatures that it had not kept). */
import { StoreError } from '../src/store/store-error.ts';
import { afterEach, expect, it } from 'vitest';
import { RawClient } from './helpers/raw-client.ts';
import { ToyNetwork, ToyStore, fixture, hex } from './helpers/toy-network.ts';

/** A disk that has no room for records of one kind. */
class FullStore extends ToyStore {
  full: string | undefined;
  override put(kind: string, id: string, value: Uint8Array): void {
    if (kind === this.full) throw new StoreError('STORE_DISK_FULL', 'the disk is full');
    super.put(kind, id, value);
  }
}

const open: ToyNetwork[] = [];
afterEach(() => open.splice(0).forEach((network) => network.close()));

it('a leader that cannot keep a signature does not answer it; another one does, and the first when there is room', async () => {
  const stores: FullStore[] = [];
  const network = new ToyNetwork({
    from: fixture(),
    storeOf: () => {
      const store = new FullStore();
      stores.push(store);
      return store;
    },
  });
  open.push(network);
  const alice = new RawClient(network);
  const taken = await alice.take(1, 'kept');
  const request = alice.signRequest(taken, await alice.signMessage(taken));
  const [leader] = stores as [FullStore];
  leader.full = 'signature';
  await expect(alice.sign(1, request)).rejects.toMatchObject({ code: 'STORE_DISK_FULL' });
  expect(leader.list('signature')).toEqual([]);
  const { signature } = await alice.sign(2, request);
  leader.full = undefined;
  expect((await alice.sign(1, request)).signature).toEqual(signature);
  expect(leader.list('signature')).toEqual([hex(taken.presign.presignId)]);
});
