/**
 * What ordinary dWallets moved, as this validator helped to sign it: counted against ceilings of zones and of the dWallets themselves. Durable, and summed up so
 * that a signature costs a search per limit, however many came before it.
 *
 * @module
 */
import { Reader, concat, encodeBytes, encodeText, encodeUint16, encodeUint64 } from '@dwallet/sigma';
import { type Limit, type Outflow, type World, longestWindowMs } from '@dwallet/zones';
import { type RecordStore, expiringKinds } from '../store/record-store.ts';

const { zoneCounted } = expiringKinds;

/** What a request of an ordinary dWallet took from ceilings. */
export interface Counted {
  /** Hex of its public key. */
  readonly dwallet: string;
  /** CAIP-2. */
  readonly chain: string;
  readonly flows: readonly Outflow[];
}

const encodeCounted = ({ dwallet, chain, flows }: Counted): Uint8Array =>
  concat(
    encodeBytes(encodeText(dwallet)),
    encodeBytes(encodeText(chain)),
    encodeUint16(flows.length),
    ...flows.flatMap(({ asset, amount, time }) => [
      encodeBytes(encodeText(asset)),
      encodeBytes(encodeText(amount.toString(16))),
      encodeUint64(BigInt(time)),
    ]),
  );

function decodeCounted(bytes: Uint8Array): Counted {
  const reader = new Reader(bytes, 'CountedRequest');
  const text = (field: string): string => new TextDecoder().decode(reader.bytes(field, 256));
  const dwallet = text('dwallet');
  const chain = text('chain');
  const flows = Array.from({ length: reader.uint16('flows') }, () => {
    const asset = text('asset');
    const amount = BigInt(`0x${text('amount')}`);
    return { asset, amount, time: Number(reader.uint64('time')) };
  });
  reader.end();
  return { dwallet, chain, flows };
}

/** Amounts in the order of their times, with running sums. */
class FlowSeries {
  /** Ascending. */
  #times: number[] = [];
  /** Of all amounts up to the same place, counted from when the series began. */
  #sums: bigint[] = [];
  /** Sum of what was dropped. */
  #before = 0n;

  get isEmpty(): boolean {
    return this.#times.length === 0;
  }

