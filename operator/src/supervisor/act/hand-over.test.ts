import { describe, expect, it } from '@jest/globals';
import type { CommandName, CommandRequest } from '../../agent/protocol/commands.ts';
import type { Position } from '../../engines/position.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import type { SendCommand } from './fence-members.ts';
import { handOver, type HandoverOutcome } from './hand-over.ts';

const NEVER = new AbortController().signal;

interface Answers {
  readonly closeWrites?: () => Promise<{ position: Position }>;
  readonly awaitApplied?: () => Promise<{ reached: boolean }>;
  readonly reopenWrites?: () => Promise<{ wasHeld: boolean }>;
}

/** Plays the agents, and keeps what they were told. */
async function play(
  answers: Answers,
  reached: Position | null = null,
  signal = NEVER,
): Promise<{ outcome: HandoverOutcome; told: { pod: string; request: CommandRequest }[] }> {
  const told: { pod: string; request: CommandRequest }[] = [];
  const all = {
    closeWrites: async () => ({ position: '0-1-9' as Position }),
    awaitApplied: async () => ({ reached: true }),
    reopenWrites: async () => ({ wasHeld: true }),
    ...answers,
  };
  const send = async <Name extends CommandName>(pod: string, request: CommandRequest<Name>) => {
    told.push({ pod, request: request as CommandRequest });
    const answer = all[request.command as keyof typeof all];
    return answer();
  };
  const handover = { from: 'first', to: 'second', epoch: 3, reached };
  const clock = new FakeClock();
  return { outcome: await handOver(handover, { send: send as SendCommand, clock }, signal), told };
}

const commands = (told: readonly { pod: string; request: CommandRequest }[]) =>
  told.map(({ pod, request }) => `${pod} ${request.command}`);

describe('a handover', () => {
  it('closes the primary and waits for its successor', async () => {
    const { outcome, told } = await play({});
    expect(outcome).toEqual({ kind: 'ready', position: '0-1-9', closedAt: expect.any(Number) });
    expect(commands(told)).toEqual(['first closeWrites', 'second awaitApplied']);
    expect(told[1]?.request).toMatchObject({ epoch: 3, position: '0-1-9' });
  });

  it('leaves the primary open until its successor is level with what it had', async () => {
    const reached = '0-1-7' as Position;
    const { told } = await play({}, reached);
    expect(commands(told)).toEqual(['second awaitApplied', 'first closeWrites', 'second awaitApplied']);
    expect(told[0]?.request).toMatchObject({ position: reached });

    const late = await play({ awaitApplied: async () => ({ reached: false }) }, reached);
    expect(late.outcome).toMatchObject({ kind: 'undone' });
    expect(commands(late.told)).toEqual(['second awaitApplied']);
  });

  it('keeps the primary closed for longer than it may take', async () => {
    const { told } = await play({});
    const [close, wait] = told.map(({ request }) => request) as [
      CommandRequest<'closeWrites'>,
      CommandRequest<'awaitApplied'>,
    ];
    const longest = close.timeoutMilliseconds + wait.timeoutMilliseconds;
    expect(close.holdMilliseconds).toBeGreaterThan(longest);
  });

  it.each<readonly [string, Answers, readonly string[], RegExp]>([
    [
      'the primary does not close',
      { closeWrites: () => Promise.reject(new Error('a transaction is open')) },
      ['first closeWrites', 'first reopenWrites'],
      /first could not be closed for writes: a transaction is open\.$/u,
    ],
    [
      'the successor is too slow',
      { awaitApplied: async () => ({ reached: false }) },
      ['first closeWrites', 'second awaitApplied', 'first reopenWrites'],
      /second had not applied everything within 2 s/u,
    ],
    [
      'the successor dies',
      { awaitApplied: () => Promise.reject(new Error('connection refused')) },
      ['first closeWrites', 'second awaitApplied', 'first reopenWrites'],
      /second did not tell .*: connection refused\.$/u,
    ],
    [
      'nobody answers',
      {
        closeWrites: () => Promise.reject(new Error('no answer')),
        reopenWrites: () => Promise.reject(new Error('no answer')),
      },
      ['first closeWrites', 'first reopenWrites'],
      /no answer/u,
    ],
  ])('is undone when %s', async (_, answers, expected, message) => {
    const { outcome, told } = await play(answers);
    expect(outcome).toEqual({ kind: 'undone', message: expect.stringMatching(message) });
    expect(commands(told)).toEqual(expected);
  });

  it('leaves the primary to itself when it is aborted', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    const send = (async (_: string, request: CommandRequest) => {
      told.push(request.command);
      stop.abort(new Error('stopped'));
      throw new Error('aborted');
    }) as unknown as SendCommand;
    const handover = { from: 'first', to: 'second', epoch: 3, reached: null };
    const clock = new FakeClock();
    await expect(handOver(handover, { send, clock }, stop.signal)).rejects.toThrow('stopped');
    expect(told).toEqual(['closeWrites']);
  });
});
