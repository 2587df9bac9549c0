/** Who is at the other end: pinned certificates between validators, and envelopes that must belong to them (lessons 1.14). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeParts, decodeCall, maxBodyBytes } from '@dwallet/two-pc-mpc/network';
import { encodeBytes, encodeText, concat } from '@dwallet/sigma';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GrpcPeer, UnreachableError } from '../../src/peers/grpc-peers.ts';
import type { TlsIdentity } from '../../src/tls/credentials.ts';
import { createAuthority, createCertificate } from '../../src/tls/certificates.ts';
import { pinOf } from '../../src/tls/pins.ts';
import { GrpcNetwork } from '../helpers/grpc-network.ts';
import { fixture, hex, v } from '../helpers/toy-network.ts';

let network: GrpcNetwork;
beforeAll(async () => {
  network = await GrpcNetwork.start({ from: fixture(), label: 'grpc-identity' });
});
afterAll(() => network.close());

/** A records/list request sealed by a validator. */
const listRequest = (from: number): { envelope: Uint8Array; kind: string } => {
  const call = network.toy.callAs(from, 'records/list', encodeText('dwallet'));
  return { envelope: decodeCall(call, maxBodyBytes).body, kind: 'dwallet' };
};
const filesOf = (name: string) => network.authority.issue(name);

describe('towards validators', () => {
  test('a member with its own certificate and its own envelope is served', async () => {
    const peer = network.peer(1, filesOf('validator-2'));
    expect((await peer.call('ListRecords', listRequest(2))).code).toBe('OK');
  });

  test('without a certificate, or with one of another authority, there is no line', async () => {
    const { ca } = filesOf('validator-2');
    expect((await network.peer(1, { ca }).call('ListRecords', listRequest(2))).code).toBe('UNAVAILABLE');
    const stranger = createAuthority('somebody else', Date.now());
    const own = createCertificate(stranger, 'validator-2', ['validator-2'], Date.now());
    expect((await network.peer(1, { ca, ...own }).call('ListRecords', listRequest(2))).code).toBe('UNAVAILABLE');
  });

  test('a certificate of the authority that is not pinned is nobody', async () => {
    const peer = network.peer(1, filesOf('client-9'));
    for (const rpc of ['ListRecords', 'Hello']) {
      const { code, rich } = await peer.call(rpc, { ...listRequest(2), validator: 2 });
      expect([code, rich?.reason]).toEqual(['UNAUTHENTICATED', 'IDENTITY_NOT_PINNED']);
    }
  });

  test('the envelope of another member is refused, although both are members', async () => {
    const peer = network.peer(1, filesOf('validator-2'));
    const { code, rich } = await peer.call('ListRecords', listRequest(3));
    expect([code, rich?.reason, rich?.metadata['field']]).toEqual([
      'PERMISSION_DENIED',
      'IDENTITY_MISMATCH',
      'envelope',
    ]);
    const hello = await peer.call('Hello', { validator: 3, networkId: network.toy.networkId, protocolVersion: 1 });
    expect([hello.code, hello.rich?.reason]).toEqual(['PERMISSION_DENIED', 'IDENTITY_MISMATCH']);
  });

  test('an envelope that claims the right member and is signed by nobody is refused', async () => {
    const { envelope, kind } = listRequest(2);
    const forged = envelope.slice();
    forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1;
    const { code, rich } = await network
      .peer(1, filesOf('validator-2'))
      .call('ListRecords', { envelope: forged, kind });
    expect([code, rich?.reason, rich?.metadata['field']]).toEqual(['INVALID_ARGUMENT', 'DECODE', 'Envelope.signature']);
  });

  test('routing fields must say what the envelope says', async () => {
    const peer = network.peer(1, filesOf('validator-2'));
    const { code, rich } = await peer.call('ListRecords', { ...listRequest(2), kind: 'presign' });
    expect([code, rich?.reason, rich?.metadata['field']]).toEqual(['INVALID_ARGUMENT', 'ROUTING_MISMATCH', 'kind']);
    const fetch = network.toy.callAs(
      2,
      'records/fetch',
      concat(encodeBytes(encodeText('dwallet')), encodeBytes(new Uint8Array(32))),
    );
    // An envelope of one act is not taken for another.
    const other = await peer.call('FetchRecord', { envelope: listRequest(2).envelope, kind: 'dwallet' });
    expect(other.code).toBe('INVALID_ARGUMENT');
    expect(
      (await peer.call('FetchRecord', { envelope: decodeCall(fetch, maxBodyBytes).body, kind: 'dwallet' })).code,
    ).toBe('NOT_FOUND');
  });

  test('Hello says who is there', async () => {
    const line = network.lines[0]?.peers.get(v(3)) as GrpcPeer;
    const hello = await line.hello();
    expect([hello.validator, hex(hello.networkId)]).toEqual([3, hex(network.toy.networkId)]);
    const elsewhere = await network
      .peer(1, filesOf('validator-2'))
      .call('Hello', { validator: 2, networkId: new Uint8Array(32), protocolVersion: 1 });
    expect(elsewhere.rich?.metadata['field']).toBe('network_id');
    const newer = await network
      .peer(1, filesOf('validator-2'))
      .call('Hello', { validator: 2, networkId: network.toy.networkId, protocolVersion: 7 });
    expect([newer.code, newer.rich?.reason, newer.text]).toEqual([
      'FAILED_PRECONDITION',
      'PROTOCOL_VERSION',
      'validator 2 has 7, validator 1 1',
    ]);
  });
});

