import type { ConfigurationProblem, ContainerContract } from './container.ts';
import type { Member, MemberOptions } from './member.ts';
import type { PositionArithmetic } from './position.ts';
import type { Credentials } from './users.ts';

/**
 * A database engine, as the operator and the agents see it. The operator uses the descriptive part only; the
 * agent makes the one member it stands beside. README.md beside this file says what an adapter must promise.
 */
export interface Engine {
  /** The name in `spec.engine.type`. */
  readonly type: string;
  readonly container: ContainerContract;
  readonly positions: PositionArithmetic;
  readonly credentials: Credentials;
  /** What of the user's configuration is not used, and why. Empty when all of it is. */
  checkConfiguration(text: string): readonly ConfigurationProblem[];
  /** Touches nothing yet. */
  createMember(options: MemberOptions): Member;
}
