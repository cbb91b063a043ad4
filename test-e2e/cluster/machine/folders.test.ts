import { describe, expect, it } from '@jest/globals';
import { parseClusterName } from './folders.ts';

describe('parseClusterName', () => {
  it.each(['', 'proof', 'chaos6', '12345678'])('takes %j as it is', (name) => {
    expect(parseClusterName(name)).toBe(name);
  });

  it.each(['Bad_Name!', 'chaos-1', 'chaos 1', 'toolongname', '../other', 'größe'])(
    'refuses %j, which could come out as the name of another',
    (name) => {
      expect(() => parseClusterName(name)).toThrow(`SHARDWRIGHT_CLUSTER is '${name}'`);
    },
  );
});
