import { describe, expect, it } from '@jest/globals';
import { type ExistingDatabases, planDatabases } from './manage-databases.ts';

const ROLES = ['ro', 'rw', 'owner'].map((suffix) => `shardwright_keyspace_app_${suffix}`);
const WANTED = [{ keyspace: 'app', databases: ['app_s0000', 'app$shared'] }];

function existing(databases: readonly string[], granted: readonly string[] = databases): ExistingDatabases {
  return {
    databases: new Set(databases),
    roles: new Set(ROLES),
    grants: new Map(ROLES.map((role) => [role, new Set(granted)])),
  };
}

describe('planDatabases', () => {
  it('makes roles and databases, and gives each role its rights on each database', () => {
    const plan = planDatabases(WANTED, { databases: new Set(), roles: new Set(), grants: new Map() });
    expect(plan.slice(0, 4)).toEqual([
      ...ROLES.map((role) => `CREATE ROLE IF NOT EXISTS \`${role}\``),
      'CREATE DATABASE IF NOT EXISTS `app_s0000`',
    ]);
    expect(plan[4]).toBe('GRANT SELECT, SHOW VIEW ON `app\\_s0000`.* TO `shardwright_keyspace_app_ro`');
    expect(plan).toHaveLength(ROLES.length + 2 * (1 + ROLES.length));
  });

  it('does nothing where all is as it should be', () => {
    expect(planDatabases(WANTED, existing(['app_s0000', 'app$shared']))).toEqual([]);
  });

  it('does what is left after a crash', () => {
    const plan = planDatabases(WANTED, existing(['app_s0000', 'app$shared'], ['app_s0000']));
    expect(plan.map((sql) => sql.split(' ON ')[1])).toEqual(
      ROLES.map((role) => `\`app$shared\`.* TO \`${role}\``),
    );
  });

  it('takes rights on what belongs to another shard, and drops nothing', () => {
    const plan = planDatabases(WANTED, existing(['app_s0000', 'app_s0001', 'app$shared']));
    expect(plan).toEqual(ROLES.map((role) => `REVOKE ALL PRIVILEGES ON \`app\\_s0001\`.* FROM \`${role}\``));
  });

  it('lets readers read, and nobody but owners define', () => {
    const plan = planDatabases(WANTED, { databases: new Set(), roles: new Set(), grants: new Map() });
    const [reader = '', writer = '', owner = ''] = plan.filter((sql) => sql.includes('`app\\_s0000`'));
    expect(reader).not.toMatch(/INSERT|UPDATE|DELETE|EXECUTE|CREATE|DROP/);
    expect(writer).not.toMatch(/CREATE (?!TEMPORARY)|DROP|ALTER|INDEX|TRIGGER/);
    expect(owner).toMatch(/CREATE, DROP/);
  });
});
