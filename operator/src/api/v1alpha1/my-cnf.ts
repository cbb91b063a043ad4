/** `spec.config`: settings of the server in my.cnf syntax. */
import { z } from 'zod';
import { celString, rules, type ValidationRule } from './fields.ts';
import { OWNED_VARIABLES, type OwnedVariables, settingPattern } from './my-cnf-owned.ts';

/** Longest my.cnf text, in characters. */
export const MAX_CONFIG_LENGTH = 16_384;

function ownedRule({ reason, variables }: OwnedVariables): ValidationRule {
  const pattern = celString(settingPattern(variables));
  return {
    rule: `!self.matches(${pattern})`,
    message: `spec.config sets one of ${variables.join(', ')}, which ${reason}`,
    messageExpression:
      `'spec.config sets ' + self.find(${pattern}).find('[A-Za-z][A-Za-z0-9_-]*') + ` +
      celString(`, which ${reason}`),
    reason: 'FieldValueForbidden',
  };
}

export const configSchema = z
  .string()
  .max(MAX_CONFIG_LENGTH)
  .meta({
    description:
      'Settings of the server in my.cnf syntax. Lines before the first `[group]` header count as `[mariadbd]`. ' +
      'Settings that replication and durability rest on are the operator’s and are refused. A change restarts the ' +
      'servers one after the other.',
    ...rules(
      {
        rule: `!self.matches(r'(?m)^[\\s\\v]*!')`,
        message:
          'spec.config has a line that begins with !, which would include a file the pod does not have: write the ' +
          'settings themselves',
        reason: 'FieldValueForbidden',
      },
      ...OWNED_VARIABLES.map(ownedRule),
    ),
  });
