import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { alertsSchema, dashboardSchema, scheduleSchema, serviceSchema, thresholdsSchema } from './service-schema.ts';

/**
 * What `cron.config.ts` may say. Everything has a default: the package runs without the file. Amounts are rupees here, because
 * people write the file; the program counts in paise.
 */
const fields = z.strictObject({
  database: z
    .string()
    .trim()
    .min(1)
    .default('pglite:.cardgenius/db')
    .describe('pglite:PATH, pglite:memory, mssql://… or postgres://…; the password belongs in the environment.'),
  catalog: z
    .string()
    .trim()
    .min(1)
    .optional()
    .describe('The catalogue of cards; relative to this file. Default: the package’s own.'),
  eligibleCards: z
    .enum(['open', 'commissionable'])
    .default('open')
    .describe('Which open cards are recommended: all, or only commissionable ones.'),
  engine: z
    .string()
    .trim()
    .min(1)
    .optional()
    .describe('The module of an engine of your own; relative to this file. Default: the built-in engine.'),
  engineTimeoutSeconds: z
    .number()
    .min(0.01)
    .max(600)
    .default(10)
    .describe('Limit for a call of your own engine; then its user fails.'),
  chunkSize: z.int().min(1).max(100_000).default(10_000).describe('Users in a chunk: what one transaction publishes.'),
  workers: z
    .int()
    .min(1)
    .max(256)
    .default(() => Math.max(1, availableParallelism() - 1))
    .describe('Threads that compute. Default: one fewer than there are cores.'),
  chunksInFlight: z
    .int()
    .min(1)
    .max(16)
    .default(2)
    .describe('Chunks in progress at once: one computes while another publishes.'),
  leaseSeconds: z.int().min(5).max(3_600).default(60).describe('How long a silent processor keeps its chunk.'),
  maxRounds: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('Rounds of a run: users who became new meanwhile are planned again.'),
  stampUnchangedRows: z
    .boolean()
    .default(true)
    .describe('Unchanged rows also get the run’s processed_at and batch_id; false writes less log.'),
  checkedUsers: z
    .int()
    .min(1)
    .max(100_000)
    .default(2_000)
    .describe(
      'Users of a chunk whose rows are read back and checked after its publish; of a larger chunk a random part.',
    ),
  maxMonthlySpend: z
    .number()
    .positive()
    .max(9_999_999_999)
    .default(10_000_000)
    .describe('The largest valid monthly amount, in rupees; above it the user fails.'),
  errorRateLimit: z
    .number()
    .min(0)
    .max(1)
    .default(0.001)
    .describe('Share of failed users above which a run ends with exit code 3.'),
  sqlServer: z
    .strictObject({
      controlConnections: z
        .int()
        .min(1)
        .max(200)
        .default(4)
        .describe('Connections for leases and other quick requests.'),
      workConnections: z.int().min(2).max(200).default(8).describe('Connections that read, load and publish.'),
      minConnections: z
        .int()
        .min(0)
        .max(50)
        .default(0)
        .describe('Idle connections that each of the two pools keeps open.'),
      connectTimeoutSeconds: z
        .int()
        .min(1)
        .max(300)
        .optional()
        .describe('Limit for connecting. Default: the connection string’s, else 15.'),
      controlTimeoutSeconds: z.int().min(1).max(300).default(15).describe('Limit for a quick request.'),
      workTimeoutSeconds: z.int().min(10).max(86_400).default(300).describe('Limit for a long request.'),
    })
    .prefault({}),
  maxFailedShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('Share of failed users, from 1,000 on, above which a run pauses.'),
  minEligibleShare: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of the last comparable run’s users below which a run pauses; 0: never.'),
  maxFirstCardChangedShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of users given another first card than before, above which a run pauses; 1: never.'),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default('warn')
        .describe('The lowest level that is logged; for serve and run --log info where this is not set.'),
      file: z.string().optional().describe('The log’s file; default: stderr, for serve stdout.'),
    })
    .prefault({}),
  schedules: z
    .array(scheduleSchema)
    .max(50)
    .default([])
    .refine(
      schedules => new Set(schedules.map(({ name }) => name.toLowerCase())).size === schedules.length,
      'two have one name (capitals make no difference: SQL Server takes them for one)',
    )
    .describe('When serve fires, and how: a list of schedules.'),
  service: serviceSchema.prefault({}),
  dashboard: dashboardSchema.prefault({}),
  thresholds: thresholdsSchema.prefault({}),
  alerts: alertsSchema.prefault({}),
});

export const configSchema = fields.refine(
  ({ chunksInFlight, sqlServer }) => sqlServer.workConnections >= chunksInFlight + 2,
  {
    path: ['sqlServer', 'workConnections'],
    error:
      'must be at least chunksInFlight + 2: each chunk on its way needs one, and two are for what comes in between',
  },
);

/** What an operator writes. */
export type Config = z.input<typeof configSchema>;

/** Gives `cron.config.ts` its types: `export default defineConfig({ … })`. */
export function defineConfig(config: Config): Config {
  return config;
}
