import { describe, expect, it } from '@jest/globals';
import { OWNED_VARIABLES, settingPattern } from '../../api/v1alpha1/my-cnf-owned.ts';
import type { BootOrder } from '../boot.ts';
import type { MemberOptions } from '../member.ts';
import { readUserConfiguration, renderServerConfiguration } from './configuration.ts';
import { OWNED_SETTINGS, ownedSetting, serverId } from './owned-settings.ts';

const member: MemberOptions = {
  shard: 2,
  ordinal: 1,
  volumePath: '/volume',
  memoryPath: '/memory',
  tls: { authority: '/tls/ca.crt', certificate: '/tls/tls.crt', key: '/tls/tls.key' },
  configuration: '',
};
const replica: BootOrder = { role: 'replica', epoch: 3, acknowledgement: 'oneReplica' };

/** What mariadbd makes of an option file: of one option given twice, the last. */
function effective(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('=') && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [name = '', value = ''] = line.split(/\s*=\s*/, 2);
      return [name.replaceAll('-', '_'), value];
    }),
  );
}

function render(order: BootOrder, options: Partial<MemberOptions> = {}): Map<string, string> {
  return effective(renderServerConfiguration({ member: { ...member, ...options }, order, port: 3306 }));
}

describe('readUserConfiguration', () => {
  it('uses what is not owned, in groups of the server only', () => {
    const text =
      'max_connections = 77\n[client]\nuser=x\n[mysqld]\n# note\nskip-external-locking\n[mariadb-11.8]\ntmp_table_size=1M';
    const { lines, problems } = readUserConfiguration(text);
    expect(lines).toEqual([
      '[mariadbd]',
      'max_connections = 77',
      '[mysqld]',
      'skip-external-locking',
      '[mariadb-11.8]',
      'tmp_table_size=1M',
    ]);
    expect(problems).toEqual([
      { line: 2, setting: '[client]', reason: 'only groups of the server are used' },
    ]);
  });

  it.each([
    'read_only=0',
    'READ-ONLY = OFF',
    'skip_read_only',
    'loose-read_only=0',
    '--read_only=0',
    'read_onl=0',
    'binlog-do-db = app',
    'skip-log-bin',
    'disable_log_bin',
    'replicate_wild_ignore_table = mysql.%',
    'slave-skip-errors=all',
    'loose-skip-slave-start=0',
    'sync_binlog = 0',
    'init-file=/tmp/x',
    'ssl=0',
    'skip-ssl',
    'binlog_space_limit=1G',
    'relay_log_info_file=x',
    'wsrep_on=1',
    'skip-grant-tables',
    'plugin-load-add=x',
    'datadir=/elsewhere',
  ])('does not use %s', (line) => {
    const { lines, problems } = readUserConfiguration(`[mysqld]\n${line}`);
    expect(lines).toEqual(['[mariadbd]', '[mysqld]']);
    expect(problems).toEqual([expect.objectContaining({ line: 2, reason: expect.stringMatching(/..../) })]);
  });

  it.each([
    '\u00a0server_id=7',
    '\ufeffserver_id=7',
    'sql_mode=ANSI\u2028server_id=7',
    'sql_mode=ANSI\0',
    `init_connect=${'x'.repeat(4100)}server_id=7`,
  ])('does not use what the server may read differently: %j', (line) => {
    const { lines, problems } = readUserConfiguration(line);
    expect(lines).toEqual(['[mariadbd]']);
    expect(problems).toHaveLength(1);
  });

  it('leaves Unicode alone that is neither blank nor hidden', () => {
    expect(readUserConfiguration('\t init_connect = "SET @ä = 1" \r\n').lines).toEqual([
      '[mariadbd]',
      'init_connect = "SET @ä = 1"',
    ]);
  });

  it.each(['!include /etc/other.cnf', '!includedir /etc/my.cnf.d', '= 5', '-- x'])(
    'does not use %s',
    (line) => {
      const { lines, problems } = readUserConfiguration(line);
      expect(lines).toEqual(['[mariadbd]']);
      expect(problems).toHaveLength(1);
    },
  );

  it.each([
    'max_connections=5',
    'innodb_buffer_pool_size=1G',
    'sql_mode=ANSI',
    'binlog_cache_size=1M',
    'innodb_log_file_size=1G',
    'log_warnings=3',
    'slow_query_log',
  ])('uses %s', (line) => {
    expect(readUserConfiguration(line)).toEqual({ lines: ['[mariadbd]', line], problems: [] });
  });
});

