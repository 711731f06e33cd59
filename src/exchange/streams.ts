/** `-` and the names that the system has for it, as stdin of a command that reads. */
export const isStdin = (path: string): boolean =>
  path === '-' || /^\/dev\/(stdin|fd\/0)$|^\/proc\/self\/fd\/0$/.test(path);

/** The same, as stdout of a command that writes. */
export const isStdout = (path: string): boolean =>
  path === '-' || /^\/dev\/(stdout|fd\/1)$|^\/proc\/self\/fd\/1$/.test(path);

/** How messages name a file: `-` is what came through the pipe. */
export const nameOf = (path: string): string => (path === '-' ? 'stdin' : path);
