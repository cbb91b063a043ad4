/** What becomes of a variable that a session sets: servers are shared by sessions, so each must be accounted for. */

/** What the router does with an assignment. */
export type VariablePolicy =
  /** Run on a server, remembered, and set again on every server connection the session borrows. */
  | { readonly kind: 'replay' }
  /** The router's own: see {@link OwnVariable}. */
  | { readonly kind: 'own'; readonly variable: OwnVariable }
  /** Taken and without effect: drivers send it, and it changes nothing here. */
  | { readonly kind: 'ignore' }
  | { readonly kind: 'refuse'; readonly reason: string };

/** Variables whose meaning is the router's. */
export type OwnVariable =
  | 'autocommit'
  | 'last_insert_id'
  | 'session_track_schema'
  | 'session_track_system_variables'
  | 'shardwright_key'
  | 'shardwright_shard'
  | 'shardwright_consistency'
  | 'shardwright_gtid'
  | 'shardwright_wait_milliseconds'
  | 'shardwright_transactions';

const OWN: ReadonlySet<string> = new Set<OwnVariable>([
  'autocommit',
  'last_insert_id',
  'session_track_schema',
  'session_track_system_variables',
  'shardwright_key',
  'shardwright_shard',
  'shardwright_consistency',
  'shardwright_gtid',
  'shardwright_wait_milliseconds',
  'shardwright_transactions',
]);

const POSITIONS = 'positions in the log of changes belong to the operator';
const NEXT_STATEMENT =
  'it holds for the next statement on one server only, and the router chooses the server';
const TRACKING = 'the router itself follows what sessions change';

const REFUSED: ReadonlyMap<string, string> = new Map([
  ['sql_log_bin', 'replicas would lack the change'],
  ['skip_replication', 'replicas would lack the change'],
  ['gtid_domain_id', POSITIONS],
  ['gtid_seq_no', POSITIONS],
  ['server_id', POSITIONS],
  ['binlog_format', 'changes are logged as rows, or replicas and moves of slots would differ'],
  ['binlog_row_image', 'changes are logged as whole rows, or moves of slots would lose columns'],
  ['insert_id', NEXT_STATEMENT],
  ['rand_seed1', NEXT_STATEMENT],
  ['rand_seed2', NEXT_STATEMENT],
  ['session_track_state_change', TRACKING],
  ['session_track_transaction_info', TRACKING],
  ['profiling', 'profiles stay on one server connection'],
  ['sql_auto_is_null', 'the last generated id is known to the router, not to the server'],
  ['sql_select_limit', 'each slot would be cut off by itself: write LIMIT into the statement'],
]);

/** Taken, and without effect. */
const ONLY_REMARKED: ReadonlySet<string> = new Set([
  'net_write_timeout',
  'net_read_timeout',
  'interactive_timeout',
]);

/** The policy for a session variable, by its name in lower case. */
export function variablePolicy(name: string): VariablePolicy {
  if (OWN.has(name)) {
    return { kind: 'own', variable: name as OwnVariable };
  }
  if (name === 'identity') {
    return { kind: 'own', variable: 'last_insert_id' };
  }
  if (name.startsWith('shardwright_')) {
    return { kind: 'refuse', reason: 'there is no such variable of Shardwright' };
  }
  if (ONLY_REMARKED.has(name)) {
    return { kind: 'ignore' };
  }
  if (name.startsWith('wsrep_') || name.startsWith('pseudo_')) {
    return { kind: 'refuse', reason: 'it is for replication' };
  }
  const reason = REFUSED.get(name);
  return reason === undefined ? { kind: 'replay' } : { kind: 'refuse', reason };
}

/** Parts of sql_mode under which statements cannot be read safely. */
const UNREADABLE_MODES = ['ORACLE', 'EMPTY_STRING_IS_NULL'];

/** Character sets of clients under which statements can be read: each byte below 128 is ASCII. */
const READABLE_CHARACTER_SETS: ReadonlySet<string> = new Set([
  'utf8mb4',
  'utf8mb3',
  'utf8',
  'latin1',
  'ascii',
  'binary',
]);

/** Why a value that the server took cannot be used through the router; null where it can. */
export function refuseValue(name: string, value: string): string | null {
  if (name === 'sql_mode') {
    const mode = value
      .toUpperCase()
      .split(',')
      .find((part) => UNREADABLE_MODES.includes(part));
    return mode === undefined ? null : `statements under sql_mode ${mode} cannot be routed`;
  }
  if (name === 'completion_type' && value.toUpperCase() !== 'NO_CHAIN') {
    return 'the router ends transactions itself: write COMMIT AND CHAIN, or BEGIN behind each COMMIT';
  }
  if (name === 'character_set_client' && !READABLE_CHARACTER_SETS.has(value.toLowerCase())) {
    return `statements in the character set ${value} cannot be routed: use utf8mb4`;
  }
  return null;
}
