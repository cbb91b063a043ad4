/** The option file of mariadbd: what of the user's text is used, and ours after it. */
import { OWNED_VARIABLES, settingPattern } from '../../api/v1alpha1/my-cnf-owned.ts';
import type { ConfigurationProblem } from '../container.ts';
import { OWNED_SETTINGS, ownedSetting, type SettingContext } from './owned-settings.ts';

/** Groups that mariadbd reads, without and with a version. Source: https://mariadb.com/kb/en/configuring-mariadb-with-option-files/ */
const SERVER_GROUP = /^(mysqld|mariadbd?|server)(-\d+\.\d+)?$/;

/** What the API refuses already; text may have come past it, from an older version or another way. */
const REFUSED = [
  ...OWNED_VARIABLES,
  {
    reason: 'purges binary logs that a replica may still need: remove the line',
    variables: ['binlog_space_limit'],
  },
].map(({ reason, variables }) => ({
  reason,
  // The flags that the pattern begins with are those of another dialect.
  pattern: new RegExp(settingPattern(variables).replace(/^\(\?im\)/, ''), 'im'),
}));

function reasonToDrop(option: string): string | undefined {
  const owned = ownedSetting(option);
  if (owned !== undefined) {
    return `set by Shardwright: ${owned.reason}`;
  }
  return REFUSED.find(({ pattern }) => pattern.test(option))?.reason;
}

/** The user's text, sorted into what is used and what is not. */
export interface UserConfiguration {
  /** Lines to use, each in a server group. */
  readonly lines: readonly string[];
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * Reads option-file text. Lines before the first group count as the server's. Dropped, with a reason each:
 * settings that Shardwright owns in any spelling, groups that are not the server's, inclusion of other files
 * (their content could not be checked), and lines that are no option.
 */
export function readUserConfiguration(text: string): UserConfiguration {
  const lines: string[] = ['[mariadbd]'];
  const problems: ConfigurationProblem[] = [];
  let inServerGroup = true;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const drop = (setting: string, reason: string): void => {
      problems.push({ line: index + 1, setting, reason });
    };
    const group = /^\[\s*(.*?)\s*\]$/.exec(line)?.[1];
    if (line === '' || line.startsWith('#') || line.startsWith(';')) {
      continue;
    } else if (group !== undefined) {
      inServerGroup = SERVER_GROUP.test(group);
      if (inServerGroup) {
        lines.push(`[${group}]`);
      } else {
        drop(`[${group}]`, 'only groups of the server are used');
      }
    } else if (line.startsWith('!')) {
      drop(line, 'other files are not read');
    } else if (inServerGroup) {
      const name = /^(?:--)?([A-Za-z][\w.-]*)\s*(?:=|$)/.exec(line)?.[1];
      const reason = name === undefined ? undefined : reasonToDrop(name);
      if (name === undefined) {
        drop(line.slice(0, 64), 'not an option');
      } else if (reason !== undefined) {
        drop(name, reason);
      } else {
        lines.push(line.replace(/^--/, ''));
      }
    }
  }
  return { lines, problems };
}

/**
 * Renders the option file for one start. Ours stand last in the file: of one option given twice, mariadbd uses
 * the last.
 */
export function renderServerConfiguration(context: SettingContext): string {
  const ours = OWNED_SETTINGS.flatMap(({ name, value, reason }) => [
    `# ${reason}`,
    `${name} = ${typeof value === 'function' ? value(context) : value}`,
  ]);
  return [
    '# Written by the Shardwright agent before every start; changes are lost.',
    ...renderDefaults(context),
    ...readUserConfiguration(context.member.configuration).lines,
    '',
    '[mariadbd]',
    ...ours,
    '',
  ].join('\n');
}

/** Share of the container's memory for InnoDB's pages: the rest is for connections, the agent and the kernel. */
const BUFFER_POOL_SHARE = 0.6;
const MEBIBYTE = 1 << 20;

/** What stands before the user's text, which may say otherwise. */
function renderDefaults({ member }: SettingContext): readonly string[] {
  const bufferPool = Math.floor(((member.memoryBytes ?? 0) * BUFFER_POOL_SHARE) / MEBIBYTE);
  return [
    '[mariadbd]',
    'character_set_server = utf8mb4',
    ...(bufferPool === 0 ? [] : [`innodb_buffer_pool_size = ${bufferPool}M`]),
  ];
}
