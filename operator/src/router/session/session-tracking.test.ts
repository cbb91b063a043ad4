import { describe, expect, it } from '@jest/globals';
import { SessionTracking } from './session-tracking.ts';

describe('session tracking', () => {
  it('tells changes of what is tracked, once, the newest of each', () => {
    const tracking = new SessionTracking();
    expect(tracking.take()).toBeNull();
    tracking.schemaChanged('shop');
    tracking.variableChanged('autocommit', () => 'OFF');
    tracking.variableChanged('autocommit', () => 'ON');
    tracking.variableChanged('sql_mode', () => 'ANSI');
    expect(tracking.take()).toEqual({ schema: 'shop', systemVariables: new Map([['autocommit', 'ON']]) });
    expect(tracking.take()).toBeNull();
  });

  it('does not make what nobody tracks', () => {
    const tracking = new SessionTracking();
    tracking.variableChanged('shardwright_gtid', () => {
      throw new Error('asked for');
    });
    expect(tracking.take()).toBeNull();
  });

  it('tracks what is asked for, by either name of a variable', () => {
    const tracking = new SessionTracking();
    tracking.variables = ' Transaction_Isolation, shardwright_gtid';
    tracking.variableChanged('tx_isolation', () => 'READ-COMMITTED');
    tracking.variableChanged('autocommit', () => 'OFF');
    tracking.variableChanged('shardwright_gtid', () => '0-1-7');
    expect(tracking.take()).toEqual({
      systemVariables: new Map([
        ['transaction_isolation', 'READ-COMMITTED'],
        ['shardwright_gtid', '0-1-7'],
      ]),
    });
    tracking.variables = '*';
    tracking.variableChanged('sql_mode', () => 'ANSI');
    expect(tracking.take()?.systemVariables?.get('sql_mode')).toBe('ANSI');
    tracking.variables = null;
    tracking.variableChanged('sql_mode', () => '');
    expect(tracking.take()).toBeNull();
    expect(tracking.variables).toContain('autocommit');
  });

  it('does not tell the database when it is not wanted', () => {
    const tracking = new SessionTracking();
    tracking.tracksSchema = false;
    tracking.schemaChanged('shop');
    expect(tracking.take()).toBeNull();
  });
});
