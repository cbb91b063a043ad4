/** Keeping what only a returning member has, and making room for it to be made anew. */
import type { KeptItem, MemberFiles } from '../engines/member-files.ts';
import type { Lineage } from '../engines/position.ts';
import type { ActionContext } from './action-context.ts';
import { measureVolume, type VolumeUsage } from './volume-usage.ts';

/** Files with changes that are kept at most; the oldest goes first. */
const MOST_TAILS = 10;
/** A data directory is set aside only if the volume is then no fuller than this, the new clone included. */
const FULLEST_SHARE = 0.75;
/** A clone takes about what the old data did, and somewhat more while it is prepared. */
const CLONE_SHARE = 1.1;

/** Keeps the tail, under the epoch in which it was found. */
export async function keepTail(context: ActionContext, epoch: number, signal: AbortSignal): Promise<void> {
  const { member, returns, clock } = context;
  const { files } = member();
  const item = await files.keepTail(lineageIn(context), `tail-${stamp(epoch, clock.now())}`, signal);
  returns.noteKept(item);
  await afterKeeping(context, item === null ? [] : [item], signal);
}

function lineageIn({ returns }: ActionContext): Lineage {
  if (returns.lineage === null) {
    throw new Error('the primary has not told what it has');
  }
  return returns.lineage;
}

async function afterKeeping(
  { member, returns, logger }: ActionContext,
  items: readonly KeptItem[],
  signal: AbortSignal,
): Promise<void> {
  for (const { path } of items) {
    logger.warn('changes that the primary does not have were kept', { path });
  }
  if (items.length > 0) {
    await discardAllBut(MOST_TAILS, 'tail', member().files, signal);
  }
  await returns.lookAtKept(signal);
}

/** Takes the data directory out of use: aside where it fits beside a clone, or away. */
export async function vacate(
  context: ActionContext,
  { epoch, reason }: { readonly epoch: number; readonly reason: string },
  signal: AbortSignal,
): Promise<void> {
  const { member, returns, volume, clock, logger, volumePath, measure = measureVolume } = context;
  const { files } = member();
  // Before anything goes: what is only here stays, as a file, whatever becomes of the directory.
  const name = `tail-${stamp(epoch, clock.now())}`;
  await afterKeeping(context, await files.keepEverything(lineageIn(context), name, signal), signal);
  await discardAllBut(0, 'data', files, signal);
  volume.forgetEnds();
  const isRoomy = fitsAside(await measure(volumePath), await files.dataBytes(signal));
  let aside: KeptItem | null = null;
  if (isRoomy) {
    aside = await files.setAside(`data-${stamp(epoch, clock.now())}`, signal);
  } else {
    await files.discardData(signal);
  }
  logger.warn('the data directory was given up', { reason, aside: aside?.path ?? null });
  returns.noteVacated({ at: clock.now(), epoch, reason, aside: aside?.path ?? null });
  await returns.lookAtKept(signal);
}

/** Whether a data directory can stay on a volume beside a clone of about its size. */
export function fitsAside({ usedBytes, totalBytes }: VolumeUsage, dataBytes: number): boolean {
  return usedBytes + dataBytes * CLONE_SHARE <= totalBytes * FULLEST_SHARE;
}

async function discardAllBut(
  count: number,
  kind: KeptItem['kind'],
  files: MemberFiles,
  signal: AbortSignal,
): Promise<void> {
  const items = (await files.listKept(signal)).filter((item) => item.kind === kind);
  for (const { name } of items.slice(0, Math.max(0, items.length - count))) {
    await files.discardKept(name, signal);
  }
}

/** `epoch-5-20261122T220301Z`. */
function stamp(epoch: number, at: number): string {
  return `epoch-${epoch}-${new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
}
