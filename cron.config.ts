/**
 * CardGenius Batch: what an operator edits. Everything here is optional, and shown with its default unless it says otherwise.
 * Check it with: npm run -s cardgenius -- status
 */
import { defineConfig } from 'cardgenius-batch';

export default defineConfig({
  // Where the users are: pglite:PATH, or mssql://user@host:1433/database. CARDGENIUS_DATABASE_URL overrides it. A password is
  // never written here: it comes from CARDGENIUS_DATABASE_PASSWORD, or the file that CARDGENIUS_DATABASE_PASSWORD_FILE names.
  database: 'pglite:.cardgenius/db',

  // What the built-in engine knows of the cards.
  catalog: 'catalog/cards.json',

  // Users that one transaction publishes, and how many such chunks are on their way at once.
  chunkSize: 10_000,
  chunksInFlight: 2,

  // How long a processor that has fallen silent keeps its chunk.
  leaseSeconds: 60,

  // Above this a monthly amount is not believed, and its user fails: ₹1 crore.
  maxMonthlySpend: 10_000_000,

  // A run with more failed users than one in a thousand ends with exit code 3.
  errorRateLimit: 0.001,

  // Above this share of failed users (from 1,000 computed on) it pauses before it publishes more, for somebody to look.
  maxFailedShare: 0.05,
});
