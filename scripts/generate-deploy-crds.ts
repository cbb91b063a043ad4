const LABELS = ['  labels:', '    {{- include "shardwright.labels" . | nindent 4 }}'];
const KEEP = ['{{- if .Values.crds.keep }}', '    helm.sh/resource-policy: keep', '{{- end }}'];
const ANNOTATIONS = [
  '{{- if .Values.crds.keep }}',
  '  annotations:',
  '    helm.sh/resource-policy: keep',
  '{{- end }}',
];

/**
 * Turns a CRD into a template of the chart: installed unless `crds.install` is false, and left in place on
 * uninstall unless `crds.keep` is false. (CRDs in a chart's own `crds/` folder are never upgraded by Helm.)
 * Throws for a CRD that has labels, which the chart would have to merge with its own.
 */
export function renderCrdTemplate(crd: string): string {
  const lines = crd.replaceAll('{{', '{{ "{{" }}').trimEnd().split('\n');
  if (!lines.includes('metadata:') || lines.includes('  labels:')) {
    throw new Error('a CRD needs metadata, without labels');
  }
  const hasAnnotations = lines.includes('  annotations:');
  const body = lines.flatMap((line) => {
    if (line === 'metadata:') {
      return [line, ...LABELS, ...(hasAnnotations ? [] : ANNOTATIONS)];
    }
    return line === '  annotations:' ? [line, ...KEEP] : [line];
  });
  return ['{{- if .Values.crds.install }}', ...body, '{{- end }}', ''].join('\n');
}
