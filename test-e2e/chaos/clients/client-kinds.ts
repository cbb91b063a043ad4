import { seededRandom } from '../../sharded-cluster/random.ts';
import type { ClientKind } from '../history/operation.ts';
import { readingAtLevel, usingOwnWrites } from './levels.ts';
import { ROUTED_DATABASES, SLOT_DATABASES } from './tables.ts';
import type { Workload } from './worker.ts';
import { appending, banking, readingLatest, readingRegisters, usingRegisters } from './workloads.ts';

/** The client of that kind whose gap is measured: it appends at a steady pace, and does nothing else. */
export function appenderOf(via: ClientKind): string {
  return `${via}-append`;
}

/** The clients of each kind. Their paces leave a small machine's processors to the databases. */
export function workloadsOf(via: ClientKind, seed: number): Workload[] {
  const first = { shardMap: 1, primaryService: 11, sameNode: 21, router: 31 }[via];
  const databases = via === 'router' ? ROUTED_DATABASES : SLOT_DATABASES;
  const identity = (name: string, place: number, pauseMilliseconds: number) => ({
    process: `${via}-${name}`,
    number: first + place,
    pauseMilliseconds,
    random: seededRandom(seed * 100 + first + place),
    databases,
  });
  const writer = (pauseMilliseconds: number) => ({
    ...identity('', 0, pauseMilliseconds),
    process: appenderOf(via),
  });
  switch (via) {
    case 'shardMap':
      return [
        appending(writer(3)),
        usingRegisters(identity('registers-1', 1, 25)),
        usingRegisters(identity('registers-2', 2, 25)),
        banking(identity('bank', 3, 50)),
        readingLatest(identity('latest', 4, 50), writer(3)),
      ];
    case 'primaryService':
      return [
        appending(writer(10)),
        usingRegisters(identity('registers-1', 1, 50)),
        banking(identity('bank', 3, 100)),
        readingLatest(identity('latest', 4, 100), writer(10)),
      ];
    case 'router':
      return [
        appending(writer(10)),
        usingRegisters(identity('registers-1', 1, 50)),
        usingRegisters(identity('registers-2', 2, 50)),
        banking(identity('bank', 3, 100)),
        readingAtLevel(identity('strong', 4, 100), writer(10), 'Strong'),
        readingAtLevel(identity('eventual', 5, 100), writer(10), 'Eventual'),
        usingOwnWrites(identity('own', 6, 50)),
      ];
    case 'sameNode':
      return [appending(writer(50)), readingRegisters(identity('registers-1', 1, 50))];
    default:
      return via satisfies never;
  }
}
