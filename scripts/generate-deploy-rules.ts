import { load } from 'js-yaml';

/** One RBAC rule and the reason it is granted for. */
export interface ExplainedRule {
  readonly reason: string;
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The comment lines before a list item, and the item with its indented lines. */
const COMMENTED_RULE = /((?:^#.*\n)*)(^- .*\n(?:^ .*\n)*)/gm;

/**
 * Reads a file of rules in which every rule follows a comment that says why it is granted. Throws when a rule
 * has no comment, or grants by wildcard.
 */
export function parseRules(text: string): ExplainedRule[] {
  return [...text.matchAll(COMMENTED_RULE)].flatMap(([, comment = '', yaml = '']) => {
    const reason = comment
      .replaceAll(/^#[ ]?/gm, '')
      .trim()
      .replaceAll('\n', ' ');
    return (load(yaml) as Omit<ExplainedRule, 'reason'>[]).map((rule) => {
      checkRule(rule, reason);
      return { reason, ...rule };
    });
  });
}

function checkRule(rule: Omit<ExplainedRule, 'reason'>, reason: string): void {
  if (reason === '') {
    throw new Error(`a rule without a reason: ${JSON.stringify(rule)}`);
  }
  if ([...rule.apiGroups, ...rule.resources, ...rule.verbs].includes('*')) {
    throw new Error(`a rule that grants by wildcard: ${JSON.stringify(rule)}`);
  }
}

/** A Markdown table of the rules. */
export function renderRulesTable(rules: readonly ExplainedRule[]): string {
  const rows = rules.map(({ apiGroups, resources, resourceNames, verbs, reason }) => {
    const groups = apiGroups.map((group) => (group === '' ? 'core' : group)).join(', ');
    const names = resourceNames === undefined ? '' : ` named ${resourceNames.join(', ')}`;
    return `| ${groups} | ${resources.join(', ')}${names} | ${verbs.join(', ')} | ${reason} |`;
  });
  return ['| Group | Resources | Verbs | Why |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
