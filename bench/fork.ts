import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { ChildFigures, ChildTask } from './child.ts';

/** Has a process of its own do a task of child.ts. */
export function inChild(task: ChildTask): Promise<ChildFigures> {
  const { promise, resolve, reject } = Promise.withResolvers<ChildFigures>();
  const child = fork(join(import.meta.dirname, 'child.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.once('message', figures => resolve(figures as ChildFigures));
  child.once('exit', code => reject(new Error(`the child ended with ${code} before it had answered`)));
  child.send(task);
  return promise;
}
