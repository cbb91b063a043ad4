import { describe, expect, it } from '@jest/globals';
import { StatementNumbers } from './statement-numbers.ts';

describe('StatementNumbers', () => {
  it('are not known before the first, and count from there', () => {
    const numbers = new StatementNumbers();
    expect(numbers.next).toBeNull();
    numbers.afterPrepared(7);
    expect(numbers.next).toBe(8);
  });

  it.each(['SELECT 1', ' insert into t values (1)', 'COMMIT', 'START TRANSACTION', 'SET a = 1'])(
    'go on after %s',
    (text) => {
      const numbers = new StatementNumbers();
      numbers.afterPrepared(1);
      numbers.afterText(Buffer.from(text));
      expect(numbers.next).toBe(2);
    },
  );

  it.each(['CALL p()', 'BEGIN NOT ATOMIC PREPARE s FROM "DO 1"; END', '/* x */ SELECT 1', 'SELECTED', ''])(
    'are not known after %j, which may have prepared something',
    (text) => {
      const numbers = new StatementNumbers();
      numbers.afterPrepared(1);
      numbers.afterText(Buffer.from(text));
      expect(numbers.next).toBeNull();
    },
  );

  it('are not known in a fresh session, and near the last number there is', () => {
    const numbers = new StatementNumbers();
    numbers.afterPrepared(1);
    numbers.forget();
    expect(numbers.next).toBeNull();
    numbers.afterPrepared(2 ** 31 - 2);
    expect(numbers.next).toBeNull();
  });
});
