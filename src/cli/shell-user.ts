import { userInfo } from 'node:os';
import type { Actor } from '../model/act.ts';

/** The actor of a command: the user of the operating system, where it has a name for that user; of `sudo`, the user who typed it, too. */
export function shellUser(): Actor {
  try {
    const { username } = userInfo();
    const { SUDO_USER: typist = '' } = process.env;
    const person = typist === '' || typist === username ? username : `${typist} as ${username}`;
    return { origin: 'cli', person: person.slice(0, 200) };
  } catch {
    return { origin: 'cli', person: null }; // a container's user may be a number alone
  }
}
