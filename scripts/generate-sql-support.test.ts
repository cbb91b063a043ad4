import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { REFUSED_FEATURES } from '../operator/src/router/execution/refused-features.ts';
import { APPLICATIONS } from '../test-e2e/router/sql-support/applications.ts';
import { SUPPORT_SECTIONS } from '../test-e2e/router/sql-support/sections.ts';
import { generateSqlSupport, reasonOf } from './generate-sql-support.ts';

/** No statement: commands of the protocol. */
const COMMANDS = ['replicationCommands'];

describe('the page of what SQL works', () => {
  it('has every feature that is refused by name', () => {
    const named = SUPPORT_SECTIONS.flatMap(({ refused }) => refused.map(({ because }) => because)).filter(
      (because) => typeof because === 'string',
    );
    expect([...new Set([...named, ...COMMANDS])].toSorted()).toEqual(
      Object.keys(REFUSED_FEATURES).toSorted(),
    );
  });

  it('has a reason for every refusal', () => {
    for (const line of SUPPORT_SECTIONS.flatMap(({ refused }) => refused)) {
      expect(reasonOf(line).reason).toMatch(/\w+ \w+/);
    }
  });

  it('names scenarios that there are', () => {
    const shown = SUPPORT_SECTIONS.flatMap((section) => section.shown ?? []);
    for (const { scenario } of [...shown, ...APPLICATIONS]) {
      expect(existsSync(`test-e2e/scenarios/${scenario}.test.ts`)).toBe(true);
    }
  });

  it('shows each statement', async () => {
    const [page = ''] = (await generateSqlSupport()).values();
    for (const { works, refused } of SUPPORT_SECTIONS) {
      for (const { statements } of [...works, ...refused]) {
        expect(page).toContain(statements.at(-1));
      }
    }
  });
});
