import { describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { diagnosePrimary, doCommitsHang } from './diagnose-primary.ts';
import type { MemberObservation, ShardObservation } from './observe-shard.ts';
import { aMember, anObservation, aShard, PODS } from './testing/observations.ts';
import { ended, following, leading } from './testing/states.ts';

const [PRIMARY, FIRST, SECOND] = PODS;
const hearing = following();
const cutOff = following({ receiving: { kind: 'connecting' } });
const quiet = following({ silentMilliseconds: { kind: 'known', value: 800 } });
const almostQuiet = following({ silentMilliseconds: { kind: 'known', value: 799 } });
const unreadable: AgentState = { ...cutOff, unresponsive: { forMilliseconds: 300, usedProcessor: true } };
const unseen: AgentState = { ...hearing, unseenMilliseconds: 750 };
const barelySeen: AgentState = { ...hearing, unseenMilliseconds: 749 };
const unable = following({
  applying: { kind: 'failed', error: { number: 1062, message: 'a row is there' } },
});
const stopped = following({ receiving: { kind: 'stopped' }, applying: { kind: 'stopped' } });
const restarting = ended(5);

interface Case {
  readonly primary?: AgentState | null;
  readonly about?: Partial<MemberObservation>;
  readonly first?: AgentState | null;
  readonly second?: AgentState | null;
  readonly change?: Partial<ShardObservation>;
}

function observe({ primary = leading(), about = {}, first = hearing, second = hearing, change = {} }: Case) {
  const members = [aMember(PRIMARY, primary, about), aMember(FIRST, first), aMember(SECOND, second)];
  return anObservation(aShard(), members, change);
}

const silent = (milliseconds: number): Pick<Case, 'primary' | 'about'> => ({
  primary: null,
  about: { silentMilliseconds: milliseconds },
});
const unresponsive = (forMilliseconds: number, usedProcessor: boolean): Pick<Case, 'primary'> => ({
  primary: leading({ unresponsive: { forMilliseconds, usedProcessor } }),
});
const troubled = (milliseconds: number): Pick<Case, 'change'> => ({
  change: { troubledMilliseconds: milliseconds },
});
const hang = (milliseconds: number): Pick<Case, 'change'> => ({
  change: { commitsHangMilliseconds: milliseconds },
});
const unreachable = (witness: string, isConfirmed: boolean) => ({
  kind: 'unreachable',
  witness,
  isConfirmed,
});

describe('the diagnosis of a primary', () => {
  it.each<readonly [string, Case, object]>([
    ['that works', {}, { kind: 'well' }],
    ['whose agent says that its server has ended', { primary: ended(5) }, { kind: 'lost' }],
    [
      'whose agent says so while replicas have not noticed',
      { primary: ended(5), first: hearing },
      { kind: 'lost' },
    ],
    [
      'whose container has ended by the kubelet’s word',
      { primary: null, about: { hasContainerEnded: true } },
      { kind: 'lost' },
    ],
    [
      'whose container had ended, and runs again by its agent’s word',
      { about: { hasContainerEnded: true } },
      { kind: 'well' },
    ],
    [
      'of which a launcher is not known',
      { primary: leading({ server: { kind: 'unknown', reason: '' } }) },
      { kind: 'well' },
    ],
    ['that has said nothing for a moment', silent(899), { kind: 'well' }],
    ['that is silent and heard by a replica', silent(60_000), unreachable('alive', false)],
    [
      'that is silent and heard by one replica of two',
      { ...silent(60_000), first: cutOff },
      unreachable('alive', false),
    ],
    [
      'that is silent, with nobody who answers',
      { ...silent(60_000), first: null, second: null },
      unreachable('nobody', false),
    ],
    [
      'that is silent, with replicas whose servers do not run',
      { ...silent(60_000), first: restarting, second: restarting },
      unreachable('nobody', false),
    ],
    [
      'that is silent, with a replica that does not answer its own agent',
      { ...silent(60_000), first: unreadable, second: null },
      unreachable('nobody', false),
    ],
    [
      'that is silent, with a replica that its own agent has not seen of late',
      { ...silent(60_000), first: unseen, second: cutOff },
      unreachable('silent', true),
    ],
    [
      'that is silent, with a replica that its own agent has seen just now',
      { ...silent(60_000), first: barelySeen, second: cutOff },
      unreachable('alive', false),
    ],
    [
      'that is silent to all, for a moment',
      { ...silent(999), first: cutOff, second: quiet },
      unreachable('silent', false),
    ],
    ['that is silent to all', { ...silent(1000), first: cutOff, second: quiet }, unreachable('silent', true)],
    [
      'that is silent to all that answer',
      { ...silent(1000), first: cutOff, second: null },
      unreachable('silent', true),
    ],
    [
      'that a replica has heard just now',
      { ...silent(1000), first: cutOff, second: almostQuiet },
      unreachable('alive', false),
    ],
    [
      'whose pod is gone',
      { ...silent(1000), about: { exists: false, silentMilliseconds: 1000 }, first: cutOff, second: cutOff },
      unreachable('silent', true),
    ],
    [
      'that is stopped',
      { ...unresponsive(1000, false), first: quiet, second: quiet },
      { kind: 'hung', isConfirmed: true },
    ],
    [
      'that is stopped, by one word',
      { ...unresponsive(1000, false), second: quiet },
      { kind: 'hung', isConfirmed: false },
    ],
    ['that pauses', { ...unresponsive(999, false), first: quiet, second: quiet }, { kind: 'well' }],
    ['that is busy', { ...unresponsive(9999, true), first: quiet, second: quiet }, { kind: 'well' }],
    [
      'that is too busy',
      { ...unresponsive(10_000, true), first: quiet, second: quiet },
      { kind: 'hung', isConfirmed: true },
    ],
    [
      'that was elected and has just been unable to apply',
      { primary: unable, ...troubled(999) },
      { kind: 'unable', isConfirmed: false },
    ],
    [
      'that was elected and is unable to apply',
      { primary: unable, ...troubled(1000) },
      { kind: 'unable', isConfirmed: true },
    ],
    [
      'that was elected by its files and cannot apply what they hold',
      { primary: { ...stopped, cannotApply: true }, ...troubled(1000) },
      { kind: 'unable', isConfirmed: true },
    ],
    ['that was elected and has yet to apply what it received', { primary: stopped }, { kind: 'well' }],
    [
      'that answers while looks at it wait for others',
      { primary: leading({ unseenMilliseconds: 9999 }), first: cutOff, second: cutOff },
      { kind: 'well' },
    ],
    [
      'that nobody could look at for too long, and no replica hears',
      { primary: leading({ unseenMilliseconds: 10_000 }), first: cutOff, second: cutOff },
      { kind: 'hung', isConfirmed: true },
    ],
    [
      'that nobody could look at for too long, and a replica hears',
      { primary: leading({ unseenMilliseconds: 10_000 }), first: cutOff },
      { kind: 'hung', isConfirmed: false },
    ],
    [
      'whose commits hang with nobody connected',
      { ...hang(9999), first: cutOff, second: cutOff },
      { kind: 'stalled', isConfirmed: false },
    ],
    [
      'whose commits have hung for too long',
      { ...hang(10_000), first: cutOff, second: cutOff },
      { kind: 'stalled', isConfirmed: true },
    ],
    ['whose commits hang while a replica hears it', { ...hang(60_000), first: cutOff }, { kind: 'well' }],
  ])('%s', (_, change, expected) => {
    expect(diagnosePrimary(observe(change))).toEqual(expected);
  });

  it('says nothing before there is a database, or a primary', () => {
    const members = [aMember(PRIMARY, ended(0))];
    expect(diagnosePrimary(anObservation(aShard({ initialised: false }), members))).toEqual({ kind: 'well' });
    expect(diagnosePrimary(anObservation(aShard({ primary: null }), members))).toEqual({ kind: 'well' });
  });
});

describe('commits', () => {
  const waiting = (waitingSessions: number, rule: 'none' | 'oneReplica' = 'oneReplica'): AgentState => {
    const state = leading();
    const member = state.member;
    return member === null
      ? state
      : {
          ...state,
          member: { ...member, acknowledgement: { ...member.acknowledgement, rule, waitingSessions } },
        };
  };

  it.each<readonly [string, Case, boolean]>([
    [
      'hang where they wait and no replica hears the primary',
      { primary: waiting(1), first: cutOff, second: cutOff },
      true,
    ],
    ['do not hang where a replica hears it', { primary: waiting(1), first: cutOff }, false],
    ['do not hang where none waits', { primary: waiting(0), first: cutOff, second: cutOff }, false],
    [
      'do not hang where they need not wait',
      { primary: waiting(1, 'none'), first: cutOff, second: cutOff },
      false,
    ],
    [
      'are not known of without a word of the primary',
      { primary: null, first: cutOff, second: cutOff },
      false,
    ],
  ])('%s', (_, change, expected) => {
    expect(doCommitsHang(observe(change))).toBe(expected);
  });
});
