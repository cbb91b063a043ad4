/** Whether every slot may run a statement for its own rows. */
import type { TokenRange } from '../sql/expression.ts';
import type { Query, Scope } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import { isPlainFunction } from './functions.ts';
import type { KeyComponent } from './key-classes.ts';
import type { KeyGraph } from './key-graph.ts';
import type { MentionedTable } from './mentioned-tables.ts';
import { reachableScopes } from './reachable-scopes.ts';
import { refuseUnsupported, type Refused } from './refusal.ts';

interface Candidate {
  readonly shape: StatementShape;
  readonly digest: string;
  readonly tables: readonly MentionedTable[];
  readonly graph: KeyGraph;
  /** The query in FROM whose rows are put together before it sorts them out; null without. */
  readonly gathered: number | null;
  /** The scopes whose rows are the statement's. */
  readonly scopes: readonly number[];
  /** Whether equal rows of a UNION count once. */
  readonly isDistinctUnion: boolean;
}

const GIVE_KEY = 'Compare the key with a value, or SET shardwright_key';

/** What forbids it, the first that holds. */
const RULES: readonly ((candidate: Candidate) => Refused | null)[] = [
  ({ shape }) => {
    const other = shape.functions.find((name) => !isPlainFunction(name));
    return other === undefined
      ? null
      : refuseUnsupported(
          `${other}() is called in several slots, and may do something else in each`,
          GIVE_KEY,
        );
  },
  ({ shape }) =>
    shape.userVariables.length > 0
      ? refuseUnsupported(
          'User variables are used in several slots',
          'Write the value itself, or give the key',
        )
      : null,
  ({ shape }) =>
    shape.sequences
      ? refuseUnsupported(
          'A sequence is used in several slots',
          'Let the router generate ids: AUTO_INCREMENT',
        )
      : null,
  ({ shape }) =>
    shape.scopes.some(({ joins }) => joins.natural)
      ? refuseUnsupported('NATURAL JOIN of several slots', 'Name the columns: JOIN … USING (…)')
      : null,
  ({ shape, graph, gathered }) => {
    const opaque = shape.queries.find(
      (query, index) =>
        (query.nesting === 'derived' || query.nesting === 'commonTable') &&
        !graph.transparent.has(index) &&
        index !== gathered &&
        readsNode(shape, graph, query),
    );
    return opaque === undefined ? null : refuseOpaque(shape, opaque);
  },
  ({ shape, graph, scopes }) => {
    const rowScopes = reachableScopes(shape, scopes);
    return graph.components.every((component) => isOf(component, graph, rowScopes))
      ? null
      : refuseUnsupported(
          'A query within the statement reads rows of all slots',
          'Give the key in it, or read it on its own first',
        );
  },
  ({ shape, graph, scopes, isDistinctUnion }) =>
    // The same rows from every slot count once; but a function might give each slot its own.
    (isDistinctUnion && shape.functions.length === 0) ||
    scopes.every((scope) => {
      const rowScopes = reachableScopes(shape, [scope]);
      return graph.components.some((component) => isOf(component, graph, rowScopes));
    })
      ? null
      : refuseUnsupported(
          'A part of the UNION has no sharded table, and every slot would give its rows',
          isDistinctUnion ? 'Call no function in the statement' : 'Read it in a statement of its own',
        ),
  ({ shape, digest, tables, graph, scopes }) => {
    // Kept rows without a partner come from each slot, unless they are of the sharded table.
    const isLost = [...reachableScopes(shape, scopes)].some((index) => {
      const scope = shape.scopes[index];
      if (scope === undefined || !scope.joins.outer) {
        return false;
      }
      const isMixed = scope.sources.some(
        (source) => source.kind !== 'table' || tables[source.table]?.kind !== 'sharded',
      );
      const [first] = scope.sources;
      const root = new Set(
        graph.components.flatMap(({ nodes }) => nodes.map((node) => graph.nodes[node]?.table)),
      );
      const isRootFirst = first?.kind === 'table' && root.has(first.table);
      return isMixed && (!isRootFirst || /\bRIGHT (OUTER )?JOIN\b|…$/i.test(digest));
    });
    return isLost
      ? refuseUnsupported(
          'An outer join keeps rows that are not of a sharded table, and every slot would give them',
          'Begin FROM with the sharded table, and use LEFT JOIN; or give the key',
        )
      : null;
  },
];

/** Why a statement with one root (in each part of a UNION) cannot run in every slot; null when it can. */
export function refuseScatter(candidate: Candidate): Refused | null {
  for (const rule of RULES) {
    const refused = rule(candidate);
    if (refused !== null) {
      return refused;
    }
  }
  return null;
}

/** A query in FROM or WITH that gives something else over a part of the rows. */
function refuseOpaque(shape: StatementShape, { body, limit }: Query): Refused {
  if (limit !== null) {
    return refuseUnsupported(
      'A query in FROM or WITH has a LIMIT, which would hold in each slot for itself',
      'Read its rows in a statement of its own, and name their keys in this one; or give the key in it',
    );
  }
  if (body.kind !== 'select') {
    return refuseUnsupported(
      'A query in FROM or WITH puts rows of several slots together by UNION, EXCEPT or INTERSECT, and cannot be taken apart by slots',
      'Use UNION ALL, or UNION with the key in one column of all parts, each of which has a sharded table; or give the key in each',
    );
  }
  if ((shape.scopes[body.scope]?.windows.length ?? 0) > 0) {
    return refuseUnsupported(
      'A query in FROM or WITH has a window function over rows of several slots',
      'Have the key column in PARTITION BY, or give the key in it',
    );
  }
  return refuseUnsupported(
    'A query in FROM or WITH counts or sorts out rows of several slots, or is read more than once',
    'Group by the key column in it, or select that with DISTINCT; or give the key in it. For a number alone use COUNT(DISTINCT …)',
  );
}

/** Whether a root is among the rows of the scopes. */
function isOf({ nodes }: KeyComponent, graph: KeyGraph, scopes: ReadonlySet<number>): boolean {
  return nodes.some((node) => scopes.has(graph.nodes[node]?.scope ?? -1));
}

/** Whether a query reads a sharded table: in its text, or in that of a common table expression that it names. */
function readsNode(shape: StatementShape, graph: KeyGraph, query: Query): boolean {
  const seen = new Set<Query>();
  const waiting = [query];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { tokens } = next;
    if (seen.has(next)) {
      continue;
    }
    seen.add(next);
    if (graph.nodes.some(({ scope }) => scope !== null && isWithin(shape.scopes[scope], tokens))) {
      return true;
    }
    const sources = shape.scopes.filter((scope) => isWithin(scope, tokens)).flatMap((scope) => scope.sources);
    for (const source of sources) {
      const named = source.kind === 'commonTable' ? shape.queries[source.query] : undefined;
      waiting.push(...(named === undefined ? [] : [named]));
    }
  }
  return false;
}

function isWithin(scope: Scope | undefined, { first, end }: TokenRange): boolean {
  return scope !== undefined && first <= scope.tokens.first && scope.tokens.end <= end;
}
