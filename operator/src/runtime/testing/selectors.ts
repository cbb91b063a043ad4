import type { Selection } from '../client/api-client.ts';
import type { KubernetesObject } from '../objects.ts';

/**
 * Whether an object is within a selection. Of label selectors `a=b`, `a==b`, `a!=b`, `a`, `!a`, `a in (b,c)` and
 * `a notin (b,c)`, of field selectors `metadata.name` and `metadata.namespace` are understood.
 */
export function isSelected(object: KubernetesObject, selection: Selection): boolean {
  const { namespace, labelSelector, fieldSelector } = selection;
  return (
    (namespace === undefined || object.metadata?.namespace === namespace) &&
    splitTerms(labelSelector).every((term) => matchesLabel(object.metadata?.labels ?? {}, term)) &&
    splitTerms(fieldSelector).every((term) => matchesField(object, term))
  );
}

/** Splits at commas outside parentheses. */
function splitTerms(selector: string | undefined): readonly string[] {
  return (selector ?? '')
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
}

function matchesLabel(labels: { readonly [key: string]: string }, term: string): boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const value = labels[key];
    const isMember = value !== undefined && list.split(',').some((candidate) => candidate.trim() === value);
    return operator === 'in' ? isMember : !isMember;
  }
  const comparison = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(term);
  if (comparison !== null) {
    const [, key = '', operator, value] = comparison;
    return operator === '!=' ? labels[key] !== value : labels[key] === value;
  }
  return term.startsWith('!') ? labels[term.slice(1)] === undefined : labels[term] !== undefined;
}

function matchesField(object: KubernetesObject, term: string): boolean {
  const [path, value] = term.split('=');
  switch (path) {
    case 'metadata.name':
      return object.metadata?.name === value;
    case 'metadata.namespace':
      return object.metadata?.namespace === value;
    default:
      throw new TypeError(`the fake API server does not know the field ${path}`);
  }
}
