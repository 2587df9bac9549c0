/** The operator's socket: one process has it, its owner alone may open it, and no message fills the memory. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { adminCall, startAdminServer } from '../src/admin.ts';

const root = mkdtempSync(join(tmpdir(), 'dwallet-admin-'));
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const socket = join(root, 'admin.sock');
const serve = async (name: string): Promise<void> => {
  open.push(await startAdminServer(socket, { who: () => ({ name }), echo: (input) => input }, () => {}));
};

it('a socket that answers is not taken over; one that a killed process left is', async () => {
  await serve('first');
  await expect(serve('second')).rejects.toMatchObject({ code: 'RUNNING' });
  expect(await adminCall(socket, 'who')).toEqual({ name: 'first' });
  for (const server of open.splice(0)) await server.close();
  writeFileSync(socket, '');
  await serve('third');
  expect(await adminCall(socket, 'who')).toEqual({ name: 'third' });
});

it('only its owner can open it, whatever the process creates otherwise', async () => {
  const before = process.umask(0);
  try {
    await serve('private');
  } finally {
    process.umask(before);
  }
  expect(statSync(socket).mode & 0o777).toBe(0o600);
});

it('a message that is too large is refused while it comes', async () => {
  await serve('small');
  const chunk = Buffer.alloc(1 << 20, 0x20);
  const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const call = request({ socketPath: socket, path: '/echo', method: 'POST' }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    call.once('error', reject);
    let sent = 0;
    const more = (): void => {
      if (sent++ < 65) call.write(chunk, more);
      else call.end();
    };
    more();
  });
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text)).toMatchObject({ code: 'TOO_LARGE' });
  expect(await adminCall(socket, 'echo', { a: 1 })).toEqual({ a: 1 });
});
