import { describe, expect, it } from '@jest/globals';
import { renderCrdTemplate } from './generate-deploy-crds.ts';
import { digestChart, isManifestCurrent, renderManifest } from './generate-deploy-manifest.ts';
import { parseRules, renderRulesTable } from './generate-deploy-rules.ts';
import { renderValues, renderValuesTable } from './generate-deploy-values.ts';

describe('renderCrdTemplate', () => {
  const crd = [
    'apiVersion: apiextensions.k8s.io/v1',
    'kind: CustomResourceDefinition',
    'metadata:',
    '  name: a.b',
    'spec:',
    '  x: "{{y}}"',
    '',
  ];

  it('adds the switches and protects what looks like a template', () => {
    expect(renderCrdTemplate(crd.join('\n')).split('\n')).toEqual([
      '{{- if .Values.crds.install }}',
      'apiVersion: apiextensions.k8s.io/v1',
      'kind: CustomResourceDefinition',
      'metadata:',
      '  labels:',
      '    {{- include "shardwright.labels" . | nindent 4 }}',
      '{{- if .Values.crds.keep }}',
      '  annotations:',
      '    helm.sh/resource-policy: keep',
      '{{- end }}',
      '  name: a.b',
      'spec:',
      '  x: "{{ "{{" }}y}}"',
      '{{- end }}',
      '',
    ]);
  });

  it('adds to the annotations a CRD has', () => {
    const annotated = crd.toSpliced(3, 0, '  annotations:', '    a: b');
    const template = renderCrdTemplate(annotated.join('\n'));
    expect(template.match(/annotations:/g)).toHaveLength(1);
    expect(template).toContain(
      '  annotations:\n{{- if .Values.crds.keep }}\n    helm.sh/resource-policy: keep\n{{- end }}\n    a: b',
    );
  });

  it('refuses a CRD with labels', () => {
    expect(() => renderCrdTemplate(crd.toSpliced(3, 0, '  labels:', '    a: b').join('\n'))).toThrow(
      'labels',
    );
  });
});

describe('parseRules', () => {
  const rule = "- apiGroups: ['']\n  resources: [pods]\n  verbs: [get]\n";

  it('reads a rule with its reason, which may span lines', () => {
    expect(parseRules(`# To see\n# pods.\n${rule}`)).toEqual([
      { reason: 'To see pods.', apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    ]);
    expect(renderRulesTable(parseRules(`# To see.\n${rule}`))).toContain('| core | pods | get | To see. |');
  });

  it.each([
    ['a first rule without a reason', rule, 'without a reason'],
    ['a second rule without a reason', `# a\n${rule}${rule}`, 'without a reason'],
    ['a wildcard', `# a\n${rule.replace('get', "'*'")}`, 'wildcard'],
  ])('refuses %s', (_, text, message) => expect(() => parseRules(text)).toThrow(message));
});

describe('renderValues', () => {
  const schema = {
    type: 'object',
    properties: {
      replicas: { type: 'integer', description: 'How many', default: 2 },
      image: {
        type: 'object',
        description: 'The image',
        properties: { tag: { type: 'string', description: 'Its tag', default: '' } },
      },
    },
  };

  it('writes each default under its description', () => {
    expect(renderValues(schema)).toContain(
      "\n# How many.\nreplicas: 2\n\n# The image.\nimage:\n  # Its tag.\n  tag: ''\n",
    );
    expect(renderValuesTable(schema)).toContain('| `image.tag` | `""` | Its tag |');
  });

  it('refuses a value that is not described', () => {
    expect(() =>
      renderValues({ type: 'object', properties: { a: { type: 'string', default: '' } } }),
    ).toThrow('a');
  });
});

describe('the single-file manifest', () => {
  const digest = digestChart(new Map([['Chart.yaml', 'a']]));
  const manifest = renderManifest(
    '---\n# Source: x\nkind: A\nmetadata:\n  labels:\n    helm.sh/chart: b\n    c: d\n',
    digest,
  );

  it('starts with its namespace and holds nothing that is true of Helm only', () => {
    expect(manifest).toContain('pod-security.kubernetes.io/enforce: restricted');
    expect(manifest).toContain('kind: A\nmetadata:\n  labels:\n    c: d\n');
    expect(manifest).not.toMatch(/helm\.sh|Source/);
  });

  it('is current until the chart or the manifest changes', () => {
    expect(isManifestCurrent(manifest, digest)).toBe(true);
    expect(isManifestCurrent(manifest, digestChart(new Map([['Chart.yaml', 'b']])))).toBe(false);
    expect(isManifestCurrent(manifest.replace('kind: A', 'kind: B'), digest)).toBe(false);
    expect(isManifestCurrent('', digest)).toBe(false);
  });
});

describe('digestChart', () => {
  it('does not depend on the order of files', () => {
    expect(
      digestChart(
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      ),
    ).toBe(
      digestChart(
        new Map([
          ['b', '2'],
          ['a', '1'],
        ]),
      ),
    );
  });
});
