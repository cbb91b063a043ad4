import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createLineSplitter } from '../../launcher/line-splitter.ts';
import { replicaState } from '../testing/agent-states.ts';
import type { AgentState } from './agent-state.ts';
import { FRAME_LIMIT_BYTES, formatFrame, parseFrame, type StateFrame } from './frame.ts';

const frame = (state: AgentState, sequence = 1): StateFrame => ({ version: 1, sequence, sentAt: 5, state });

const states: readonly AgentState[] = [
  replicaState(),
  replicaState({ member: null, server: { kind: 'ended', lastExit: null }, volume: null, epoch: 0 }),
  replicaState({
    server: { kind: 'unknown', reason: 'no launcher' },
    volume: { kind: 'unrecognised', found: ['x'] },
  }),
  replicaState({
    server: { kind: 'ended', lastExit: { pid: 9, code: null, signal: 'SIGKILL', at: 5 } },
    ownEnd: { kind: 'unknown', reason: 'torn' },
    volume: { kind: 'interrupted', step: 'clone' },
  }),
  replicaState({
    activity: {
      kind: 'cloning',
      source: 'demo-shard-0-0',
      step: 'transfer',
      bytes: 5,
      estimatedBytes: null,
      bytesPerSecond: 0.5,
    },
    problems: [{ reason: 'CloneFailed', message: 'source is busy' }],
  }),
];

describe('frames', () => {
  it.each(states)('come out as they went in: %#', (state) => {
    expect(parseFrame(formatFrame(frame(state)))).toEqual(frame(state));
  });

  it('come out of any cutting of the stream, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...states), fc.string({ unit: 'binary' })), { maxLength: 5 }),
        fc.integer({ min: 1, max: 5000 }),
        (list, size) => {
          const sent = list.map(([state, agentId], index) =>
            frame({ ...state, agentId: agentId.toWellFormed() }, index + 1),
          );
          const bytes = Buffer.from(sent.map(formatFrame).join(''));
          const lines = createLineSplitter(FRAME_LIMIT_BYTES);
          const read: StateFrame[] = [];
          for (let start = 0; start < bytes.length; start += size) {
            read.push(...lines.push(bytes.subarray(start, start + size)).map(parseFrame));
          }
          expect(read).toEqual(sent);
          expect(lines.pendingBytes()).toBe(0);
        },
      ),
    );
  });

  it('may hold fields that this version does not know', () => {
    const state = { ...replicaState(), later: { anything: 1 } };
    expect(parseFrame(JSON.stringify({ ...frame(state), later: 1 }))).toEqual(frame(replicaState()));
  });

  it.each([
    ['another version', { ...frame(replicaState()), version: 2 }, 'UnsupportedVersion'],
    ['no version', {}, 'UnsupportedVersion'],
    ['no state', { version: 1, sequence: 1, sentAt: 1 }, 'UnreadableFrame'],
    [
      'a state of an unknown kind',
      frame(replicaState({ activity: { kind: 'resting' } as never })),
      'UnreadableFrame',
    ],
    ['an epoch below zero', frame(replicaState({ epoch: -1 })), 'UnreadableFrame'],
  ])('are refused with %s', (_name, value, code) => {
    expect(() => parseFrame(JSON.stringify(value))).toThrow(expect.objectContaining({ code }));
  });

  it('are refused when they are no JSON', () => {
    expect(() => parseFrame('{"version":1')).toThrow(expect.objectContaining({ code: 'UnreadableFrame' }));
  });
});
