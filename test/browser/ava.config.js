// Apart from `npm test`: a browser is not everywhere.
export default {
  extensions: ['ts'],
  files: ['test/browser/**/*.test.ts'],
  timeout: '3m',
  workerThreads: false,
  require: ['./test/support/own-temp.ts'],
};
