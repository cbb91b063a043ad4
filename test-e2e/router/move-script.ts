/** Plays operator and agents in the move of a slot: phases on the map, fence, copy, rights. Routers do their own part. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import type { MovePhase, ShardMapMove, ShardMapSpec } from '../../operator/src/api/v1alpha1/index.ts';
import { databaseOfSlot } from '../../operator/src/core/keyspace/database-names.ts';
import { readSlotSet, writeSlotSet } from '../../operator/src/core/keyspace/slot-set.ts';
import type { DatabaseServer } from './database-server.ts';
import { KEYSPACE, type RouterWorld } from './router-world.ts';

/** Sessions that stay in the database for longer than this are killed: by default those that would never leave. */
const LEAVING_MILLISECONDS = 60_000;

/** ER_NO_SUCH_THREAD */
const NO_SUCH_THREAD = 1094;

/** How a switch went. */
export interface SwitchReport {
  /** From the write of the map until no session was in the database any more. */
  readonly leavingMilliseconds: number;
  /** Sessions that had to be killed, since they stayed. */
  readonly killed: number;
}

/** The move of one slot; each step is a method. */
export class MoveScript {
  readonly database: string;
  readonly #world: RouterWorld;
  readonly #move: Omit<ShardMapMove, 'phase'>;
  readonly #patience: number;

  /** `patience`: milliseconds that the fence waits for sessions to leave before it kills them. */
  constructor(
    world: RouterWorld,
    { slot, from, to }: { readonly slot: number; readonly from: number; readonly to: number },
    patience = LEAVING_MILLISECONDS,
  ) {
    this.#world = world;
    this.#patience = patience;
    this.database = databaseOfSlot(KEYSPACE, slot);
    this.#move = { id: `move-${slot}-${to}`, keyspace: KEYSPACE, unit: 'Slot', slot, from, to, attempt: 1 };
  }

  get source(): DatabaseServer {
    return this.#world.primary(this.#move.from);
  }

  get target(): DatabaseServer {
    return this.#world.primary(this.#move.to);
  }

  /** Writes the move in this phase, and what goes with it. */
  async enter(phase: MovePhase, change: Partial<ShardMapSpec> = {}, openedAt?: string): Promise<void> {
    await this.#world.changeMap((map) => ({
      ...map,
      ...change,
      moves: [{ ...this.#move, phase, ...(openedAt === undefined ? {} : { openedAt }) }],
    }));
  }

  /** Takes the move off the map. */
  async end(): Promise<void> {
    await this.#world.changeMap(({ moves: _moves, ...map }) => map);
  }

  /** Switching, fence, copy, flip, rights. `beforeFlip` runs while nobody owns the slot. */
  async switchOver(beforeFlip: () => Promise<void> = async () => {}): Promise<SwitchReport> {
    await this.enter('Switching');
    const report = await this.#fence();
    const { openedAt } = await this.#copy();
    await beforeFlip();
    await this.enter('Soaking', { keyspaces: this.#flippedKeyspaces() }, openedAt);
    // A new owner learns of the map as routers do, and gives rights after that.
    await delay(20);
    await this.target.query(grantStatements('GRANT', this.database));
    return report;
  }

  async #fence(): Promise<SwitchReport> {
    const started = performance.now();
    const barrier = await this.source.connect();
    try {
      let killed = 0;
      for (;;) {
        const sessions = await this.#sessionsInside();
        if (sessions.length === 0) {
          break;
        }
        if (performance.now() - started > this.#patience) {
          killed += sessions.length;
          await Promise.all(sessions.map((id) => endSession(barrier, id)));
        }
        await delay(2);
      }
      const leavingMilliseconds = performance.now() - started;
      await lockTables(barrier, this.database);
      await this.source.query(grantStatements('REVOKE', this.database));
      return { leavingMilliseconds, killed };
    } finally {
      barrier.destroy();
    }
  }

  async #sessionsInside(): Promise<number[]> {
    const rows = await this.source.query(
      `SELECT id FROM information_schema.PROCESSLIST WHERE db = '${this.database}'`,
    );
    return rows.map((row) => Number(row['id']));
  }

  async #copy(): Promise<{ readonly openedAt: string }> {
    const file = await this.source.dump(this.database);
    await this.target.load(file);
    const [row] = await this.target.query('SELECT @@gtid_binlog_pos AS position');
    return { openedAt: String(row?.['position']) };
  }

  #flippedKeyspaces(): NonNullable<ShardMapSpec['keyspaces']> {
    const { slot = -1, from, to } = this.#move;
    return (this.#world.map.keyspaces ?? []).map((keyspace) => ({
      ...keyspace,
      slotsByShard: keyspace.slotsByShard.map(({ shard, slots }) => {
        const own = readSlotSet(slots);
        const next =
          shard === from
            ? own.filter((each) => each !== slot)
            : shard === to
              ? [...own, slot].toSorted((one, other) => one - other)
              : own;
        return { shard, slots: writeSlotSet(next) };
      }),
    }));
  }
}

async function lockTables(session: Connection, database: string): Promise<void> {
  const [tables] = await session.query<never[]>(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${database}'`,
  );
  const names = (tables as readonly { readonly name: string }[]).map(
    ({ name }) => `\`${database}\`.\`${name}\` WRITE`,
  );
  await session.query(`LOCK TABLES ${names.join(', ')}`);
}

function grantStatements(verb: 'GRANT' | 'REVOKE', database: string): string {
  const preposition = verb === 'GRANT' ? 'TO' : 'FROM';
  const privileges = [
    ['ro', 'SELECT, SHOW VIEW'],
    ['rw', 'SELECT, SHOW VIEW, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY TABLES, LOCK TABLES'],
    ['owner', 'ALL PRIVILEGES'],
  ] as const;
  return privileges
    .map(
      ([level, rights]) =>
        `${verb} ${rights} ON \`${database}\`.* ${preposition} shardwright_keyspace_${KEYSPACE}_${level}`,
    )
    .join('; ');
}

/** Ends a session, which may have ended by itself since it was seen. */
async function endSession(connection: Connection, id: number): Promise<void> {
  try {
    await connection.query(`KILL ${id}`);
  } catch (error) {
    if ((error as { readonly errno?: number }).errno !== NO_SUCH_THREAD) {
      throw error;
    }
  }
}
