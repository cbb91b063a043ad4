import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRules } from '../../scripts/generate-deploy-rules.ts';
import { chartFolder } from './helm.ts';

/** What the chart grants the operator, as `group/resource verb`. */
export function grantedPermissions(): Set<string> {
  const rules = ['clusters', 'nodes', 'leader-election'].flatMap((name) =>
    parseRules(readFileSync(join(chartFolder, `rules/${name}.yaml`), 'utf8')),
  );
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`)),
      ),
    ),
  );
}
