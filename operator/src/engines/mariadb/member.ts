/** One MariaDB server and its files. */
import { systemClock, type Clock } from '../../runtime/clock.ts';
import type { BootOrder } from '../boot.ts';
import { errorMessage } from '../engine-error.ts';
import { known, unknown, type Measure } from '../measure.ts';
import type { Member, MemberOptions } from '../member.ts';
import type { Position } from '../position.ts';
import { startProgram } from '../programs.ts';
import { completeBoot, prepareBoot } from './boot.ts';
import { openCloneStream } from './clone-source.ts';
import { receiveClone } from './clone-target.ts';
import { readAgentPassword } from './credentials.ts';
import { initialiseVolume, inspectVolume } from './data-directory.ts';
import { mergeGtidLists, parseGtidList, toPosition, type GtidList } from './gtid.ts';
import {
  dataBytes,
  discardData,
  discardKept,
  findOwnTail,
  keepEverything,
  keepOwnTail,
  listKept,
  setDataAside,
} from './kept.ts';
import { BINARY_LOG_NAME, layoutOf, RELAY_LOG_NAME, type Layout } from './layout.ts';
import { listLogFiles, readLogEnd, readReceivedTransactions } from './log-files.ts';
import { readClonePosition } from './origin.ts';
import { serverId } from './owned-settings.ts';
import { openSession } from './session.ts';

/** See Engine.createMember. */
export function createMariadbMember(
  options: MemberOptions,
  defaultPort: number,
  clock: Clock = systemClock,
): Member {
  const layout = layoutOf(options);
  const start = options.startProgram ?? startProgram;
  const { volumePath } = options;
  const server = serverId(options);
  return {
    files: {
      inspect: () => inspectVolume(layout, volumePath),
      readOwnEnd: (signal) => measurePosition(() => readOwnEnd(layout, signal), signal),
      readReceivedEnd: (signal) => measurePosition(() => readReceivedEnd(layout, signal), signal),
      initialise: (signal) => initialiseVolume(layout, volumePath, start, signal),
      wrote: (position) => [...parseGtidList(position).values()].some((gtid) => gtid.server === server),
      async findTail(lineage, signal) {
        const tail = await findOwnTail(layout, server, lineage, signal);
        if (tail === null) {
          return null;
        }
        const { end, changes, bytes, certain, isUpkeep } = tail;
        return { end, changes, bytes, certain, isUpkeep };
      },
      keepTail: (lineage, name, signal) => keepOwnTail(layout, server, lineage, name, signal),
      keepEverything: (lineage, name, signal) => keepEverything(layout, server, lineage, name, signal),
      listKept: () => listKept(layout),
      discardKept: (name) => discardKept(layout, name),
      dataBytes: () => dataBytes(layout),
      setAside: (name) => setDataAside(layout, volumePath, name),
      discardData: () => discardData(layout, volumePath),
    },
    cloneSource: {
      open: (cloneOptions, signal) => openCloneStream(layout, start, clock, cloneOptions, signal),
    },
    cloneTarget: {
      receive: (bytes, { onProgress = () => {} }, signal) =>
        receiveClone(layout, volumePath, start, bytes, onProgress, signal),
    },
    prepareBoot: (order: BootOrder) => prepareBoot(options, options.port ?? defaultPort, layout, order),
    async connect(signal) {
      const password = await readAgentPassword(layout);
      const session = await openSession(
        {
          layout,
          tls: options.tls,
          startProgram: start,
          clock,
          receivedBeforeStart: await measure(() => readReceivedEnd(layout, signal), signal),
        },
        password,
        signal,
      );
      try {
        await completeBoot(layout);
      } catch (error) {
        session.close();
        throw error;
      }
      return session;
    },
  };
}

/** The end of the binary log, and before the first one what a clone brought along. */
async function readOwnEnd(layout: Layout, signal: AbortSignal): Promise<GtidList> {
  const end = await readLogEnd(await listLogFiles(layout.data, BINARY_LOG_NAME), signal);
  const clone = parseGtidList((await readClonePosition(layout)) ?? '');
  return mergeGtidLists(end ?? new Map(), clone);
}

async function readReceivedEnd(layout: Layout, signal: AbortSignal): Promise<GtidList> {
  return readReceivedTransactions(await listLogFiles(layout.data, RELAY_LOG_NAME), signal);
}

async function measurePosition(
  read: () => Promise<GtidList>,
  signal: AbortSignal,
): Promise<Measure<Position>> {
  const list = await measure(read, signal);
  return list.kind === 'known' ? known(toPosition(list.value)) : list;
}

/** Files that cannot be read make a position unknown; an abort stays an abort. */
async function measure<T>(read: () => Promise<T>, signal: AbortSignal): Promise<Measure<T>> {
  try {
    return known(await read());
  } catch (error) {
    signal.throwIfAborted();
    return unknown(`the files cannot be read: ${errorMessage(error)}`);
  }
}
