/**
 * A relay in front of a validator that counts what passes: the bytes of the wire, TLS and all.
 *
 * @module
 */
import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';

export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Bytes in both directions so far. */
  bytes = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((inner) => {
      const outer = connect({ host: '127.0.0.1', port: targetPort });
      for (const [from, to] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (chunk: Buffer) => {
          this.bytes += chunk.length;
          to.write(chunk);
        });
        from.on('end', () => to.end());
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  /** @param targetPort - of a server on loopback. */
  static async start(targetPort: number): Promise<Relay> {
    const relay = new Relay(targetPort);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
