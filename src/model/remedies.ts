/** What to do about a code: where to look, and how to go on. The table of docs/troubleshooting.md, in short, for messages. */

export interface Remedy {
  readonly look: string;
  readonly goOn: string;
}

const PASS = 'cardgenius resume --accept-gate && cardgenius run; or cardgenius cancel';
const RESUME = 'cardgenius resume && cardgenius run';
const REMEDIES: Readonly<Record<string, Remedy>> = {
  GATE_FAILED_SHARE: { look: 'cardgenius errors; cardgenius runs show', goOn: PASS },
  GATE_FEWER_ELIGIBLE: { look: 'cardgenius status: have all spends arrived?', goOn: PASS },
  GATE_FIRST_CARDS: {
    look: 'cardgenius run --dry-run --all; cardgenius catalog diff OLD NEW --database; cardgenius recommend USER --explain',
    goOn: PASS,
  },
  REFUSED_SYSTEMICALLY: {
    look: 'the constraint or trigger that the message names',
    goOn: `take it away, then: ${RESUME}`,
  },
  REFUSED_DECISION: {
    look: 'the constraint or trigger that refuses the status failed',
    goOn: `take it away, then: ${RESUME}`,
  },
  INVALID_SPENDING: {
    look: 'the spends of the users: cardgenius errors --csv FILE',
    goOn: 'correct the spends and import them; a retry without that fails again',
  },
  RESULT_OUT_OF_RANGE: {
    look: 'the card that the reason names: cardgenius catalog show CARD',
    goOn: 'correct the card, then: cardgenius retry --code RESULT_OUT_OF_RANGE; without that a retry fails again',
  },
  REFUSED_BY_DATABASE: {
    look: 'the constraint or trigger that the reason names',
    goOn: 'take it away, then: cardgenius retry --code REFUSED_BY_DATABASE',
  },
  ENGINE_FAILED: {
    look: 'the message of your engine',
    goOn: 'correct it, then: cardgenius retry --code ENGINE_FAILED',
  },
  ENGINE_CRASHED: {
    look: 'cardgenius recommend USER',
    goOn: 'correct the engine, then: cardgenius retry --code ENGINE_CRASHED',
  },
  ENGINE_TIMEOUT: {
    look: 'engineTimeoutSeconds of the configuration',
    goOn: 'make the engine faster or raise the limit, then: cardgenius retry --code ENGINE_TIMEOUT',
  },
  ENGINE_ANSWER_INVALID: {
    look: 'the rule that the reason names',
    goOn: 'correct the engine, then: cardgenius retry --code ENGINE_ANSWER_INVALID',
  },
};

/** Of a reason that begins with its code, too. */
export function remedyOf(reason: string): Remedy | undefined {
  return REMEDIES[/^[A-Z_]+/.exec(reason)?.[0] ?? ''];
}

/** Two lines. */
export const remedyLines = ({ look, goOn }: Remedy): string => `  look   ${look}\n  go on  ${goOn}`;
