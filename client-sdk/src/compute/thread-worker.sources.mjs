// The worker's entry when this workspace runs from its TypeScript sources (tests, scripts/run-ts.mjs). Never part of the package.
import { register } from 'tsx/esm/api';

register();
await import('./thread-worker.ts');