describe('lines to validators', () => {
  const lineTo = (index: number, change: { pin?: string; tlsName?: string; tls?: TlsIdentity; endpoint?: string }) =>
    new GrpcPeer(
      {
        validator: v(index),
        endpoint: change.endpoint ?? network.peerEndpoint(index),
        tlsName: change.tlsName ?? `validator-${index}`,
        pin: change.pin ?? network.identity(index).pin,
      },
      {
        self: v(2),
        networkId: network.toy.networkId,
        validators: [],
        tls: change.tls ?? network.identity(2),
        callMs: 5000,
      },
    );
  const helloOn = async (line: GrpcPeer) => {
    try {
      return (await line.hello()).validator;
    } finally {
      line.close();
    }
  };

  test('only the pinned key under the right name is accepted at the other end', async () => {
    expect(await helloOn(lineTo(1, {}))).toBe(1);
    // Validator 3 answers where 1 was expected.
    await expect(helloOn(lineTo(1, { endpoint: network.peerEndpoint(3) }))).rejects.toThrow(UnreachableError);
    await expect(helloOn(lineTo(3, { pin: network.identity(1).pin }))).rejects.toThrow(UnreachableError);
    await expect(helloOn(lineTo(3, { tlsName: 'validator-1' }))).rejects.toThrow(UnreachableError);
  });

  test('what a peer refuses is an answer; that it cannot be reached is none', async () => {
    const line = lineTo(1, {});
    const body = concat(encodeBytes(encodeText('dwallet')), encodeBytes(new Uint8Array(32)));
    const reply = await line.call(network.toy.callAs(2, 'records/fetch', body));
    expect(reply[0]).toBe(1);
    await expect(line.call(network.toy.callAs(3, 'records/fetch', body))).rejects.toThrow(UnreachableError);
    line.close();
  });

  test('a malformed body reaches the other end, which says what is wrong', async () => {
    const line = lineTo(1, {});
    const reply = await line.call(network.toy.callAs(2, 'sign/share', encodeParts([])));
    expect(Buffer.from(reply).toString('latin1')).toContain('DECODE');
    line.close();
  });
});

test('a certificate can be replaced while the process runs: new connections see the new one', async () => {
  const identity = network.identity(4);
  const old = identity.pin;
  const renewed = createCertificate(
    // The same authority, another key.
    { certificate: network.authority.certificate, key: authorityKey() },
    'validator-4',
    ['validator-4', '127.0.0.1'],
    Date.now(),
  );
  identity.replace({ ...renewed, ca: network.authority.certificate });
  expect(identity.pin).toBe(pinOf(renewed.certificate));
  expect(identity.pin).not.toBe(old);
  const line = (pin: string): GrpcPeer =>
    new GrpcPeer(
      { validator: v(4), endpoint: network.peerEndpoint(4), tlsName: 'validator-4', pin },
      { self: v(2), networkId: network.toy.networkId, validators: [], tls: network.identity(2), callMs: 5000 },
    );
  const renewedLine = line(identity.pin);
  expect((await renewedLine.hello()).validator).toBe(4);
  renewedLine.close();
  const oldLine = line(old);
  await expect(oldLine.hello()).rejects.toThrow(UnreachableError);
  oldLine.close();
});

function authorityKey(): string {
  const text = readFileSync(join(network.toy.folder, 'tls', 'authority.pem'), 'utf8');
  return text.slice(0, text.indexOf('-----BEGIN CERTIFICATE'));
}
