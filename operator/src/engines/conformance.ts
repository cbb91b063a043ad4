/**
 * The suite that every engine's adapter must pass on real servers. A harness supplies a shard of three members
 * (`conformance/host.ts`) for each story; the suite drives it through the port alone. The cases of a story are run in
 * order, on one shard, up to the first that fails.
 */
import { beginningCases } from './conformance/beginning.ts';
import { accessCases } from './conformance/access.ts';
import { cloningCases } from './conformance/cloning.ts';
import { outageCases } from './conformance/outages.ts';
import { promotionCases } from './conformance/promotion.ts';
import { returningCases } from './conformance/returning.ts';
import { replicationCases } from './conformance/replication.ts';
import type { ConformanceCase } from './conformance/story.ts';
import { upkeepCases } from './conformance/upkeep.ts';

/** Cases that go on from one another, on a shard of their own. */
export interface ConformanceStory {
  readonly name: string;
  readonly cases: readonly ConformanceCase[];
}

export const CONFORMANCE_STORIES: readonly ConformanceStory[] = [
  {
    name: 'a shard is made and serves',
    cases: [
      ...beginningCases,
      ...cloningCases,
      ...replicationCases,
      ...promotionCases,
      ...accessCases,
      ...upkeepCases,
    ],
  },
  { name: 'members die and come back', cases: [...returningCases, ...outageCases] },
];
