/** Whether clients wait for a move in that phase of the ShardMap: then time decides by milliseconds. */
export function isSwitching({ phase }: { readonly phase: string }): boolean {
  return phase === 'Switching' || phase === 'Returning';
}
