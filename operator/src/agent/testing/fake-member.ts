/** A member whose volume and server are facts in memory; agents come and go beside it. */
import { Readable } from 'node:stream';
import type { Acknowledgement, BootOrder, LaunchPlan } from '../../engines/boot.ts';
import { EngineError } from '../../engines/engine-error.ts';
import { known, unknown } from '../../engines/measure.ts';
import type { Member } from '../../engines/member.ts';
import type { KeptItem, VolumeState } from '../../engines/member-files.ts';
import type { MemberSession } from '../../engines/member-session.ts';
import type { MemberRole, SourceAddress } from '../../engines/member-state.ts';
import type { Position } from '../../engines/position.ts';
import type { LauncherStatus, ServerExit } from '../../launcher/protocol.ts';
import { FakeSlots } from '../moves/testing/fake-slots.ts';
import { aMember } from './observations.ts';
import type { LauncherClient, LauncherEvent } from '../launcher-client.ts';

/** What lies in a data directory. */
export interface FakeDatabase {
  /** Which initialising it comes from, by way of however many clones. */
  readonly origin: string;
  epoch: number;
  hasAccounts: boolean;
  /** Of keyspaces. */
  databases: readonly string[];
  users: readonly string[];
  hasHeartbeat: boolean;
  source: SourceAddress | null;
}

/**
 * What a former primary has alone. The server's start as a replica cuts it off, leaves it where it is, or fails.
 */
export type FakeTail = 'cuttable' | 'lasting' | 'fatal';

/** A run of the server. */
export interface FakeServer {
  readonly pid: number;
  readonly order: BootOrder;
  /** As the launcher has it on record. */
  epoch: number;
  role: string;
  isOpen: boolean;
  rule: Acknowledgement;
  isReceiving: boolean;
  readonly ended: PromiseWithResolvers<Error>;
}

/** What members have in common. */
export interface FakeShard {
  readonly members: Map<string, FakeMember>;
  nextPid: number;
  nextDatabase: number;
}

/** Called before and after every effect; throws, or never returns, where the agent dies there. */
export type Step = (name: string) => Promise<void>;

/** Where every log of the shard ends, and where one does that has more than the others. */
const COMMON_END = '0-1-1' as Position;
const TAIL_END = '0-1-2' as Position;

/** Address under which a pod's server is followed. */
export function addressOf(pod: string): SourceAddress {
  return { host: pod, port: 3306 };
}

/** The facts of one pod. They outlive its agents. */
export class FakeMember {
  readonly pod: string;
  readonly #shard: FakeShard;
  readonly #handlers = new Set<(event: LauncherEvent) => void>();
  volume: VolumeState = { kind: 'empty' };
  database: FakeDatabase | null = null;
  server: FakeServer | null = null;
  lastExit: ServerExit | null = null;
  /** What only this member has; null for nothing. */
  tail: FakeTail | null = null;
  /** Its replication fails for good. */
  isBroken = false;
  /** Its server refuses every source. */
  cannotFollow = false;
  /** What it has received cannot be applied after a start. */
  cannotSalvage = false;
  /** Its server ends at once. */
  failsToStart = false;
  readonly kept: KeptItem[] = [];
  /** How often an empty database was made here. */
  initialised = 0;

  constructor(pod: string, shard: FakeShard) {
    this.pod = pod;
    this.#shard = shard;
    shard.members.set(pod, this);
  }

  /** Ends the server as SIGKILL would. */
  kill(): void {
    const { server } = this;
    if (server === null) {
      return;
    }
    this.server = null;
    this.lastExit = { pid: server.pid, code: null, signal: 'SIGKILL', at: 0 };
    server.ended.resolve(new EngineError('Unreachable', 'the server has ended'));
    this.#emit({ kind: 'exited', exit: this.lastExit });
  }

