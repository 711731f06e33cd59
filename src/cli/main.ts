#!/usr/bin/env node
/** The oldest Node that this program runs on. Nothing is imported before: an older one would stop at a syntax error in what it loads. */
const LEAST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < LEAST_NODE) {
  process.stderr.write(
    `cardgenius: This is Node ${process.versions.node}, and cardgenius needs Node ${LEAST_NODE} or later. Install it (https://nodejs.org), or run: npm install node@${LEAST_NODE} [NODE_TOO_OLD]\n`,
  );
  process.exitCode = 2;
} else {
  const { keepCompiled } = await import('./compile-cache.ts');
  keepCompiled();
  const { runCommandLine } = await import('./commands.ts');
  await runCommandLine();
}

export {};
