import { mergeRows } from '../merge/merge-rows.ts';
import type { MergeCaps, RowSource } from '../merge/merge-input.ts';
import type { RouteOf, SlotPart } from '../routing/route.ts';
import { locate, noShard } from '../topology/topology.ts';
import { decodeColumn } from '../wire/column-definition.ts';
import type { ServerFailure } from './answer-sum.ts';
import type { Execution } from './execution.ts';
import { slotPlace } from './place-description.ts';
import { RowPayloadsSink, type RowRoom } from './row-payloads-sink.ts';
import type { RowWriter } from './row-writer.ts';
import type { Statement } from './statement.ts';
import { editedText } from './statement-text.ts';

/** Bounds of one statement over several slots. */
export const SCATTER_CAPS: MergeCaps & { readonly receivedBytes: number } = {
  rows: 10_000_000,
  bytes: 256 << 20,
  milliseconds: 300_000,
  /** Of all slots' rows, held until they are merged. */
  receivedBytes: 256 << 20,
};

/** Most slots of a shard that are read at once by one statement: each takes a connection. */
const PARALLEL_SLOTS = 4;

/** Asks every slot, and merges the answers into one. */
export async function runScatter(
  execution: Execution,
  statement: Statement,
  route: RouteOf<'scatter'>,
  writer: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  const { keyspace, parts, plan } = route;
  execution.bind(
    keyspace,
    parts.map(({ slot }) => slotPlace(keyspace, slot)),
  );
  const room: RowRoom = { bytes: SCATTER_CAPS.receivedBytes };
  const sinks = await readParts(execution, statement, route, room, signal);
  const failure = sinks.find((sink) => sink.failure !== undefined)?.failure;
  if (failure !== undefined) {
    answerFailure(execution, statement, failure);
    return;
  }
  const merged = mergeRows({
    plan,
    sources: sinks.map((sink) => sourceOf(sink, statement)),
    caps: SCATTER_CAPS,
    clock: execution.environment.clock,
    signal,
  });
  writer.columns(merged.columns);
  let rows = 0n;
  for await (const batch of merged.batches) {
    rows += BigInt(batch.length);
    await writer.rows(batch, signal);
  }
  const warnings = sinks.reduce((sum, sink) => sum + sink.warnings, 0);
  const status = execution.status(statement.hasMore);
  writer.end(status, Math.min(warnings, 65_535));
  execution.session.last = { ...execution.session.last, rowCount: -1n, foundRows: rows };
}

function answerFailure(execution: Execution, { answer }: Statement, failure: ServerFailure): void {
  execution.failed();
  answer.packet(failure.payload);
}

async function readParts(
  execution: Execution,
  statement: Statement,
  { keyspace, parts, access }: RouteOf<'scatter'>,
  room: RowRoom,
  signal: AbortSignal,
): Promise<RowPayloadsSink[]> {
  const readPart = async ({ slot, edits }: SlotPart): Promise<RowPayloadsSink> => {
    const text = editedText(statement, edits);
    const { sink } = await execution.onShard(
      {
        locate: (topology) => locate(topology, { kind: 'slot', keyspace, slot }, noShard),
        access,
        consistency: execution.consistency(keyspace),
        transactional: true,
        sink: () => new RowPayloadsSink(room),
        send: (connection, receiver, surroundings, limit) =>
          connection.query(text, receiver, surroundings, limit),
      },
      signal,
    );
    return sink;
  };
  // In a transaction a shard has one connection, and one thing at a time runs on it.
  const width = execution.session.transaction.kind === 'open' ? 1 : PARALLEL_SLOTS;
  const results: RowPayloadsSink[] = [];
  const queues = queuesByShard(execution, keyspace, parts, width);
  await Promise.all(
    queues.map(async (queue) => {
      for (const [index, part] of queue) {
        const sink = await readPart(part);
        results[index] = sink;
        if (sink.failure !== undefined) {
          return;
        }
      }
    }),
  );
  return results.filter((sink) => sink !== undefined);
}

/** Parts with their place in the order of the statement, in queues of which each is worked off one by one. */
function queuesByShard(
  execution: Execution,
  keyspace: string,
  parts: readonly SlotPart[],
  width: number,
): (readonly [number, SlotPart])[][] {
  const topology = execution.topology();
  const queues = new Map<string, (readonly [number, SlotPart])[]>();
  for (const [index, part] of parts.entries()) {
    const shard = locate(topology, { kind: 'slot', keyspace, slot: part.slot }, noShard)?.shard ?? -1;
    const key = `${shard}/${index % width}`;
    queues.set(key, [...(queues.get(key) ?? []), [index, part]]);
  }
  return [...queues.values()];
}

function sourceOf(sink: RowPayloadsSink, { answer }: Statement): RowSource {
  let isRead = sink.payloads.length === 0;
  return {
    columns: sink.definitions.map((definition) => decodeColumn(definition, answer.capabilities)),
    async read() {
      if (isRead) {
        return null;
      }
      isRead = true;
      return sink.payloads;
    },
  };
}
