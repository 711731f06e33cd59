import type { PostgresMigrationTarget } from '../../database/postgres/postgres-migration-target.ts';
import type { Engine } from '../../engine/engine.ts';
import type { RecommendationSlice } from '../../model/recommendation.ts';
import { inventSlice } from './population.ts';
import { timed } from './rounds.ts';
import { type ScratchDatabase, type ScratchPlace, scratchDatabase } from './scratch-database.ts';

export interface LoadFigures {
  /** Rows of one load. */
  readonly rows: number;
  /** Rows a second of our load, from the engine's columns; round by round. */
  readonly ours: readonly number[];
  /** Of the driver's own bulk load of the same rows, ready-made before the clock starts, into a twin of the one table. */
  readonly floor: readonly number[];
}

/** Our staging load against the driver's raw one, in turn. */
export async function measureLoad(
  place: ScratchPlace,
  engine: Engine,
  users: number,
  rounds: number,
): Promise<LoadFigures> {
  const slice = await engine.recommend(inventSlice(users));
  await using scratch = await scratchDatabase(place);
  await using raw = scratch.target.dialect === 'mssql' ? await rawBulk(scratch) : await rawCopy(place);
  const figures = { rows: slice.cardNo.length, ours: [] as number[], floor: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const loadNo = 1_000 + round;
    const sendRaw = raw.prepare(loadNo, slice);
    const floor = figures.rows / (await timed(sendRaw));
    const ours = figures.rows / (await timed(() => scratch.database.stage(loadNo, [slice])));
    await scratch.database.endLoad(loadNo);
    if (round === 0) continue; // warm
    figures.floor.push(floor);
    figures.ours.push(ours);
  }
  return figures;
}

/** The driver's own way: prepare makes the rows, and what it answers sends them. */
interface RawLoad extends AsyncDisposable {
  prepare(loadNo: number, slice: RecommendationSlice): () => Promise<unknown>;
}

async function rawBulk({ at }: ScratchDatabase): Promise<RawLoad> {
  const [
    { parseConnection },
    { Pool },
    { bulkLoad, recommendationRows, runBatch, STAGED_RECOMMENDATION },
    { readQuery },
  ] = await Promise.all([
    import('../../database/mssql/connection-settings.ts'),
    import('../../database/mssql/pools.ts'),
    import('../../database/mssql/mssql-staging.ts'),
    import('../../database/migrate/sql-files.ts'),
  ]);
  const settings = { ...parseConnection(at.url, at.password), database: at.databaseName! };
  await using undo = new AsyncDisposableStack();
  const pool = new Pool(settings, { size: 1, timeoutSeconds: 300, appName: 'cardgenius bench' });
  undo.defer(() => pool.close());
  await pool.connect();
  const staging = await readQuery('mssql', 'create_staging');
  const done = undo.move();
  return {
    prepare(_loadNo, slice) {
      const rows = Array.from(recommendationRows([slice]), row => [...row]);
      return () =>
        pool.withConnection(STAGED_RECOMMENDATION.name, async connection => {
          await runBatch(connection, staging);
          return bulkLoad(connection, STAGED_RECOMMENDATION, rows);
        });
    },
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

/** A second database with the same table: COPY of bytes that were encoded before. */
async function rawCopy(place: ScratchPlace): Promise<RawLoad> {
  const { COPY_RECOMMENDATIONS, encodeRecommendations } = await import('../../database/postgres/postgres-staging.ts');
  const scratch = await scratchDatabase(place);
  const { client } = scratch.target as PostgresMigrationTarget;
  return {
    prepare(loadNo, slice) {
      const bytes = encodeRecommendations(loadNo, [slice]);
      return () => client.copyIn(COPY_RECOMMENDATIONS, bytes);
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
