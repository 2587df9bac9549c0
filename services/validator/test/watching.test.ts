/** Logs and metrics: a line of JSON each, followed by trace id, and never a secret, whatever is put into them. */
import { get } from 'node:http';
import { Secret } from '@dwallet/sigma';
import { describe, expect, it } from 'vitest';
import { startWatchServer } from '../src/http.ts';
import { createLogger, errorFields } from '../src/logging.ts';
import { Metrics } from '../src/metrics.ts';
import { newTraceId, noteSession, requestContext, withRequestContext } from '../src/request-context.ts';
import { RefusedError } from '../src/core.ts';
import { ToyNetwork, fixture, hex } from './helpers/toy-network.ts';

function linesOf(level: 'info' | 'debug' = 'info') {
  const lines: string[] = [];
  const log = createLogger({
    level,
    base: { validator: 1, network: 'test' },
    context: () => ({ traceId: requestContext()?.traceId, session: requestContext()?.session?.id }),
    write: (line) => lines.push(line),
    now: () => 0,
  });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('a log line', () => {
  it('is one JSON object with time, level, validator, and the trace and session of the request', async () => {
    const { log, parsed } = linesOf();
    const traceId = newTraceId();
    await withRequestContext({ traceId, session: {} }, async () => {
      noteSession(new Uint8Array(32).fill(7));
      await Promise.resolve();
      log.info('verifying', { step: 'bind', seconds: 0.5 });
    });
    log.debug('not at this level');
    log.warn('outside of any request');
    expect(parsed()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^2\d{3}-.*Z$/),
        validator: 1,
        network: 'test',
        traceId,
        session: '07'.repeat(32),
        step: 'bind',
        seconds: 0.5,
        msg: 'verifying',
      },
      expect.not.objectContaining({ traceId: expect.anything() }),
    ]);
  });

  it('carries texts, numbers and truth values only, and nothing under a name of a secret', () => {
    const { log, lines } = linesOf();
    const canary = 'c0ffee'.repeat(6);
    const wrong = {
      secret: canary,
      passphrase: canary,
      userShare: canary,
      bytes: new TextEncoder().encode(canary),
      nested: { value: canary },
      held: new Secret(new TextEncoder().encode(canary)),
    } as unknown as Record<string, string>;
    log.info('fields', wrong);
    log.error('an error of somebody else', errorFields(new Error(`cannot parse ${canary}`)));
    log.error('an error with a code', errorFields(Object.assign(new Error(canary), { code: 'ENOENT' })));
    expect(lines.join('\n')).not.toContain(canary);
    expect(lines[0]).toContain('"nested":"[not logged]"');
    expect(lines[2]).toContain('"code":"ENOENT"');
  });

  it('of our own errors has code, check and sentence', () => {
    expect(errorFields(new RefusedError('NOT_FOUND', 'there is no dWallet'))).toEqual({
      error: 'RefusedError',
      code: 'NOT_FOUND',
      check: undefined,
      reason: 'there is no dWallet',
    });
  });

  it('that would be said in a loop is said once', () => {
    const { log, lines } = linesOf();
    for (let i = 0; i < 5; i++) log.once('peer 2', 'cannot be reached');
    log.once('peer 3', 'cannot be reached');
    expect(lines).toHaveLength(2);
  });
});

/** A sample of a metrics text by name and some of its labels. */
function sample(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const line = text
    .split('\n')
    .find(
      (one) =>
        one.startsWith(`${name}{`) && Object.entries(labels).every(([key, of]) => one.includes(`${key}="${of}"`)),
    );
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
}

