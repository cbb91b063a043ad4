import { expect, it } from '@jest/globals';
import { readBatch, shardQuery } from './shard-query.ts';

it('reads rows with escapes, and empty values', () => {
  expect(readBatch('a\tb\n\\t\\n\\\\n\t\nNULL\t1\n')).toEqual([
    ['a', 'b'],
    ['\t\n\\n', ''],
    ['NULL', '1'],
  ]);
  expect(readBatch('')).toEqual([]);
});

it('fails where a shard has no primary, or is not there', async () => {
  const shard = {
    number: 0,
    name: 'shop-shard-0',
    epoch: 1,
    primary: null,
    replicas: [],
    ackers: [],
    initialised: true,
    acknowledgement: 'None' as const,
  };
  const kubectl = {
    capture: async () => Promise.reject(new Error('not to be called')),
    attach: async () => 0,
  };
  const query = shardQuery({ kubectl }, [shard], new AbortController().signal);
  await expect(query(0, 'SELECT 1')).rejects.toThrow('shop-shard-0 has no primary now');
  await expect(query(1, 'SELECT 1')).rejects.toThrow('shard 1 has no primary now');
});
