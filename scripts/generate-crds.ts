/** Generates the CRDs in `crds/` and the reference of the API in `docs/reference/`. */
import { CUSTOM_RESOURCES } from '../operator/src/api/v1alpha1/custom-resources.ts';
import {
  renderConditionsReference,
  renderServerSettingsReference,
} from './generate-crds/conditions-reference.ts';
import { definitionName, toDefinition, toYaml } from './generate-crds/definition.ts';
import { renderReference } from './generate-crds/reference.ts';

/** `ShardedCluster` → `sharded-cluster` */
function fileName(kind: string): string {
  return kind.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, '-').toLowerCase();
}

/** Content of each file by its path from the root of the repository. The same input gives the same bytes. */
export function generateCrds(): Map<string, string> {
  const files = new Map<string, string>();
  for (const resource of CUSTOM_RESOURCES) {
    files.set(`crds/${definitionName(resource)}.yaml`, toYaml(toDefinition(resource)));
    files.set(`docs/reference/${fileName(resource.names.kind)}.md`, renderReference(resource));
  }
  files.set('docs/reference/conditions.md', renderConditionsReference());
  files.set('docs/reference/server-settings.md', renderServerSettingsReference());
  return files;
}
