// Rows mostly wait, so as many run at a time as the machine has processors, each with its own browser and collector.

import { availableParallelism } from "node:os";

/** Runs `work(job, place)` for each job, started in order; `place` counts from 1. */
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
