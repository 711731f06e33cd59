import { userInfo } from 'node:os';
import type { Actor } from '../model/act.ts';

/** The actor of a command: the user of the operating system, where it has a name for that user. */
export function shellUser(): Actor {
  try {
    return { origin: 'cli', person: userInfo().username.slice(0, 200) };
  } catch {
    return { origin: 'cli', person: null }; // a container's user may be a number alone
  }
}
