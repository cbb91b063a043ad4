import { describe, expect, it } from '@jest/globals';
import { parseCpuSeconds, parseMemory, readUsage } from './process-usage.ts';

describe('parseCpuSeconds', () => {
  it('adds user and system time, whatever the program is called', () => {
    const stat = '42 (a) R (b) S 1 42 42 0 -1 4194560 100 0 0 0 150 25 7 9 20 0 11 0 1000 1 1';
    expect(parseCpuSeconds(stat)).toBe(1.75);
  });
});

describe('parseMemory', () => {
  it('reads both sums', () => {
    const text =
      '400000-7fff0000 ---p 00000000 00:00 0 [rollup]\nRss:              102400 kB\nPss:               51200 kB\n';
    expect(parseMemory(text)).toEqual({ residentMebibytes: 100, proportionalMebibytes: 50 });
  });
});

describe('readUsage', () => {
  it('knows this process', async () => {
    const { cpuSeconds, residentMebibytes, proportionalMebibytes } = await readUsage(process.pid);
    expect(cpuSeconds).toBeGreaterThan(0);
    expect(residentMebibytes).toBeGreaterThanOrEqual(proportionalMebibytes);
    expect(proportionalMebibytes).toBeGreaterThan(10);
  });
});