  /** Takes the volume away, the server first. */
  loseVolume(): void {
    this.kill();
    this.volume = { kind: 'empty' };
    this.database = null;
    this.tail = null;
    this.isBroken = false;
    this.cannotFollow = false;
  }

  #end(): Position {
    return this.tail === null ? COMMON_END : TAIL_END;
  }

  async #keepTail(name: string, step: Step): Promise<KeptItem | null> {
    await step('keepTail');
    const before = this.kept.find(({ kind }) => kind === 'tail');
    if (this.tail === null || before !== undefined) {
      return before ?? null;
    }
    const item: KeptItem = { name, path: name, kind: 'tail', at: 0 };
    this.kept.push(item);
    await step('kept tail');
    return item;
  }

  /** Members that receive from this one and acknowledge. */
  acknowledgers(): number {
    return [...this.#shard.members.values()].filter((other) => other.receivesFrom(this)).length;
  }

  receivesFrom(source: FakeMember): boolean {
    const { server, database } = this;
    return (
      server !== null &&
      source.server !== null &&
      server.isReceiving &&
      this.tail === null &&
      database?.source?.host === source.pod &&
      database.origin === source.database?.origin &&
      source.database.hasAccounts
    );
  }

  /** The launcher, as a new agent attaches to it. */
  launcher(step: Step): LauncherClient {
    const status = (): LauncherStatus => ({
      launcherPid: 1,
      launcherStartedAt: 0,
      server:
        this.server === null
          ? null
          : {
              pid: this.server.pid,
              epoch: this.server.epoch,
              role: this.server.role,
              startedAt: 0,
            },
      lastExit: this.lastExit,
      terminating: false,
    });
    return {
      status,
      onEvent: (handler) => {
        this.#handlers.add(handler);
        return () => this.#handlers.delete(handler);
      },
      start: async ({ epoch, role, environment }) => {
        await step('start');
        if (this.server !== null) {
          throw new Error('a server runs already');
        }
        this.#shard.nextPid += 1;
        const acknowledgement = environment['RULE'] === 'oneReplica' ? 'oneReplica' : 'none';
        const order = { epoch, role: role === 'primary' ? 'primary' : 'replica', acknowledgement } as const;
        this.server = {
          pid: this.#shard.nextPid,
          order,
          epoch,
          role,
          isOpen: false,
          rule: role === 'primary' ? acknowledgement : 'none',
          isReceiving: false,
          ended: Promise.withResolvers<Error>(),
        };
        if (role === 'replica') {
          this.tail = this.tail === 'cuttable' ? null : this.tail;
        }
        const isFatal = this.failsToStart || (role === 'replica' && this.tail === 'fatal');
        if (this.volume.kind !== 'ready' || isFatal) {
          // The volume went between the preparation and the start; a server without a data directory ends at once.
          this.kill();
        }
        await step('started');
        return status();
      },
      assign: async ({ pid, epoch, role }) => {
        await step('assign');
        if (this.server?.pid !== pid) {
          throw new Error('another server runs');
        }
        Object.assign(this.server, { epoch, role });
        await step('assigned');
      },
      kill: async () => {
        await step('kill');
        this.kill();
        await step('killed');
        return this.lastExit;
      },
      release: async () => this.kill(),
      run: async () => {},
    };
  }

  /** The engine's view, as a new agent has it. */
  member(step: Step): Member {
    return {
      files: {
        inspect: async () => this.volume,
        readOwnEnd: async () => known(this.#end()),
        readReceivedEnd: async () => known(COMMON_END),
        initialise: async () => {
          await step('initialise');
          this.#requirePreparable();
          this.volume = { kind: 'interrupted', step: 'initialise' };
          await step('initialising');
          this.#shard.nextDatabase += 1;
          this.initialised += 1;
          const origin = `${this.pod}/${this.#shard.nextDatabase}`;
          this.database = {
            origin,
            epoch: 0,
            hasAccounts: false,
            databases: [],
            users: [],
            hasHeartbeat: false,
            source: null,
          };
          this.volume = { kind: 'ready', origin: 'initialise', engineVersion: '11.8.6' };
          await step('initialised');
        },
        wrote: (position) => position === TAIL_END,
        findTail: async () =>
          this.tail === null ? null : { end: TAIL_END, changes: 1, bytes: 1, certain: true, isUpkeep: false },
        keepTail: (_lineage, name) => this.#keepTail(name, step),
        keepEverything: async (_lineage, name) => {
          const item = await this.#keepTail(name, step);
          return item === null ? [] : [item];
        },
        listKept: async () => this.kept,
        discardKept: async () => {},
        dataBytes: async () => 0,
        setAside: async (name) => {
          await step('setAside');
          const item: KeptItem = { name, path: name, kind: 'data', at: 0 };
          this.kept.push(item);
          this.loseVolume();
          await step('set aside');
          return item;
        },
        discardData: async () => this.loseVolume(),
      },
      cloneSource: {
        open: async () => {
          await step('give');
          if (this.server === null || this.database === null) {
            throw new EngineError('IncompleteClone', 'the server has ended');
          }
          const bytes = Readable.from([Buffer.from(JSON.stringify(this.database))], { objectMode: false });
          return { bytes, estimatedBytes: 1 };
        },
      },
      cloneTarget: {
        receive: async (bytes) => {
          this.#requirePreparable();
          this.volume = { kind: 'interrupted', step: 'clone' };
          await step('receive');
          let text = '';
          for await (const chunk of bytes as AsyncIterable<Buffer>) {
            text += chunk.toString();
          }
          await step('received');
          this.database = { ...(JSON.parse(text) as FakeDatabase), source: null };
          this.volume = { kind: 'ready', origin: 'clone', engineVersion: '11.8.6' };
          await step('cloned');
          return '0-1-1' as Position;
        },
      },
      prepareBoot: async (order): Promise<LaunchPlan> => {
        await step('prepareBoot');
        if (this.volume.kind !== 'ready') {
          throw new EngineError('Refused', 'the volume holds no complete data directory');
        }
        return { program: '/server', arguments: [], environment: { RULE: order.acknowledgement } };
      },
      connect: async () => {
        await step('connect');
        const { server, database } = this;
        if (server === null || database === null) {
          throw new EngineError('Unreachable', 'no server answers');
        }
        return this.#session(server, database, step);
      },
    };
  }

  #requirePreparable(): void {
    if (this.volume.kind === 'ready' || this.volume.kind === 'unrecognised') {
      throw new EngineError('Refused', `the volume is not empty: ${this.volume.kind}`);
    }
  }

  #emit(event: LauncherEvent): void {
    this.#handlers.forEach((handler) => handler(event));
  }

  #session(server: FakeServer, database: FakeDatabase, step: Step): MemberSession {
    const effect = async (name: string, apply: () => void): Promise<void> => {
      await step(name);
      if (this.server !== server) {
        throw new EngineError('Unreachable', 'the server has ended');
      }
      apply();
      await step(`${name} done`);
    };
    const commit = (apply: () => void): void => {
      if (server.rule === 'oneReplica' && this.acknowledgers() === 0) {
        throw new EngineError('Timeout', 'nobody acknowledges');
      }
      apply();
    };
    return {
      ended: server.ended.promise,
      close: () => {},
      observe: async () => {
        if (this.server !== server) {
          throw new EngineError('Unreachable', 'the server has ended');
        }
        return aMember({
          role: this.#role(server, database),
          writable: server.isOpen,
          applied: this.#end(),
          epoch: known(database.epoch),
          heartbeat: database.hasHeartbeat ? known(1) : unknown('never'),
          acknowledgement: {
            ...aMember().acknowledgement,
            rule: server.rule,
            acknowledgers: this.acknowledgers(),
          },
        });
      },
      probe: async () => {},
      follow: (source) =>
        effect('follow', () => {
          if (server.isOpen || this.cannotFollow) {
            throw new EngineError('Refused', 'the server follows nobody');
          }
          database.source = { host: source.host, port: source.port };
          server.isReceiving = true;
        }),
      stopReceiving: async () => {
        await effect('stopReceiving', () => (server.isReceiving = false));
        return { received: '0-1-1' as Position, applied: '0-1-1' as Position };
      },
      awaitApplied: async () => true,
      becomePrimary: (rule) =>
        effect('becomePrimary', () => {
          if (server.isReceiving) {
            throw new EngineError('Refused', 'it still receives');
          }
          database.source = null;
          server.rule = rule;
        }),
      openWrites: (epoch) =>
        effect('openWrites', () => {
          if (database.source !== null) {
            throw new EngineError('Refused', 'a replica must not take writes');
          }
          commit(() => (database.epoch = epoch));
          server.isOpen = true;
        }),
      closeWrites: async () => {
        await effect('closeWrites', () => (server.isOpen = false));
        return this.#end();
      },
      stepDown: (end) =>
        effect('stepDown', () => {
          if (server.isOpen || database.source !== null || end !== this.#end()) {
            throw new EngineError('Refused', 'only a closed primary steps down');
          }
          server.rule = 'none';
        }),
      endIdleClients: async () => [],
      salvage: async () => {
        await effect('salvage', () => {
          if (this.cannotSalvage) {
            throw new EngineError('ReceivedNotApplied', 'what was received cannot be applied');
          }
        });
        return '0-1-1' as Position;
      },
      setAcknowledgement: (rule) =>
        effect('setAcknowledgement', () => {
          if (rule === 'none' && server.isOpen) {
            throw new EngineError('Refused', 'a commit may be waiting');
          }
          server.rule = rule;
        }),
      awaitAcknowledger: async () => this.acknowledgers() > 0,
      ensureAccounts: async () => {
        await effect('ensureAccounts', () => commit(() => (database.hasAccounts = true)));
        return { changed: [] };
      },
      ensureDatabases: async ({ wanted }) => {
        await effect('ensureDatabases', () =>
          commit(() => (database.databases = wanted.flatMap(({ databases }) => databases))),
        );
        return { changes: 1, isComplete: true };
      },
      ensureUsers: async ({ users }) => {
        await effect('ensureUsers', () => commit(() => (database.users = users.map(({ name }) => name))));
        const carried = { digest: null, isComplete: true };
        return { changed: users.map(({ name }) => name), taken: [], carried };
      },
      readCarriedUsers: async () => [],
      writeHeartbeat: () => effect('writeHeartbeat', () => commit(() => (database.hasHeartbeat = true))),
      reloadCertificates: () => effect('reloadCertificates', () => {}),
      applyRetention: async () => ({ discardedBytes: 0, remainingBytes: 0 }),
      slots: new FakeSlots(),
    };
  }

  #role(server: FakeServer, database: FakeDatabase): MemberRole {
    if (database.source === null) {
      return server.isOpen ? { kind: 'primary' } : { kind: 'detached' };
    }
    const source = this.#shard.members.get(database.source.host);
    const isReached = source !== undefined && this.receivesFrom(source);
    const failed = { kind: 'failed', error: { number: 1, message: 'it fails' } } as const;
    const idle = server.isReceiving ? ({ kind: 'connecting' } as const) : ({ kind: 'stopped' } as const);
    return {
      kind: 'replica',
      following: {
        source: database.source,
        receiving: isReached ? { kind: 'running' } : this.tail === null ? idle : failed,
        applying: this.isBroken ? failed : server.isReceiving ? { kind: 'running' } : { kind: 'stopped' },
        secondsBehind: known(0),
        lagMilliseconds: isReached ? known(100) : unknown('it does not receive'),
        bytesBehind: known(0),
        silentMilliseconds: isReached ? known(0) : unknown('it does not receive'),
      },
    };
  }
}