describe('metrics', () => {
  it('of one signature: sessions, steps at leader and members, votes; no secret and no identifier of a user in them', async () => {
    const metrics = [1, 2, 3, 4].map(
      (validator) => new Metrics({ validator, network: 'toy', processMetrics: false, marks: { low: 1, high: 2 } }),
    );
    const network = new ToyNetwork({ from: fixture(), label: 'metrics', observerOf: (i) => metrics[i - 1] });
    try {
      const client = await network.client();
      const [wallet] = client.wallets;
      await wallet?.signRaw('keccak256', new TextEncoder().encode('watched'));
      const texts = await Promise.all(metrics.map((one) => one.text()));
      const leader = texts[0] as string;
      expect(sample(leader, 'dwallet_sessions_total', { protocol: 'sign', outcome: 'succeeded' })).toBe(1);
      expect(sample(leader, 'dwallet_sessions_active', { protocol: 'sign' })).toBe(0);
      for (const step of ['sign/assign', 'sign/bind', 'sign/share', 'sign/combine'])
        expect(sample(leader, 'dwallet_step_seconds_count', { step, role: 'leader' }), step).toBe(1);
      for (const text of texts) {
        expect(sample(text, 'dwallet_votes_total', { kind: 'presign-binding' })).toBe(1);
        expect(sample(text, 'dwallet_step_seconds_count', { step: 'sign/bind', role: 'member' })).toBe(1);
        // Label values of 32 bytes or more would be keys, ids or secrets.
        expect(text).not.toMatch(/[0-9a-f]{32}/);
      }
      for (const i of [1, 2, 3, 4]) {
        const secrets = [network.keystore(i).root, network.keystore(i).identity].map((secret) => hex(secret.expose()));
        const shares = [...(network.keystore(i).shares ?? [])].map(([, share]) => share.expose().toString(10));
        for (const secret of [...secrets, ...shares]) expect(texts.join('\n')).not.toContain(secret);
      }
    } finally {
      network.close();
    }
  });

  it('names that other validators make up do not fill the memory', async () => {
    const metrics = new Metrics({ validator: 1, network: 'toy', processMetrics: false });
    for (let i = 0; i < 1000; i++) metrics.step(`made-up-${i}`, 'member', 1);
    metrics.step('bad\n"label"', 'member', 1);
    const text = await metrics.text();
    expect(text.match(/dwallet_step_seconds_count/g)?.length).toBeLessThan(140);
    expect(sample(text, 'dwallet_step_seconds_count', { step: 'other' })).toBe(873);
  });

  it('gauges are read when somebody asks; sessions under way are counted', async () => {
    let available = 3;
    const metrics = new Metrics({
      validator: 1,
      network: 'toy',
      processMetrics: false,
      sources: {
        presigns: () => ({ available, own: 1 }),
        compute: () => ({ depth: 5, oldestSeconds: 2, workers: 1, hung: 1 }),
        peers: () =>
          new Map([
            [2, true],
            [3, false],
          ]),
        serving: () => true,
      },
    });
    available = 9;
    metrics.sessionStarted('sign');
    metrics.sessionStarted('presign');
    expect(metrics.activeSessions).toBe(2);
    metrics.sessionEnded('presign', 'failed');
    metrics.called('Sign', 'OK', 0.1);
    metrics.rejected('RATE_LIMITED');
    metrics.blamed(2, 'CG:3.10');
    const text = await metrics.text();
    expect(sample(text, 'dwallet_presigns_available')).toBe(9);
    expect(sample(text, 'dwallet_compute_queue_depth')).toBe(5);
    expect(sample(text, 'dwallet_peer_reachable', { peer: '2' })).toBe(1);
    expect(sample(text, 'dwallet_peer_reachable', { peer: '3' })).toBe(0);
    expect(sample(text, 'dwallet_serving')).toBe(1);
    expect(sample(text, 'dwallet_sessions_active', { protocol: 'sign' })).toBe(1);
    expect(sample(text, 'dwallet_api_calls_total', { rpc: 'Sign', code: 'OK' })).toBe(1);
    expect(sample(text, 'dwallet_api_rejected_total', { limit: 'RATE_LIMITED' })).toBe(1);
    expect(sample(text, 'dwallet_blame_total', { party: '2', check: 'CG:3.10' })).toBe(1);
  });
});

describe('the HTTP endpoint', () => {
  const ask = (port: number, path: string, method = 'GET'): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port, path, method, agent: false }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      request.on('error', reject);
    });

  it('says alive at once, and ready only when every condition holds', async () => {
    let pool = false;
    const server = await startWatchServer({
      host: '127.0.0.1',
      port: 0,
      metrics: () => Promise.resolve('metric 1\n'),
      ready: () => ({ key: true, pool }),
      facts: () => ({ presigns: 0 }),
    });
    try {
      expect(await ask(server.port, '/healthz')).toEqual({ status: 200, body: '{"alive":true}\n' });
      const waiting = await ask(server.port, '/readyz');
      expect(waiting.status).toBe(503);
      expect(JSON.parse(waiting.body)).toEqual({
        ready: false,
        conditions: { key: true, pool: false },
        facts: { presigns: 0 },
      });
      pool = true;
      expect((await ask(server.port, '/readyz')).status).toBe(200);
      expect(await ask(server.port, '/metrics')).toEqual({ status: 200, body: 'metric 1\n' });
      expect((await ask(server.port, '/secrets')).status).toBe(404);
      // No path of a request ends the process.
      expect((await ask(server.port, '//')).status).toBe(404);
      expect((await ask(server.port, '/healthz?verbose')).status).toBe(200);
      expect((await ask(server.port, '/metrics', 'POST')).status).toBe(405);
    } finally {
      await server.close();
    }
  });
});
