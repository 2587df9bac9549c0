/**
 * All jobs of a validator: those of the protocol, and the judging of evidence. Only those of the protocol may leave this machine (`publicJobs`).
 *
 * @module
 */
import { type JobTable, networkJobs } from '@dwallet/two-pc-mpc/network';
import { evidenceJob, runJudgeEvidence } from './evidence-job.ts';

export const validatorJobs: JobTable = {
  ...networkJobs,
  [evidenceJob]: { secret: false, run: runJudgeEvidence },
};
