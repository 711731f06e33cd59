import type { Stage } from '../../batch/events.ts';

/** The share of the floor from which on a run is as fast as the database takes the rows in: only the database can make it faster. */
const NEAR_FLOOR = 0.85;

/** What keeps a run from being faster, and what a person can do about it. `ofFloor` is the run's speed ÷ that of load and publish alone. */
export function verdictOf(stages: Readonly<Record<Stage, number>>, ofFloor: number): string {
  const { compute, load, publish } = stages;
  const total = Object.values(stages).reduce((sum, milliseconds) => sum + milliseconds, 0);
  const share = (milliseconds: number) => `${Math.round((milliseconds / total) * 100)} % of a chunk’s time`;
  if (ofFloor >= NEAR_FLOOR) {
    return publish >= load
      ? `The database is the ceiling: publishing takes ${share(publish)}. Give its log a faster disk, or raise chunksInFlight while its cores are idle.`
      : `The database is the ceiling: loading takes ${share(load)}. Look at the network and at its disks; a larger chunkSize saves calls.`;
  }
  return compute >= load + publish
    ? `Computing is the ceiling: it takes ${share(compute)}. Raise workers up to the number of cores, then add processors.`
    : `Neither the database nor computing is full: ${Math.round(ofFloor * 100)} % of what the database alone does. Raise chunksInFlight, or add a processor.`;
}
