import type { AgentState } from '../../agent/protocol/agent-state.ts';
import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import type { Position } from '../../engines/position.ts';
import { ended, following, leading } from './states.ts';

/** One change in a log. `id` is the client's row, or the opening of an epoch. */
export interface Entry {
  readonly id: string;
  /** Number of the server that wrote it. */
  readonly server: number;
}

/** A primary leaves its server down for so long, for the operator to promote another. Milliseconds. */
const RESTART_WAIT_MILLISECONDS = 5000;
/** A primary that hears of nobody kills its server after so long. Milliseconds. */
const FENCE_MILLISECONDS = 1000;

/** An order that the map has not caught up with by then was given in vain. Milliseconds. */
const ORDER_MILLISECONDS = 5000;

/** What a member sees of the others. */
export interface Surroundings {
  /** The map, as it is at the API server. */
  readonly map: ShardMapShard;
  readonly now: number;
  readonly peer: (pod: string) => SimulatedMember | undefined;
  /** Called when the member opens, and when one of its commits is acknowledged. */
  readonly onOpened: (member: SimulatedMember) => void;
  readonly onAcknowledged: (member: SimulatedMember, entry: Entry) => void;
  readonly isAcknowledged: (entry: Entry) => boolean;
}

/** A server with its agent, which does what agents do. Time passes with `step`. */
export class SimulatedMember {
  readonly pod: string;
  readonly ordinal: number;
  log: Entry[] = [];
  applied = 0;
  isRunning = true;
  /** How often its server was ended. */
  kills = 0;
  role: 'primary' | 'replica' | 'detached' = 'detached';
  isOpen = false;
  source: string | null = null;
  isAgentAlive = true;
  /** Whether the network reaches it: the operator, the API server and the others. */
  isReachable = true;
  /** A promotion's order not to receive, until the map names somebody. */
  isStoodDown = false;
  /** The map as it was last read. */
  seen: ShardMapShard | null = null;
  openEpoch = 0;
  awaitingAcker = false;
  /** Until when a primary stays closed for a switchover, unless the map changes. */
  heldUntil = 0;
  /** Epoch for which it was made ready to lead; null for none. An agent that is started anew has forgotten. */
  preparedFor: number | null = null;
  /** Nobody else takes over from this primary, which is down. */
  isRestartOrdered = false;
  /** Once it is to lead as a replica, it turns out that it can apply nothing more. */
  isCursed = false;
  /** It has turned out. */
  cannotApply = false;
  /** Its server was started as the primary, by the files. */
  #wasStartedToLead = false;
  #downSince = 0;
  #heardAt = 0;
  #order = { epoch: 0, at: 0 };

  constructor(pod: string, ordinal: number) {
    this.pod = pod;
    this.ordinal = ordinal;
  }

  kill(now: number): void {
    if (this.isRunning) {
      this.isRunning = false;
      this.kills += 1;
      this.isOpen = false;
      this.source = null;
      this.preparedFor = null;
      this.isRestartOrdered = false;
      this.#downSince = now;
    }
  }

  stopReceiving(epoch: number, now: number): { readonly received: Position; readonly applied: Position } {
    if (!this.isRunning || this.role === 'primary') {
      throw new Error('NotReady');
    }
    this.isStoodDown = true;
    this.#order = { epoch, at: now };
    this.source = null;
    return { received: this.#position(this.log.length), applied: this.#position(this.applied) };
  }

  /** Gets ready to be opened in that epoch; false while something is not applied. */
  prepareToLead(epoch: number): boolean {
    this.#requireUnfinished(epoch);
    if (this.source !== null) {
      throw new Error('Refused: it still receives');
    }
    this.isStoodDown = true;
    if (this.applied < this.log.length || this.isCursed) {
      return false;
    }
    this.role = 'detached';
    this.preparedFor = epoch;
    return true;
  }

  /** Follows a member that is not on the map yet; false while something is not applied. */
  prepareToFollow(epoch: number, primary: string): boolean {
    this.#requireUnfinished(epoch);
    this.isStoodDown = true;
    if (this.applied < this.log.length) {
      return false;
    }
    this.role = 'replica';
    this.source = primary;
    return true;
  }

  #requireUnfinished(epoch: number): void {
    const isOver = this.seen !== null && this.seen.primary !== null && this.seen.epoch >= epoch;
    if (!this.isRunning || this.role === 'primary' || isOver) {
      throw new Error('NotReady');
    }
  }

  /** Closes a primary for a switchover; returns where it ends. */
  closeWrites(now: number, holdMilliseconds: number): Position {
    if (!this.isRunning || !this.isOpen) {
      throw new Error('NotReady');
    }
    this.isOpen = false;
    this.heldUntil = now + holdMilliseconds;
    return this.#position(this.log.length);
  }

