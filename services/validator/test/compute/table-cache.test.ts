/** Threads that keep their tables on one disk: every thread writes files of its own, and the next pool reads them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Job, runJob } from '@dwallet/two-pc-mpc/network';
import { expect, test } from 'vitest';
import { ThreadPool } from '../../src/compute/thread-pool.ts';
import { curve, toyParameters } from '../helpers/toy-network.ts';
import { spyJobs } from './helpers/spy-jobs.ts';

test('tables are written once by threads side by side, and give the same results', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dwallet-tables-'));
  const sealKey = new Uint8Array(32).fill(7);
  const masks = (await spyJobs()).filter(({ name }) => name === 'presign/masks');
  const copy = (job: Job): Job => ({ ...job, input: job.input.slice() });
  const runAll = async (): Promise<Uint8Array[]> => {
    const pool = new ThreadPool({
      parameters: toyParameters(),
      curve,
      size: 2,
      tableCache: { folder, sealKey: sealKey.slice() },
    });
    try {
      return await Promise.all(masks.map((job) => runJob(pool, copy(job))));
    } finally {
      await pool.close();
    }
  };
  try {
    expect(masks).toHaveLength(2);
    const first = await runAll();
    const files = readdirSync(folder).sort();
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !file.endsWith('.table'))).toEqual([]);
    expect(await runAll()).toEqual(first);
    expect(readdirSync(folder).sort()).toEqual(files);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
