/** What is kept on the volume of a member's former life, and taking a data directory out of use. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../engine-error.ts';
import type { KeptItem } from '../member-files.ts';
import type { Lineage } from '../position.ts';
import { inspectVolume } from './data-directory.ts';
import { directoryBytes, isMissing, moveDurably, namesIn } from './files.ts';
import { formatGtidList, type Gtid } from './gtid.ts';
import { BINARY_LOG_NAME, RELAY_LOG_NAME, type Layout } from './layout.ts';
import { listLogFiles, readReceivedTransactions } from './log-files.ts';
import { collectTail, findLogTail, lackingOn, writeTail, type FoundTail } from './log-tail.ts';

/** What a file with kept changes ends in: it is a binary log that `mariadb-binlog` reads. */
const TAIL_SUFFIX = '.binlog';

/** See MemberFiles.listKept. A file that is not complete is not kept. */
export async function listKept(layout: Layout): Promise<readonly KeptItem[]> {
  const items: KeptItem[] = [];
  for (const name of await namesIn(layout.kept)) {
    const path = join(layout.kept, name);
    const found = await stat(path).catch((error: unknown) => {
      if (isMissing(error)) {
        return undefined;
      }
      throw error;
    });
    const kind = found?.isDirectory() === true ? 'data' : 'tail';
    if (found !== undefined && (kind === 'data' || name.endsWith(TAIL_SUFFIX))) {
      items.push({ name, path, kind, at: found.mtimeMs });
    }
  }
  return items.sort((left, right) => left.at - right.at || (left.name < right.name ? -1 : 1));
}

/** See MemberFiles.discardKept. */
export async function discardKept(layout: Layout, name: string): Promise<void> {
  if ((await namesIn(layout.kept)).includes(name)) {
    await remove(layout, join(layout.kept, name));
  }
}

/** See MemberFiles.findTail. */
export async function findOwnTail(
  layout: Layout,
  server: number,
  lineage: Lineage,
  signal: AbortSignal,
): Promise<FoundTail | null> {
  const files = await listLogFiles(layout.data, BINARY_LOG_NAME);
  return findLogTail(files, lackingOn(lineage, server, false), signal);
}

/** See MemberFiles.keepTail. */
export async function keepOwnTail(
  layout: Layout,
  server: number,
  lineage: Lineage,
  name: string,
  signal: AbortSignal,
): Promise<KeptItem | null> {
  const tail = await findOwnTail(layout, server, lineage, signal);
  return tail && keep(layout, tail, name, signal);
}

/** See MemberFiles.keepEverything. */
export async function keepEverything(
  layout: Layout,
  server: number,
  lineage: Lineage,
  name: string,
  signal: AbortSignal,
): Promise<readonly KeptItem[]> {
  const search = lackingOn(lineage, server, true);
  const own = await findLogTail(await listLogFiles(layout.data, BINARY_LOG_NAME), search, signal);
  const applied = own?.last ?? new Map<number, Gtid>();
  const received = await collectTail(
    await listLogFiles(layout.data, RELAY_LOG_NAME),
    {
      ...search,
      // What was applied is in the own log already.
      isLacked: (gtid) =>
        search.isLacked(gtid) && gtid.sequence > (applied.get(gtid.domain)?.sequence ?? -1n),
    },
    signal,
  );
  const kept: KeptItem[] = [];
  if (own?.isUpkeep === false) {
    kept.push(await keep(layout, own, name, signal));
  }
  if (received?.isUpkeep === false) {
    kept.push(await keep(layout, received, `${name}-received`, signal));
  }
  return kept;
}

async function keep(layout: Layout, tail: FoundTail, name: string, signal: AbortSignal): Promise<KeptItem> {
  for (const item of await listKept(layout)) {
    if (item.kind === 'tail' && (await isKeptAs(tail, item, signal))) {
      return item;
    }
  }
  await mkdir(layout.kept, { recursive: true, mode: 0o700 });
  const path = join(layout.kept, `${name}${TAIL_SUFFIX}`);
  await writeTail(tail, path, signal);
  return { name: `${name}${TAIL_SUFFIX}`, path, kind: 'tail', at: (await stat(path)).mtimeMs };
}

/** Whether a kept file holds a tail: it ends in the same transactions and is as long. */
async function isKeptAs(tail: FoundTail, { name, path }: KeptItem, signal: AbortSignal): Promise<boolean> {
  const bytes = (await stat(path)).size;
  if (bytes !== tail.bytes) {
    return false;
  }
  const last = await readReceivedTransactions([{ name, path, bytes }], signal);
  return formatGtidList(last) === formatGtidList(tail.last);
}

/** See MemberFiles.setAside. */
export async function setDataAside(layout: Layout, volumePath: string, name: string): Promise<KeptItem> {
  await requireReady(layout, volumePath);
  if ((await namesIn(layout.kept)).includes(name)) {
    throw new EngineError('Refused', `something is kept under the name ${name} already`);
  }
  await mkdir(layout.kept, { recursive: true, mode: 0o700 });
  const path = join(layout.kept, name);
  await moveDurably(layout.data, path);
  return { name, path, kind: 'data', at: (await stat(path)).mtimeMs };
}

/** See MemberFiles.discardData. */
export async function discardData(layout: Layout, volumePath: string): Promise<void> {
  await requireReady(layout, volumePath);
  await remove(layout, layout.data);
}

/** See MemberFiles.dataBytes. */
export async function dataBytes(layout: Layout): Promise<number> {
  try {
    return await directoryBytes(layout.data);
  } catch (error) {
    if (isMissing(error)) {
      return 0;
    }
    throw error;
  }
}

async function requireReady(layout: Layout, volumePath: string): Promise<void> {
  const state = await inspectVolume(layout, volumePath);
  if (state.kind !== 'ready') {
    throw new EngineError('Refused', `there is no data directory: ${state.kind}`);
  }
}

/** Out of its place in one step, then bit by bit: half a data directory is never taken for one. */
async function remove(layout: Layout, path: string): Promise<void> {
  await rm(layout.discarding, { recursive: true, force: true });
  await moveDurably(path, layout.discarding);
  await rm(layout.discarding, { recursive: true, force: true });
}
