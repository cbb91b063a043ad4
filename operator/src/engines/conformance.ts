/**
 * The suite that every engine's adapter must pass on real servers. A harness supplies a shard of three members
 * (`conformance/host.ts`); the suite drives it through the port alone. The cases tell one story: run them in
 * order, on one shard, and stop at the first that fails.
 */
import { beginningCases } from './conformance/beginning.ts';
import { cloningCases } from './conformance/cloning.ts';
import { promotionCases } from './conformance/promotion.ts';
import { replicationCases } from './conformance/replication.ts';
import type { ConformanceCase } from './conformance/story.ts';
import { upkeepCases } from './conformance/upkeep.ts';

export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  ...beginningCases,
  ...cloningCases,
  ...replicationCases,
  ...promotionCases,
  ...upkeepCases,
];
