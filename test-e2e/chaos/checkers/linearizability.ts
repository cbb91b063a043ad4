/**
 * Linearizability of one register: whether there is an order of its operations in which each takes effect at one
 * moment between its start and its end, and in which every answer is right. The search is that of Wing and Gong
 * ("Testing and verifying concurrent objects", 1993) with the memory of Lowe ("Testing for linearizability", 2017):
 * a set of operations done, with the value they leave, is never searched twice. Registers are independent, so each is
 * searched alone, as linearizability is local.
 *
 * An indeterminate operation may take effect at any time after its start, or never: it has no end, and the search
 * may leave it out.
 */
import type { RegisterOperation } from '../history/operation.ts';
import { isAnswered, step } from './register.ts';

/** What the search found. */
export type LinearizabilityVerdict =
  | { readonly kind: 'linearizable' }
  | {
      readonly kind: 'violated';
      /** The first answered operation that no order could reach: where to look. */
      readonly at: RegisterOperation;
    }
  /** The search was given up after its bound. */
  | { readonly kind: 'undecided' };

/** A moment in the history: an operation begins, or an answered one ends. In a doubly linked list, by time. */
interface Moment {
  readonly index: number;
  readonly operation: RegisterOperation;
  /** The end that belongs to a beginning; null at ends, and at beginnings of operations without one. */
  readonly end: Moment | null;
  readonly isEnd: boolean;
  previous: Moment | null;
  next: Moment | null;
}

/** Configurations that are searched before the search is given up: some seconds. */
const DEFAULT_BOUND = 1_000_000;

/** Searches an order for the operations of one register that began with `initial`. */
export function checkRegister(
  operations: readonly RegisterOperation[],
  initial: number,
  bound = DEFAULT_BOUND,
): LinearizabilityVerdict {
  const relevant = operations.filter(
    // An unanswered read tells nothing, and what failed never was.
    ({ outcome, kind }) => outcome === 'ok' || (outcome === 'indeterminate' && kind !== 'read'),
  );
  const head = arrange(relevant);
  const done = new Uint32Array(Math.ceil(relevant.length / 32));
  const memory = createMemory(relevant.length);
  let open = relevant.filter(isAnswered).length;
  let value = initial;
  let deepest = -1;
  let steps = 0;
  const path: { readonly moment: Moment; readonly before: number }[] = [];
  let moment = head.next;
  while (open > 0) {
    steps += 1;
    if (steps > bound) {
      return { kind: 'undecided' };
    }
    if (moment !== null && !moment.isEnd) {
      const next = step(value, moment.operation);
      if (next !== undefined && memory.enter(done, moment.index, next)) {
        path.push({ moment, before: value });
        mark(done, moment.index);
        value = next;
        open -= isAnswered(moment.operation) ? 1 : 0;
        lift(moment);
        moment = head.next;
      } else {
        moment = moment.next;
      }
      continue;
    }
    // An end that comes before its beginning was placed (or nothing left to place): undo the last step.
    deepest = moment === null ? deepest : Math.max(deepest, moment.index);
    const last = path.pop();
    if (last === undefined) {
      return { kind: 'violated', at: (relevant[deepest] ?? relevant[0]) as RegisterOperation };
    }
    memory.leave(last.moment.index);
    clear(done, last.moment.index);
    value = last.before;
    open += isAnswered(last.moment.operation) ? 1 : 0;
    unlift(last.moment);
    moment = last.moment.next;
  }
  return { kind: 'linearizable' };
}

/** The list of moments, after a head that is none. Of two at one time the beginning comes first: they overlap. */
function arrange(operations: readonly RegisterOperation[]): Moment {
  const moments: Moment[] = [];
  for (const [index, operation] of operations.entries()) {
    const base = { index, operation, previous: null, next: null };
    const end = isAnswered(operation) ? { ...base, end: null, isEnd: true } : null;
    moments.push({ ...base, end, isEnd: false });
    if (end !== null) {
      moments.push(end);
    }
  }
  const time = ({ isEnd, operation }: Moment): number => (isEnd ? operation.end : operation.start);
  moments.sort((a, b) => time(a) - time(b) || Number(a.isEnd) - Number(b.isEnd));
  const head = { index: -1, end: null, isEnd: false, previous: null, next: null } as unknown as Moment;
  let last = head;
  for (const moment of moments) {
    last.next = moment;
    moment.previous = last;
    last = moment;
  }
  return head;
}

/** Takes an operation out of the list; both its moments keep their neighbours, for {@link unlift}. */
function lift(beginning: Moment): void {
  unlink(beginning);
  if (beginning.end !== null) {
    unlink(beginning.end);
  }
}

/** Puts it back. Must happen in the reverse order of {@link lift}. */
function unlift(beginning: Moment): void {
  if (beginning.end !== null) {
    relink(beginning.end);
  }
  relink(beginning);
}

function unlink(moment: Moment): void {
  if (moment.previous !== null) {
    moment.previous.next = moment.next;
  }
  if (moment.next !== null) {
    moment.next.previous = moment.previous;
  }
}

function relink(moment: Moment): void {
  if (moment.previous !== null) {
    moment.previous.next = moment;
  }
  if (moment.next !== null) {
    moment.next.previous = moment;
  }
}

function mark(set: Uint32Array, index: number): void {
  set[index >>> 5] = (set[index >>> 5] ?? 0) | (1 << (index & 31));
}

function clear(set: Uint32Array, index: number): void {
  set[index >>> 5] = (set[index >>> 5] ?? 0) & ~(1 << (index & 31));
}

interface Memory {
  /** Notes the set with `index` added, and the value it leaves. False when both were noted before. */
  enter(done: Uint32Array, index: number, value: number): boolean;
  /** Tells that `index` was taken out of the set. */
  leave(index: number): void;
}

/** Remembers configurations by a hash that is kept up to date with every step, and compares sets on equal hashes. */
function createMemory(size: number): Memory {
  const random = Uint32Array.from({ length: size }, (_, index) => scramble(index + 1));
  const seen = new Map<string, Uint32Array[]>();
  let hash = 0;
  return {
    enter(done, index, value) {
      const next = (hash ^ (random[index] ?? 0)) >>> 0;
      const key = `${next}/${value}`;
      const set = done.slice();
      mark(set, index);
      const known = seen.get(key);
      if (known?.some((other) => other.every((word, position) => word === set[position]))) {
        return false;
      }
      if (known === undefined) {
        seen.set(key, [set]);
      } else {
        known.push(set);
      }
      hash = next;
      return true;
    },
    leave(index) {
      hash = (hash ^ (random[index] ?? 0)) >>> 0;
    },
  };
}

/** The finalizer of MurmurHash3 (Austin Appleby, public domain): spreads consecutive numbers over 32 bits. */
function scramble(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
