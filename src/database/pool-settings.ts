/** Sizes and limits of the two pools. */
export interface PoolSettings {
  readonly controlConnections: number;
  readonly workConnections: number;
  readonly controlTimeoutSeconds: number;
  readonly workTimeoutSeconds: number;
}

export const DEFAULT_POOLS: PoolSettings = {
  controlConnections: 4,
  workConnections: 8,
  controlTimeoutSeconds: 15,
  workTimeoutSeconds: 300,
};
