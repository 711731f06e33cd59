import type { Driver, Lane, OnLoad, Parameter } from '../../src/database/driver.ts';

export interface RecordedCall {
  readonly procedure: string;
  readonly parameters: readonly Parameter[];
  readonly lane: Lane | OnLoad;
}

/** A driver that writes down what it is asked; `answer` gives the rows, one empty row unless it is given. */
export function recordingDriver(
  answer: (call: RecordedCall) => object[] = () => [{}],
): Driver & { readonly calls: readonly RecordedCall[] } {
  const calls: RecordedCall[] = [];
  return {
    calls,
    dialect: 'mssql',
    description: 'a recording driver',
    wire: undefined,
    async call<Row>(procedure: string, parameters: readonly Parameter[], lane: Lane | OnLoad = 'work') {
      const call = { procedure, parameters, lane };
      calls.push(call);
      return answer(call) as Row[];
    },
    readChunk: async () => ({ count: 0, userNo: new Int32Array(), amounts: new Float64Array() }),
    stage: async () => {},
    endLoad: async () => {},
    stageSpending: async () => {},
    ask: async () => [],
    usage: () => [],
    close: async () => {},
  };
}
