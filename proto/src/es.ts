/**
 * The wire contract for programs that have no gRPC, such as pages: messages and the service that clients call, as Connect knows them, the tables of
 * methods, and the codec of rich errors. Needs nothing of Node.
 *
 * @module
 */
export * from './methods.ts';
export * from './rich-status.ts';
export * from './gen-es/dwallet/v1/signing_pb.ts';
