/** Scenes in which the number of shards changes: with sysbench beside the load, with deaths, with much data, and for remainders. */
import { monotonicTime } from '../chaos/clients/monotonic-time.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { connectToRouter } from '../moves/checked-load.ts';
import { KEYSPACE, REMAINDER_KEYSPACE_SPEC, SLOTS } from '../moves/cluster-objects.ts';
import { databaseOf, firstKeyOf } from '../moves/keyspace-keys.ts';
import type { MoveTrouble } from '../moves/moves-story.ts';
import type { MovesStage } from '../moves/moves-stage.ts';
import { SysbenchLoad } from '../moves/sysbench-load.ts';
import { nameWithTrouble } from './choose-troubles.ts';
import { countedScene } from './counted-scenes.ts';
import type { RoundFigures, SoakAct, SoakScene } from './soak-scene.ts';

/** A shard that is added on a busy machine is there after some minutes. */
const BEGUN = { timeoutMilliseconds: 300_000, everyMilliseconds: 50 };
const STEPS = [4, 5, 3];
/** Shards with remainders: four fifths of the slots move, then as many back, then half from four to eight. */
const REMAINDER_STEPS = [5, 4, 8];
const BALLAST_ROW_BYTES = 8000;
/** Servers that take rows in quickly. */
const LARGE = 'innodb_buffer_pool_size = 512M\ninnodb_log_file_size = 512M';

/** The cluster grows shard by shard, and shrinks in one step, under sysbench as well. */
export function scaleScene(instances: number): SoakScene {
  let sysbench: SysbenchLoad | undefined;
  return {
    stage: { shards: 5, instances, filledShards: 3 },
    acts: STEPS.map((shards, index) => ({
      name: stepName(STEPS, 3, index),
      isSeenByClients: false,
      async run(stage) {
        if (sysbench === undefined) {
          throw new Error('there is no sysbench yet');
        }
        let figures: RoundFigures | undefined;
        const updates = await sysbench.during(async () => {
          figures = await scaleTo(stage, shards);
        });
        return { ...figures, updates };
      },
    })),
    async prepare(stage) {
      sysbench = await SysbenchLoad.open(stage);
    },
    async end() {
      await sysbench?.close();
    },
  };
}

/** The same without sysbench, which knows no second try, and each time somebody who takes part in a move dies. */
export function troubledScaleScene(
  instances: number,
  troubles: readonly (MoveTrouble | undefined)[],
): SoakScene {
  return {
    stage: { shards: 5, instances, filledShards: 3 },
    acts: STEPS.map((shards, index): SoakAct => {
      const trouble = troubles[index];
      const name = stepName(STEPS, 3, index);
      return {
        name: nameWithTrouble(name, trouble),
        isSeenByClients: trouble?.fault.isSeenByClients ?? false,
        trouble,
        run: (stage) => scaleTo(stage, shards, trouble),
      };
    }),
  };
}

/** Two shards become three with so much data that a copy takes its time. */
export function ballastScene(instances: number, gibibytes: number): SoakScene {
  return {
    stage: { shards: 3, instances, filledShards: 2, configuration: LARGE },
    acts: [
      {
        name: `2 to 3 shards with ${gibibytes} GiB`,
        isSeenByClients: false,
        run: (stage) => scaleTo(stage, 3),
      },
    ],
    prepare: (stage) => addBallast(stage, gibibytes),
  };
}

/** A keyspace of remainders, where the plan says before what share of it moves. */
export function remainderScene(instances: number): SoakScene {
  const { name, slots } = REMAINDER_KEYSPACE_SPEC;
  const options = {
    shards: Math.max(...REMAINDER_STEPS),
    instances,
    filledShards: 4,
    hasRemainders: true,
  };
  return countedScene(options, name, (requireGood) =>
    REMAINDER_STEPS.map((shards, index) => ({
      name: `remainders: ${stepName(REMAINDER_STEPS, 4, index)}`,
      isSeenByClients: false,
      async run(stage) {
        const all = Array.from({ length: slots }, (_, slot) => slot);
        const before = all.map((slot) => stage.ownerOf(slot, name));
        const { name: rebalance } = await spread(stage, shards);
        const strays = all.filter((slot) => stage.ownerOf(slot, name) !== slot % shards);
        if (strays.length > 0) {
          throw new Error(`slots ${strays.join(', ')} of ${name} are not where ${shards} shards have them`);
        }
        await requireGood();
        const slotsMoved = all.filter((slot) => stage.ownerOf(slot, name) !== before[slot]).length;
        return figuresOf(stage, rebalance, name, slotsMoved);
      },
    })),
  );
}

