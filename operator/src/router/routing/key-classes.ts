import type { KeyConstraint } from './key-constraint.ts';

/** A root and all that hangs on it. */
export interface KeyComponent {
  /** Indexes of the root's nodes. */
  readonly nodes: readonly number[];
  /** What every row of the root satisfies. */
  readonly constraints: readonly KeyConstraint[];
}

/** Classes of nodes with equal keys, and what hangs on what; see `key-graph.ts`. */
export class KeyClasses {
  /** Class of each node: the index of one of its nodes. */
  readonly #classes: number[] = [];
  readonly #hangs = new Map<number, Set<number>>();
  readonly #constraints = new Map<number, KeyConstraint[]>();

  /** Adds a node, by itself; they are numbered from 0. */
  add(): void {
    this.#classes.push(this.#classes.length);
  }

  /** Each row of the node satisfies a condition. */
  constrain(node: number, constraint: KeyConstraint): void {
    this.#constraints.set(node, [...(this.#constraints.get(node) ?? []), constraint]);
  }

  areEqual(left: number, right: number): boolean {
    return this.#classOf(left) === this.#classOf(right);
  }

  /** The keys of two nodes are equal: in each row of those that are bound by that condition. */
  join(left: number, isLeftBound: boolean, right: number, isRightBound: boolean): void {
    if (isLeftBound && isRightBound) {
      const kept = this.#classOf(left);
      const former = this.#classOf(right);
      for (const [node, of] of this.#classes.entries()) {
        this.#classes[node] = of === former ? kept : of;
      }
    } else if (isLeftBound) {
      this.#hang(left, right);
    } else if (isRightBound) {
      this.#hang(right, left);
    }
  }

  #hang(node: number, on: number): void {
    this.#hangs.set(node, (this.#hangs.get(node) ?? new Set()).add(on));
  }

  #classOf(node: number): number {
    return this.#classes[node] ?? node;
  }

  /** The roots, with what binds them. */
  components(): readonly KeyComponent[] {
    const classes = [...new Set(this.#classes)];
    const hangsOn = new Map(
      classes.map((of) => {
        const members = this.#members(of);
        const others = members.flatMap((node) => [...(this.#hangs.get(node) ?? [])]);
        return [of, new Set(others.map((node) => this.#classOf(node)).filter((other) => other !== of))];
      }),
    );
    const roots = classes.filter((of) => hangsOn.get(of)?.size === 0);
    // A class that reaches no root hangs on itself in a circle: it has to be bound like a root.
    const reaches = (of: number, seen: Set<number>): boolean =>
      roots.includes(of) ||
      [...(hangsOn.get(of) ?? [])].some((other) => !seen.has(other) && reaches(other, seen.add(other)));
    const circles = classes.filter((of) => !reaches(of, new Set([of])));
    return [...roots, ...circles].map((of) => {
      const nodes = this.#members(of);
      return { nodes, constraints: nodes.flatMap((node) => this.#constraints.get(node) ?? []) };
    });
  }

  #members(of: number): number[] {
    return [...this.#classes.keys()].filter((node) => this.#classOf(node) === of);
  }
}