  /** Turns a primary that was closed for a switchover into a member that may follow another, without ending its server. */
  stepDown(epoch: number, position: Position): void {
    const isDeposed = this.seen?.epoch === epoch && this.seen.primary === null;
    const isClosed = this.isRunning && this.role === 'primary' && !this.isOpen;
    if (!isDeposed || !isClosed || position !== this.#position(this.log.length)) {
      throw new Error('Refused');
    }
    this.role = 'detached';
    this.isStoodDown = true;
  }

  /** Whether a replica has applied everything up to there. */
  hasApplied(position: Position): boolean {
    if (!this.isRunning) {
      throw new Error('NotReady');
    }
    return this.applied >= Number(position.slice(position.lastIndexOf('-') + 1));
  }

  /** One step of the agent, and of replication. */
  step(surroundings: Surroundings): void {
    const { map, now } = surroundings;
    if (this.isReachable) {
      this.#heardAt = now;
    }
    if (!this.isAgentAlive) {
      return;
    }
    if (this.isReachable && this.seen !== map) {
      this.seen = map;
      this.isStoodDown &&= map.primary === null;
      this.heldUntil = 0;
    }
    if (
      this.seen !== null &&
      this.seen.epoch < this.#order.epoch &&
      now - this.#order.at >= ORDER_MILLISECONDS
    ) {
      this.isStoodDown = false;
    }
    if (this.role === 'primary' && this.isRunning && now - this.#heardAt >= FENCE_MILLISECONDS) {
      this.kill(now);
    }
    if (this.isReachable && this.seen !== null && this.seen.primary !== null) {
      if (this.seen.primary === this.pod) {
        this.#lead(this.seen, surroundings);
      } else {
        this.#follow(this.seen, this.seen.primary, surroundings);
      }
    }
  }

  /** Receives and applies some of what the source has. */
  replicate({ peer, onAcknowledged }: Surroundings, most: number): void {
    if (!this.isRunning) {
      return;
    }
    this.applied = this.cannotApply ? this.applied : Math.min(this.log.length, this.applied + most);
    const source = this.source === null ? undefined : peer(this.source);
    if (source === undefined || !isConnected(this, source) || source.role !== 'primary') {
      return;
    }
    const isPrefix = this.log.every((entry, index) => source.log[index]?.id === entry.id);
    if (!isPrefix) {
      // It holds what its source lacks: it is set aside and cloned anew.
      this.log = [...source.log];
      this.applied = this.log.length;
      return;
    }
    for (const entry of source.log.slice(this.log.length, this.log.length + most)) {
      this.log.push(entry);
      onAcknowledged(source, entry);
    }
  }

  /** What the agent tells. */
  state(surroundings: Pick<Surroundings, 'peer'>): AgentState {
    const base = this.#serverState(surroundings);
    return {
      ...base,
      epoch: this.seen?.epoch ?? 0,
      awaitingAcker: this.awaitingAcker,
      identity: { ...base.identity, pod: this.pod },
    };
  }

