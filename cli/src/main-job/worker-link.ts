/**
 * Both ends of the line between the main thread and a worker: requests and replies as bytes, matched by number. Workers reach each
 * other only through here, so that nothing but encoded messages is shared.
 *
 * @module
 */
import type { MessagePort, Worker } from 'node:worker_threads';

interface Request {
  readonly type: 'request';
  readonly id: number;
  /** Who is meant: a validator's number as text, or `main` for the other end itself. */
  readonly to: string;
  readonly bytes: Uint8Array;
}
interface Reply {
  readonly type: 'reply';
  readonly id: number;
  readonly bytes?: Uint8Array;
  readonly error?: string;
}
interface Note {
  readonly type: 'note';
  readonly text: string;
}
type Message = Request | Reply | Note;

/** One end of a line. */
export class WorkerLink {
  readonly #port: Worker | MessagePort;
  readonly #pending = new Map<number, { resolve(bytes: Uint8Array): void; reject(error: Error): void }>();
  #next = 1;
  #closed: Error | undefined;

  /**
   * @param serve - answers requests of the other end.
   * @param note - hears its progress notes.
   */
  constructor(
    port: Worker | MessagePort,
    serve: (to: string, bytes: Uint8Array) => Promise<Uint8Array>,
    note: (text: string) => void = () => {},
  ) {
    this.#port = port;
    port.on('message', (message: Message) => {
      if (message.type === 'note') return note(message.text);
      if (message.type === 'reply') {
        const waiting = this.#pending.get(message.id);
        this.#pending.delete(message.id);
        if (message.bytes !== undefined) waiting?.resolve(message.bytes);
        else waiting?.reject(new Error(message.error ?? 'no reply'));
        return;
      }
      serve(message.to, message.bytes).then(
        (bytes) => port.postMessage({ type: 'reply', id: message.id, bytes } satisfies Reply),
        (error: unknown) => {
          const text = error instanceof Error ? error.message : String(error);
          port.postMessage({ type: 'reply', id: message.id, error: text } satisfies Reply);
        },
      );
    });
  }

  request(to: string, bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#port.postMessage({ type: 'request', id, to, bytes } satisfies Request);
    });
  }

  note(text: string): void {
    this.#port.postMessage({ type: 'note', text } satisfies Note);
  }

  /** Rejects everything that still waits: the other end is gone. */
  close(reason: string): void {
    this.#closed = new Error(reason);
    for (const { reject } of this.#pending.values()) reject(this.#closed);
    this.#pending.clear();
  }
}
