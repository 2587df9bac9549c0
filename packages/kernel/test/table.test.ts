/**
 * Encoded tables of both kernels, each beside the other.
 *
 * @module
 */

import { referenceKernel } from '../src/index.ts';
import { wasmKernel } from '../src/wasm/index.ts';
import { tableConformance } from './table-conformance.ts';

tableConformance(referenceKernel, wasmKernel);
tableConformance(wasmKernel, referenceKernel);
