import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import type { FinalPosition } from '../election-input.ts';
import type { MemberObservation } from '../observe-shard.ts';
import { aMember, anObservation, aShard, PODS } from '../testing/observations.ts';
import { at, ended, holding } from '../testing/states.ts';
import type { SendCommand } from './fence-members.ts';
import { isPreparable, Preparation } from './prepare-members.ts';

const [FORMER, FIRST, SECOND] = PODS;
const shard = aShard({ epoch: 4, primary: null, formerPrimary: FORMER, replicas: [...PODS] });
const gone = aMember(FORMER);
const first = aMember(FIRST, holding(42));
const second = aMember(SECOND, holding(42));
const position = { received: at(42), applied: at(42) };
const both = new Map([
  [FIRST, position],
  [SECOND, position],
]);
const onlyFirst = new Map([[FIRST, position]]);
const lead = `${FIRST} {"command":"prepareToLead","epoch":4,"acknowledgement":"oneReplica"}`;
const follow = `${SECOND} {"command":"prepareToFollow","epoch":4,"primary":"${FIRST}"}`;

let sent: string[];
let preparation: Preparation;

beforeEach(() => {
  sent = [];
  const send = async (pod: string, request: object): Promise<unknown> => {
    sent.push(`${pod} ${JSON.stringify(request)}`);
    throw new Error('the network is down');
  };
  preparation = new Preparation({
    epoch: 4,
    winner: FIRST,
    send: send as SendCommand,
    clock: new FakeClock(),
    logger: silentLogger,
  });
});

function proceed(
  members: readonly MemberObservation[],
  answers: ReadonlyMap<string, FinalPosition>,
  change = {},
): void {
  preparation.proceed(anObservation({ ...shard, ...change }, members), answers);
}

describe('a preparation', () => {
  it('tells the winner to lead and the others to follow, all at once, and once, whatever comes of it', async () => {
    proceed([gone, first, second], both);
    expect(sent).toEqual([lead, follow]);
    await settle();
    proceed([gone, first, second], both);
    expect(sent).toEqual([lead, follow]);
  });

  it('tells whoever answers later when it has answered', () => {
    proceed([gone, first, second], onlyFirst);
    expect(sent).toEqual([lead]);
    proceed([gone, first, second], both);
    expect(sent).toEqual([lead, follow]);
  });

  it.each<readonly [string, readonly MemberObservation[], object]>([
    ['whose server is down', [gone, first, aMember(SECOND, ended(42))], {}],
    ['that is no acker, and may receive nothing', [gone, first, second], { ackers: [FIRST] }],
  ])('leaves a member alone %s', (_, members, change) => {
    proceed(members, both, change);
    expect(sent).toEqual([lead]);
  });

  it.each<readonly [string, MemberObservation, ReadonlyMap<string, FinalPosition>, boolean]>([
    ['that has answered', first, onlyFirst, true],
    ['that is being asked', first, new Map(), false],
    [
      'that applies only as the primary',
      aMember(FIRST, holding(42, 42, { applying: { kind: 'stopped' } })),
      both,
      false,
    ],
    ['whose server is down', aMember(FIRST, ended(42)), both, false],
  ])('is for a winner %s: %#', (_, winner, answers, expected) => {
    expect(isPreparable(anObservation(shard, [gone, winner, second]), answers, FIRST)).toBe(expected);
  });
});
