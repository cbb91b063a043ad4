import { describe, expect, it } from '@jest/globals';
import { permissionsOf } from './recorded-permissions.ts';

describe('permissionsOf', () => {
  it.each([
    ['GET /api/v1/pods?limit=500 200', ['/pods list']],
    ['GET /api/v1/namespaces/shop/pods?watch=true&x=y 200', ['/pods watch']],
    ['GET /api/v1/namespaces/shop/secrets/a 404', ['/secrets get']],
    ['POST /apis/events.k8s.io/v1/namespaces/shop/events 201', ['events.k8s.io/events create']],
    [
      'PUT /apis/shardwright.io/v1alpha1/namespaces/shop/shardedclusters/a/status 200',
      ['shardwright.io/shardedclusters/status update'],
    ],
    ['PATCH /apis/apps/v1/namespaces/shop/statefulsets/a?force=true 200', ['apps/statefulsets patch']],
    [
      'PATCH /apis/apps/v1/namespaces/shop/statefulsets/a 201',
      ['apps/statefulsets patch', 'apps/statefulsets create'],
    ],
    ['DELETE /api/v1/namespaces/shop/services/a 200', ['/services delete']],
  ])('%s', (line, expected) => expect(permissionsOf(line)).toEqual(expected));

  it('refuses what is no request for a resource', () => {
    expect(() => permissionsOf('GET /healthz 200')).toThrow(TypeError);
  });
});
