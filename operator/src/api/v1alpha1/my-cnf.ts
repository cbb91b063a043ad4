/** `spec.config`: settings of the server in my.cnf syntax. */
import { z } from 'zod';
import { celString, rules, type ValidationRule } from './fields.ts';
import { INVISIBLE_CHARACTERS, TOO_LONG_LINE, TOO_LONG_LINES } from './my-cnf-characters.ts';
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
      'Settings that replication and durability rest on are the operator’s and are refused. A change restarts ' +
      'the pods one at a time: replicas first, then the primary, which hands over before it stops. Meanwhile the condition ' +
      '`Progressing` names the pods that wait (`RestartPending`).',
    ...rules(
      {
        rule: `!self.matches(${celString(INVISIBLE_CHARACTERS)})`,
        message:
          'spec.config has a character that cannot be seen, such as NUL or a no-break space, which the server would ' +
          'take for a part of a name: write blanks and line ends of ASCII only',
      },
      {
        rule: `!self.matches(${celString(TOO_LONG_LINES)})`,
        message:
          `spec.config has a line of ${TOO_LONG_LINE} characters or more, whose end the server could take for another ` +
          'setting: make it shorter',
      },
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
