/**
 * ZoneService, AssetService and ClusterService: what clients ask about zones, and what they submit. Under the limits of the other services.
 *
 * @module
 */
import { type ServerWritableStream, type UntypedHandleCall, type handleUnaryCall, status } from '@grpc/grpc-js';
import { DecodeError } from '@dwallet/sigma';
import {
  type ZoneFact,
  assetFactOf,
  clusterFact,
  dwalletPolicyFact,
  dwalletPolicyRecord,
  entryFact,
  messageFact,
  settlementFact,
  settlementRecord,
  sourceEventId,
  zoneFactOf,
} from '@dwallet/zones';
import { type Call, type CallOptions, endCall, observeFailure, openCall, serviceError, unary } from '../api/calls.ts';
import { ApiError } from '../api/errors.ts';
import { type ApiLimits, InFlight, TokenBuckets } from '../api/limits.ts';
import { assetMessage, clusterMessage, entryMessage, messageMessage, refusalMessage, zoneMessage } from './messages.ts';
import type { Zones } from './zones.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const maxPage = 256;
const maxSubmissionBytes = 1024 * 1024;
/** Submissions of one address: each of them has signatures to verify, and is told to all validators. */
const submissionRate = { perSecond: 10, burst: 200 };
/** A reader that lets more than this wait is cut off: it may ask again from where it was. */
const maxBufferedBytes = 8 * 1024 * 1024;
/** Statuses follow the clock, too: a cluster halts when nothing happens. */
const statusEveryMs = 250;

export interface ZoneApiOptions extends CallOptions {
  readonly zones: Zones;
  readonly limits: ApiLimits;
  readonly closing: () => boolean;
}

/** Sends from a stream's start on. @returns to be called when nobody reads any more. */
type Feed<Response> = (send: (response: Response) => void) => () => void;

const missing = (what: string): ApiError => new ApiError('NOT_FOUND', `there is no ${what} here`);

export class ZoneApi {
  readonly #options: ZoneApiOptions;
  readonly #zones: Zones;
  readonly #inFlight: InFlight;
  readonly #watchers: InFlight;
  readonly #addresses: TokenBuckets;
  readonly #submissions: TokenBuckets;

  constructor(options: ZoneApiOptions) {
    const { limits } = options;
    this.#options = options;
    this.#zones = options.zones;
    this.#inFlight = new InFlight(limits.maxInFlight, limits.maxInFlightPerAddress);
    this.#watchers = new InFlight(limits.maxWatchers, limits.maxWatchersPerAddress);
    this.#addresses = new TokenBuckets(limits.address, () => performance.now());
    this.#submissions = new TokenBuckets(submissionRate, () => performance.now());
  }

  get inFlight(): InFlight {
    return this.#inFlight;
  }

