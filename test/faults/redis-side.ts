/** Redis and one worker process for each validator. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { RedisServer, redisIsInstalled } from '../../services/validator/test/compute/helpers/redis-server.ts';
import { bundled } from './bundle.ts';
import { type FaultNetwork, validators } from './network.ts';

export { redisIsInstalled };

export class RedisSide {
  readonly #network: FaultNetwork;
  readonly #redis: RedisServer;
  readonly #workers = new Set<ChildProcess>();

  private constructor(network: FaultNetwork, redis: RedisServer) {
    this.#network = network;
    this.#redis = redis;
  }

  /** Validators that start from now on send their public jobs there. */
  static async start(network: FaultNetwork): Promise<RedisSide> {
    const redis = await RedisServer.start();
    network.use([`compute.redis.url=${redis.url}`]);
    return new RedisSide(network, redis);
  }

  async startWorkers(): Promise<void> {
    await Promise.all(
      validators.map(async (v) => {
        const child = fork(bundled('worker'), [this.#redis.url, this.#network.own(v, 'worker.key')], {
          execArgv: [],
          stdio: ['ignore', 'ignore', 2, 'ipc'],
        });
        this.#workers.add(child);
        child.once('exit', () => this.#workers.delete(child));
        await once(child, 'message');
      }),
    );
  }
  async killWorkers(): Promise<void> {
    await Promise.all(
      [...this.#workers].map(async (child) => {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }
  killRedis(): Promise<void> {
    return this.#redis.kill();
  }
  startRedis(): Promise<void> {
    return this.#redis.start();
  }
  async close(): Promise<void> {
    await this.killWorkers();
    await this.#redis.close();
  }
}
