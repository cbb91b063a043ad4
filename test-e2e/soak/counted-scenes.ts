/** Scenes about a keyspace that is not the one of the checked load, and has clients that count. */
import { readSlotOwners, shardOf } from '../../operator/src/core/keyspace/slot-owners.ts';
import { RANGE_KEYSPACE_SPEC } from '../moves/cluster-objects.ts';
import { COUNTED_ROWS, CountedLoad, makeCountedTables } from '../moves/counted-load.ts';
import type { MoveTrouble } from '../moves/moves-story.ts';
import type { MovesStage, MovesStageOptions } from '../moves/moves-stage.ts';
import { nameWithTrouble } from './choose-troubles.ts';
import type { SoakAct, SoakScene } from './soak-scene.ts';

const CLIENTS = 4;
/** Name of a split on whose way something may happen. */
export const SPLIT = 'a slot of intervals is split';

/** A slot of intervals that is split: at its hot end, in the middle, and while somebody dies. */
export function splitScene(
  stage: MovesStageOptions,
  troubles: readonly (MoveTrouble | undefined)[],
): SoakScene {
  const { name } = RANGE_KEYSPACE_SPEC;
  return countedScene({ ...stage, hasRanges: true }, name, (requireGood) => [
    {
      name: 'the hot end of a keyspace is split off, and goes to another shard',
      isSeenByClients: false,
      async run(at) {
        const load = await requireGood();
        const key = COUNTED_ROWS + load.count;
        const tail = intervals(at).at(-1);
        const to = at.map().shards.find(({ number }) => number !== tail?.shard)?.number ?? 0;
        await splitAt(at, tail?.slot ?? -1, key, to);
        if (intervals(at).at(-1)?.shard !== to) {
          throw new Error(`the hot end is on shard ${intervals(at).at(-1)?.shard}, not ${to}`);
        }
        await requireGood();
      },
    },
    {
      name: 'a split is cancelled',
      isSeenByClients: false,
      async run(at) {
        const before = JSON.stringify(intervals(at));
        const slot = intervals(at)[0]?.slot ?? -1;
        await at.changeSpec({ rebalance: { rowsPerSecond: 20, batchRows: 10 } });
        const rebalance = await at.split({ keyspace: name, slot, at: '500' });
        await at.untilMove(slot, ['Copying']);
        await requireGood();
        await at.tell(rebalance, { cancel: true });
        await at.untilRebalance(rebalance, 'Cancelled');
        await at.changeSpec({ rebalance: { rowsPerSecond: 1_000_000, batchRows: 1000 } });
        if (JSON.stringify(intervals(at)) !== before) {
          throw new Error(`a split was cancelled, and the intervals are ${JSON.stringify(intervals(at))}`);
        }
      },
    },
    ...troubles.map((trouble): SoakAct => ({
      name: nameWithTrouble(SPLIT, trouble),
      isSeenByClients: trouble?.fault.isSeenByClients ?? false,
      trouble,
      async run(at) {
        const { slot, key } = widest(intervals(at));
        await splitAt(at, slot, key, undefined, trouble);
        await requireGood(trouble?.fault.isSeenByClients);
      },
    })),
  ]);
}

/** Resolves when the load goes on; rejects with what a client saw, unless it may see something. */
type RequireGood = (mayErr?: boolean) => Promise<CountedLoad>;

/** Acts beside which the rows of a keyspace are counted. */
export function countedScene(
  stage: MovesStageOptions,
  keyspace: string,
  acts: (requireGood: RequireGood) => readonly SoakAct[],
): SoakScene {
  let load: CountedLoad | undefined;
  const requireGood: RequireGood = async (mayErr = false) => {
    if (load === undefined) {
      throw new Error('there is no load yet');
    }
    await load.untilBusy();
    const [error] = load.errors.splice(0);
    if (error !== undefined && !mayErr) {
      throw new Error(`a client of ${keyspace} saw: ${error}`);
    }
    return load;
  };
  return {
    stage,
    acts: acts(requireGood),
    async prepare(at) {
      await makeCountedTables(at, keyspace);
      load = new CountedLoad(at, keyspace, CLIENTS);
    },
    async judge() {
      await load?.stop();
      return (await load?.judge()) ?? [];
    },
    async end() {
      await load?.stop();
    },
  };
}

/** Splits a slot, and has something happen in a phase; resolves when the split has ended. */
async function splitAt(
  stage: MovesStage,
  slot: number,
  key: number,
  to: number | undefined,
  trouble?: MoveTrouble,
): Promise<void> {
  const { name } = RANGE_KEYSPACE_SPEC;
  const count = intervals(stage).length;
  const rebalance = await stage.split({
    keyspace: name,
    slot,
    at: String(key),
    ...(to === undefined ? {} : { to }),
  });
  if (trouble !== undefined) {
    await trouble.fault.strike(stage, await stage.untilMove(slot, [trouble.phase]));
  }
  await stage.untilRebalance(rebalance, 'Completed');
  if (intervals(stage).length !== count + 1 || !intervals(stage).some(({ from }) => from === key)) {
    throw new Error(`${rebalance} is completed, and the intervals are ${JSON.stringify(intervals(stage))}`);
  }
}

/** The interval with the most keys below those that are counted, and the key in its middle: any other would soon have none left. */
export function widest(bounds: readonly { slot: number; from: number | null }[]): {
  readonly slot: number;
  readonly key: number;
} {
  const [first] = bounds
    .map(({ slot, from }, index) => {
      const begin = from ?? 0;
      const end = Math.min(bounds[index + 1]?.from ?? COUNTED_ROWS, COUNTED_ROWS);
      return { slot, key: Math.floor((begin + end) / 2), width: end - begin };
    })
    .toSorted((left, right) => right.width - left.width);
  if (first === undefined || first.width < 2) {
    throw new Error('there is no interval left that can be split');
  }
  return { slot: first.slot, key: first.key };
}

/** Intervals in the order of keys; the first has no beginning. */
function intervals(stage: MovesStage): readonly { slot: number; from: number | null; shard: number }[] {
  const keyspace = stage.map().keyspaces?.find(({ name }) => name === RANGE_KEYSPACE_SPEC.name);
  if (keyspace === undefined) {
    throw new Error(`there is no keyspace ${RANGE_KEYSPACE_SPEC.name}`);
  }
  const owners = readSlotOwners(keyspace.slotsByShard, keyspace.slots);
  return (keyspace.ranges ?? []).map(({ slot, from }) => ({
    slot,
    from: from === undefined ? null : Number(from),
    shard: shardOf(owners, slot) ?? -1,
  }));
}