  #serverState({ peer }: Pick<Surroundings, 'peer'>): AgentState {
    if (!this.isRunning) {
      const state = ended(0, 0, { couldNotApply: this.cannotApply });
      const end = { kind: 'known', value: this.#position(this.log.length) } as const;
      return { ...state, ownEnd: end, receivedEnd: end };
    }
    const facts = {
      received: { kind: 'known', value: this.#position(this.log.length) },
      applied: this.#position(this.applied),
      epoch: { kind: 'known', value: this.#epochApplied() },
    } as const;
    if (this.role === 'primary') {
      const longestTransactionSeconds = { kind: 'known', value: 0 } as const;
      return leading({}, { ...facts, longestTransactionSeconds, writable: this.isOpen });
    }
    if (this.cannotApply) {
      const applying = { kind: 'failed', error: { number: 1062, message: 'a row is there' } } as const;
      return {
        ...following({ receiving: { kind: 'stopped' }, applying }, facts),
        server: this.#process(),
        couldNotApply: true,
      };
    }
    if (this.role === 'detached') {
      return detached(following({}, facts));
    }
    const source = this.source === null ? undefined : peer(this.source);
    const isConnectedNow = source !== undefined && isConnected(this, source) && source.role === 'primary';
    const stopped = this.source === null ? 'stopped' : 'connecting';
    return following({ receiving: { kind: isConnectedNow ? 'running' : stopped } }, facts);
  }

  #lead(map: ShardMapShard, surroundings: Surroundings): void {
    const { now, peer, onOpened, isAcknowledged } = surroundings;
    if (!this.isRunning) {
      if (this.isRestartOrdered || now - this.#downSince >= RESTART_WAIT_MILLISECONDS) {
        this.#boot('primary');
      }
      return;
    }
    this.preparedFor = null;
    if (this.role !== 'primary') {
      this.source = null;
      this.#fail();
      if (this.applied === this.log.length) {
        this.role = 'primary';
      }
      return;
    }
    const hasFollower = map.replicas.some((pod) => {
      const other = peer(pod);
      return other?.source === this.pod && isConnected(other, this);
    });
    // The map is read anew before a server is opened.
    const isConfirmed = surroundings.map.primary === this.pod && surroundings.map.epoch === map.epoch;
    if (
      !this.isOpen &&
      hasFollower &&
      isConfirmed &&
      !this.log.some(({ id }) => id === epochRow(map.epoch))
    ) {
      this.append(epochRow(map.epoch));
    }
    // An opening is recorded in the database, and waits to be acknowledged as any commit does.
    const record = this.log.findLast(({ id }) => id === epochRow(map.epoch));
    const isHeld = now < this.heldUntil;
    if (!this.isOpen && !isHeld && isConfirmed && record !== undefined && isAcknowledged(record)) {
      this.isOpen = true;
      this.openEpoch = map.epoch;
      onOpened(this);
    }
  }

  #follow(map: ShardMapShard, primary: string, { now, peer, isAcknowledged }: Surroundings): void {
    if (this.isRunning && (this.role === 'primary' || this.preparedFor !== null || this.#wasStartedToLead)) {
      this.kill(now);
      return;
    }
    const leader = peer(primary);
    if (this.cannotApply && leader?.isOpen === true) {
      // It is made anew.
      this.log = [...leader.log];
      this.applied = this.log.length;
      this.cannotApply = false;
    }
    if (!this.isRunning) {
      // Whoever wrote last has to know first what its successor has.
      if (this.log.at(-1)?.server === this.ordinal + 1 && leader?.role !== 'primary') {
        return;
      }
      // As a replica a server cuts off what it wrote and nobody acknowledged.
      while (this.log.length > 0 && !this.log.slice(-1).every(isAcknowledged)) {
        this.log.pop();
      }
      this.#boot('replica');
      return;
    }
    if (this.isStoodDown || this.source === primary) {
      return;
    }
    this.awaitingAcker = !map.ackers.includes(this.pod);
    if (!this.awaitingAcker && this.applied === this.log.length) {
      this.role = 'replica';
      this.source = primary;
    }
  }

  /** Writes; the entry waits to be acknowledged. */
  append(id: string): void {
    this.log.push({ id, server: this.ordinal + 1 });
    this.applied = this.log.length;
  }

  /** What was received last proves to be nothing that can be applied. */
  #fail(): void {
    if (this.isCursed && this.log.length > 0) {
      this.cannotApply = true;
      this.role = 'replica';
      this.applied = Math.min(this.applied, this.log.length - 1);
    } else {
      this.cannotApply = false;
    }
  }

  #process(): AgentState['server'] {
    const role = this.#wasStartedToLead ? 'primary' : 'replica';
    return { kind: 'running', pid: 7, epoch: this.seen?.epoch ?? 0, role, startedAt: 1 };
  }

  #boot(role: 'primary' | 'replica'): void {
    const isOwn = this.log.at(-1)?.server === this.ordinal + 1;
    this.isRunning = true;
    this.isRestartOrdered = false;
    this.isOpen = false;
    this.source = null;
    this.applied = this.log.length;
    this.role = role === 'primary' ? 'primary' : 'detached';
    this.#wasStartedToLead = role === 'primary';
    if (role === 'primary' && !isOwn) {
      this.#fail();
    }
  }

  #epochApplied(): number {
    if (this.role === 'primary') {
      return this.openEpoch;
    }
    const rows = this.log.slice(0, this.applied).filter(({ id }) => id.startsWith(EPOCH));
    return Number(rows.at(-1)?.id.slice(EPOCH.length) ?? 0);
  }

  #position(length: number): Position {
    const last = this.log[length - 1];
    return (last === undefined ? '' : `0-${last.server}-${length}`) as Position;
  }
}

/** Whether the two servers can speak to each other. */
export function isConnected(left: SimulatedMember, right: SimulatedMember): boolean {
  return left.isRunning && right.isRunning && left.isReachable && right.isReachable;
}

/** What an opening writes. */
const EPOCH = 'epoch ';

function epochRow(epoch: number): string {
  return `${EPOCH}${epoch}`;
}

function detached(state: AgentState): AgentState {
  return state.member === null
    ? state
    : { ...state, member: { ...state.member, role: { kind: 'detached' } } };
}
