/** The option file of mariadbd: what of the user's text is used, and ours after it. */
import { INVISIBLE_CHARACTERS, TOO_LONG_LINES } from '../../api/v1alpha1/my-cnf-characters.ts';
import { OWNED_VARIABLES, settingPattern } from '../../api/v1alpha1/my-cnf-owned.ts';
import type { ConfigurationProblem } from '../container.ts';
import { OWNED_SETTINGS, ownedSetting, type SettingContext } from './owned-settings.ts';

/** Groups that mariadbd reads, without and with a version. Source: https://mariadb.com/kb/en/configuring-mariadb-with-option-files/ */
const SERVER_GROUP = /^(mysqld|mariadbd?|server)(-\d+\.\d+)?$/;

/** What the API refuses already; text may have come past it, from an older version or another way. */
const REFUSED = OWNED_VARIABLES.map(({ reason, variables }) => ({
  reason,
  // The flags that the pattern begins with are those of another dialect.
  pattern: new RegExp(settingPattern(variables).replace(/^\(\?im\)/, ''), 'im'),
}));

const MISLEADING = new RegExp(`${INVISIBLE_CHARACTERS}|${TOO_LONG_LINES}`, 'u');

/** What the server takes for blanks around a line, a name or a value: of Unicode's it knows none. */
const BLANKS = ' \\t\\v\\f\\r';
const AROUND = new RegExp(`^[${BLANKS}]+|[${BLANKS}]+$`, 'g');
const GROUP = new RegExp(`^\\[[${BLANKS}]*(.*?)[${BLANKS}]*\\]$`);
const OPTION = new RegExp(`^(?:--)?([A-Za-z][A-Za-z0-9_.-]*)[${BLANKS}]*(?:=|$)`);

/** Why a line must not be written. Looks at the line as well as at the name read from it, should the two disagree. */
function reasonToDropLine(line: string, option: string): string | undefined {
  return reasonToDrop(option) ?? REFUSED.find(({ pattern }) => pattern.test(line))?.reason;
}

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
 * (their content could not be checked), lines that are no option, and lines that the server would read differently.
 */
export function readUserConfiguration(text: string): UserConfiguration {
  const lines: string[] = ['[mariadbd]'];
  const problems: ConfigurationProblem[] = [];
  let inServerGroup = true;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(AROUND, '');
    const drop = (setting: string, reason: string): void => {
      problems.push({ line: index + 1, setting, reason });
    };
    const group = GROUP.exec(line)?.[1];
    if (line === '' || line.startsWith('#') || line.startsWith(';')) {
      continue;
    } else if (MISLEADING.test(line)) {
      drop(line.slice(0, 64), 'the server would read another line than is seen');
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
      const name = OPTION.exec(line)?.[1];
      const reason = name === undefined ? undefined : reasonToDropLine(line, name);
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
