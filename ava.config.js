import { availableParallelism } from 'node:os';

export default {
  extensions: ['ts'],
  files: ['test/{unit,embedded,contract,simulation,e2e,docs,package,sql-server,postgres-server,servers}/**/*.test.ts'],
  timeout: '10m',
  workerThreads: false,
  // A test file may run three commands at once, each with an embedded database of up to 500 MB.
  concurrency: Math.min(4, Math.max(2, availableParallelism())),
  require: ['./test/support/own-temp.ts'],
};
