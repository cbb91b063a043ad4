import type { Selection, WatchEvent } from '../client/api-client.ts';
import { ApiError } from '../client/api-error.ts';
import { abortReason } from '../abort.ts';
import type { KubernetesObject } from '../objects.ts';
import { isSelected } from './selectors.ts';

/** One write: the state before it and after it; absent before creation and after removal. */
export interface Write {
  readonly revision: number;
  readonly resource: string;
  readonly before: KubernetesObject | undefined;
  readonly after: KubernetesObject | undefined;
}

type AnyEvent = WatchEvent<KubernetesObject>;
type Delivery = { readonly event: AnyEvent } | { readonly end: ApiError | undefined };

interface Watcher {
  readonly resource: string;
  readonly selection: Selection;
  readonly deliveries: Delivery[];
  wake: () => void;
}

/** The history of writes and those who follow it. */
export class WatchHub {
  #history: Write[] = [];
  #compactedRevision = 0;
  readonly #watchers = new Set<Watcher>();

  /** Number of open watches. */
  get size(): number {
    return this.#watchers.size;
  }

  record(write: Write): void {
    this.#history.push(write);
    for (const watcher of this.#watchers) {
      const event = watcher.resource === write.resource ? eventOf(write, watcher.selection) : undefined;
      if (event !== undefined) {
        deliver(watcher, { event });
      }
    }
  }

  /** Forgets writes up to the revision. */
  compact(revision: number): void {
    this.#compactedRevision = revision;
    this.#history = this.#history.filter((write) => write.revision > revision);
  }

  bookmark(resourceVersion: string): void {
    for (const watcher of this.#watchers) {
      deliver(watcher, { event: { type: 'BOOKMARK', resourceVersion } });
    }
  }

  /** Ends every watch, in order or with an error, after what was delivered before. */
  end(error?: ApiError): void {
    for (const watcher of this.#watchers) {
      deliver(watcher, { end: error });
    }
  }

  async *watch(
    resource: string,
    selection: Selection,
    revision: number,
    signal: AbortSignal,
  ): AsyncGenerator<AnyEvent> {
    signal.throwIfAborted();
    if (revision < this.#compactedRevision) {
      throw new ApiError('Gone', 410, `too old resource version: ${revision} (${this.#compactedRevision})`);
    }
    const missed = this.#history
      .filter((write) => write.resource === resource && write.revision > revision)
      .map((write) => eventOf(write, selection))
      .filter((event) => event !== undefined);
    const watcher: Watcher = {
      resource,
      selection,
      deliveries: missed.map((event) => ({ event })),
      wake: () => undefined,
    };
    this.#watchers.add(watcher);
    const onAbort = (): void => watcher.wake();
    signal.addEventListener('abort', onAbort);
    try {
      yield* deliveriesOf(watcher, signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#watchers.delete(watcher);
    }
  }
}

async function* deliveriesOf(watcher: Watcher, signal: AbortSignal): AsyncGenerator<AnyEvent> {
  for (;;) {
    if (signal.aborted) {
      throw abortReason(signal);
    }
    const delivery = watcher.deliveries.shift();
    if (delivery === undefined) {
      await new Promise<void>((resolve) => {
        watcher.wake = resolve;
      });
    } else if ('event' in delivery) {
      yield delivery.event;
    } else if (delivery.end === undefined) {
      return;
    } else {
      throw delivery.end;
    }
  }
}

function deliver(watcher: Watcher, delivery: Delivery): void {
  watcher.deliveries.push(delivery);
  watcher.wake();
}

/** What a write looks like to those who see the selection only. Deletions carry the revision they happened at. */
function eventOf(write: Write, selection: Selection): AnyEvent | undefined {
  const before = write.before !== undefined && isSelected(write.before, selection) ? write.before : undefined;
  const after = write.after !== undefined && isSelected(write.after, selection) ? write.after : undefined;
  if (after !== undefined) {
    return { type: before === undefined ? 'ADDED' : 'MODIFIED', object: structuredClone(after) };
  }
  if (before === undefined) {
    return undefined;
  }
  const metadata = { ...before.metadata, resourceVersion: String(write.revision) };
  return { type: 'DELETED', object: structuredClone({ ...before, metadata }) };
}
