import { describe, expect, it } from '@jest/globals';
import { releaseMemory } from './release-memory.ts';

describe('releaseMemory', () => {
  it('frees a buffer that has its memory for itself', () => {
    const buffer = Buffer.alloc(100_000);
    releaseMemory(buffer);
    expect(buffer.length).toBe(0);
  });

  it('leaves a part of a larger one alone, and so one of the pool', () => {
    const whole = Buffer.alloc(100_000, 1);
    releaseMemory(whole.subarray(10));
    expect(whole.length).toBe(100_000);
    const pooled = Buffer.from('pooled');
    releaseMemory(pooled);
    expect(pooled.toString()).toBe('pooled');
  });

  it('may be told twice', () => {
    const buffer = Buffer.alloc(100_000);
    releaseMemory(buffer);
    expect(() => releaseMemory(buffer)).not.toThrow();
  });
});
