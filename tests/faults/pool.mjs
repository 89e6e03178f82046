// Rows wait more than they work: as many at a time as the machine has processors, each with a browser and a collector of its own.

import { availableParallelism } from "node:os";

/** Does `work(job, place)` for each job, begun in their order; `place` counts from 1. */
export async function pooled(jobs, work) {
  let next = 0;
  const worker = async () => {
    while (next < jobs.length) {
      const place = ++next;
      await work(jobs[place - 1], place);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}
