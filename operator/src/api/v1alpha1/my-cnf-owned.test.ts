import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { INVISIBLE_CHARACTERS, TOO_LONG_LINES } from './my-cnf-characters.ts';
import { OWNED_VARIABLES, settingPattern } from './my-cnf-owned.ts';

/** The pattern as JavaScript takes it: RE2's leading flags are given apart. */
const compile = (variables: readonly string[]): RegExp =>
  new RegExp(settingPattern(variables).replace('(?im)', ''), 'im');

const everything = compile(OWNED_VARIABLES.flatMap(({ variables }) => variables));

const owned = fc.constantFrom(...OWNED_VARIABLES.flatMap(({ variables }) => variables));
const separator = fc.constantFrom('-', '_');

/** A variable in a spelling that an option file allows. */
const spelling = fc
  .tuple(
    owned,
    fc.array(
      fc.tuple(fc.constantFrom('loose', 'skip', 'disable', 'enable', 'maximum', 'autoset'), separator),
      {
        maxLength: 3,
      },
    ),
    fc.array(separator, { minLength: 12, maxLength: 12 }),
    fc.boolean(),
    fc.nat({ max: 20 }),
    fc.constantFrom('', ' ', '\t', '  \t', '\v', '--', ' --'),
    fc.constantFrom('', '=1', ' = 1', ' # note', '\r', '=', ' ; note'),
  )
  .map(([variable, prefixes, separators, upper, cut, blanks, rest]) => {
    let used = 0;
    const name = variable
      .replace(/\*$/u, 'x')
      .replaceAll('_', () => separators[used++ % separators.length] ?? '_');
    const shortest = variable.endsWith('*') ? name.length : variable.startsWith('innodb_') ? 8 : 3;
    const written = name.slice(0, Math.max(shortest, name.length - cut));
    const text = prefixes.map(([prefix, joint]) => prefix + joint).join('') + written;
    return blanks + (upper ? text.toUpperCase() : text) + rest;
  });

describe('settingPattern', () => {
  it('finds every owned variable in every spelling, wherever the line stands', () => {
    fc.assert(
      fc.property(
        spelling,
        fc.constantFrom('', '[mariadbd]\n', '# comment\n\nmax_connections=1\n'),
        (line, before) => {
          expect(`${before}${line}\nsql_mode=ANSI`).toMatch(everything);
        },
      ),
    );
  });

  it.each([
    'max_connections = 500',
    'port_open_timeout=1',
    'innodb_buffer_pool_size=1G',
    'net_buffer_length=1M',
    'max_allowed_packet=1G',
    'userstat=1',
    'sync_frm=1',
    '# server_id=1',
    '  ; server_id=1',
    'init_connect="SET @port = 1"',
    'innodb_log_file_size=1G',
    'innodb_flush_log_at_timeout=1',
    'auto_increment_increment=2',
    'transaction-isolation=READ-COMMITTED',
    'log_warnings=2',
    '[server_id]',
  ])('lets %j pass', (line) => {
    expect(`[mariadbd]\n${line}\n`).not.toMatch(everything);
  });

  it.each(['innodb=OFF', 'skip-innodb', 'slave_parallel_threads=4', 'skip-name-resolve', 'autocommit=0'])(
    'finds %j',
    (line) => {
      expect(`[mariadbd]\n${line}\n`).toMatch(everything);
    },
  );

  it('names no variable twice', () => {
    const names = OWNED_VARIABLES.flatMap(({ variables }) => variables);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('characters of a configuration', () => {
  const invisible = new RegExp(INVISIBLE_CHARACTERS, 'u');

  it.each([
    '\0',
    '\x1b',
    '\x7f',
    '\x85',
    '\u00a0',
    '\u00ad',
    '\u1680',
    '\u180e',
    '\u200b',
    '\u2028',
    '\u2029',
    '\u202e',
    '\u3000',
    '\ufeff',
  ])('may not be %j', (character) => {
    expect(`${character}server_id=7`).toMatch(invisible);
  });

  it('may be letters and signs of any language, blanks and line ends of ASCII', () => {
    expect('[mariadbd]\r\n\tsql_mode = ANSI \v\f\n# größer – “δ” 漢字 😀\n').not.toMatch(invisible);
  });

  it('are fewer than a thousand on a line', () => {
    const long = new RegExp(TOO_LONG_LINES, 'u');
    expect(`${'x'.repeat(999)}\n${'x'.repeat(999)}`).not.toMatch(long);
    expect(`a\n${'x'.repeat(1000)}`).toMatch(long);
  });
});
