import { describe, expect, it } from '@jest/globals';
import { grantsProcess, processListText, processTable } from './process-list.ts';

const PROCESS = {
  id: 7,
  user: 'app',
  host: '10.0.0.1:5000',
  database: null,
  command: 'Query',
  milliseconds: 1999.9996,
  state: 'done in 1 of 3 databases',
  percent: 33.33333,
  statement: 'SELECT 1',
};

describe('the privilege PROCESS', () => {
  it.each([
    ['GRANT PROCESS ON *.* TO `app`@`%`', true],
    ["GRANT SELECT, PROCESS, CREATE USER ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*0'", true],
    ['GRANT ALL PRIVILEGES ON *.* TO `app`@`%` WITH GRANT OPTION', true],
    ['GRANT USAGE ON *.* TO `process`@`%`', false],
    ['GRANT ALL PRIVILEGES ON `app`.* TO `app`@`%`', false],
    ['GRANT `process` TO `app`@`%`', false],
  ])('is read from %s: %s', (line, expected) => {
    expect(grantsProcess(line)).toBe(expected);
  });
});

describe('the list of processes', () => {
  it('is a table of JSON, whose columns are those that servers have', () => {
    const text = processTable([PROCESS], ['ID', 'DB', 'TIME', 'QUERY_ID']);
    expect(text).toBe(
      `JSON_TABLE('[{"ID":7,"USER":"app","HOST":"10.0.0.1:5000","DB":null,"COMMAND":"Query","TIME":1,"STATE":"done in 1 of 3 databases","INFO":"SELECT 1","TIME_MS":2000,"PROGRESS":33.333}]', ` +
        "'$[*]' COLUMNS (`ID` BIGINT PATH '$.ID', `DB` VARCHAR(64) PATH '$.DB', `TIME` INT PATH '$.TIME', `QUERY_ID` BIGINT PATH '$.QUERY_ID'))",
    );
  });

  it('does not let a statement end the text that it stands in', () => {
    const text = processTable([{ ...PROCESS, statement: "SELECT ' OR \\'" }], ['INFO']);
    expect(text).toMatch(/^JSON_TABLE\(CONVERT\(0x[0-9a-f]+ USING utf8mb4\), /);
  });

  it('cuts statements short where FULL is not asked for', () => {
    expect(processListText([], false)).toContain('LEFT(Info, 100) AS Info');
    expect(processListText([], true)).not.toContain('LEFT');
  });
});
