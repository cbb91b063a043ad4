import type { V1SecurityContext } from '@kubernetes/client-node';

/** What every container of ours runs under; with its pod's settings it fits the `restricted` Pod Security level. */
export const CONFINED: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
