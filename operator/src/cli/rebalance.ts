/** `kubectl shardwright rebalance`: what moves, and a person's word about it. */
import type { ShardRebalance, ShardRebalanceSpecInput } from '../api/v1alpha1/index.ts';
import type { OutputFormat } from './command-line.ts';
import { PluginFailure } from './failure.ts';
import { renderPlan } from './plan-text.ts';
import { renderProgress, renderRebalances } from './rebalance-text.ts';
import { findRebalance, hasEnded, listRebalances, shardRebalances } from './rebalance-view.ts';
import { confirm, type PluginSession } from './session.ts';

/** What a person can say of a rebalance. */
export const REBALANCE_WORDS = ['approve', 'pause', 'resume', 'cancel', 'rollback'] as const;
export type RebalanceWord = (typeof REBALANCE_WORDS)[number];

/** What each word means. */
interface Meaning {
  /** For the help. */
  readonly description: string;
  /** What is set. */
  readonly fields: Partial<Pick<ShardRebalanceSpecInput, 'approved' | 'paused' | 'cancel' | 'rollback'>>;
  /** Asked before, where it cannot be taken back and rows are copied in vain by it. */
  readonly question?: string;
  /** Told after. */
  readonly done: string;
}

/** The meaning of each word. */
export const REBALANCE_MEANINGS: Readonly<Record<RebalanceWord, Meaning>> = {
  approve: {
    description: 'let the plan be carried out',
    fields: { approved: true },
    done: 'is approved',
  },
  pause: {
    description: 'hold moves where they are; data is served as before',
    fields: { paused: true },
    done: 'is asked to pause; moves go on where they were with: kubectl shardwright rebalance resume',
  },
  resume: {
    description: 'let moves go on where they were',
    fields: { paused: false },
    done: 'goes on',
  },
  cancel: {
    description: 'begin no further move, and undo those that are not cut over',
    fields: { cancel: true, paused: false },
    question: 'Undo all moves that are not cut over?',
    done: 'is asked to cancel: slots that were cut over stay where they are now',
  },
  rollback: {
    description:
      'cancel, and bring back every slot whose soak time has not ended, with all that was written since',
    fields: { rollback: true, paused: false },
    question: 'Bring all slots back whose soak time has not ended?',
    done: 'is asked to roll back',
  },
};

/** Which one, and how to ask. */
export interface WordOptions {
  /** Name of the ShardRebalance, or of its cluster. */
  readonly meant: string;
  readonly word: RebalanceWord;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** Lists those of the namespace, or of a cluster. */
export async function listAll(
  session: PluginSession,
  cluster: string | undefined,
  output: OutputFormat,
  signal: AbortSignal,
): Promise<void> {
  const all = await listRebalances(session, cluster, signal);
  if (output === 'json') {
    session.say(JSON.stringify(all, null, 2));
    return;
  }
  const lines = all.length === 0 ? ['There are no rebalances.'] : renderRebalances(all);
  lines.forEach((line) => session.say(line));
}

/** Shows one: how far it has come, and its plan. */
export async function showRebalance(
  session: PluginSession,
  meant: string,
  output: OutputFormat,
  signal: AbortSignal,
): Promise<void> {
  const rebalance = await findRebalance(session, meant, signal);
  if (output === 'json') {
    session.say(JSON.stringify(rebalance, null, 2));
    return;
  }
  const plan = rebalance.status?.plan;
  [...renderProgress(rebalance), ...(plan === undefined ? [] : ['', ...renderPlan(plan)])].forEach((line) =>
    session.say(line),
  );
}

/** Sets the fields that a word stands for. Throws `PluginFailure` `Refused` where the rebalance has ended. */
export async function sayWord(
  session: PluginSession,
  { meant, word, yes, dryRun }: WordOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, namespace, say } = session;
  const rebalance = await findRebalance(session, meant, signal);
  const { fields, question, done } = REBALANCE_MEANINGS[word];
  const { name } = rebalance.metadata;
  requireOpen(rebalance);
  if (word === 'pause' && (rebalance.spec.cancel || rebalance.spec.rollback)) {
    throw new PluginFailure('Refused', `${name} is being undone, which cannot be paused`);
  }
  if (dryRun) {
    say(`The ShardRebalance ${name} would be changed: spec ${JSON.stringify(fields)}`);
    return;
  }
  if (question !== undefined) {
    renderProgress(rebalance).forEach((line) => say(line));
    await confirm(session, yes, question, signal);
  }
  await client.mergePatch(shardRebalances, { namespace, name }, { spec: fields }, {}, signal);
  say(`${name} ${done}.`);
}

function requireOpen(rebalance: ShardRebalance): void {
  if (hasEnded(rebalance)) {
    const { name } = rebalance.metadata;
    throw new PluginFailure(
      'Refused',
      `${name} has ended (${rebalance.status?.phase}): slots are moved back by another plan, kubectl shardwright scale or move`,
    );
  }
}
