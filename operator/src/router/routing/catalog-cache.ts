/** The catalog of a process: loaded on demand, and again when it was found to be wrong. */
import type { Catalog, TableDescription } from './catalog.ts';
import { type CatalogQuery, catalogQueries, type CatalogRow, readCatalogRows } from './catalog-reader.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';

/** Runs a query of the catalog where it belongs, on a primary. Rejects when the server cannot be asked. */
export type RunCatalogQuery = (query: CatalogQuery, signal: AbortSignal) => Promise<readonly CatalogRow[]>;

type Tables = ReadonlyMap<string, TableDescription>;

class CatalogSnapshot implements Catalog {
  readonly keyspaces: ReadonlyMap<string, Tables>;

  constructor(keyspaces: ReadonlyMap<string, Tables>) {
    this.keyspaces = keyspaces;
  }

  table(keyspace: string, name: string): TableDescription | undefined {
    return this.keyspaces.get(keyspace)?.get(name);
  }

  has(keyspace: string): boolean {
    return this.keyspaces.has(keyspace);
  }
}

/** A catalog of the given tables, by keyspace. */
export function catalogOf(keyspaces: ReadonlyMap<string, readonly TableDescription[]>): Catalog {
  return new CatalogSnapshot(
    new Map(
      [...keyspaces].map(([name, tables]) => [name, new Map(tables.map((table) => [table.name, table]))]),
    ),
  );
}

/** One load, by the signal of who asked first, and the one after it if anybody has asked for that. */
interface Load {
  readonly signal: AbortSignal;
  readonly ended: Promise<void>;
  next: Load | undefined;
}

/** Keeps the catalog. `current` is another object after each change, and the same without one. */
export class CatalogCache {
  readonly #run: RunCatalogQuery;
  /** Loads under way, by keyspace. */
  readonly #loading = new Map<string, Load>();
  #snapshot = new CatalogSnapshot(new Map());

  constructor(run: RunCatalogQuery) {
    this.#run = run;
  }

  get current(): Catalog {
    return this.#snapshot;
  }

  /**
   * Loads a keyspace, anew if it is there. Whoever asks while a load is under way waits for the one after it, which all
   * of them share: the first may have begun before what they know to have changed. Rejects with what the query rejected with.
   */
  async load(keyspace: KeyspaceConfiguration, signal: AbortSignal): Promise<void> {
    for (;;) {
      const load = this.#join(keyspace, signal);
      try {
        await load.ended;
        return;
      } catch (error) {
        signal.throwIfAborted();
        // Ended by somebody who waits no longer: that is no answer to the others.
        if (!load.signal.aborted) {
          throw error;
        }
      }
    }
  }

  #join(keyspace: KeyspaceConfiguration, signal: AbortSignal): Load {
    const under = this.#loading.get(keyspace.name);
    if (under === undefined) {
      return this.#begin(keyspace, signal);
    }
    under.next ??= {
      signal,
      ended: under.ended.catch(() => {}).then(() => this.#begin(keyspace, signal).ended),
      next: undefined,
    };
    return under.next;
  }

  #begin(keyspace: KeyspaceConfiguration, signal: AbortSignal): Load {
    const load: Load = { signal, ended: this.#load(keyspace, signal), next: undefined };
    this.#loading.set(keyspace.name, load);
    const end = (): void => {
      if (this.#loading.get(keyspace.name) === load) {
        this.#loading.delete(keyspace.name);
      }
    };
    load.ended.then(end, end);
    return load;
  }

  /** Forgets a keyspace: a definition has changed it, or a server's error says that it is not as described. */
  invalidate(keyspace: string): void {
    if (this.#snapshot.has(keyspace)) {
      this.#snapshot = new CatalogSnapshot(
        new Map([...this.#snapshot.keyspaces].filter(([name]) => name !== keyspace)),
      );
    }
  }

  async #load(keyspace: KeyspaceConfiguration, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const tables = new Map<string, TableDescription>();
    for (const query of catalogQueries(keyspace)) {
      for (const table of readCatalogRows(keyspace, query.kind, await this.#run(query, signal))) {
        tables.set(table.name, table);
      }
    }
    this.#snapshot = new CatalogSnapshot(new Map([...this.#snapshot.keyspaces, [keyspace.name, tables]]));
  }
}
