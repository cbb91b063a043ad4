/**
 * What clients did, as they saw it. Times are milliseconds of the machine's monotonic clock, which all processes of
 * one machine share, so that operations of several processes can be put in order.
 */

/** How a client finds the server it talks to. */
export type ClientKind =
  /** Watches the ShardMap and connects to the pod of the recorded primary. */
  | 'shardMap'
  /** Connects to the Service `-primary`, on a node, by way of its kube-proxy. */
  | 'primaryService'
  /** Connects to the Service of the routers, on a node, by way of its kube-proxy. */
  | 'router'
  /** Stands on the node of the first primary and holds on to that pod whatever the map says. */
  | 'sameNode';

/** The kinds whose gap is measured. */
export const MEASURED_KINDS = [
  'shardMap',
  'primaryService',
  'router',
] as const satisfies readonly ClientKind[];
export type MeasuredKind = (typeof MEASURED_KINDS)[number];

/**
 * `ok`: the server acknowledged it. `fail`: it certainly had no effect. `indeterminate`: the client cannot know, as
 * after a time-out or a lost connection; it may take effect at any later time, or never.
 */
export type Outcome = 'ok' | 'fail' | 'indeterminate';

/** What every operation has. */
export interface OperationFacts {
  /** The client; it has one operation at a time. */
  readonly process: string;
  readonly via: ClientKind;
  /** Pod of the database that the connection led to; null when the client never learnt it, as behind a router. */
  readonly member: string | null;
  readonly start: number;
  /** When the answer came, or when the client gave up. */
  readonly end: number;
  readonly outcome: Outcome;
  /** What the driver said of an operation that is not `ok`. */
  readonly error?: string;
}

/** Inserts a row with an id that no other operation uses. Ids of one client rise. */
export interface Append extends OperationFacts {
  readonly kind: 'append';
  readonly id: number;
}

/** Reads a register; `value` is what was read, and null unless the outcome is `ok`. */
export interface Read extends OperationFacts {
  readonly kind: 'read';
  readonly key: number;
  readonly value: number | null;
  readonly writable?: ServerWritable;
}

/** Sets a register, whatever it holds. No two writes of a history set the same value. */
export interface Write extends OperationFacts {
  readonly kind: 'write';
  readonly key: number;
  readonly value: number;
}

/** Sets a register if it holds `expected`; `applied` tells whether it did, and is null unless the outcome is `ok`. */
export interface CompareAndSet extends OperationFacts {
  readonly kind: 'compareAndSet';
  readonly key: number;
  readonly expected: number;
  readonly value: number;
  readonly applied: boolean | null;
}

/** Moves an amount from one account to another, and records the transfer, in one transaction. */
export interface Transfer extends OperationFacts {
  readonly kind: 'transfer';
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly amount: number;
}

/** Reads all accounts in one statement; null unless the outcome is `ok`. */
export interface ReadBalances extends OperationFacts {
  readonly kind: 'readBalances';
  readonly balances: readonly number[] | null;
}

/** Reads the highest id that the client `writer` appended; null unless the outcome is `ok`. */
export interface ReadLatest extends OperationFacts {
  readonly kind: 'readLatest';
  readonly writer: string;
  readonly id: number | null;
  /** What was asked of a router; every other read is one of the primary, as with `Strong`. */
  readonly level?: ConsistencyLevel;
  readonly writable?: ServerWritable;
}

/** How a router chooses the server of a read: see `spec.keyspaces[].consistency`. */
export type ConsistencyLevel = 'Strong' | 'ReadYourWrites' | 'Eventual';

/** Whether the server took itself for one that takes writes, in the statement that read. */
type ServerWritable = boolean;

/**
 * Whether the read was answered by a replica that the Service still led to: kube-proxy follows a promotion a second
 * late, and by then a former primary may be back as a replica. Such a read may be behind.
 */
export function isMisled(operation: Operation): boolean {
  return (
    (operation.kind === 'read' || operation.kind === 'readLatest') &&
    operation.via === 'primaryService' &&
    operation.outcome === 'ok' &&
    operation.writable === false
  );
}

/** An operation on a register, to be checked for linearizability. */
export type RegisterOperation = Read | Write | CompareAndSet;

/** Any operation of a client. */
export type Operation = Append | RegisterOperation | Transfer | ReadBalances | ReadLatest;

/** Whether the operation changes something when it takes effect. */
export function isWrite(operation: Operation): boolean {
  switch (operation.kind) {
    case 'append':
    case 'write':
    case 'compareAndSet':
    case 'transfer':
      return true;
    default:
      return false;
  }
}
