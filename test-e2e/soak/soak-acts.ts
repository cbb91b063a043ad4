/** What people do with moves, under a load that is checked: each act ends with everything where it belongs, or rejects. */
import type { RowDataPacket } from 'mysql2/promise';
import { waitFor } from '../cluster/machine/wait.ts';
import { connectToRouter } from '../moves/checked-load.ts';
import { KEYSPACE } from '../moves/cluster-objects.ts';
import { databaseOf, firstKeyOf } from '../moves/keyspace-keys.ts';
import { beginSlowMove, goFast, moveThrough, nextShard } from '../moves/moves-story.ts';
import type { MovesStage } from '../moves/moves-stage.ts';
import type { SoakAct } from './soak-scene.ts';

const STEP = { timeoutMilliseconds: 120_000, everyMilliseconds: 50 };
/** The slot that acts are about, and one that has no clients of its own. */
const BUSY = 3;
const QUIET = 4;
const ROUNDS_AWAY = 10;

function requireOwner(world: MovesStage, slot: number, owner: number): void {
  if (world.ownerOf(slot) !== owner) {
    throw new Error(`slot ${slot} is on shard ${world.ownerOf(slot)}, not ${owner}`);
  }
}

/** What the status of a rebalance says that matches. */
async function untilTold(world: MovesStage, name: string, words: RegExp): Promise<string> {
  return waitFor(
    `${name} tells of ${words.source}`,
    () => {
      const { status } = world.rebalance(name) ?? {};
      const text = JSON.stringify([status?.held, status?.moves, status?.message]);
      if (!words.test(text)) {
        throw new Error(text);
      }
      return text;
    },
    STEP,
  );
}

const cancel: SoakAct = {
  name: 'cancelled while rows are copied',
  isSeenByClients: false,
  async run(world) {
    const home = world.ownerOf(QUIET);
    const { name } = await beginSlowMove(world, QUIET);
    await world.tell(name, { cancel: true });
    await world.untilRebalance(name, 'Cancelled');
    await goFast(world);
    requireOwner(world, QUIET, home);
  },
};

const rollback: SoakAct = {
  name: 'rolled back after the switch',
  isSeenByClients: false,
  async run(world, load) {
    await world.changeSpec({ rebalance: { soakSeconds: 600 } });
    const home = world.ownerOf(BUSY);
    const to = nextShard(world, BUSY);
    const name = await world.move({ keyspace: KEYSPACE, unit: 'Slot', slot: BUSY, to });
    await world.untilMove(BUSY, ['Soaking']);
    requireOwner(world, BUSY, to);
    await load.untilAllAnswered();
    await world.tell(name, { rollback: true });
    await world.untilRebalance(name, 'RolledBack');
    requireOwner(world, BUSY, home);
    await goFast(world);
  },
};

/** Something happens to the copy behind everybody's back, which the comparison has to find. */
function corrupted(name: string, change: (database: string) => string): SoakAct {
  return {
    name,
    isSeenByClients: false,
    async run(world) {
      const home = world.ownerOf(QUIET);
      const { name: rebalance, to } = await beginSlowMove(world, QUIET);
      await world.execute(to, change(databaseOf(QUIET)));
      await goFast(world);
      await untilTold(world, rebalance, /VerificationFailed|differ/iu);
      requireOwner(world, QUIET, home);
      await world.tell(rebalance, { cancel: true });
      await waitFor(
        'the move is undone',
        () => (/Failed|Cancelled/u.test(world.rebalance(rebalance)?.status?.phase ?? '') ? true : undefined),
        STEP,
      );
      requireOwner(world, QUIET, home);
    },
  };
}

const lostRow = corrupted(
  'a row of the copy is lost',
  (database) => `DELETE FROM ${database}.appends ORDER BY id LIMIT 1`,
);

const changedValue = corrupted(
  'a value of the copy is changed',
  (database) => `UPDATE ${database}.accounts SET balance = balance + 1 ORDER BY id LIMIT 1`,
);

const longTransaction: SoakAct = {
  name: 'a transaction stays open at the switch',
  isSeenByClients: false,
  async run(world) {
    const session = await connectToRouter(world);
    try {
      await session.query(`USE ${KEYSPACE}`);
      await session.query('BEGIN');
      await session.query(
        `UPDATE accounts SET balance = balance WHERE bank = ${firstKeyOf(QUIET)} AND id = 0`,
      );
      const home = world.ownerOf(QUIET);
      const to = nextShard(world, QUIET);
      const name = await world.move({ keyspace: KEYSPACE, unit: 'Slot', slot: QUIET, to });
      await untilTold(world, name, /SessionInTheWay|cut-over was undone/u);
      requireOwner(world, QUIET, home);
      await session.query('COMMIT');
      await world.untilRebalance(name, 'Completed');
      requireOwner(world, QUIET, to);
    } finally {
      session.close();
    }
  },
};

const definition: SoakAct = {
  name: 'a definition is changed while rows are copied',
  isSeenByClients: false,
  async run(world) {
    const { name, to } = await beginSlowMove(world, QUIET);
    const session = await connectToRouter(world);
    try {
      await session.query(`USE ${KEYSPACE}`);
      const altering = session.query('ALTER TABLE documents ADD COLUMN remark VARCHAR(20)').then(
        () => 'done',
        (error: unknown) => String(error),
      );
      await goFast(world);
      await world.untilRebalance(name, 'Completed');
      requireOwner(world, QUIET, to);
      const outcome = await altering;
      if (outcome !== 'done' && !/mov/iu.test(outcome)) {
        throw new Error(`the definition is refused without a reason: ${outcome}`);
      }
      await session.query('ALTER TABLE documents ADD COLUMN IF NOT EXISTS remark VARCHAR(20)');
      const [row] = await session.query<RowDataPacket[]>('SELECT COUNT(remark) AS n FROM documents');
      if (Number(row?.['n']) !== 0) {
        throw new Error('the column that was added is not empty');
      }
      await session.query('ALTER TABLE documents DROP COLUMN remark');
    } finally {
      session.close();
    }
  },
};

const awayAndBack: SoakAct = {
  name: `away and back ${ROUNDS_AWAY} times`,
  isSeenByClients: false,
  async run(world, load) {
    const home = world.ownerOf(BUSY);
    const shards = world.map().shards.length;
    for (let step = 0; step < ROUNDS_AWAY * shards; step += 1) {
      await moveThrough(world, load, BUSY);
    }
    requireOwner(world, BUSY, home);
  },
};

/** Everything that people do to single moves. */
export const WORDS: readonly SoakAct[] = [
  cancel,
  rollback,
  lostRow,
  changedValue,
  longTransaction,
  definition,
  awayAndBack,
];
