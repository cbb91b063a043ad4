import { describe, expect, it } from '@jest/globals';
import { parseReport } from './sysbench.ts';

const REPORT = `
SQL statistics:
    queries performed:
        read:                            0
        write:                           40120
    transactions:                        10030  (668.42 per sec.)
    queries:                             60180  (4010.53 per sec.)
    ignored errors:                      0      (0.00 per sec.)

Latency (ms):
         min:                                    1.21
         avg:                                    5.98
         95th percentile:                       11.24
`;

describe('parseReport', () => {
  it('reads rate and latency', () => {
    expect(parseReport(REPORT)).toEqual({ transactionsPerSecond: 668.42, percentile95Milliseconds: 11.24 });
  });

  it('takes nothing else for a report', () => {
    expect(() => parseReport('FATAL: unable to connect')).toThrow('unable to connect');
  });
});
