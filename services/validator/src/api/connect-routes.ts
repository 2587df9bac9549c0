/**
 * The handlers of SigningService for Connect and gRPC-Web: the very functions that the gRPC server calls, on messages that are translated by their
 * bytes, so that there is one behaviour and one set of limits. An error is the same google.rpc.Status, its details as Connect carries them.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import { type DescMethod, type Message, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type HandlerContext,
  type MethodImpl,
  createContextKey,
} from '@connectrpc/connect';
import { Metadata, type MethodDefinition, type UntypedHandleCall, type sendUnaryData } from '@grpc/grpc-js';
import {
  SigningService as GrpcContract,
  decodeRichStatus,
  statusDetails,
  statusHeader,
  traceHeader,
} from '@dwallet/proto';
import { SigningService as ConnectContract } from '@dwallet/proto/es';

/** `address:port` of the other end. */
export const peerKey = createContextKey('', { description: 'peer' });

type Definition = MethodDefinition<object, object>;

/** A call as the handlers of gRPC see one. */
class Call extends EventEmitter {
  readonly request: object;
  readonly metadata = new Metadata();
  readonly #deadline: number;
  readonly #peer: string;

  constructor(request: object, context: HandlerContext) {
    super();
    this.request = request;
    const left = context.timeoutMs();
    this.#deadline = left === undefined ? Number.POSITIVE_INFINITY : Date.now() + left;
    this.#peer = context.values.get(peerKey);
    const trace = context.requestHeader.get(traceHeader);
    if (trace !== null) this.metadata.set(traceHeader, trace);
  }
  getDeadline(): number {
    return this.#deadline;
  }
  getPeer(): string {
    return this.#peer;
  }
}

interface GrpcFailure {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Connect's codes are those of gRPC. */
const codes: ReadonlyMap<number, Code> = new Map(
  Object.values(Code).flatMap((code) => (typeof code === 'string' ? [] : [[code, code] as const])),
);

/** An error of the gRPC handlers with all that it says. */
function connectError({ code, details, metadata }: GrpcFailure): ConnectError {
  const [trailer] = metadata.get(statusHeader);
  const rich = trailer instanceof Uint8Array ? decodeRichStatus(trailer) : undefined;
  const error = new ConnectError(details, codes.get(code) ?? Code.Unknown);
  if (rich !== undefined) error.details.push(...statusDetails(rich));
  return error;
}

const gone = (): ConnectError => new ConnectError('the caller has gone', Code.Canceled);

/** Calls `left` once when the other end has gone, or Connect's own deadline is over. @returns stops listening. */
function onGone({ signal }: HandlerContext, left: () => void): () => void {
  if (signal.aborted) left();
  else signal.addEventListener('abort', left, { once: true });
  return () => signal.removeEventListener('abort', left);
}

type UnaryHandler = (call: Call, callback: sendUnaryData<object>) => void;

const unary =
  (method: DescMethod, definition: Definition, handler: UnaryHandler) =>
  (message: Message, context: HandlerContext): Promise<Message> =>
    new Promise((resolve, reject) => {
      const call = new Call(definition.requestDeserialize(Buffer.from(toBinary(method.input, message))), context);
      const forget = onGone(context, () => {
        call.emit('cancelled');
        reject(gone());
      });
      handler(call, (error, response) => {
        forget();
        if (error !== null) reject(connectError(error as GrpcFailure));
        else resolve(fromBinary(method.output, definition.responseSerialize(response as object)));
      });
    });

/** The stream that a handler writes to, as messages in order. */
class Stream extends Call {
  readonly #waiting: object[] = [];
  #ended = false;
  #failure: ConnectError | undefined;
  #wake = (): void => {};

  constructor(request: object, context: HandlerContext) {
    super(request, context);
    this.on('error', (error: GrpcFailure) => this.fail(connectError(error)));
  }
  write(message: object): boolean {
    this.#waiting.push(message);
    this.#wake();
    return true;
  }
  end(): void {
    this.#ended = true;
    this.#wake();
  }
  fail(failure: ConnectError): void {
    this.#failure ??= failure;
    this.#wake();
  }
  async *messages(): AsyncGenerator<object, void> {
    for (;;) {
      yield* this.#waiting.splice(0);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // What came between the look and now.
        if (this.#waiting.length > 0 || this.#ended || this.#failure !== undefined) resolve();
      });
    }
  }
}

type StreamHandler = (stream: Stream) => void;

const serverStreaming = (method: DescMethod, definition: Definition, handler: StreamHandler) =>
  async function* (message: Message, context: HandlerContext): AsyncGenerator<Message, void> {
    const stream = new Stream(definition.requestDeserialize(Buffer.from(toBinary(method.input, message))), context);
    const forget = onGone(context, () => {
      stream.emit('cancelled');
      stream.fail(gone());
    });
    try {
      handler(stream);
      for await (const response of stream.messages())
        yield fromBinary(method.output, definition.responseSerialize(response));
    } finally {
      forget();
      stream.emit('cancelled');
    }
  };

/** Registers every rpc of the service. @param handlers - those of the gRPC server, by rpc. */
export function signingRoutes(handlers: Readonly<Record<string, UntypedHandleCall>>): (router: ConnectRouter) => void {
  const definitions = GrpcContract.service as unknown as Readonly<Record<string, Definition>>;
  return (router) => {
    for (const method of ConnectContract.methods) {
      const definition = definitions[method.name] as Definition;
      const handler = handlers[method.name] as unknown;
      const implementation =
        method.methodKind === 'unary'
          ? unary(method, definition, handler as UnaryHandler)
          : serverStreaming(method, definition, handler as StreamHandler);
      router.rpc(method, implementation as unknown as MethodImpl<DescMethod>);
    }
  };
}
