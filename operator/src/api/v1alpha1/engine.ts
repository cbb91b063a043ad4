/** `spec.engine`: which database runs, and in which version. */
import { z } from 'zod';
import { choice, matching, rules } from './fields.ts';

/** Release series with long-term support that Shardwright runs, oldest first. */
const ENGINE_VERSIONS = ['10.11', '11.4', '11.8'] as const;

/**
 * An image reference as the container runtimes read it: a registry, a path in lower case, a tag, a digest.
 * Source: https://github.com/distribution/reference/blob/main/regexp.go
 */
const IMAGE_PATTERN = (() => {
  const component = '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*';
  const registry = '([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:]+\\])(:[0-9]+)?';
  return `^(${registry}/)?${component}(/${component})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$`;
})();

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
        'otherwise. Cannot be changed: data files of one series are not carried over to another yet. Every release of ' +
        'Shardwright is tested with 10.11 and 11.8.',
    )
      .meta({
        ...rules({
          rule: 'self == oldSelf',
          message:
            'spec.engine.version cannot change, since data files of one series are not carried over to another yet: keep the ' +
            'version, or create a new ShardedCluster with the other one and load a dump into it',
          reason: 'FieldValueForbidden',
        }),
      })
      .default('11.8'),
    image: matching(
      {
        maxLength: 512,
        pattern: IMAGE_PATTERN,
        message:
          'spec.engine.image is not an image reference: write it as registry/name:tag or registry/name@sha256:digest, the name in ' +
          'lower case',
      },
      'Image to run instead of the official `mariadb:<version>`. It must hold a server of the series in `version`.',
    ).exactOptional(),
  })
  .meta({ description: 'Which database runs.' });