  /** Places with a time up to `time`. */
  #upTo(time: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] as number) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  #sumOf(places: number): bigint {
    return places === 0 ? this.#before : (this.#sums[places - 1] as bigint);
  }

  /** @param amount - negative takes back what was added at that time. Cheap at the end, where times come. */
  add(time: number, amount: bigint): void {
    const at = this.#upTo(time);
    this.#sums.splice(at, 0, this.#sumOf(at));
    this.#times.splice(at, 0, time);
    for (let i = at; i < this.#sums.length; i++) this.#sums[i] = (this.#sums[i] as bigint) + amount;
  }

  /** Sum of what carries a later time than `time`. */
  after(time: number): bigint {
    return this.#sumOf(this.#times.length) - this.#sumOf(this.#upTo(time));
  }

  /** Forgets what carries no later time than `time`, once that is half of the series: each place is moved once on average. */
  drop(time: number): void {
    const places = this.#upTo(time);
    if (2 * places < this.#times.length) return;
    this.#before = this.#sumOf(places);
    this.#times = this.#times.slice(places);
    this.#sums = this.#sums.slice(places);
  }
}

/** Requests whose time is over that one new request takes from the disk. */
const mostDropped = 4;

/** What is summed up together: moves on one chain, or of one dWallet. */
type Scope = `chain ${string}` | `dwallet ${string}`;
const scopesOf = ({ chain, dwallet }: Pick<Counted, 'chain' | 'dwallet'>): readonly Scope[] => [
  `chain ${chain}`,
  `dwallet ${dwallet}`,
];

export class CountedRequests {
  readonly #store: RecordStore;
  readonly #series = new Map<string, FlowSeries>();
  /** Requests by time of their flows, as they came. */
  #queue: { readonly key: string; readonly time: number }[] = [];
  #newest = 0;
  /** Added in a transaction that may have been undone since, and in which turn of the event loop. */
  #fresh: { readonly key: string; readonly counted: Counted; readonly turn: number }[] = [];
  #turn = 0;
  #ticking = false;

  constructor(store: RecordStore) {
    this.#store = store;
    for (const key of store.list(zoneCounted)) {
      const counted = this.#stored(key);
      if (counted !== undefined) this.#count(key, counted, 1n);
    }
    this.#queue.sort((a, b) => a.time - b.time);
  }

  #stored(key: string): Counted | undefined {
    const bytes = this.#store.get(zoneCounted, key);
    return bytes === undefined ? undefined : decodeCounted(bytes);
  }

  #count(key: string, counted: Counted, sign: 1n | -1n): void {
    for (const { asset, amount, time } of counted.flows)
      for (const scope of scopesOf(counted)) {
        const name = `${scope} ${asset}`;
        const series = this.#series.get(name) ?? new FlowSeries();
        if (sign < 0n && series.isEmpty) continue;
        this.#series.set(name, series);
        series.add(time, sign * amount);
      }
    if (sign < 0n) return;
    const time = latest(counted);
    this.#newest = Math.max(this.#newest, time);
    this.#queue.push({ key, time });
  }

  has(key: string): boolean {
    // From the store: a transaction that was undone counted nothing.
    return this.#store.get(zoneCounted, key) !== undefined;
  }

  /** Counts a request, in the transaction that its vote is in. */
  add(key: string, counted: Counted): void {
    this.#store.putOnce(zoneCounted, key, encodeCounted(counted));
    this.#count(key, counted, 1n);
    if (!this.#ticking)
      queueMicrotask(() => {
        this.#turn++;
        this.#ticking = false;
      });
    this.#ticking = true;
    this.#fresh.push({ key, counted, turn: this.#turn });
    this.#expire();
  }

  /** Takes back what was undone. A transaction ends in the turn in which it began: what is there later stays. */
  #settle(): void {
    this.#fresh = this.#fresh.filter(({ key, counted, turn }) => {
      if (this.has(key)) return turn === this.#turn;
      this.#count(key, counted, -1n);
      return false;
    });
  }

  /** What no window reaches any more, a few at a time. By what was counted: a start with a wrong clock deletes nothing. */
  #expire(): void {
    const over = this.#newest - longestWindowMs;
    for (let i = 0; i < mostDropped; i++) {
      const first = this.#queue[0];
      if (first === undefined || first.time > over) return;
      this.#queue.shift();
      const counted = this.#stored(first.key);
      if (counted === undefined || latest(counted) > over) continue;
      this.#store.delete(zoneCounted, first.key);
      // Gone for its time, not undone: nothing is taken back for it.
      this.#fresh = this.#fresh.filter(({ key }) => key !== first.key);
      for (const scope of scopesOf(counted))
        for (const { asset } of counted.flows) {
          const name = `${scope} ${asset}`;
          this.#series.get(name)?.drop(over);
          if (this.#series.get(name)?.isEmpty === true) this.#series.delete(name);
        }
    }
  }

  /**
   * The world with what was counted here, but for one request. Flows are put together where no limit tells them apart.
   * @param time - ms, of the request that is judged.
   */
  in(
    world: World,
    { chain, dwallet, but, time }: { chain: string; dwallet: string; but: string; time: number },
  ): World {
    this.#settle();
    const own = this.#stored(but);
    const zone = world.zones.get(chain);
    const known = world.dwallets.get(dwallet);
    const sums = (scope: Scope, limits: readonly Limit[]): Outflow[] =>
      this.#together(scope, limits, own !== undefined && scopesOf(own).includes(scope) ? own.flows : [], time);
    return {
      ...world,
      zones:
        zone === undefined
          ? world.zones
          : new Map(world.zones).set(chain, { ...zone, outflows: sums(`chain ${chain}`, zone.record.limits) }),
      dwallets:
        known === undefined
          ? world.dwallets
          : new Map(world.dwallets).set(dwallet, {
              ...known,
              outflows: sums(`dwallet ${dwallet}`, known.policy.limits),
            }),
    };
  }

  /** One flow per limit: with those of shorter windows it adds up to what left within the limit's own. */
  #together(scope: Scope, limits: readonly Limit[], own: readonly Outflow[], time: number): Outflow[] {
    const flows: Outflow[] = [];
    for (const asset of new Set(limits.map((limit) => limit.asset))) {
      const series = this.#series.get(`${scope} ${asset}`);
      if (series === undefined) continue;
      const windows = limits.filter((limit) => limit.asset === asset).map(({ windowMs }) => windowMs);
      let said = 0n;
      let at = time;
      for (const window of [...new Set(windows)].sort((a, b) => a - b)) {
        // What was dropped already is in no sum.
        const since = Math.max(time - window, this.#newest - longestWindowMs);
        const again = own.reduce(
          (sum, flow) => (flow.asset === asset && flow.time > since ? sum + flow.amount : sum),
          0n,
        );
        const left = series.after(time - window) - again;
        flows.push({ asset, amount: left - said, time: at });
        said = left;
        at = time - window;
      }
    }
    return flows;
  }
}

const latest = ({ flows }: Counted): number => flows.reduce((last, { time }) => Math.max(last, time), 0);
