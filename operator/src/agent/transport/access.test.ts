import { describe, expect, it } from '@jest/globals';
import { PEER_ROLES, type PeerRole } from '../../pki/identity.ts';
import { RefusedError } from '../protocol/commands.ts';
import { PATHS } from '../protocol/paths.ts';
import { decideAccess } from './access.ts';

const own = { namespace: 'shop', cluster: 'demo' };
const allowed: Record<string, readonly PeerRole[]> = {
  [`GET ${PATHS.state}`]: ['operator', 'agent'],
  [`GET ${PATHS.ping}`]: ['operator', 'agent'],
  [`POST ${PATHS.commands}`]: ['operator'],
  [`GET ${PATHS.clone}`]: ['agent'],
};
const requests = ['GET', 'POST', 'PUT', 'HEAD'].flatMap((method) =>
  [...Object.values(PATHS), '/', '/v1/state/', '/v1/state?x=1', '/metrics'].map((path) => ({ method, path })),
);
const table = requests.flatMap((request) => PEER_ROLES.map((role) => ({ ...request, role })));

describe('decideAccess', () => {
  it.each(table)('$method $path for the $role of this cluster', ({ method, path, role }) => {
    const roles = allowed[`${method} ${path}`];
    const refusal = roles === undefined ? 'NotFound' : 'NotAuthorised';
    const access = decideAccess({ method, path }, { ...own, role }, own);
    expect(access instanceof RefusedError ? access.code : access).toBe(
      roles?.includes(role) === true ? path : refusal,
    );
  });

  it.each([
    { namespace: 'shop', cluster: 'other' },
    { namespace: 'other', cluster: 'demo' },
  ])('lets nobody of %j in', (name) => {
    for (const [request, roles] of Object.entries(allowed)) {
      const [method = '', path = ''] = request.split(' ');
      for (const role of roles) {
        expect(decideAccess({ method, path }, { ...name, role }, own)).toMatchObject({
          code: 'NotAuthorised',
        });
      }
    }
  });

  it('tells who is nobody nothing but that', () => {
    expect(decideAccess({ method: 'GET', path: '/' }, undefined, own)).toMatchObject({
      code: 'NotAuthenticated',
    });
  });
});
