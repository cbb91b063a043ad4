import { describe, expect, it } from '@jest/globals';
import { renderTable } from './table.ts';

describe('renderTable', () => {
  it('aligns columns and shows what is missing', () => {
    expect(
      renderTable(
        ['POD', 'ROLE'],
        [
          ['minimal-shard-0-0', 'primary'],
          ['a', undefined],
          ['', 'x'],
        ],
      ),
    ).toEqual([
      'POD                 ROLE',
      'minimal-shard-0-0   primary',
      'a                   -',
      '-                   x',
    ]);
  });
});
