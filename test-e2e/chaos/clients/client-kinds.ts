import { seededRandom } from '../../sharded-cluster/random.ts';
import type { ClientKind } from '../history/operation.ts';
import type { Workload } from './worker.ts';
import { appending, banking, readingLatest, readingRegisters, usingRegisters } from './workloads.ts';

/** The clients of each kind. Their paces leave a small machine's processors to the databases. */
export function workloadsOf(via: ClientKind, seed: number): Workload[] {
  const first = { shardMap: 1, primaryService: 11, sameNode: 21 }[via];
  const identity = (name: string, place: number, pauseMilliseconds: number) => ({
    process: `${via}-${name}`,
    number: first + place,
    pauseMilliseconds,
    random: seededRandom(seed * 100 + first + place),
  });
  const writer = identity('append', 0, 3);
  switch (via) {
    case 'shardMap':
      return [
        appending(writer),
        usingRegisters(identity('registers-1', 1, 25)),
        usingRegisters(identity('registers-2', 2, 25)),
        banking(identity('bank', 3, 50)),
        readingLatest(identity('latest', 4, 50), writer),
      ];
    case 'primaryService':
      return [
        appending(writer),
        usingRegisters(identity('registers-1', 1, 50)),
        banking(identity('bank', 3, 100)),
        readingLatest(identity('latest', 4, 100), writer),
      ];
    case 'sameNode':
      return [
        appending({ ...writer, pauseMilliseconds: 50 }),
        readingRegisters(identity('registers-1', 1, 50)),
      ];
    default:
      return via satisfies never;
  }
}
