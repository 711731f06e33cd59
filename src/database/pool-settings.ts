/** Sizes and limits of the two pools. */
export interface PoolSettings {
  readonly controlConnections: number;
  readonly workConnections: number;
  readonly controlTimeoutSeconds: number;
  readonly workTimeoutSeconds: number;
  /** Connections that each pool keeps open; none unless it is given. */
  readonly minConnections?: number | undefined;
  /** For making a connection; 15 s unless it or the connection string says so. */
  readonly connectTimeoutSeconds?: number | undefined;
}

export const DEFAULT_POOLS: PoolSettings = {
  controlConnections: 4,
  workConnections: 8,
  controlTimeoutSeconds: 15,
  workTimeoutSeconds: 300,
};
