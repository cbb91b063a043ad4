/** What is used of the package, which has no types. */
declare module 'consistent-hash' {
  /** A ring with 40 points for each node, at random places. */
  export default class ConsistentHash {
    add(node: string): this;
    get(key: string): string;
  }
}