/** Whether an act of that name changes the number of shards, for a keyspace of the ring. */
export function isScaling(name: string): boolean {
  return /^\d+ to \d+ shards$/u.test(name);
}

function stepName(steps: readonly number[], first: number, index: number): string {
  return `${steps[index - 1] ?? first} to ${steps[index]} shards`;
}

/** Changes the number of shards, has something happen in a phase of a move, and resolves when the slots are spread evenly. */
async function scaleTo(stage: MovesStage, shards: number, trouble?: MoveTrouble): Promise<RoundFigures> {
  const owners = (): number[] => Array.from({ length: SLOTS }, (_, slot) => stage.ownerOf(slot));
  const before = owners();
  const { name } = await spread(stage, shards, trouble);
  const after = owners();
  const held = stage.map().shards.map(({ number }) => after.filter((owner) => owner === number).length);
  const wanted = held.map((_, number) =>
    number < shards ? [Math.floor(SLOTS / shards), Math.ceil(SLOTS / shards)] : [0],
  );
  if (!held.every((count, number) => wanted[number]?.includes(count) === true)) {
    throw new Error(`slots of the shards are ${held.join(', ')} after scaling to ${shards}`);
  }
  const slotsMoved = after.filter((owner, slot) => owner !== before[slot]).length;
  return figuresOf(stage, name, KEYSPACE, slotsMoved);
}

async function spread(
  stage: MovesStage,
  shards: number,
  trouble?: MoveTrouble,
): Promise<{ readonly name: string }> {
  const known = new Set(stage.rebalances());
  await stage.scale(shards);
  const name = await waitFor(
    `a rebalance to ${shards} shards`,
    () => stage.rebalances().find((each) => !known.has(each)),
    BEGUN,
  );
  if (trouble !== undefined) {
    await trouble.fault.strike(stage, await stage.untilAnyMove([trouble.phase]));
  }
  await stage.untilRebalance(name, 'Completed');
  return { name };
}

/** Rejects when other slots have moved than the plan had said. */
function figuresOf(stage: MovesStage, rebalance: string, keyspace: string, slotsMoved: number): RoundFigures {
  const { plan, progress } = stage.rebalance(rebalance)?.status ?? {};
  const planned = plan?.keyspaces.find(({ name }) => name === keyspace);
  if (planned?.slotsMoved !== slotsMoved) {
    throw new Error(`${slotsMoved} slots have moved, and the plan had said ${planned?.slotsMoved}`);
  }
  return {
    slotsMoved,
    ...(planned.slotsMovedAtLeast === undefined ? {} : { slotsAtLeast: planned.slotsMovedAtLeast }),
    ...(progress?.longestPauseMilliseconds === undefined
      ? {}
      : { longestSwitch: progress.longestPauseMilliseconds }),
  };
}

/** Puts so many bytes of rows into the slots of a keyspace, evenly. */
async function addBallast(stage: MovesStage, gibibytes: number): Promise<void> {
  const router = await connectToRouter(stage);
  await router.query(`USE ${KEYSPACE}`);
  await router.query(
    `CREATE TABLE ballast (id BIGINT NOT NULL, part INT NOT NULL, body VARBINARY(${BALLAST_ROW_BYTES}) NOT NULL, PRIMARY KEY (id, part)) ENGINE=InnoDB`,
  );
  router.close();
  const since = monotonicTime();
  const parts = Math.ceil((gibibytes * 1024 ** 3) / SLOTS / BALLAST_ROW_BYTES);
  const atOnce = 2000;
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const table = `${databaseOf(slot)}.ballast`;
    for (let first = 1; first <= parts; first += atOnce) {
      // Bytes that no compression makes less: what is sent is what is counted.
      await stage.execute(
        stage.ownerOf(slot),
        `INSERT INTO ${table} SELECT ${firstKeyOf(slot)}, seq, RPAD(RANDOM_BYTES(1000), ${BALLAST_ROW_BYTES}, RANDOM_BYTES(900)) ` +
          `FROM ${databaseOf(slot)}.seq_${first}_to_${Math.min(parts, first + atOnce - 1)}`,
      );
    }
  }
  const seconds = (monotonicTime() - since) / 1000;
  console.log(`${gibibytes} GiB in ${SLOTS} slots after ${seconds.toFixed(0)} s`);
}
