import { events } from '../../../operator/src/runtime/resources.ts';
import type { Phases } from '../report/result.ts';
import type { Stage } from '../stage/stage.ts';

const TOLD_BY = new Set(['Promoted', 'SwitchedOver']);
const NEVER = new AbortController().signal;

/** What the operator's events since `since` say of the last promotion. */
export async function readPromotionRecord(
  stage: Stage,
  since: Date,
): Promise<{ readonly note: string | null; readonly phases: Phases }> {
  const { items } = await stage.client.list(events, { namespace: stage.namespace }, NEVER);
  const told = items
    .filter(({ reason, eventTime }) => TOLD_BY.has(reason ?? '') && new Date(eventTime ?? 0) >= since)
    .toSorted((a, b) => (a.eventTime ?? '').localeCompare(b.eventTime ?? ''));
  const note = told.at(-1)?.note ?? null;
  return { note, phases: parsePhases(note ?? '') };
}

/** The parts of a promotion in the note of its event, as in `detect 12 ms, decide 3 ms`. */
export function parsePhases(note: string): Phases {
  const found = note.matchAll(/\b(detect|decide|fence|drain|promote|publish)\b\D{0,4}(\d+(?:\.\d+)?) ?ms/g);
  return Object.fromEntries([...found].map(([, name, milliseconds]) => [name ?? '', Number(milliseconds)]));
}
