/** The reference of conditions, reasons and events, as Markdown. */
import { CONDITIONS, REASONS } from '../../operator/src/api/v1alpha1/conditions.ts';
import { EVENT_REASONS } from '../../operator/src/api/v1alpha1/events.ts';
import { HOLD_WORDS, PHASE_WORDS, WARNING_WORDS } from '../../operator/src/api/v1alpha1/rebalance-words.ts';
import { OWNED_VARIABLES } from '../../operator/src/api/v1alpha1/my-cnf-owned.ts';
import { PROMOTION_WORDS, SHARD_STATE_WORDS } from '../../operator/src/api/v1alpha1/shard-words.ts';
import { cell, GENERATED_NOTE } from './reference.ts';

/** Markdown of `docs/reference/conditions.md`. */
export function renderConditionsReference(): string {
  return [
    GENERATED_NOTE,
    '# Conditions, reasons and events\n',
    'Programs may rely on the names. Messages are for people and may change.\n',
    '## Conditions of a ShardedCluster\n',
    '| condition | means, when True | normally |',
    '|---|---|---|',
    ...Object.entries(CONDITIONS).map(
      ([type, { meaning, good }]) =>
        `| \`${type}\` | ${cell(meaning)} | ${good === 'either' ? 'True or False' : good} |`,
    ),
    '',
    '## Reasons\n',
    '| reason | on | means | what to do |',
    '|---|---|---|---|',
    ...Object.entries(REASONS).map(
      ([reason, { on, meaning, remedy }]) =>
        `| \`${reason}\` | ${on.map((verdict) => `\`${verdict}\``).join(', ')} | ${cell(meaning)} | ${cell(remedy)} |`,
    ),
    '',
    '## Events\n',
    '| reason | type | means | what to do |',
    '|---|---|---|---|',
    ...Object.entries(EVENT_REASONS).map(
      ([reason, { type, meaning, remedy }]) =>
        `| \`${reason}\` | ${type} | ${cell(meaning)} | ${cell(remedy)} |`,
    ),
    '',
    '## States of a shard\n',
    'In `status.shards[].state` of a ShardedCluster.\n',
    ...wordTable('state', SHARD_STATE_WORDS),
    '## Why a primary was replaced\n',
    'In `status.shards[].lastFailover.reason`, in the event `PrimaryLost`, and in the label `reason` of the metric `shardwright_failovers_total`.\n',
    ...wordTable('reason', PROMOTION_WORDS),
    '## Phases of a ShardRebalance\n',
    ...wordTable('phase', PHASE_WORDS),
    '## Why moves are held\n',
    'In `status.held.reason` of a ShardRebalance.\n',
    ...wordTable('reason', HOLD_WORDS),
    '## Warnings of a plan\n',
    'In `status.plan.warnings[].code` of a ShardRebalance, and from `kubectl shardwright plan`.\n',
    ...wordTable('code', WARNING_WORDS),
  ].join('\n');
}

function wordTable(
  heading: string,
  words: Readonly<Record<string, { readonly meaning: string; readonly remedy: string }>>,
): string[] {
  return [
    `| ${heading} | means | what to do |`,
    '|---|---|---|',
    ...Object.entries(words).map(
      ([word, { meaning, remedy }]) => `| \`${word}\` | ${cell(meaning)} | ${cell(remedy)} |`,
    ),
    '',
  ];
}

/** Markdown of `docs/reference/server-settings.md`: what `spec.config` may not set, and why. */
export function renderServerSettingsReference(): string {
  return [
    GENERATED_NOTE,
    '# Server settings that the operator owns\n',
    'The API server refuses them in `spec.config`, however they are spelled: upper or lower case, `-` or `_`, behind ' +
      'prefixes such as `loose-` or `skip-`, cut short (`server-i`), in any group. A `*` stands for every setting that begins like that. ' +
      '`!include` and `!includedir` are refused as well.\n',
    '| settings | why: each … |',
    '|---|---|',
    ...OWNED_VARIABLES.map(
      ({ variables, reason }) =>
        `| ${variables.map((variable) => `\`${variable}\``).join(', ')} | ${cell(reason)} |`,
    ),
    '',
  ].join('\n');
}