describe('renderServerConfiguration', () => {
  it('puts ours last', () => {
    const text = renderServerConfiguration({
      member: { ...member, configuration: '[mysqld]\nmax_connections=5' },
      order: replica,
      port: 3306,
    });
    expect(text.indexOf('max_connections')).toBeLessThan(text.indexOf('\nread_only = ON'));
    expect(text.lastIndexOf('\n[')).toBeLessThan(text.indexOf('\nread_only = ON'));
  });

  it('boots everything closed, with replication stopped, and a replica so that it drops its tail', () => {
    const settings = render(replica);
    expect(settings.get('read_only')).toBe('ON');
    expect(settings.get('skip_slave_start')).toBe('ON');
    expect(settings.get('init_rpl_role')).toBe('SLAVE');
    expect(settings.get('rpl_semi_sync_master_enabled')).toBe('OFF');
    expect(settings.get('gtid_domain_id')).toBe('2');
    expect(settings.get('server_id')).toBe('2002');
    expect(settings.get('datadir')).toBe('/volume/data');
  });

  it('lets a replica keep a tail that the primary has', () => {
    expect(render({ ...replica, keepsLog: true }).get('init_rpl_role')).toBe('MASTER');
  });

  it.each([
    ['oneReplica', 'ON'],
    ['none', 'OFF'],
  ] as const)('lets a primary ask for acknowledgements from the start: %s', (acknowledgement, expected) => {
    const settings = render({ role: 'primary', epoch: 3, acknowledgement });
    expect(settings.get('init_rpl_role')).toBe('MASTER');
    expect(settings.get('rpl_semi_sync_master_enabled')).toBe(expected);
    expect(settings.get('read_only')).toBe('ON');
  });

  it('sizes the buffer pool by the memory, unless the user does', () => {
    expect(render(replica).has('innodb_buffer_pool_size')).toBe(false);
    expect(render(replica, { memoryBytes: 1 << 30 }).get('innodb_buffer_pool_size')).toBe('614M');
    const configuration = 'innodb_buffer_pool_size = 100M';
    expect(render(replica, { memoryBytes: 1 << 30, configuration }).get('innodb_buffer_pool_size')).toBe(
      '100M',
    );
  });
});

describe('owned settings', () => {
  it('are named once, canonically, each with a reason', () => {
    const names = OWNED_SETTINGS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, reason } of OWNED_SETTINGS) {
      expect(name).toMatch(/^[a-z_]+$/);
      expect(reason).not.toBe('');
      expect(ownedSetting(name)?.name).toBe(name);
    }
  });

  it.each(OWNED_SETTINGS.map(({ name }) => name))('are refused by the API in spec.config: %s', (name) => {
    const patterns = OWNED_VARIABLES.map(
      ({ variables }) => new RegExp(settingPattern(variables).replace('(?im)', ''), 'im'),
    );
    expect(patterns.some((pattern) => pattern.test(`${name} = 1`))).toBe(true);
  });

  it('give every member of a cluster an identity of its own', () => {
    const ids = [0, 1, 2].flatMap((shard) => [0, 1, 2].map((ordinal) => serverId({ shard, ordinal })));
    expect(new Set(ids).size).toBe(9);
    expect(ids).not.toContain(0);
  });
});
