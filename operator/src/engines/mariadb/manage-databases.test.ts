import { describe, expect, it } from '@jest/globals';
import type { DatabasesOrder } from '../keyspaces.ts';
import { type ExistingDatabases, planDatabases } from './manage-databases.ts';

const ROLES = ['ro', 'rw', 'owner'].map((suffix) => `shardwright_keyspace_app_${suffix}`);
const WANTED = [{ keyspace: 'app', databases: ['app_s0000', 'app$shared'] }];
const NOTHING: ExistingDatabases = {
  databases: new Set(),
  roles: new Set(),
  grants: new Map(),
  fences: new Map(),
};

function plan(existing: ExistingDatabases, change: Partial<DatabasesOrder> = {}): readonly string[] {
  return planDatabases({ wanted: WANTED, revision: 7, untouched: [], ...change }, existing).map(
    ({ sql }) => sql,
  );
}

function existing(databases: readonly string[], granted: readonly string[] = databases): ExistingDatabases {
  return {
    databases: new Set(databases),
    roles: new Set(ROLES),
    grants: new Map(ROLES.map((role) => [role, new Set(granted)])),
    fences: new Map(),
  };
}

describe('planDatabases', () => {
  it('makes roles and databases, and gives each role its rights on each database', () => {
    const made = plan(NOTHING);
    expect(made.slice(0, 4)).toEqual([
      ...ROLES.map((role) => `CREATE ROLE IF NOT EXISTS \`${role}\``),
      'CREATE DATABASE IF NOT EXISTS `app_s0000`',
    ]);
    expect(made[4]).toBe('GRANT SELECT, SHOW VIEW ON `app\\_s0000`.* TO `shardwright_keyspace_app_ro`');
    expect(made).toHaveLength(ROLES.length + 2 * (1 + ROLES.length));
  });

  it('does nothing where all is as it should be', () => {
    expect(plan(existing(['app_s0000', 'app$shared']))).toEqual([]);
  });

  it('does what is left after a crash', () => {
    const made = plan(existing(['app_s0000', 'app$shared'], ['app_s0000']));
    expect(made.map((sql) => sql.split(' ON ')[1])).toEqual(
      ROLES.map((role) => `\`app$shared\`.* TO \`${role}\``),
    );
  });

  it('takes rights on what belongs to another shard, and drops nothing', () => {
    const made = plan(existing(['app_s0000', 'app_s0001', 'app$shared']));
    expect(made).toEqual(ROLES.map((role) => `REVOKE ALL PRIVILEGES ON \`app\\_s0001\`.* FROM \`${role}\``));
  });

  it('lets readers read, and nobody but owners define', () => {
    const made = plan(NOTHING);
    const [reader = '', writer = '', owner = ''] = made.filter((sql) => sql.includes('`app\\_s0000`'));
    expect(reader).not.toMatch(/INSERT|UPDATE|DELETE|EXECUTE|CREATE|DROP/);
    expect(writer).not.toMatch(/CREATE (?!TEMPORARY)|DROP|ALTER|INDEX|TRIGGER/);
    expect(owner).toMatch(/CREATE, DROP/);
  });

  const fenced = (revision: number): ExistingDatabases => ({
    ...existing(['app_s0000', 'app$shared'], ['app$shared']),
    fences: new Map([['app_s0000', { attempt: 1, revision }]]),
  });

  it.each([7, 8])('gives nothing back that revision %i has fenced', (revision) => {
    expect(plan(fenced(revision))).toEqual([]);
  });

  it('ends a fence of an earlier revision once the rights are back', () => {
    const made = planDatabases({ wanted: WANTED, revision: 7, untouched: [] }, fenced(6));
    expect(made.slice(0, 3).every(({ sql }) => sql.startsWith('GRANT '))).toBe(true);
    expect(made.slice(3).map(({ sql, values }) => [sql.split(' ')[0], values])).toEqual([
      ['DELETE', ['app_s0000']],
    ]);
  });

  it('neither gives nor takes what is being switched', () => {
    const untouched = ['app_s0000', 'app_s0001'];
    expect(plan(existing(['app_s0001', 'app$shared']), { untouched })).toEqual([]);
    expect(plan(NOTHING, { untouched }).filter((sql) => sql.includes('s0000'))).toEqual([]);
  });
});
