/** The jobs of a presign session of validator 1 of a toy network, with copies of their inputs. */
import { type ComputePool, InlinePool, type Job, networkJobs } from '@dwallet/two-pc-mpc/network';
import { ToyNetwork, curve, fixture, toyParameters } from '../../helpers/toy-network.ts';

export async function spyJobs(): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  const inline = new InlinePool(networkJobs, toyParameters(), curve);
  const spy: ComputePool = {
    parallelism: 2,
    queued: 0,
    active: 0,
    run: (job) => {
      jobs.push({ ...job, input: job.input.slice() });
      return inline.run(job);
    },
    close: async () => {},
  };
  const network = new ToyNetwork({
    from: fixture(),
    label: 'spy',
    computeOf: (index) => (index === 1 ? spy : undefined),
  });
  try {
    await network.validator(1).leadPresigns(2);
  } finally {
    network.close();
  }
  // Two provers' groups are added up by a job of their own.
  return jobs.filter(({ name }) => name !== 'presign/add-masks');
}
