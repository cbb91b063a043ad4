/**
 * A head start for what follows the second write: the member that was elected gets ready to be opened, and the others
 * follow it, while the map is written or the former primary's fence is waited for. Nothing rests on it. Nobody opens
 * before the map says so, and whoever was not made ready does it by the map.
 */
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import type { FinalPosition } from '../election-input.ts';
import { type MemberObservation, type ShardObservation, stateOf } from '../observe-shard.ts';
import type { SendCommand } from './fence-members.ts';

export interface PreparationOptions {
  /** Epoch of the promotion. */
  readonly epoch: number;
  /** Pod that was elected. */
  readonly winner: string;
  readonly send: SendCommand;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is not ready by then is done by the map. Milliseconds. */
const DEADLINE_MILLISECONDS = 2000;

/** Orders are carried out to their end: an agent whose caller hangs up loses its session with the server. */
const NEVER = new AbortController().signal;

/**
 * Whether a member that was elected can be made ready now: it has answered, and applies by itself. One that was started
 * anew has to be salvaged first, which it does by the map.
 */
export function isPreparable(
  observation: ShardObservation,
  answers: ReadonlyMap<string, FinalPosition>,
  winner: string,
): boolean {
  const role = stateOf(observation, winner)?.member?.role;
  return answers.has(winner) && role?.kind === 'replica' && role.following.applying.kind === 'running';
}

/** The preparation of one winner. Each member is told once. */
export class Preparation {
  readonly #options: PreparationOptions;
  readonly #told = new Set<string>();

  constructor(options: PreparationOptions) {
    this.#options = options;
  }

  /** Pod that was elected. */
  get winner(): string {
    return this.#options.winner;
  }

  /** Tells whoever has not been told and has answered that it receives no more. Never waits. */
  proceed({ shard, members }: ShardObservation, answers: ReadonlyMap<string, FinalPosition>): void {
    const { epoch, winner } = this.#options;
    const { acknowledgement } = shard;
    const rule = acknowledgement === 'OneReplica' ? 'oneReplica' : 'none';
    this.#tell(winner, { command: 'prepareToLead', epoch, acknowledgement: rule });
    for (const member of members) {
      // Whoever is no acker may not receive.
      if (isFollower(member, winner) && answers.has(member.pod) && shard.ackers.includes(member.pod)) {
        this.#tell(member.pod, { command: 'prepareToFollow', epoch, primary: winner });
      }
    }
  }

  #tell(pod: string, request: Parameters<SendCommand>[1]): void {
    const { send, clock, logger } = this.#options;
    if (this.#told.has(pod)) {
      return;
    }
    this.#told.add(pod);
    const toldAt = clock.monotonic();
    const facts = () => ({
      pod,
      command: request.command,
      milliseconds: Math.round(clock.monotonic() - toldAt),
    });
    send(pod, request, DEADLINE_MILLISECONDS, NEVER).then(
      (result) => logger.debug('a member was made ready', { ...facts(), ...result }),
      (error: unknown) => logger.debug('a member is not made ready', { ...facts(), ...errorFields(error) }),
    );
  }
}

function isFollower({ pod, state }: MemberObservation, winner: string): boolean {
  return pod !== winner && state?.server.kind === 'running' && state.member?.role.kind === 'replica';
}
