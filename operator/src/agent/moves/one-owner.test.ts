/** Of any history of the map, and whatever the agents have seen of it: users never have rights on a database on two shards. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ownerOfMove, type ShardMapMove } from '../../api/v1alpha1/index.ts';
import { NEXT_PHASES } from '../../api/v1alpha1/shard-map-moves.ts';
import type { Position } from '../../engines/position.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { type DatabasesInMap, wantedDatabases } from '../wanted-databases.ts';
import { decideMoves } from './decide-moves.ts';
import { databaseOfMove } from './move-database.ts';
import { MoveRecord } from './move-record.ts';
import { aMove } from './testing/moves-on-map.ts';

const FIRST = aMove('Copying');
const DATABASE = databaseOfMove(FIRST);
const CLOCK = new FakeClock();

/** What the engine keeps for one shard; it outlives agents, and is replicated. */
interface Shard {
  isGranted: boolean;
  fence: { readonly attempt: number; readonly revision: number } | null;
}

/** The agent of the shard's primary: how much of the history it has seen, and what it knows of the move. */
interface Agent {
  readonly number: number;
  seen: number;
  record: MoveRecord | null;
}

/** The map with the move in some phase; null when it has left. */
function mapWith(revision: number, move: ShardMapMove | null, owner: number): DatabasesInMap {
  return {
    revision,
    keyspaces: [
      {
        name: 'app',
        strategy: 'ConsistentHash',
        placement: 'Balanced',
        slots: 8,
        tables: [],
        homeShard: 2,
        referenceShards: [2],
        slotsByShard: [{ shard: owner, slots: '7' }],
        transactions: 'Single',
        consistency: 'Strong',
      },
    ],
    ...(move === null ? {} : { moves: [move] }),
  };
}

class World {
  readonly history: DatabasesInMap[] = [mapWith(1, null, 0), mapWith(2, FIRST, 0)];
  readonly shards: readonly [Shard, Shard] = [
    { isGranted: true, fence: null },
    { isGranted: false, fence: null },
  ];
  readonly agents: readonly [Agent, Agent] = [
    { number: 0, seen: 0, record: null },
    { number: 1, seen: 0, record: null },
  ];

