import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  databaseOfSlot,
  keyspaceNameLength,
  readDatabaseName,
  sharedDatabase,
  unshardedDatabase,
} from './database-names.ts';

describe('names of databases', () => {
  it('have four digits at least', () => {
    expect([databaseOfSlot('app', 42), databaseOfSlot('app', 16_383)]).toEqual(['app_s0042', 'app_s16383']);
    expect([sharedDatabase('app'), unshardedDatabase('app')]).toEqual(['app$shared', 'app$single']);
  });

  // As the API server has them: none ends like a slot's database.
  const keyspace = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/).filter((name) => !/_s[0-9]+$/.test(name));

  it('tell what they were made from', () => {
    fc.assert(
      fc.property(keyspace, fc.nat(16_383), (name, slot) => {
        expect(readDatabaseName(databaseOfSlot(name, slot))).toEqual({ kind: 'slot', keyspace: name, slot });
        expect(readDatabaseName(sharedDatabase(name))).toEqual({ kind: 'shared', keyspace: name });
        expect(readDatabaseName(unshardedDatabase(name))).toEqual({ kind: 'unsharded', keyspace: name });
        expect(readDatabaseName(name)).toBeUndefined();
      }),
    );
  });

  it('begin with the name of their keyspace, in bytes as in text', () => {
    const suffix = fc.oneof(
      fc.constantFrom(
        '',
        '$shared',
        '$single',
        '$other',
        '_s',
        '_s42',
        '_s00042',
        '_s0042',
        '_s12345',
        '_s123456',
      ),
      fc.nat(16_383).map((slot) => databaseOfSlot('', slot)),
    );
    fc.assert(
      fc.property(fc.array(keyspace, { minLength: 1 }), suffix, fc.string(), (keyspaces, end, before) => {
        const name = (keyspaces[0] ?? '') + end;
        const bytes = Buffer.from(before + name);
        const start = Buffer.byteLength(before);
        const found = name.slice(0, keyspaceNameLength(bytes, start, bytes.length));
        const isOurs = found !== '' && keyspaces.includes(found);
        expect(isOurs ? found : undefined).toBe(readDatabaseName(name)?.keyspace);
      }),
    );
  });

  it.each([
    'mysql',
    'app_s42',
    'app_s00042',
    '_s0042',
    'App_s0042',
    'app$other',
    'app_s0042$shared',
    '$single',
    'app_s123456',
  ])('are not "%s"', (name) => expect(readDatabaseName(name)).toBeUndefined());
});