  /** Handlers of ZoneService. */
  zoneHandlers(): Record<string, UntypedHandleCall> {
    return {
      SubmitRecord: this.#unary('SubmitRecord', ({ submission }: { submission: Buffer }, call) => {
        this.#submissions.require(`address:${call.address}`);
        return this.#submit(submission);
      }),
      ListZones: this.#unary('ListZones', async () => {
        const { world } = this.#zones.state;
        return { zones: sorted(world.zones).map((zone) => zoneMessage(this.#zones, zone)) };
      }),
      GetZone: this.#unary('GetZone', async ({ chain }: { chain: string }) => ({
        zone: this.#zone(chain),
        certificate: await this.#certificate(
          zoneFactOf(this.#require(this.#zones.state.world.zones, chain, 'zone').record),
        ),
      })),
      GetEvent: this.#unary('GetEvent', async (request: { chain: string; reference: string }) => this.#event(request)),
      GetDWalletPolicy: this.#unary('GetDWalletPolicy', async ({ publicKey }: { publicKey: Buffer }) => {
        const { policy } = this.#require(this.#zones.state.world.dwallets, hex(publicKey), 'policy of this dWallet');
        return {
          record: Buffer.from(dwalletPolicyRecord.encode(policy)),
          certificate: await this.#certificate(dwalletPolicyFact(policy)),
          purpose: policy.purpose,
          subject: policy.subject,
          version: Number(policy.version),
        };
      }),
      WatchZone: this.#stream('WatchZone', ({ chain }: { chain: string }) => {
        this.#zone(chain);
        return this.#changes(() => ({ zone: this.#zone(chain) }));
      }),
    };
  }

  /** Handlers of AssetService. */
  assetHandlers(): Record<string, UntypedHandleCall> {
    return {
      ListAssets: this.#unary('ListAssets', async () => ({
        assets: sorted(this.#zones.state.world.assets).map((asset) => assetMessage(this.#zones, asset)),
      })),
      GetAsset: this.#unary('GetAsset', async ({ asset: id }: { asset: string }) => {
        const asset = this.#require(this.#zones.state.world.assets, id, 'asset');
        const certificate = await this.#certificate(assetFactOf(asset.record));
        return { asset: assetMessage(this.#zones, asset), certificate };
      }),
      ListEntries: this.#unary(
        'ListEntries',
        async ({ asset, fromHeight, pageSize }: { asset: string; fromHeight: number; pageSize: number }) => {
          this.#require(this.#zones.state.world.assets, asset, 'asset');
          if (pageSize > maxPage) throw new DecodeError('page_size', `must be at most ${maxPage}`);
          const page = this.#zones.state.entries(asset).slice(fromHeight, fromHeight + (pageSize || maxPage));
          return { entries: page.map(entryMessage) };
        },
      ),
      GetEntry: this.#unary('GetEntry', async ({ asset, height }: { asset: string; height: number }) => {
        const entry = this.#zones.state.entries(asset)[height];
        if (entry === undefined) throw missing('entry of this height');
        return { entry: entryMessage(entry), certificate: await this.#certificate(entryFact(entry)) };
      }),
      WatchEntries: this.#stream('WatchEntries', ({ asset, fromHeight }: { asset: string; fromHeight: number }) => {
        this.#require(this.#zones.state.world.assets, asset, 'asset');
        return (send) => {
          let next = fromHeight;
          const tell = (): void => {
            const entries = this.#zones.state.entries(asset);
            for (; next < entries.length; next++) {
              const entry = entries[next];
              if (entry !== undefined) send({ entry: entryMessage(entry) });
            }
          };
          tell();
          return this.#zones.log.listen({ decided: tell });
        };
      }),
    };
  }

  /** Handlers of ClusterService. */
  clusterHandlers(): Record<string, UntypedHandleCall> {
    const { state } = this.#zones;
    const cluster = (name: string) => clusterMessage(this.#zones, this.#require(state.world.clusters, name, 'cluster'));
    return {
      ListClusters: this.#unary('ListClusters', async () => ({
        clusters: sorted(state.world.clusters).map((one) => clusterMessage(this.#zones, one)),
      })),
      GetCluster: this.#unary('GetCluster', async ({ cluster: name }: { cluster: string }) => ({
        cluster: cluster(name),
        certificate: await this.#certificate(clusterFact(this.#require(state.world.clusters, name, 'cluster').record)),
      })),
      GetMessage: this.#unary('GetMessage', async (request: MessageRequest) => {
        const { cluster: name, from, to, nonce } = request;
        const found = state.message(name, from, to, BigInt(nonce));
        if (found === undefined) throw missing('such message');
        return {
          message: messageMessage(found),
          certificate: await this.#certificate(messageFact(found)),
        };
      }),
      GetSettlement: this.#unary('GetSettlement', async (request: { cluster: string; interval: number }) => {
        const settlement = state.settlement(request.cluster, BigInt(request.interval));
        if (settlement === undefined) throw missing('settlement of this interval');
        return {
          record: Buffer.from(settlementRecord.encode(settlement)),
          digest: Buffer.from(settlementRecord.digest(settlement)),
          certificate: await this.#certificate(settlementFact(settlement)),
        };
      }),
      WatchMessages: this.#stream('WatchMessages', (request: { cluster: string; newOnly: boolean }) => {
        cluster(request.cluster);
        return (send) => {
          if (!request.newOnly)
            for (const { message } of state.messages(request.cluster)) send({ message: messageMessage(message) });
          return this.#zones.log.listen({
            decided: (_, applied) => {
              for (const { event, refusal } of applied)
                if (
                  refusal === undefined &&
                  event.kind === 'cluster' &&
                  event.cluster === request.cluster &&
                  event.event.kind === 'message'
                )
                  send({ message: messageMessage(event.event.message) });
            },
          });
        };
      }),
      WatchCluster: this.#stream('WatchCluster', ({ cluster: name }: { cluster: string }) => {
        cluster(name);
        return this.#changes(() => ({ cluster: cluster(name) }));
      }),
    };
  }

  // What the handlers share ---------------------------------------------------------------------------------------------------------

  #require<V>(map: ReadonlyMap<string, V>, key: string, what: string): V {
    const value = map.get(key);
    if (value === undefined) throw missing(what);
    return value;
  }

  #zone(chain: string) {
    return zoneMessage(this.#zones, this.#require(this.#zones.state.world.zones, chain, 'zone'));
  }

  async #certificate(fact: ZoneFact): Promise<Buffer> {
    return Buffer.from(await this.#zones.certificate(fact));
  }

  async #submit(submission: Buffer): Promise<object> {
    if (submission.length > maxSubmissionBytes)
      throw new ApiError('MESSAGE_TOO_LARGE', `more than ${maxSubmissionBytes} bytes`, { field: 'submission' });
    await this.#zones.submit(new Uint8Array(submission));
    return {};
  }

  #event({ chain, reference }: { readonly chain: string; readonly reference: string }): object {
    const spent = hex(sourceEventId({ chain, reference }));
    for (const { record, ledger } of this.#zones.state.world.assets.values()) {
      if (!ledger.spent.has(spent)) continue;
      const entry = this.#zones.state
        .entries(record.asset)
        .findLast(({ sourceEvent }) => sourceEvent.chain === chain && sourceEvent.reference === reference);
      if (entry !== undefined) return { entry: entryMessage(entry) };
    }
    const refused = this.#zones.refusalOf(chain, reference);
    return refused === undefined ? { unknown: true } : { refused: refusalMessage(refused) };
  }

  #enter({ address }: Call, places: InFlight): () => void {
    if (this.#options.closing()) throw new ApiError('SHUTTING_DOWN', 'this validator is about to stop');
    const subject = `address:${address}`;
    const leave = places.enter(subject);
    try {
      this.#addresses.require(subject);
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #unary<Request, Response>(
    rpc: string,
    handler: (request: Request, call: Call) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return unary('client', rpc, this.#options, async (request: Request, call) => {
      const leave = this.#enter(call, this.#inFlight);
      try {
        return await handler(request, call);
      } finally {
        leave();
      }
    });
  }

  /** What `read` says, whenever that changes. */
  #changes<Response>(read: () => Response): Feed<Response> {
    return (send) => {
      let last: string | undefined;
      const tell = (): void => {
        const now = read();
        const text = JSON.stringify(now);
        if (text === last) return;
        last = text;
        send(now);
      };
      tell();
      const stop = this.#zones.log.listen({ decided: tell });
      const timer = setInterval(tell, statusEveryMs);
      return () => {
        stop();
        clearInterval(timer);
      };
    };
  }

  #stream<Request, Response>(rpc: string, open: (request: Request) => Feed<Response>) {
    return (stream: ServerWritableStream<Request, Response>): void => {
      const { observer, limits } = this.#options;
      const call = openCall('client', rpc, stream, limits.maxDeadlineMs, new AbortController().signal);
      const begin = performance.now();
      observer.callStarted('client', rpc);
      const ending: (() => void)[] = [];
      let over = false;
      const finish = (code: number): boolean => {
        if (over) return false;
        over = true;
        for (const end of ending.splice(0)) end();
        endCall(call, code);
        observer.callFinished('client', rpc, status[code] ?? 'UNKNOWN', (performance.now() - begin) / 1000);
        return true;
      };
      const fail = (error: unknown): void => {
        observeFailure(this.#options, call, error);
        const answer = serviceError(error, call);
        if (finish(answer.code)) stream.emit('error', answer);
      };
      stream.on('cancelled', () => finish(status.CANCELLED));
      try {
        ending.push(this.#enter(call, this.#watchers));
        const feed = open(stream.request);
        const stop = feed((response) => {
          if (over) return;
          stream.write(response);
          if (stream.writableLength > maxBufferedBytes)
            fail(new ApiError('OVERLOADED', 'the stream is not read; ask again from where you are'));
        });
        if (over) stop();
        else {
          ending.push(stop);
          const end = (): void => fail(new ApiError('DEADLINE_EXCEEDED', 'watch again from where you are'));
          const timer = setTimeout(end, Math.min(call.deadline - begin, 2 ** 31 - 1));
          ending.push(() => clearTimeout(timer));
        }
      } catch (error) {
        fail(error);
      }
    };
  }
}

interface MessageRequest {
  readonly cluster: string;
  readonly from: string;
  readonly to: string;
  readonly nonce: number;
}

const sorted = <V>(map: ReadonlyMap<string, V>): V[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
