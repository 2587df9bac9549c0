/**
 * PARI/GP as an independent yardstick, where a `gp` is on the PATH (Debian: `apt install pari-gp`).
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import type { powerInput } from './subjects.ts';

/** Version of the `gp` on the PATH, or undefined. */
export function pariVersion(): string | undefined {
  const { status, stdout } = run('print(version())');
  return status === 0 ? stdout.trim() : undefined;
}

function run(script: string) {
  return spawnSync('gp', ['-q', '-f'], { input: `${script}\nquit\n`, encoding: 'utf8', timeout: 120_000 });
}

/**
 * CPU milliseconds of one `qfbnupow`, by gp's own timer over several.
 * @throws Error if gp gives another form than the kernel did.
 */
export function pariPower({ base, exponent, power }: ReturnType<typeof powerInput>, repetitions: number): number {
  const script = [
    `f=Qfb(${base.a},${base.b},${base.c});`,
    `e=${exponent};`,
    'gettime();',
    `for(i=1,${repetitions},g=qfbnupow(f,e));`,
    'print(gettime());',
    `print(g==Qfb(${power.a},${power.b},${power.c}));`,
  ].join('\n');
  const { status, stdout, stderr } = run(script);
  const [milliseconds, equal] = stdout.trim().split('\n');
  if (status !== 0 || milliseconds === undefined) throw new Error(`gp failed: ${stderr}`);
  if (equal !== '1') throw new Error('gp computes another power than the kernel');
  return Number(milliseconds) / repetitions;
}
