/** `spec.engine`: which database runs, and in which version. */
import { z } from 'zod';
import { celString, choice, matching, rules } from './fields.ts';

/** Release series with long-term support that Shardwright runs, oldest first. */
const ENGINE_VERSIONS = ['10.11', '11.4', '11.8'] as const;

/** CEL map from a version to its place in the order; cheaper to the API server than a search in a list. */
const order = `{${ENGINE_VERSIONS.map((version, place) => `${celString(version)}: ${place}`).join(', ')}}`;

export const engineSchema = z
  .object({
    type: choice(['MariaDB'], 'Kind of database. Cannot be changed once set.')
      .meta({
        ...rules({
          rule: 'self == oldSelf',
          message: 'spec.engine.type cannot change: create a new ShardedCluster and move the data into it',
        }),
      })
      .default('MariaDB'),
    version: choice(
      ENGINE_VERSIONS,
      'Release series, one with long-term support; the newest patch release of it is run unless `image` says ' +
        'otherwise. It can be raised, never lowered: data files of a newer series cannot be read by an older server.',
    ).default('11.8'),
    image: matching(
      {
        maxLength: 512,
        pattern: '^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$',
        message:
          'spec.engine.image is not an image reference: write it as registry/name:tag or registry/name@sha256:digest',
      },
      'Image to run instead of the official `mariadb:<version>`. It must hold a server of the series in `version`.',
    ).exactOptional(),
  })
  .meta({
    description: 'Which database runs.',
    ...rules({
      rule: `${order}[self.version] >= ${order}[oldSelf.version]`,
      message:
        'spec.engine.version cannot go back, since an older server cannot read the data files: keep the version, ' +
        'or create a new ShardedCluster with the older one and load a dump into it',
      fieldPath: '.version',
      reason: 'FieldValueForbidden',
    }),
  });
