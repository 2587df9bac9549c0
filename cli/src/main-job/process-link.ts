/**
 * Both ends of the line between the main process and a child: requests and replies as bytes, matched by number. Children reach each
 * other only through here, so that nothing but encoded messages is shared.
 *
 * @module
 */
import type { ChildProcess } from 'node:child_process';

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

/** A child as its parent sees it, or the parent as its child sees it. */
type End = ChildProcess | NodeJS.Process;

/** One end of a line. */
export class ProcessLink {
  readonly #end: End;
  readonly #pending = new Map<number, { resolve(bytes: Uint8Array): void; reject(error: Error): void }>();
  #next = 1;
  #closed: Error | undefined;

  /**
   * @param serve - answers requests of the other end.
   * @param note - hears its progress notes.
   */
  constructor(
    end: End,
    serve: (to: string, bytes: Uint8Array) => Promise<Uint8Array>,
    note: (text: string) => void = () => {},
  ) {
    this.#end = end;
    end.on('message', (raw: unknown) => {
      const message = raw as Message;
      if (message.type === 'note') return note(message.text);
      if (message.type === 'reply') {
        const waiting = this.#pending.get(message.id);
        this.#pending.delete(message.id);
        if (message.bytes !== undefined) waiting?.resolve(message.bytes);
        else waiting?.reject(new Error(message.error ?? 'no reply'));
        return;
      }
      serve(message.to, message.bytes).then(
        (bytes) => this.#send({ type: 'reply', id: message.id, bytes } satisfies Reply),
        (error: unknown) => {
          const text = error instanceof Error ? error.message : String(error);
          this.#send({ type: 'reply', id: message.id, error: text } satisfies Reply);
        },
      );
    });
  }

  #send(message: Message): void {
    // A child that has just died: its exit event rejects what waits, there is nobody to tell here.
    if (this.#end.connected) this.#end.send?.(message, undefined, undefined, () => {});
  }

  request(to: string, bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ type: 'request', id, to, bytes } satisfies Request);
    });
  }

  note(text: string): void {
    this.#send({ type: 'note', text } satisfies Note);
  }

  /** Rejects everything that still waits: the other end is gone. */
  close(reason: string): void {
    this.#closed = new Error(reason);
    for (const waiting of this.#pending.values()) waiting.reject(this.#closed);
    this.#pending.clear();
  }
}
