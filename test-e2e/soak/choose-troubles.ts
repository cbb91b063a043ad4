import type { MovePhase } from '../../operator/src/api/v1alpha1/index.ts';
import type { MoveFault } from '../moves/move-faults.ts';
import type { MoveTrouble } from '../moves/moves-story.ts';

/** What a former round met. */
export interface RecordedTrouble {
  readonly fault: string | null;
  readonly phase: string | null;
}

const AND = ', and ';

/** Name of an act on whose way something happens, unless nothing does. */
export function nameWithTrouble(act: string, trouble: MoveTrouble | undefined): string {
  return trouble === undefined ? act : `${act}${AND}${trouble.fault.name}`;
}

/** Of what is on record that which acts of such names met: the same fault in another act is another thing. */
export function metByActs(
  recorded: readonly RecordedTrouble[],
  isAct: (name: string) => boolean,
): readonly RecordedTrouble[] {
  return recorded.flatMap(({ fault, phase }) => {
    const [act = '', name] = fault?.split(AND) ?? [];
    return name !== undefined && isAct(act) ? [{ fault: name, phase }] : [];
  });
}

/**
 * Faults in phases for so many rounds, those first that were met least often, so that runs one after the other meet all; among equals `random`
 * decides. The last round has no trouble. Pure but for `random`.
 */
export function chooseTroubles({
  faults,
  phases,
  rounds,
  recorded,
  random,
}: {
  readonly faults: readonly MoveFault[];
  readonly phases: readonly MovePhase[];
  readonly rounds: number;
  readonly recorded: readonly RecordedTrouble[];
  readonly random: () => number;
}): readonly (MoveTrouble | undefined)[] {
  const met = new Map<string, number>();
  for (const { fault, phase } of recorded) {
    met.set(nameOf(fault, phase), (met.get(nameOf(fault, phase)) ?? 0) + 1);
  }
  const cells = faults
    .flatMap((fault) => phases.map((phase) => ({ fault, phase, place: random() })))
    .toSorted((left, right) => left.place - right.place);
  return Array.from({ length: rounds }, (_, round) => {
    if (round === rounds - 1) {
      return undefined;
    }
    const times = (cell: MoveTrouble): number => met.get(nameOf(cell.fault.name, cell.phase)) ?? 0;
    const [first] = cells.toSorted((left, right) => times(left) - times(right));
    if (first === undefined) {
      return undefined;
    }
    met.set(nameOf(first.fault.name, first.phase), times(first) + 1);
    return { fault: first.fault, phase: first.phase };
  });
}

function nameOf(fault: string | null, phase: string | null): string {
  return `${fault} / ${phase}`;
}
