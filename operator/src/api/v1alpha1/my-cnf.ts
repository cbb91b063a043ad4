/** `spec.config`: settings of the server in my.cnf syntax. */
import { z } from 'zod';

/** Longest my.cnf text, in characters. */
export const MAX_CONFIG_LENGTH = 16_384;

export const configSchema = z
  .string()
  .max(MAX_CONFIG_LENGTH)
  .meta({
    description:
      'Settings of the server in my.cnf syntax. Lines before the first `[group]` header count as `[mariadbd]`. ' +
      'Settings that replication and durability rest on are the operator’s and are refused. A change restarts the ' +
      'servers one after the other.',
  });