  get #newest(): DatabasesInMap {
    return this.history.at(-1) ?? mapWith(1, null, 0);
  }

  get move(): ShardMapMove | undefined {
    return this.#newest.moves?.[0];
  }

  /** One write of the operator, where the rules of moves allow one. */
  operate(choice: number): void {
    const { move } = this;
    if (move === undefined) {
      return;
    }
    const steps = NEXT_PHASES[move.phase].filter((phase) => this.#mayStep(move, phase));
    const phase = steps[choice % Math.max(1, steps.length)];
    const isUndone = phase === 'Copying' || (phase === 'Soaking' && move.phase === 'Returning');
    const revision = this.#newest.revision + 1;
    if (phase !== undefined) {
      const attempt = move.attempt + (isUndone ? 1 : 0);
      const next = { ...move, phase, attempt, openedAt: '1-100-1' };
      this.history.push(mapWith(revision, next, ownerOfMove(next)));
    } else if (NEXT_PHASES[move.phase].length === 0 && this.#isCleaned(move)) {
      this.history.push(mapWith(revision, null, ownerOfMove(move)));
    }
  }

  /** Ownership changes by the word of whoever gives it up, in this attempt. */
  #mayStep(move: ShardMapMove, phase: ShardMapMove['phase']): boolean {
    const next = { ...move, phase };
    const fenced = this.agents[ownerOfMove(move) === 0 ? 0 : 1].record?.fenced?.attempt;
    return ownerOfMove(next) === ownerOfMove(move) || fenced === move.attempt;
  }

  #isCleaned(move: ShardMapMove): boolean {
    return this.agents[move.phase === 'Undoing' ? 1 : 0].record?.isCleaned === true;
  }

  /** An agent sees some more of the history. */
  see(agent: Agent, steps: number): void {
    agent.seen = Math.min(agent.seen + steps, this.history.length - 1);
    const move = this.#viewOf(agent).moves?.[0];
    if (move === undefined) {
      agent.record = null;
    } else if (agent.record === null) {
      agent.record = new MoveRecord(agent.number, move, true, CLOCK);
    } else {
      agent.record.note(move);
    }
  }

  #viewOf(agent: Agent): DatabasesInMap {
    return this.history[agent.seen] ?? this.#newest;
  }

  /** An agent does what it wants to, by what it has seen. */
  work(agent: Agent): void {
    const { record } = agent;
    const view = this.#viewOf(agent);
    const shard = this.shards[agent.number === 0 ? 0 : 1];
    if (record === null) {
      return;
    }
    const tasks = decideMoves({
      shard: agent.number,
      moves: [record.move],
      facts: () => record.facts(),
      running: [],
    });
    for (const { kind } of tasks) {
      if (kind === 'fence') {
        const { attempt } = record.move;
        shard.isGranted = false;
        shard.fence = { attempt, revision: view.revision };
        record.fenced = { attempt, position: '0-1-1' as Position };
      } else if (kind === 'grant' && (shard.fence?.revision ?? 0) < view.revision) {
        shard.isGranted = true;
        shard.fence = null;
        record.lacksRights = false;
        record.fenced = null;
      } else if (kind === 'drop' && this.move?.phase === record.move.phase) {
        shard.isGranted = false;
        shard.fence = null;
        record.isCleaned = true;
      }
    }
  }

  /** The upkeep of all databases, by what the agent has seen. */
  upkeep(agent: Agent): void {
    const { revision, wanted, untouched } = wantedDatabases(this.#viewOf(agent), agent.number);
    const shard = this.shards[agent.number === 0 ? 0 : 1];
    const isWanted = wanted.some(({ databases }) => databases.includes(DATABASE));
    if (untouched.includes(DATABASE) || agent.record?.awaitsRights === true) {
      return;
    }
    if (!isWanted) {
      shard.isGranted = false;
    } else if ((shard.fence?.revision ?? 0) < revision) {
      shard.isGranted = true;
      shard.fence = null;
    }
  }

  /** Everybody sees everything and does all there is to do. */
  settle(): void {
    for (const agent of this.agents) {
      this.see(agent, this.history.length);
      this.work(agent);
      this.work(agent);
      this.upkeep(agent);
    }
  }
}

const step = fc.record({
  kind: fc.constantFrom('operate', 'see', 'work', 'upkeep', 'restart'),
  agent: fc.constantFrom<0 | 1>(0, 1),
  number: fc.integer({ min: 0, max: 3 }),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Plays a history; returns on how many shards users had rights at once, at most. */
function play(world: World, steps: readonly Step[]): number {
  let most = 0;
  for (const { kind, agent, number } of steps) {
    const chosen = world.agents[agent];
    if (kind === 'operate') {
      world.operate(number);
    } else if (kind === 'see') {
      world.see(chosen, number);
    } else if (kind === 'work') {
      world.work(chosen);
    } else if (kind === 'upkeep') {
      world.upkeep(chosen);
    } else {
      // What an agent remembers goes with it; its successor has seen no less of the map.
      chosen.record = null;
      world.see(chosen, 0);
    }
    most = Math.max(most, world.shards.filter(({ isGranted }) => isGranted).length);
  }
  return most;
}

describe('rights on a database that moves', () => {
  it('are never on two shards, whatever the agents have seen', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        expect(play(new World(), steps)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('are with the owner once everybody has seen everything, unless it is being switched', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = new World();
        play(world, steps);
        world.settle();
        const { move } = world;
        const isSwitching = move?.phase === 'Switching' || move?.phase === 'Returning';
        const owner = world.history.at(-1)?.keyspaces?.[0]?.slotsByShard[0]?.shard;
        expect(world.shards.map(({ isGranted }) => isGranted)).toEqual(
          [0, 1].map((number) => !isSwitching && number === owner),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('do move, in such histories', () => {
    const world = new World();
    const reached = new Set<string>();
    const both = (act: (agent: Agent) => void): void => world.agents.forEach((agent) => act(agent));
    for (let round = 0; round < 12; round += 1) {
      both((agent) => world.see(agent, 9));
      both((agent) => world.work(agent));
      reached.add(world.move?.phase ?? 'gone');
      world.operate(0);
    }
    expect(reached).toEqual(new Set(['Copying', 'Switching', 'Soaking', 'Returning', 'Undoing', 'gone']));
  });
});
