/** A keyspace with the tables of the benchmark's statements, and the decision where each goes. */
import { readKeyspace } from '../../../operator/src/router/routing/keyspace-configuration.ts';
import { catalogOf } from '../../../operator/src/router/routing/catalog-cache.ts';
import { decideRoute } from '../../../operator/src/router/routing/decide-route.ts';
import type { RoutingInput } from '../../../operator/src/router/routing/routing-input.ts';
import type { RoutingPlans } from '../../../operator/src/router/routing/routing-plan.ts';
import { describeTable, SESSION } from '../../../operator/src/router/routing/testing/routing-stage.ts';
import type { Dialect } from '../../../operator/src/router/sql/dialect.ts';
import { DEFAULT_PARSER_LIMITS, StatementParser } from '../../../operator/src/router/sql/statement-parser.ts';

const KEYSPACE = readKeyspace({
  name: 'app',
  strategy: 'ConsistentHash',
  placement: 'Balanced',
  slots: 256,
  defaultKey: 'id',
  tables: ['users', 'teams'].map((name) => ({ name, key: 'tenant' })),
  homeShard: 0,
  slotsByShard: [
    { shard: 0, slots: '0-127' },
    { shard: 1, slots: '128-255' },
  ],
  transactions: 'Single',
  consistency: 'Strong',
});

const INPUT: RoutingInput = {
  session: SESSION,
  keyspaces: new Map([[KEYSPACE.name, KEYSPACE]]),
  catalog: catalogOf(
    new Map([
      [
        KEYSPACE.name,
        [
          describeTable(KEYSPACE, 'sbtest1', ['id int(11)', 'k int(11)', 'c char(120)', 'pad char(60)']),
          describeTable(KEYSPACE, 'users', [
            'id bigint(20)',
            'tenant bigint(20)',
            'name varchar(60)',
            'email varchar(60)',
          ]),
          describeTable(KEYSPACE, 'teams', ['tenant bigint(20)', 'deleted_at datetime']),
        ],
      ],
    ]),
  ),
  catalogIsFresh: false,
  parameter: null,
  firstGeneratedId: null,
  now: Date.now(),
};

/** Reads a statement, whose digest is known after the first of its kind, and decides where it goes. Throws where it is refused. */
export function createRouting(dialect: Dialect): (text: Buffer) => string {
  const parser = new StatementParser<RoutingPlans>(DEFAULT_PARSER_LIMITS);
  return (text) => {
    const route = decideRoute(parser.parse(text, dialect), INPUT);
    if (route.kind === 'refused') {
      throw new Error(`${text.toString()}: ${route.message}`);
    }
    return route.kind;
  };
}
