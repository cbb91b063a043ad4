import { describe, expect, it } from '@jest/globals';
import { RESERVED_USER_NAMES, RESERVED_USER_PREFIX } from '../../../api/v1alpha1/users.ts';
import { AGENT_USER } from '../../../engines/mariadb/credentials.ts';
import { aCluster } from '../testing/builders.ts';
import { internalSecret } from './accounts.ts';
import { adminSecret, applicationSecret } from './secret.ts';

const isReserved = (name: string): boolean =>
  name.startsWith(RESERVED_USER_PREFIX) || RESERVED_USER_NAMES.some((reserved) => reserved === name);

const NAMES = [applicationSecret, adminSecret, internalSecret]
  .flatMap((build) =>
    Object.entries(build(aCluster(), undefined, () => 'a password').object.data ?? {}).filter(([key]) =>
      /(^|-)username$/u.test(key),
    ),
  )
  .map(([, value]) => Buffer.from(value, 'base64').toString());

describe('accounts of the operator', () => {
  it('are four, and that of the agent', () => {
    expect(NAMES).toHaveLength(4);
  });

  it.each([...NAMES, AGENT_USER])('cannot be taken by spec.users: %s', (name) => {
    expect(isReserved(name)).toBe(true);
  });
});
