/**
 * The jobs of a wallet.
 *
 * @module
 */
import { evaluationJobs } from '../ecdsa/sign/evaluation-jobs.ts';
import type { JobTable } from './job-context.ts';

export const clientJobs: JobTable = { ...evaluationJobs };
