/**
 * What the numbers were measured on.
 *
 * @module
 */
import { arch, cpus, loadavg, platform } from 'node:os';

/** One line: processor, cores, Node, load. Figures of two machines, or of one under different loads, compare as ratios only. */
export function machineLine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const load = loadavg()[0] ?? 0;
  return [
    model,
    `${processors.length} cores`,
    `Node ${process.versions.node} (V8 ${process.versions.v8})`,
    `${platform()} ${arch()}`,
    `load ${load.toFixed(1)}`,
  ].join(', ');
}
