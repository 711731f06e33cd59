import { CardGeniusError } from '../model/errors.ts';

/** All that an answer says of an error: a driver's message can name servers and logins. */
export const codeOf = (error: unknown): string => (error instanceof CardGeniusError ? error.code : 'FAILED');
