/** With whose consent plans are carried out; of `ShardedCluster.spec.rebalance`. */
export interface ApprovalPolicy {
  /** `Manual`: a person approves every plan. */
  readonly approval: 'Automatic' | 'Manual';
  /** With `Automatic`: plans that copy more bytes wait for a person, too. @default no limit */
  readonly automaticUpToBytes?: number;
}

/**
 * Whether a plan waits for a person. `bytes`: what it copies, absent while unknown; then a limit counts as exceeded.
 */
export function needsApproval(
  { approval, automaticUpToBytes }: ApprovalPolicy,
  { bytes }: { readonly bytes?: number },
): boolean {
  if (approval === 'Manual') {
    return true;
  }
  return automaticUpToBytes !== undefined && (bytes === undefined || bytes > automaticUpToBytes);
}
