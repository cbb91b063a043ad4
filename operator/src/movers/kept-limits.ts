/** Whether the API server keeps the limits of moves as they are asked for. */
import { isDeepStrictEqual } from 'node:util';
import type { MoveLimits } from '../api/v1alpha1/index.ts';
import type { MoveHold } from './observe-move.ts';

/** Limits that were not kept are written again so often: definitions may have been renewed meanwhile. */
export const TRY_AGAIN_MILLISECONDS = 60_000;

/** What was asked for and not kept. */
interface Loss {
  readonly wanted: MoveLimits;
  /** Names of the fields that were lost. */
  readonly fields: readonly string[];
  /** On the monotonic clock. */
  readonly at: number;
}

/**
 * An API server drops fields that its definitions do not know, without a word. Where these are older than the operator, limits would
 * be written at every look, each time with a new revision for all agents and routers.
 */
export class KeptLimits {
  #loss: Loss | null = null;

  /** Whether limits have to be written; `now` is on the monotonic clock, in milliseconds. */
  isDue(wanted: MoveLimits, stored: MoveLimits | undefined, now: number): boolean {
    if (lostFields(wanted, stored).length === 0) {
      return false;
    }
    const loss = this.#lossOf(wanted);
    return loss === null || now - loss.at >= TRY_AGAIN_MILLISECONDS;
  }

  /** To be called with what the API server has stored of limits that were written. */
  note(wanted: MoveLimits, stored: MoveLimits | undefined, now: number): void {
    const fields = lostFields(wanted, stored);
    this.#loss = fields.length === 0 ? null : { wanted, fields, at: now };
  }

  /** Why moves wait; null where limits were kept, as far as is known here. */
  hold(wanted: MoveLimits): MoveHold | null {
    const loss = this.#lossOf(wanted);
    return loss === null
      ? null
      : {
          reason: 'DefinitionsOutdated',
          message:
            `The API server does not keep ${loss.fields.join(', ')} of spec.moveLimits of the ShardMap: its ` +
            'CustomResourceDefinitions are older than this operator. Apply those of the operator’s version; moves go on ' +
            'within a minute.',
        };
  }

  #lossOf(wanted: MoveLimits): Loss | null {
    return this.#loss !== null && lostFields(wanted, this.#loss.wanted).length === 0 ? this.#loss : null;
  }
}

/** Fields of which `stored` says something else, or nothing; one without a value is not stored anywhere. */
function lostFields(wanted: MoveLimits, stored: MoveLimits | undefined): string[] {
  const found: Readonly<Record<string, unknown>> = { ...stored };
  return Object.entries(wanted)
    .filter(([name, value]) => value !== undefined && !isDeepStrictEqual(value, found[name]))
    .map(([name]) => name);
}
