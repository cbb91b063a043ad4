/** The page of promises names tests that exist, and every scenario about databases. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checkoutFolder } from '../cluster/machine/folders.ts';

const page = readFileSync(join(checkoutFolder, 'docs/guarantees.md'), 'utf8');
const named = [...page.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, path = '']) => path);

/** Scenarios of the tools and of the parts, not of what a cluster promises. */
const OTHERS = /^(development-cluster|runtime-|install-|examples-apply|invalid-specs|operator-idle)/;

describe('docs/guarantees.md', () => {
  it('names tests that exist', () => {
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((path) => !existsSync(join(checkoutFolder, path)))).toEqual([]);
  });

  it('names every scenario about a cluster', () => {
    const scenarios = readdirSync(join(checkoutFolder, 'test-e2e/scenarios')).filter(
      (file) => file.endsWith('.test.ts') && !OTHERS.test(file),
    );
    expect(scenarios.filter((file) => !named.includes(`test-e2e/scenarios/${file}`))).toEqual([]);
  });

  it('claims nothing without a proof', () => {
    const unproved = page.split('\n').filter((line) => line.startsWith('| ') && / – +\|$/.test(line));
    expect(unproved).toEqual([]);
  });
});
