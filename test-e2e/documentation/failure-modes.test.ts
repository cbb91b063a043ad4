/** The page of failures has every fault of the chaos harness, names tests that exist, and leaves nothing open. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FAULTS } from '../chaos/faults/index.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';

/** What is tried without a failure: a switchover is in the page by its scenario. */
const NO_FAILURES = ['switchover'];

const read = (path: string): string => readFileSync(join(checkoutFolder, path), 'utf8');
const page = read('docs/failure-modes.md');

/** The rows of all tables, cell by cell; headings apart. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (---|fault |known failure )/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
const proofs = rows.map((cells) => cells.at(-1) ?? '');

/** `a`, `b` after the word chaos. */
const CHAOS = /chaos ((?:`[a-z-]+`(?:, )?)+)/g;

const names = (text: string): string[] => [...text.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name);
const chaosFaults = proofs.flatMap((proof) =>
  [...proof.matchAll(CHAOS)].flatMap(([, list = '']) => names(list)),
);

/** The scenarios of a name, with and without `.long`. */
const scenarios = readdirSync(join(checkoutFolder, 'test-e2e/scenarios'));
const scenarioFiles = (name: string): string[] =>
  scenarios.filter((file) => file === `${name}.test.ts` || file === `${name}.long.test.ts`);

describe('docs/failure-modes.md', () => {
  it('has every fault of the chaos harness, and no other', () => {
    const known = FAULTS.map(({ name }) => name);
    expect(known.filter((name) => !chaosFaults.includes(name) && !NO_FAILURES.includes(name))).toEqual([]);
    expect(chaosFaults.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('says of each what happens, what is seen, what to do, and what shows it', () => {
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter((cells) => (cells.length !== 5 && cells.length !== 3) || cells.includes(''))).toEqual(
      [],
    );
    expect(rows.filter(({ length }) => length === 3)).toHaveLength(5);
  });

  it('names scenarios and tests that exist', () => {
    const named = proofs.flatMap((proof) => names(proof.replaceAll(CHAOS, '')));
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => scenarioFiles(name).length === 0)).toEqual([]);
    const paths = proofs.flatMap((proof) =>
      [...proof.matchAll(/`([\w./-]+\/[\w./-]+)`/g)].map(([, path = '']) => path),
    );
    expect(paths.length).toBeGreaterThan(3);
    expect(paths.filter((path) => !existsSync(join(checkoutFolder, path)))).toEqual([]);
  });

  it('quotes titles of tests as they are', () => {
    const quoted = proofs.flatMap((proof) =>
      [...proof.matchAll(/`([a-z-]+)`: "([^"]+)"/g)].map(([, scenario = '', title = '']) => ({
        scenario,
        title,
      })),
    );
    expect(quoted.length).toBeGreaterThan(3);
    const missing = quoted.filter(
      ({ scenario, title }) =>
        !scenarioFiles(scenario).some((file) => read(`test-e2e/scenarios/${file}`).includes(`'${title}`)),
    );
    expect(missing).toEqual([]);
  });
});
