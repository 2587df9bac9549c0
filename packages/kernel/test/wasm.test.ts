import { wasmKernel } from '../src/wasm/index.ts';
import { kernelConformance } from './conformance.ts';

kernelConformance('wasm', wasmKernel);
