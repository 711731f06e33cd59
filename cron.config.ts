/**
 * CardGenius Batch: what an operator edits. Everything here is optional, and shown with its default unless it says otherwise.
 * Print the effective settings with: ./cardgenius config print
 */
import { defineConfig } from 'cardgenius-batch';

export default defineConfig({
  // Where the users are: pglite:PATH, mssql://user@host:1433/database, or postgres://user@host/database. CARDGENIUS_DATABASE_URL overrides it.
  // A password is never written here: it comes from CARDGENIUS_DATABASE_PASSWORD, or the file that CARDGENIUS_DATABASE_PASSWORD_FILE names.
  database: 'pglite:.cardgenius/db',

  // The catalogue of the built-in engine.
  // catalog: 'catalog/cards.json', // the default is the package’s own

  // Users that one transaction publishes, and how many such chunks are in progress at once.
  chunkSize: 10_000,
  chunksInFlight: 2,

  // How long a silent processor keeps its chunk.
  leaseSeconds: 60,

  // A monthly amount above this is invalid, and its user fails: ₹1 crore.
  maxMonthlySpend: 10_000_000,

  // A run with more failed users than one in a thousand ends with exit code 3.
  errorRateLimit: 0.001,

  // A run pauses above this share of failed users (from 1,000 computed on), before it publishes more.
  maxFailedShare: 0.05,

  // It also pauses where more than this share of the users with cards would get another first card (1: never), and where
  // fewer users are due than this share of the last comparable run (0: never; for a schedule whose weeks are alike, say 0.3).
  maxFirstCardChangedShare: 0.5,
  minEligibleShare: 0,

  // When "cardgenius serve" fires: Monday, 02:00 in India. Of missed slots, the latest is caught up (once)
  // where it is not older than the window; all are recorded. The default is no schedule.
  schedules: [
    {
      name: 'weekly',
      cron: '0 2 * * 1',
      timeZone: 'Asia/Kolkata',
      misfire: 'once',
      catchUpWindowMinutes: 3 * 24 * 60,
      deadlineMinutes: 60,
    },
  ],

  // Where "cardgenius serve" shows the dashboard and /metrics: PORT, HOST:PORT, or off. For other machines or a proxy it
  // needs a token: CARDGENIUS_DASHBOARD_TOKEN, or the file that CARDGENIUS_DASHBOARD_TOKEN_FILE names.
  dashboard: { address: 'off' },

  // When to alert; docs/operations.md explains each alert.
  thresholds: {
    noProgressMinutes: 15,
    errorRateWarning: 0.001,
    errorRateCritical: 0.01,
    usersPerMinuteWarning: 500,
    usersPerMinuteCritical: 100,
  },

  // Where alerts go: webhook { url, secret }, slack { url }, teams { url }, email { smtp, from, to }. Addresses with a key
  // come from the environment: CARDGENIUS_ALERTS_SLACK_URL, or a file that CARDGENIUS_ALERTS_SLACK_URL_FILE names.
  alerts: { reminderMinutes: 240 },
});
